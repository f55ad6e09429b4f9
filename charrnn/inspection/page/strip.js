/* The strip: the selected cell's value along the text, with what it tracks shaded behind; wheel and keys zoom. */

const STRIP = { height: 140, left: 40, right: 16, top: 28, low: 104, overview: 122 };
const LEAST_SPAN = 20;

const span = () => state.zoom || [0, T];

function zoomTo(from, to) {
  const length = clamp(Math.round(to - from), Math.min(LEAST_SPAN, T), T);
  const start = clamp(Math.round(from), 0, T - length);
  set({ zoom: length === T ? null : [start, start + length] });
}

function zoomBy(factor, around) {
  const [from, to] = span();
  const middle = around ?? (state.pin >= from && state.pin < to ? state.pin : (from + to) / 2);
  const length = clamp((to - from) * factor, Math.min(LEAST_SPAN, T), T);
  zoomTo(middle - ((middle - from) * length) / (to - from), middle + ((to - middle) * length) / (to - from));
}

/* What is shaded: a search, a chosen feature, or what the cell tracks. */
function shading() {
  if (state.regex && found.mask) return [found.mask, `/${state.regex}/`];
  const { best } = cells[state.cell];
  const feature = state.feature >= 0 ? state.feature : best && best.confirmed ? featureNumber.get(best.feature) ?? -1 : -1;
  return [maskOf(feature), maskOf(feature) ? features[feature].name : ""];
}

/* The line: a point a character, or where there are too many the highest and lowest of each pixel. */
function stripPath(at, from, to, x, y, pixels) {
  const step = Math.max(1, Math.floor((to - from) / pixels));
  let path = "";
  for (let t = from; t < to; t += step) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = t; i < Math.min(t + step, to); i++) {
      const value = at(i);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (high === -Infinity) continue;
    path += `${path ? "L" : "M"}${x(t + step / 2).toFixed(1)} ${y(high).toFixed(1)}`;
    if (step > 1 && low !== high) path += `L${x(t + step / 2).toFixed(1)} ${y(low).toFixed(1)}`;
  }
  return path;
}

function shades(mask, from, to, x, top, height) {
  let path = "";
  let start = -1;
  for (let t = from; t <= to; t++) {
    const isOn = t < to && mask[t];
    if (isOn && start < 0) start = t;
    if (!isOn && start >= 0) {
      path += `M${x(start).toFixed(1)} ${top}H${x(t).toFixed(1)}v${height}H${x(start).toFixed(1)}z`;
      start = -1;
    }
  }
  return path;
}

function drawStrip() {
  if (!["cells", "surprise"].includes(state.tab)) return;
  const holder = byId("strip").querySelector("svg");
  const width = byId("strip").clientWidth;
  const [from, to] = span();
  const right = width - STRIP.right;
  const x = (t) => STRIP.left + ((t - from) / (to - from)) * (right - STRIP.left);
  const all = (t) => STRIP.left + (t / T) * (right - STRIP.left);
  const isSurprise = showsSurprise();
  const values = valuesOf(state.cell, state.signal);
  const [mask, name] = shading();
  const middle = (STRIP.top + STRIP.low) / 2;
  const half = (STRIP.low - STRIP.top) / 2;
  const y = isSurprise ? (bits) => STRIP.low - (clamp(bits || 0, 0, 12) / 12) * 2 * half : (value) => middle - value * half;
  const at = isSurprise ? bitsAt : (t) => values[t] / page.levels;
  const spacing = (right - STRIP.left) / (to - from);
  const ticks = isSurprise ? [[12, "12"], [6, "6"], [0, "0"]] : [[1, "+1"], [0, "0"], [-1, "−1"]];
  const letters = [];
  for (let t = from; spacing > 7 && t < to; t++) {
    letters.push(shape("text", { x: x(t + 0.5).toFixed(1), y: STRIP.low + 12, "text-anchor": "middle", class: "letter" }, signOf(unitAt(t)) || unitAt(t)));
  }
  holder.replaceChildren(
    shape("defs", {}, shape("linearGradient", { id: "rise", gradientUnits: "userSpaceOnUse", x1: 0, x2: 0, y1: STRIP.top, y2: STRIP.low },
      [[0, "stop-high"], [0.42, "stop-high"], [0.5, "stop-none"], [0.58, "stop-low"], [1, "stop-low"]].map(([offset, role]) => shape("stop", { offset, class: role })))),
    mask ? shape("path", { d: shades(mask, from, to, x, STRIP.top, STRIP.low - STRIP.top), class: "shade" }) : "",
    state.range ? shape("rect", { x: x(Math.max(from, state.range[0])), y: STRIP.top, width: Math.max(0, x(Math.min(to, state.range[1] + 1)) - x(Math.max(from, state.range[0]))), height: STRIP.low - STRIP.top, class: "range" }) : "",
    ...ticks.flatMap(([value, label]) => [
      shape("line", { x1: STRIP.left, x2: right, y1: y(value), y2: y(value), class: "grid" }),
      shape("text", { x: STRIP.left - 8, y: y(value) + 4, "text-anchor": "end", class: "label" }, label)]),
    values || isSurprise ? shape("path", { d: stripPath(at, from, to, x, y, right - STRIP.left), class: isSurprise ? "curve surprise" : "curve" })
      : shape("text", { x: (STRIP.left + right) / 2, y: middle - 6, "text-anchor": "middle", class: "label" }, page.live ? "computing\u2026" : "the values of this cell are not in this page"),
    ...letters,
    shape("line", { id: "cursor", y1: STRIP.top, y2: STRIP.low, class: "cursor", visibility: "hidden" }),
    state.pin >= from && state.pin < to ? shape("line", { x1: x(state.pin + 0.5), x2: x(state.pin + 0.5), y1: STRIP.top - 4, y2: STRIP.low, class: "pinned" }) : "",
    shape("line", { x1: STRIP.left, x2: right, y1: STRIP.overview, y2: STRIP.overview, class: "overview" }),
    shape("line", { x1: all(from), x2: Math.max(all(to), all(from) + 6), y1: STRIP.overview, y2: STRIP.overview, class: "window" }),
    shape("text", { x: STRIP.left, y: STRIP.height - 2, class: "label" }, count(from)),
    shape("text", { x: right, y: STRIP.height - 2, "text-anchor": "end", class: "label" }, count(to)),
    shape("text", { x: STRIP.left, y: 16, class: "label" }, stripWords(isSurprise, name)));
  for (const [key, value] of Object.entries({ width, height: STRIP.height, viewBox: `0 0 ${width} ${STRIP.height}` })) holder.setAttribute(key, value);
  holder.setAttribute("aria-label", `${isSurprise ? "surprisal" : cells[state.cell].id} along the text, characters ${from} to ${to}`);
  moveCursor(pointed.t);
}

