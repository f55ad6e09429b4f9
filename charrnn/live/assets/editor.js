/* The text: a plain text area that shows only its caret, over the same text in colours. Lines that did not change are left
   as they are. */

function openEditor(live, units, onTyped) {
  const { state, set, on } = live;
  const mirror = element("div", { class: "mirror", "aria-hidden": "true" });
  const area = element("textarea", { class: "area", spellcheck: "false", autocomplete: "off", autocapitalize: "off", autocorrect: "off",
    "aria-label": "Text that the network reads", placeholder: "Type or paste a text, or let the network write one" });
  const paper = element("div", { class: "paper" }, mirror, area);
  const lines = []; /* {node, text, first, last, pieces}: pieces first..last, without the line end */
  let read = { pieces: [], ids: new Int32Array(0), unknown: [] };
  let nats = new Float32Array(0);
  let values = new Int8Array(0);
  let done = 0;
  let known = 0;

  function reread() {
    const before = read.ids;
    read = units.pieces(state.text);
    let common = 0;
    while (common < done && common < read.ids.length && before[common] === read.ids[common]) common++;
    done = common;
    known = Math.min(known, common);
    const wanted = [];
    let line = { first: 0, pieces: [] };
    read.pieces.forEach((piece) => {
      line.pieces.push(piece);
      if (piece.text.includes("\n")) {
        wanted.push(line);
        line = { pieces: [] };
      }
    });
    wanted.push(line);
    for (const one of wanted) one.text = one.pieces.map((piece) => piece.text).join("");
    let same = 0;
    while (same < lines.length && same < wanted.length && lines[same].text === wanted[same].text) same++;
    let ending = 0;
    while (ending < lines.length - same && ending < wanted.length - same
      && lines[lines.length - 1 - ending].text === wanted[wanted.length - 1 - ending].text) ending++;
    for (const gone of lines.slice(same, lines.length - ending)) gone.node.remove();
    const next = lines[lines.length - ending];
    const fresh = wanted.slice(same, wanted.length - ending);
    for (const one of fresh) {
      one.node = element("div", { class: "line" });
      mirror.insertBefore(one.node, ending ? next.node : null);
    }
    wanted.forEach((one, index) => {
      if (!one.node) one.node = lines[index < same ? index : lines.length - wanted.length + index].node;
    });
    lines.splice(0, lines.length, ...wanted);
    fresh.forEach(paintLine);
    paper.classList.toggle("empty", !state.text);
  }

  function classAt(piece) {
    if (piece.isUnknown) return "unknown";
    if (piece.to === piece.from || piece.to > done) return "z";
    if (state.colour === "surprisal") {
      let sum = 0;
      for (let t = piece.from; t < piece.to; t++) sum += nats[t];
      return Number.isNaN(sum) ? "z" : classOf(levelOfBits(sum / Math.LN2));
    }
    return piece.to > known ? "z" : classOf(Math.round((values[piece.to - 1] * LEVELS) / 127));
  }

  /* Neighbours of one colour share an element. */
  function paintLine(line) {
    const spans = [];
    let last = null;
    let text = "";
    for (const piece of line.pieces) {
      const name = classAt(piece);
      const shown = piece.text.endsWith("\n") ? piece.text.slice(0, -1) + "\u200b" : piece.text;
      if (name !== last && text) {
        spans.push(element("span", { class: `c ${last}` }, text));
        text = "";
      }
      last = name;
      text += shown;
    }
    if (text) spans.push(element("span", { class: `c ${last}` }, text));
    line.node.replaceChildren(...(spans.length ? spans : ["\u200b"]));
  }

  function paint(from = 0) {
    for (const line of lines) if (!line.pieces.length || line.pieces.at(-1).to > from || line.pieces.at(-1).to === line.pieces[0].from) paintLine(line);
  }

  /* How many ids are before the caret. */
  function unitsBefore(caret) {
    let found = 0;
    for (const piece of read.pieces) {
      if (piece.end > caret) break;
      found = piece.to;
    }
    return found;
  }

  function grow(array, length) {
    if (array.length >= length) return array;
    const larger = new array.constructor(Math.max(length, 2 * array.length));
    larger.set(array);
    return larger;
  }

  const take = {
    recoloured() {
      known = 0;
    },
    read(from, to, fresh) {
      nats = grow(nats, to);
      nats.set(fresh, from);
      done = to;
      if (state.colour === "surprisal") paint(from);
    },
    values(from, fresh) {
      values = grow(values, from + fresh.length);
      values.set(fresh, from);
      known = from + fresh.length;
      if (state.colour === "cell") paint(from);
    },
  };

  function typed() {
    onTyped();
    set({ text: area.value, isLed: area.value ? state.isLed : false, caret: area.selectionEnd });
  }

  function moved() {
    if (document.activeElement === area) set({ caret: area.selectionEnd });
  }

  area.addEventListener("input", typed);
  for (const name of ["keyup", "click", "select", "focus"]) area.addEventListener(name, moved);
  document.addEventListener("selectionchange", moved);
  on(["text"], () => {
    if (area.value !== state.text) {
      area.value = state.text;
      area.setSelectionRange(state.caret, state.caret);
    }
    reread();
  });
  on(["colour"], () => paint());

  return {
    node: paper, area, take, unitsBefore, paint,
    have: () => Math.min(done, known), /* units of which everything is here */
    get read() { return read; },
    surprisal: () => {
      let sum = 0;
      let predicted = 0;
      for (let t = 0; t < Math.min(done, read.ids.length); t++) {
        if (Number.isNaN(nats[t])) continue;
        sum += nats[t];
        predicted++;
      }
      return { bits: sum / Math.LN2 / predicted, predicted, done };
    },
    bitsOf: (t) => (t < done ? nats[t] / Math.LN2 : NaN),
    placeCaret: (at) => {
      area.setSelectionRange(at, at);
      set({ caret: at });
    },
    lastLine: () => lines.at(-1).node,
  };
}
