/* What the text is coloured by, and what the colours mean. */

const CLASSES = Array.from({ length: 2 * LEVELS + 1 }, (_, n) => classOf(n - LEVELS));

const levelOf = (raw) => Math.round((raw * LEVELS) / page.levels);
const showsSurprise = () => state.surprise || state.tab === "surprise";

/* The class of each character, for what is looked at now. */
function painter() {
  if (showsSurprise()) return (t) => CLASSES[LEVELS + levelOfBits(bitsAt(t))];
  const values = valuesOf(state.cell, state.signal);
  return values ? (t) => CLASSES[LEVELS + levelOf(values[t])] : () => "z";
}

/* The scale as shapes of a drawing: a square for each of `fills`, properties of its own, with a word at both ends. */
function drawnLegend(x, y, size, [low, high], fills) {
  const left = x + 7 * low.length + 6;
  const words = { class: "label", "font-size": 12, fill: getComputedStyle(document.body).color };
  return [shape("text", { ...words, x, y: y + size - 1 }, low),
    fills.map((fill, n) => shape("rect", { x: left + n * size, y, width: size, height: size, ...fill })),
    shape("text", { ...words, x: left + fills.length * size + 6, y: y + size - 1 }, high)];
}

/* "−1 ▏blue … none … vermilion▕ +1" */
function legend() {
  const isSurprise = showsSurprise();
  const shown = isSurprise ? CLASSES.slice(LEVELS) : CLASSES;
  return element("span", { class: "legend", role: "img",
    "aria-label": isSurprise ? "colours: 0 bits none, 8 bits and more vermilion"
      : "colours: minus 1 blue with a dotted line, 0 none, plus 1 vermilion with a solid line" },
  element("span", {}, isSurprise ? "0" : "−1"),
  element("span", { class: "swatches" }, shown.map((name) => element("i", { class: `c ${name}` }, "a"))),
  element("span", {}, isSurprise ? "8+ bits" : "+1"));
}

function swatch(value) {
  return element("i", { class: `swatch ${CLASSES[LEVELS + Math.round(clamp(value, -1, 1) * LEVELS)]}` });
}
