/* Features by cells: where each cell stands high (vermilion) or low (blue) for each feature. */

const MAP = { label: 184, top: 8, foot: 22 };

function mapRows() {
  return features.map((feature, index) => index).filter((index) => features[index].tested);
}

function mapColumns() {
  return shown.filter((cell) => placeOf.has(cell) && cells[cell].best).slice(0, 256);
}

function buildMap() {
  const holder = element("div", { id: "map", role: "tabpanel", hidden: true },
    element("p", { class: "faint caption" }, "Each column is a cell, in the order of the table; each row a feature. Vermilion: high where the feature holds, blue: low; what chance reaches has no colour. Click to look at it on the text."),
    element("div", { class: "scroll" }), element("p", { id: "map-words", class: "words" }, "\u00a0"), saveButtons("features", () => byId("map").querySelector("svg")));
  on(["map", "tab", "sort", "down", "filter", "cell", "feature"], drawMap);
  addEventListener("resize", drawMap);
  return holder;
}

function drawMap() {
  if (!state.map || state.tab !== "cells") return;
  const rows = mapRows();
  const columns = mapColumns();
  const holder = byId("map").querySelector(".scroll");
  if (!rows.length || !columns.length || !arrays.scores) {
    holder.replaceChildren(element("p", { class: "faint" }, page.live && !page.chosen.length ? "computing\u2026" : rows.length ? "No cell matches the filter." : "No feature was tested, or all are too rare."));
    return;
  }
  const size = clamp(Math.floor((holder.clientWidth - MAP.label - 12) / columns.length), 5, 22);
  const tall = clamp(Math.floor((holder.clientHeight - MAP.top - MAP.foot - 16) / rows.length), 13, 20);
  const width = MAP.label + columns.length * size + 8;
  const height = MAP.top + rows.length * tall + MAP.foot;
  const chances = chanceLevels();
  const paths = new Map();
  rows.forEach((feature, y) => columns.forEach((cell, x) => {
    const score = scoreOf(feature, cell) || 0;
    const chance = chances.get(features[feature].name) || 0;
    const level = Math.round(Math.sign(score) * Math.max(0, Math.abs(score) - chance) / (1 - chance) * LEVELS);
    if (!level) return;
    const name = classOf(level);
    paths.set(name, `${paths.get(name) || ""}M${MAP.label + x * size} ${MAP.top + y * tall}h${size - 1}v${tall - 1}h${1 - size}z`);
  }));
  const at = columns.indexOf(state.cell);
  const drawing = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "features by cells" },
    rows.map((feature, y) => shape("text", { x: MAP.label - 8, y: MAP.top + y * tall + tall / 2 + 4, "text-anchor": "end", class: feature === state.feature ? "label strong" : "label" },
      features[feature].name.length > 30 ? `${features[feature].name.slice(0, 29)}…` : features[feature].name)),
    shape("rect", { x: MAP.label, y: MAP.top, width: columns.length * size - 1, height: rows.length * tall - 1, class: "ground" }),
    [...paths].map(([name, path]) => shape("path", { d: path, class: `f${name}` })),
    drawnLegend(4, height - 15, 6, ["low", "high"], Array.from({ length: 2 * LEVELS + 1 }, (_, n) => ({ class: n === LEVELS ? "ground" : `f${classOf(n - LEVELS)}` }))),
    at < 0 ? null : shape("rect", { x: MAP.label + at * size - 1, y: MAP.top - 2, width: size + 1, height: rows.length * tall + 3, class: "frame" }),
    at < 0 ? null : shape("text", { x: MAP.label + (at + 0.5) * size, y: height - 6, "text-anchor": "middle", class: "label strong" }, cells[state.cell].id));
  const under = (event) => {
    const box = drawing.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left - MAP.label) / size);
    const y = Math.floor((event.clientY - box.top - MAP.top) / tall);
    return x >= 0 && x < columns.length && y >= 0 && y < rows.length ? [rows[y], columns[x]] : null;
  };
  drawing.addEventListener("pointermove", (event) => {
    const found = under(event);
    byId("map-words").textContent = found ? mapWords(...found) : "\u00a0";
  });
  drawing.addEventListener("click", (event) => {
    const found = under(event);
    if (found) choose(found[1], { feature: found[0] });
  });
  holder.replaceChildren(drawing);
}

/* What the best cell reaches by chance, on the scale of scoreOf(), by the name of a feature. */
function chanceLevels() {
  const found = new Map();
  for (const { best } of cells) {
    if (best && best.null95 !== null && best.null95 < 1) found.set(best.feature, best.kind === "AUC" ? 2 * best.null95 - 1 : best.null95);
  }
  return found;
}

function mapWords(feature, cell) {
  const score = scoreOf(feature, cell);
  const { name, measure } = features[feature];
  return `${cells[cell].id} · ${name} · ${measure === "AUC" ? `AUC ${number(0.5 + score / 2, 2)}` : `ρ ${signed(score, 2)}`} on the second half`;
}
