/* What the network says and does along a text: the surprisal of each unit, and the values of all cells after it.

   A text of n units has, at index t, how the unit t was predicted (nats, rank; NaN and 0 where nothing was) and the state
   after it. States are kept every SPACING units, so that any other is a few steps away. */

const SPACING = 64;
const MOST_BYTES = 96e6; /* of values: a text has at most as many units as fit in */
const LONGEST = 50000;

/* signals   those that are kept of every unit
   limit     the longest text; where none is given, what MOST_BYTES hold */
function openReading(network, model, signals = model.signals, limit = 0) {
  const { cell, H, L, V } = network;
  const width = L * H;
  const most = limit || Math.min(LONGEST, Math.floor(MOST_BYTES / (width * signals.length)));
  const weights = new Float64Array(V);
  let capacity = 0;
  let values = Object.fromEntries(signals.map((name) => [name, new Int8Array(0)]));
  let nats = new Float32Array(0);
  let entropies = new Float32Array(0);
  let ranks = new Int32Array(0);
  let ids = new Int32Array(0);
  let length = 0; /* of the text, in units; ids may have room for more */
  let done = 0; /* units that are read */
  let isLed = false;
  let states = []; /* before unit 0, SPACING, 2 * SPACING... */
  let last = null; /* after the last unit that was read */
  let opening = null; /* {state, id}: the last step before unit 0 */

  function grown(array, length, stride = 1) {
    const larger = new array.constructor(length * stride);
    larger.set(array);
    return larger;
  }

  function makeRoom(length) {
    if (length <= capacity) return;
    capacity = Math.min(most, Math.max(length, 2 * capacity, 1024));
    for (const name of signals) values[name] = grown(values[name], capacity, width);
    ids = grown(ids, capacity);
    nats = grown(nats, capacity);
    entropies = grown(entropies, capacity);
    ranks = grown(ranks, capacity);
  }

  /* What stands before a text: nothing, the mark of a document, or what the network wrote to warm up. */
  function begin() {
    network.reset();
    network.logits.fill(NaN);
    opening = null;
    for (const id of model.mark >= 0 ? [model.mark] : isLed ? model.lead : []) {
      opening = { state: network.state(), id };
      network.step(id, []);
    }
    last = network.state();
    states = [last];
    done = 0;
  }

  /* Another text; what it has in common with the one before is not read again. How much of it is read. */
  function change(text, led) {
    const fresh = Math.min(text.length, most);
    let same = 0;
    while (same < done && same < fresh && text[same] === ids[same]) same++;
    makeRoom(fresh);
    ids.set(text.subarray(0, fresh));
    length = fresh;
    if (led !== isLed) {
      isLed = led;
      begin();
    } else if (same < done) {
      done = Math.floor(same / SPACING) * SPACING;
      states.length = done / SPACING + 1;
      last = states[states.length - 1];
    }
    return done;
  }

  /* Everything is read again: the network is another. */
  const restart = begin;

  /* Reads on until `deadline`; from where to where. */
  function readUntil(deadline, clock) {
    const from = done;
    network.setState(last);
    while (done < length) {
      readNext();
      if ((done & 15) === 0 && clock() > deadline) break;
    }
    rest();
    return { from, to: done };
  }

  /* One unit more, with the network in the state after the others; rest() after the last of several. */
  function readNext() {
    predict(done);
    network.step(ids[done], []);
    keep(done);
    done++;
    if (done % SPACING === 0) states.push(network.state());
  }

  function rest() {
    last = done % SPACING === 0 && done ? states[done / SPACING] : network.state();
  }

  /* Adds a unit to a text that is read to its end; false where there is no room. */
  function push(id) {
    if (length === most) return false;
    makeRoom(length + 1);
    ids[length++] = id;
    readNext();
    return true;
  }

  function predict(t) {
    const { logits } = network;
    if (Number.isNaN(logits[0])) {
      nats[t] = entropies[t] = NaN;
      ranks[t] = 0;
      return;
    }
    const { largest, total } = softmax(logits, weights);
    const normal = largest + Math.log(total);
    const own = logits[ids[t]];
    let rank = 1;
    let entropy = 0;
    for (let j = 0; j < V; j++) {
      if (logits[j] > own) rank++;
      entropy += (weights[j] / total) * (normal - logits[j]);
    }
    nats[t] = normal - own;
    entropies[t] = entropy;
    ranks[t] = rank;
  }

  /* From -1 to 1 in 127 parts; gates that open and shut from 0 on. */
  function keep(t) {
    for (let k = 0; k < L; k++) {
      const layer = network.layers[k];
      const at = t * width + k * H;
      for (const name of signals) {
        const source = signal(layer, name);
        const kept = values[name];
        for (let j = 0; j < H; j++) kept[at + j] = ((source[j] * 127 + 128.5) | 0) - 128; /* as Math.round, and faster */
      }
    }
  }

  function signal(layer, name) {
    return name === "h" ? layer.h : name === "c" ? layer.squashed : layer.parts[cell.shown[name]];
  }

  /* The values of a cell along units from..to. */
  function along(layer, unit, name, from, to) {
    const kept = values[name];
    const found = new Int8Array(to - from);
    for (let t = from; t < to; t++) found[t - from] = kept[t * width + layer * H + unit];
    return found;
  }

  /* A signal of all cells along the text, cell by cell: cell u at unit t lies at [u * length + t]. */
  function ofAllCells(name) {
    const kept = values[name];
    const found = new Int8Array(width * done);
    /* by tiles, because one of the two arrays is always read or written across */
    for (let first = 0; first < done; first += 64) {
      const end = Math.min(done, first + 64);
      for (let u = 0; u < width; u++) {
        for (let t = first; t < end; t++) found[u * done + t] = kept[t * width + u];
      }
    }
    return found;
  }

  /* Puts the network into the state after `at` units. */
  function goTo(at) {
    if (at === done) {
      network.setState(last);
      return;
    }
    const nearest = Math.floor(at / SPACING);
    network.setState(states[nearest]);
    for (let t = nearest * SPACING; t < at; t++) network.step(ids[t], []);
  }

  /* The step that led to `at` units: the state before it, and its unit. */
  function lastStep(at) {
    if (!at) return opening;
    goTo(at - 1);
    return { state: network.state(), id: ids[at - 1] };
  }

  /* The most probable next units after `at` units, and what the cells are then. */
  function look(at, count, name) {
    goTo(at);
    const found = { at, units: [], probabilities: [], entropy: NaN, cells: new Int8Array(width), signals: {} };
    if (!Number.isNaN(network.logits[0])) {
      const { largest, total } = softmax(network.logits, weights);
      const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b).slice(0, count);
      found.units = order;
      found.probabilities = order.map((id) => weights[id] / total);
      found.entropy = 0;
      for (let j = 0; j < V; j++) found.entropy += (weights[j] / total) * (largest + Math.log(total) - network.logits[j]);
    }
    if (at) for (const signalName of signals) found.signals[signalName] = values[signalName].slice((at - 1) * width, at * width);
    if (at) found.cells = found.signals[name] || found.cells;
    return found;
  }

  begin();
  return {
    change, restart, readUntil, push, rest, along, ofAllCells, look, goTo, lastStep, signals, most,
    result: (from, to) => ({ nats: nats.slice(from, to), entropies: entropies.slice(from, to), ranks: ranks.slice(from, to) }),
    get done() { return done; },
    get length() { return length; },
  };
}
