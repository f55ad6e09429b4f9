/* The text: a span for each character in a div for each line. Only lines in sight are painted. */

const LONGEST = 400; /* characters after which a line without an end is broken all the same */
const lines = []; /* {node, first, last, painted} */
const lineOf = new Int32Array(T);
let painting = 0; /* a line with an older number has old colours */
let drag = null;
let isRangeStarted = false; /* the next click ends a range that begins at the pin: for touch, which can't drag one */

function startRange() {
  isRangeStarted = true;
  openSheet(false);
}

function buildText() {
  const holder = document.createDocumentFragment();
  let node = null;
  for (let t = 0; t < T; t++) {
    const unit = unitAt(t);
    const picture = signOf(unit);
    if (!node) {
      node = element("div", { class: "line", dir: "auto", "data-at": lines.length % 5 ? null : count(t) });
      node.line = lines.length;
      lines.push({ node, first: t, last: t, painted: -1 });
      holder.append(node);
    }
    const span = element("span", { class: "c", "data-mark": picture, "data-bare": picture && !/[\t\n]$/.test(unit) }, unit);
    span.t = t;
    node.append(span);
    lineOf[t] = lines.length - 1;
    lines.at(-1).last = t;
    const isLong = t - lines.at(-1).first >= LONGEST;
    if (unit.endsWith("\n") || (isLong && (unit === " " || t - lines.at(-1).first > 2 * LONGEST))) node = null;
  }
  byId("text").replaceChildren(holder);
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      lines[target.line].inSight = isIntersecting;
      if (isIntersecting) paintLine(lines[target.line], brush());
    }
  }, { root: byId("text"), rootMargin: "300px 0px" });
  lines.forEach((line) => watcher.observe(line.node));
}

const spanOf = (t) => lines[lineOf[t]].node.childNodes[t - lines[lineOf[t]].first];

/* What a character's class is made of now, so that a line is painted with one look at the state. */
function brush() {
  const level = painter();
  const hits = marks();
  const [from, to] = state.range || [T, -1];
  return (t) => `c ${level(t)}${hits && hits[t] ? " hit" : ""}${t >= from && t <= to ? " in" : ""}${t === state.pin ? " pin" : ""}`;
}

function paintLine(line, stroke) {
  if (line.painted === painting) return;
  line.painted = painting;
  let t = line.first;
  for (const span of line.node.childNodes) span.className = stroke(t++);
}

function paint() {
  performance.mark("recolour-start");
  painting++;
  const stroke = brush();
  for (const line of lines) if (line.inSight) paintLine(line, stroke);
  performance.measure("recolour", "recolour-start");
}

/* Before printing there is no sight: every line is wanted. */
function paintAll() {
  const stroke = brush();
  for (const line of lines) paintLine(line, stroke);
}

function showPlace(t) {
  const box = byId("text").getBoundingClientRect();
  lines[lineOf[t]].node.scrollIntoView({ block: "nearest" });
  const at = spanOf(t).getBoundingClientRect();
  if (at.top < box.top + 30 || at.bottom > box.bottom - 30) spanOf(t).scrollIntoView({ block: "center" });
}

function goTo(t) {
  const [from, to] = span();
  set({ pin: t, zoom: t < from || t >= to ? [clamp(t - ((to - from) >> 1), 0, T - to + from), clamp(t - ((to - from) >> 1), 0, T - to + from) + to - from] : state.zoom });
  showPlace(t);
}

/* The first character in sight. */
function firstInSight() {
  const top = byId("text").getBoundingClientRect().top;
  return (lines.find((line) => line.inSight && line.node.getBoundingClientRect().bottom > top + 8) || lines[0]).first;
}

function readingBar() {
  const cell = cells[state.cell];
  const best = cell.best;
  const isSurprise = showsSurprise();
  const what = isSurprise ? "surprise" : cell.id;
  const about = isSurprise ? "surprisal of each character, in bits"
    : best && best.confirmed ? best.feature : best ? "no confirmed feature" : "tracks none of the features";
  byId("bar").firstChild.replaceChildren(
    element("strong", {}, what), " ", element("span", { class: "faint about" }, about));
  byId("scale").replaceChildren(legend(), allSignals().length > 1 && !isSurprise
    ? element("span", { class: "switch", role: "group", "aria-label": "signal" }, allSignals().map((name) =>
      button(SIGNAL_NAMES[name] || name, () => chooseSignal(name), { "aria-pressed": String(state.signal === name) }))) : "");
  byId("missing").hidden = isSurprise || placeOf.has(state.cell);
}

function buildReading() {
  byId("bar").replaceChildren(
    element("div", { class: "what" }), searchBox(), element("div", { id: "scale" }), saveButtons("text", textPicture),
    element("p", { id: "missing", class: "note", hidden: true },
      page.live ? "The network in this page computes the values of its cells\u2026"
        : `The values of this cell are not in this page, only its statistics: it holds those of ${count(page.chosen.length)} of ${count(cells.length)} cells (--html-cells all holds all).`));
  buildText();
  const text = byId("text");
  const at = (event) => {
    const span = event.target.closest && event.target.closest(".c");
    return span ? span.t : -1;
  };
  text.addEventListener("pointermove", (event) => {
    const t = at(event);
    point(t);
    if (t < 0) hideHint();
    else showHint(event.clientX, event.clientY, ...hintOf(t));
    if (drag !== null && t >= 0 && event.buttons & 1 && t !== drag) {
      set({ range: [Math.min(t, drag), Math.max(t, drag)], pin: -1 });
    }
  });
  text.addEventListener("pointerleave", () => {
    point(-1);
    hideHint();
  });
  text.addEventListener("pointerdown", (event) => {
    const t = at(event);
    if (event.button || t < 0) return;
    if ((event.shiftKey || isRangeStarted) && state.pin >= 0) {
      isRangeStarted = false;
      set({ range: [Math.min(t, state.pin), Math.max(t, state.pin)] });
      return;
    }
    drag = t;
    if (event.pointerType === "touch") drag = null;
    set({ pin: state.pin === t && !state.range ? -1 : t, range: null });
  });
  addEventListener("pointerup", () => { drag = null; });
  addEventListener("copy", (event) => {
    if (!state.range || getSelection().toString()) return;
    let copied = "";
    for (let t = state.range[0]; t <= state.range[1]; t++) copied += unitAt(t);
    event.clipboardData.setData("text/plain", copied);
    event.preventDefault();
  });
  on(["cell", "signal", "surprise", "tab", "pin", "range", "regex", "feature"], paint);
  on(["cell", "signal", "surprise", "tab"], readingBar);
  addEventListener("beforeprint", paintAll);
}

function hintOf(t) {
  const values = valuesOf(state.cell, state.signal);
  const value = values ? values[t] / page.levels : NaN;
  return [element("b", {}, visible(unitAt(t))), " ",
    showsSurprise() ? `${number(bitsAt(t), 2)} bits` : values ? signed(value, 2) : "no values"];
}
