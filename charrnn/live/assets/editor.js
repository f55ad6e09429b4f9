/* The text: a plain text area that shows only its caret, over the same text in colours. The coloured text is a row of blocks;
   those that did not change are left as they are. */

const BLOCK = 160; /* pieces of a block, which ends earlier where a line does */

function openEditor(live, units, onTyped) {
  const { state, set, on } = live;
  const mirror = element("div", { class: "mirror", "aria-hidden": "true" });
  const area = element("textarea", { class: "area", spellcheck: "false", autocomplete: "off", autocapitalize: "off", autocorrect: "off",
    "aria-label": "Text that the network reads", placeholder: "Type or paste a text, or let the network write one" });
  const paper = element("div", { class: "paper" }, mirror, area);
  const end = document.createTextNode("\u200b"); /* gives a last empty line its height */
  let blocks = []; /* {node, pieces} */
  let read = { pieces: [], ids: new Int32Array(0), sources: [], unknown: [] };
  let nats = new Float32Array(0);
  let values = new Int8Array(0);
  let done = 0; /* units whose surprisal is here */
  let known = 0; /* units whose values are here */
  mirror.append(end);

  function reread() {
    const before = read.ids;
    read = units.pieces(state.text);
    let common = 0;
    while (common < done && common < read.ids.length && before[common] === read.ids[common]) common++;
    done = common;
    known = Math.min(known, common);
    const pieces = read.pieces;
    const kept = [];
    let first = 0;
    while (kept.length < blocks.length && isSame(blocks[kept.length], pieces, first)) {
      kept.push(blocks[kept.length]);
      first += kept.at(-1).pieces.length;
    }
    /* one that is not full takes up what follows, or typing would make a block of each character */
    if (kept.length && kept.at(-1).pieces.length < BLOCK && kept.at(-1).pieces.at(-1).text !== "\n") {
      first -= kept.pop().pieces.length;
    }
    const ending = [];
    let last = pieces.length;
    for (let n = blocks.length - 1; n >= kept.length; n--) {
      const size = blocks[n].pieces.length;
      if (last - size < first || !isSame(blocks[n], pieces, last - size)) break;
      ending.unshift(blocks[n]);
      last -= size;
    }
    for (const gone of blocks.slice(kept.length, blocks.length - ending.length)) gone.node.remove();
    const fresh = [];
    for (let at = first; at < last;) {
      let to = at;
      while (to < last && to - at < BLOCK && !pieces[to].text.endsWith("\n")) to++;
      if (to < last && to - at < BLOCK) to++;
      const block = { node: element("span"), pieces: pieces.slice(at, to) };
      mirror.insertBefore(block.node, ending.length ? ending[0].node : end);
      fresh.push(block);
      at = to;
    }
    blocks = [...kept, ...fresh, ...ending];
    let at = 0;
    for (const block of blocks) {
      block.pieces = pieces.slice(at, at + block.pieces.length); /* what stands before it may have grown */
      at += block.pieces.length;
    }
    fresh.forEach(paintBlock);
    paper.classList.toggle("empty", !state.text);
  }

  const isSame = (block, pieces, first) => block.pieces.every((piece, n) =>
    first + n < pieces.length && pieces[first + n].text === piece.text && pieces[first + n].ids.length === piece.ids.length);

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

  /* Neighbours of one colour share an element; a line end has its own. */
  function paintBlock(block) {
    const spans = [];
    let last = null;
    let text = "";
    const close = () => {
      if (text) spans.push(element("span", { class: `c ${last}` }, text));
      text = "";
    };
    for (const piece of block.pieces) {
      const name = classAt(piece) + (piece.text === "\n" ? " nl" : "");
      if (name !== last || piece.text === "\n") close();
      last = name;
      text += piece.text;
    }
    close();
    block.node.replaceChildren(...spans);
  }

  function paint(from = 0, to = Infinity) {
    for (const block of blocks) if (block.pieces.at(-1).to > from && block.pieces[0].from < to) paintBlock(block);
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
    forgotten() {
      done = known = 0;
      paint();
    },
    recoloured() {
      known = 0;
    },
    read(from, to, fresh) {
      nats = grow(nats, to);
      nats.set(fresh, from);
      for (const [first, last] of read.sources) nats.fill(NaN, Math.max(first, from), Math.max(from, Math.min(last, to)));
      done = to;
      if (state.colour === "surprisal") paint(from, to);
    },
    values(from, fresh) {
      values = grow(values, from + fresh.length);
      values.set(fresh, from);
      known = from + fresh.length;
      if (state.colour === "cell") paint(from, known);
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
    showEnd: () => {
      if (blocks.length) blocks.at(-1).node.scrollIntoView({ block: "nearest" });
    },
  };
}
