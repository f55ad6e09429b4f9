/* Surprise: how much each character took to predict, by kind of character, and where it was worst. */

const KINDS = [
  ["line end", (unit) => unit.endsWith("\n")], ["space or tab", (unit) => /^\s$/.test(unit)],
  ["first letter of a word", (unit, before) => /^[\p{L}\p{M}]/u.test(unit) && !/[\p{L}\p{M}]$/u.test(before)],
  ["letter inside a word", (unit) => /^[\p{L}\p{M}]/u.test(unit)], ["digit", (unit) => /^\p{N}/u.test(unit)], ["sign", () => true],
];

function kindRows() {
  const rows = KINDS.map(([name]) => ({ name, sum: 0, n: 0, first: 0 }));
  for (let t = 1; t < T; t++) {
    const bits = bitsAt(t);
    if (Number.isNaN(bits)) continue;
    const row = rows[KINDS.findIndex(([, test]) => test(unitAt(t), unitAt(t - 1)))];
    row.sum += bits;
    row.n++;
    row.first += arrays.rank[t] === 1;
  }
  return rows.filter((row) => row.n).sort((a, b) => b.sum / b.n - a.sum / a.n);
}

function worstPlaces() {
  const places = Array.from({ length: T }, (_, t) => t).filter((t) => bitsAt(t) > 0).sort((a, b) => bitsAt(b) - bitsAt(a));
  const kept = [];
  for (const t of places) {
    if (kept.length === 10) break;
    if (kept.every((other) => Math.abs(other - t) > AROUND)) kept.push(t);
  }
  return kept;
}

function histogram() {
  const counts = new Array(25).fill(0);
  for (let t = 0; t < T; t++) if (bitsAt(t) >= 0) counts[Math.min(24, Math.floor(bitsAt(t) * 2))]++;
  const most = Math.max(...counts, 1);
  return shape("svg", { class: "histogram", width: 300, height: 96, viewBox: "0 0 300 96", role: "img", "aria-label": "number of characters by surprisal" },
    counts.map((n, at) => shape("rect", { x: 4 + at * 11.6, width: 10.4, y: 74 - (70 * n) / most, height: (70 * n) / most, class: `fp${Math.max(1, levelOfBits(at / 2 + 0.25))}` }, shape("title", {}, `${at / 2} to ${at / 2 + 0.5} bits: ${count(n)}`))),
    [0, 2, 4, 6, 8, 10, 12].map((bits) => shape("text", { x: 4 + bits * 23.2, y: 90, "text-anchor": bits ? "middle" : "start", class: "label" }, String(bits) + (bits === 12 ? "+" : ""))));
}

function buildSurprise() {
  const rows = kindRows();
  const n = rows.reduce((sum, row) => sum + row.n, 0);
  const drawing = histogram();
  return element("div", { id: "surprise", role: "tabpanel", hidden: true }, element("div", { class: "scroll padded" },
    heading("Surprisal"), element("p", { class: "claim" }, element("b", {}, `${number(rows.reduce((sum, row) => sum + row.sum, 0) / (n || 1), 2)} bits`), " a character; ",
      element("b", {}, share(rows.reduce((sum, row) => sum + row.first, 0) / (n || 1))), " were the most expected one."),
    drawing, element("p", { class: "faint caption" }, "characters by surprisal in bits ", saveButtons("surprise", () => drawing)),
    element("h3", {}, "Hardest kinds"), element("table", { class: "small" }, element("thead", {}, element("tr", {}, ["kind", "bits", "top prediction", "of all"].map((name) => element("th", {}, name)))),
      element("tbody", {}, rows.map((row) => element("tr", {}, element("td", {}, row.name), element("td", { class: "n" }, number(row.sum / row.n, 2)), element("td", { class: "n" }, share(row.first / row.n)), element("td", { class: "n" }, share(row.n / n)))))),
    errorsTable(), element("h3", {}, "Highest surprisal"), element("ol", { class: "contexts" }, worstPlaces().map((t) => element("li", {}, placeLink(t, t, levelOfBits(bitsAt(t)) / LEVELS), element("small", { class: "n" }, `${number(bitsAt(t), 1)} bits`))))));
}