function stripWords(isSurprise, shaded) {
  const what = isSurprise ? "surprisal in bits" : `${SIGNAL_NAMES[state.signal] || state.signal} of ${cells[state.cell].id}`;
  return shaded ? `${what} · shaded: ${shaded}` : what;
}

function moveCursor(t) {
  const cursor = byId("cursor");
  if (!cursor) return;
  const [from, to] = span();
  const isSeen = t >= from && t < to;
  cursor.setAttribute("visibility", isSeen ? "visible" : "hidden");
  if (!isSeen) return;
  const x = STRIP.left + ((t + 0.5 - from) / (to - from)) * (byId("strip").clientWidth - STRIP.right - STRIP.left);
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
}

function stripPlace(event) {
  const box = byId("strip").querySelector("svg").getBoundingClientRect();
  const isOverview = event.clientY - box.top > STRIP.low + 14;
  const [from, to] = isOverview ? [0, T] : span();
  const share = (event.clientX - box.left - STRIP.left) / (box.width - STRIP.left - STRIP.right);
  return { t: clamp(Math.floor(from + share * (to - from)), 0, T - 1), isOverview };
}

function buildStrip() {
  const holder = byId("strip");
  const drawing = holder.querySelector("svg");
  holder.append(element("div", { class: "zoom" },
    button("−", () => zoomBy(2), { title: "zoom out (-)", "aria-label": "zoom out" }),
    button("+", () => zoomBy(0.5), { title: "zoom in (+)", "aria-label": "zoom in" }),
    button("all", () => zoomTo(0, T), { title: "the whole text (0)" }), saveButtons("strip", () => drawing)));
  let held = null;
  drawing.addEventListener("pointermove", (event) => {
    const { t, isOverview } = stripPlace(event);
    if (held && event.buttons & 1) {
      const [from, to] = held.span;
      const width = drawing.clientWidth - STRIP.left - STRIP.right;
      if (held.isOverview) zoomTo(t - (to - from) / 2, t + (to - from) / 2);
      else {
        const by = ((held.x - event.clientX) / width) * (to - from);
        if (Math.abs(held.x - event.clientX) > 3) held.moved = true;
        zoomTo(from + by, to + by);
      }
    } else if (!isOverview) point(t);
  });
  drawing.addEventListener("pointerdown", (event) => {
    const { isOverview, t } = stripPlace(event);
    held = { x: event.clientX, span: span(), isOverview, moved: isOverview };
    if (isOverview) zoomTo(t - (held.span[1] - held.span[0]) / 2, t + (held.span[1] - held.span[0]) / 2);
    drawing.setPointerCapture(event.pointerId);
  });
  drawing.addEventListener("pointerup", (event) => {
    if (held && !held.moved) goTo(stripPlace(event).t);
    held = null;
  });
  drawing.addEventListener("pointerleave", () => point(-1));
  drawing.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(event.deltaY > 0 ? 1.3 : 1 / 1.3, stripPlace(event).t);
  }, { passive: false });
  pointed.actions.push(moveCursor);
  on(["cell", "signal", "surprise", "tab", "pin", "range", "regex", "feature", "zoom", "map"], drawStrip);
  addEventListener("resize", drawStrip);
}
