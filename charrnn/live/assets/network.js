/* The network: weights as the page brings them, and one step after the other.

   model       the page's payload: network, vocabulary, arrays
   arrays      unpacked: {values, shape} by name, with the scales of weights in {name}.scale
   H, P        the hidden size, and padded to a multiple of 16; G gates; V units of the vocabulary

   A layer has
     gates (G*P), parts (its P numbers a gate), firstTwo (2*P)
     h, c (P)       the state; c only where the cell has memory; squashed (P) is tanh c
     x (P)          h as whole numbers of 1 / unit
     extra          the parameter that only this cell has, P numbers a part
     scratch (P), scratch16 (P) */

const LANES = 16;
const padded = (n, to = LANES) => Math.ceil(n / to) * to;

/* Inputs are whole numbers of 1/16384, or larger where so many products of them would not fit into 32 bits. */
const unitFor = (inputs) => 2 ** (14 - Math.max(0, Math.ceil(Math.log2(inputs / 1024))));

function openNetwork(model, arrays, binary) {
  const { cell: kind, hidden: H, layers: L } = model.network;
  const V = model.size;
  const cell = CELLS[kind];
  const G = cell.gates.length;
  const P = padded(H);
  const E = model.network.embedding;
  const arithmetic = openArithmetic(binary, bytesFor());
  const unit = unitFor(P);

  function bytesFor() {
    const input = (k) => (k ? P : E ? padded(E) : 0);
    const layer = (k) => G * P * (input(k) + P + 8 + 4) + 64 * P;
    let bytes = padded(V, 4) * (P + 12) + 4 * padded(E || 1) + 4096;
    for (let k = 0; k < L; k++) bytes += layer(k) + 1024;
    return bytes;
  }

  /* Rows of `blocks` parts, each padded from `rows` to `to`, in the memory of the arithmetic. */
  function weights(name, blocks, rows, to, columns) {
    const { values, shape } = arrays[name];
    const width = padded(columns);
    const w = arithmetic.array(Int8Array, blocks * to * width);
    const scale = arithmetic.array(Float32Array, blocks * to);
    const scales = arrays[`${name}.scale`].values;
    for (let block = 0; block < blocks; block++) {
      for (let row = 0; row < rows; row++) {
        const from = block * rows + row;
        w.set(values.subarray(from * shape[1], (from + 1) * shape[1]), (block * to + row) * width);
        scale[block * to + row] = scales[from];
      }
    }
    return { w, scale, width };
  }

  function spread(values, blocks) {
    const made = arithmetic.array(Float32Array, blocks * P);
    for (let block = 0; block < blocks; block++) made.set(values.subarray(block * H, (block + 1) * H), block * P);
    return made;
  }

  const parts = (array, count) => Array.from({ length: count }, (_, g) => array.subarray(g * P, (g + 1) * P));

  function openLayer(k) {
    const name = `weight_hh_l${k}`;
    const recurrent = weights(name, arrays[name].shape[0] / H, H, P, H); /* not every gate sees h */
    const gates = arithmetic.array(Float32Array, G * P);
    const layer = {
      gates, parts: parts(gates, G), firstTwo: gates.subarray(0, 2 * P), unit,
      h: arithmetic.array(Float32Array, P), c: cell.hasMemory ? arithmetic.array(Float32Array, P) : null,
      squashed: arithmetic.array(Float32Array, P), x: arithmetic.array(Int16Array, P),
      scratch: arithmetic.array(Float32Array, P), scratch16: arithmetic.array(Int16Array, P),
      bias: spread(arrays[`bias_l${k}`].values, G), extra: null,
      input: k || E ? weights(`weight_ih_l${k}`, G, H, P, k ? H : E) : null,
    };
    if (model.extra) {
      const { values } = arrays[`${model.extra}_l${k}`];
      layer.extra = parts(spread(values, values.length / H), values.length / H);
    }
    /* adds U x, times a factor, to `count` gates from gate `first` on, or to `out` */
    layer.addRecurrent = (first, count, x = layer.x, out = gates.subarray(first * P, (first + count) * P), factor = 1) =>
      arithmetic.add(recurrent.w.subarray(first * P * P), x, recurrent.scale.subarray(first * P), factor / unit, out);
    layer.initial = ["h", "c"].map((letter) => {
      const start = arrays[`${letter}0_l${k}`];
      const values = new Float32Array(P);
      if (start) values.set(start.values);
      return values;
    });
    return layer;
  }

  const layers = Array.from({ length: L }, (_, k) => openLayer(k));
  const out = weights("weight_out", 1, V, padded(V, 4), H);
  const outBias = arithmetic.array(Float32Array, padded(V, 4));
  outBias.set(arrays.bias_out.values);
  const logits = arithmetic.array(Float32Array, padded(V, 4));
  const embedded = E ? arithmetic.array(Int16Array, padded(E)) : null;

  /* The bias of the first layer for a label: null is the average of all, else a name, or numbers. */
  function setLabel(label) {
    const { values } = arrays.weight_label_l0;
    const step = arrays["weight_label_l0.scale"].values[0];
    const base = arrays.bias_l0.values;
    const vector = vectorOf(label);
    const [first] = layers;
    for (let row = 0; row < base.length; row++) {
      let sum = 0;
      for (let n = 0; n < vector.length; n++) sum += values[row * vector.length + n] * vector[n];
      first.bias[Math.floor(row / H) * P + (row % H)] = base[row] + step * sum;
    }
  }

  function vectorOf(label) {
    if (label === null) return arrays["label.average"].values;
    const { names } = model.labels;
    if (names.length) return names.map((name) => Number(name === label));
    return label.map((one, n) => (one - arrays["label.means"].values[n]) / arrays["label.scales"].values[n]);
  }

  /* W x + b of the first layer: a column of W for a unit, or W times its embedding. */
  function readUnit(id) {
    const [first] = layers;
    first.gates.set(first.bias);
    if (E) {
      const { values } = arrays.embedding;
      for (let j = 0; j < E; j++) embedded[j] = values[id * E + j];
      arithmetic.add(first.input.w, embedded, first.input.scale, arrays["embedding.scale"].values[id], first.gates);
      return;
    }
    /* stored a row for each unit of the vocabulary */
    const { values } = arrays.weight_ih_l0;
    const scales = arrays["weight_ih_l0.scale"].values;
    for (let gate = 0; gate < G; gate++) {
      const part = first.parts[gate];
      const column = gate * H;
      const at = id * G * H + column;
      for (let j = 0; j < H; j++) part[j] += f(values[at + j] * scales[column + j]);
    }
  }

  /* Reads a unit. clamps: [{layer, unit, value}], layers from 0. */
  function step(id, clamps) {
    if (id === model.mark) reset();
    readUnit(id);
    for (let k = 0; k < L; k++) {
      const layer = layers[k];
      if (k) {
        layer.gates.set(layer.bias);
        arithmetic.add(layer.input.w, layers[k - 1].x, layer.input.scale, 1 / unit, layer.gates);
      }
      cell.step(layer, arithmetic);
      for (const clamp of clamps) {
        if (clamp.layer !== k) continue;
        if (cell.hold) cell.hold(layer, clamp.unit, clamp.value);
        else layer.h[clamp.unit] = clamp.value;
      }
      arithmetic.toInt16(layer.h, layer.x, unit);
    }
    logits.set(outBias);
    arithmetic.add(out.w, layers[L - 1].x, out.scale, 1 / unit, logits);
  }

  function reset() {
    for (const layer of layers) {
      layer.h.set(layer.initial[0]);
      if (layer.c) layer.c.set(layer.initial[1]);
      arithmetic.toInt16(layer.h, layer.x, unit);
    }
  }

  /* Everything that the next step depends on, and the logits of this one. */
  function state() {
    return { layers: layers.map(({ h, c }) => [h.slice(), c && c.slice()]), logits: logits.slice() };
  }

  function setState(saved) {
    layers.forEach((layer, k) => {
      layer.h.set(saved.layers[k][0]);
      if (layer.c) layer.c.set(saved.layers[k][1]);
      arithmetic.toInt16(layer.h, layer.x, unit);
    });
    logits.set(saved.logits);
  }

  reset();
  if (model.labels) setLabel(null);
  return { cell, H, L, V, layers, logits: logits.subarray(0, V), step, reset, state, setState, setLabel, isCompiled: arithmetic.isCompiled };
}
