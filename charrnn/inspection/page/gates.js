/* Gate saturation: each unit a point, how often its gate stood open and how often shut. */

const GATE_NAMES = { i: "input gate i", f: "forget gate f", o: "output gate o", r: "reset gate r", z: "update gate z (keeps the old where open)", m: "scale gate m (how much the others read)" };
const PLOT = { size: 260, left: 42, top: 14, bottom: 40 };

function pointShape(layer, x, y) {
  if (layer % 3 === 1) return shape("circle", { cx: x, cy: y, r: 3.6 });
  if (layer % 3 === 2) return shape("path", { d: `M${x} ${y - 4.4}l4.4 7.6h-8.8z` });
  return shape("path", { d: `M${x - 3.3} ${y - 3.3}h6.6v6.6h-6.6z` });
}

/* Up to 4 pixels aside, the same each time, so that units at one place are seen as many. */
const apart = (number) => (((number * 2654435761) >>> 16) % 9) - 4;

function gatePlot(gate) {
  const { size, left, top, bottom } = PLOT;
  const x = (share) => left + share * size;
  const y = (share) => top + (1 - share) * size;
  const ticks = [0, 0.5, 1];
  const drawing = shape("svg", { class: "scatter", width: left + size + 14, height: top + size + bottom, viewBox: `0 0 ${left + size + 14} ${top + size + bottom}`, role: "group", "aria-label": GATE_NAMES[gate] || gate },
    shape("path", { d: `M${x(0)} ${y(1)}L${x(1)} ${y(0)}`, class: "mark" }),
    ticks.map((tick) => [
      shape("line", { x1: x(0), x2: x(1), y1: y(tick), y2: y(tick), class: "grid" }), shape("line", { x1: x(tick), x2: x(tick), y1: y(0), y2: y(1), class: "grid" }),
      shape("text", { x: x(0) - 8, y: y(tick) + 4, "text-anchor": "end", class: "label" }, String(tick)), shape("text", { x: x(tick), y: y(0) + 16, "text-anchor": "middle", class: "label" }, String(tick))]),
    shape("text", { x: x(0.5), y: y(0) + 34, "text-anchor": "middle", class: "label" }, "share of places open (> 0.9)"),
    shape("text", { transform: `translate(10 ${y(0.5)}) rotate(-90)`, "text-anchor": "middle", class: "label" }, "shut (< 0.1)"));
  for (const part of page.gates.gates.filter((one) => one.gate === gate)) {
    part.left.forEach((shut, unit) => {
      const cell = numberOf.get(`L${part.layer}:${unit}`);
      const node = shape("g", { class: `point layer${(part.layer - 1) % 3}`, "data-cell": `L${part.layer}:${unit}` }, pointShape(part.layer, x(part.right[unit]) + apart(2 * unit), y(shut) + apart(2 * unit + 1)));
      node.addEventListener("pointermove", (event) => showHint(event.clientX, event.clientY, element("b", {}, `L${part.layer}:${unit}`), ` open ${share(part.right[unit])}, shut ${share(shut)}`));
      node.addEventListener("pointerleave", hideHint);
      node.addEventListener("click", () => choose(cell));
      drawing.append(node);
    });
  }
  return element("figure", {}, element("figcaption", {}, GATE_NAMES[gate] || gate, saveButtons(`gate-${gate}`, () => drawing)), drawing);
}

function gatesView() {
  const data = page.gates;
  const intro = heading("How the gates stand");
  if (!data || !data.gates.length) {
    return [intro, element("p", { class: "prose" }, data ? "A plain RNN has no gates: its whole state goes through its weights and tanh at every step." : "This page was made without the gates."), data ? healthTable(data) : null];
  }
  const gates = [..."iforzm"].filter((gate) => data.gates.some((one) => one.gate === gate));
  return [intro, element("p", { class: "prose" }, "Each point is a unit. To the right, its gate is open most of the time; at the top, shut most of the time; near the origin it is neither. A forget gate far to the right keeps what it holds: an integrator. One at the top forgets at every step: a feed-forward unit. Click a point to select its cell."),
    layers > 1 ? element("p", { class: "key" }, Array.from({ length: layers }, (_, k) => [shape("svg", { width: 14, height: 14, class: "scatter", "aria-hidden": "true" }, shape("g", { class: `point layer${k % 3}` }, pointShape(k + 1, 7, 7))), ` layer ${k + 1} `])) : null,
    element("div", { class: "figures" }, gates.map(gatePlot)), healthTable(data)];
}

/* Which units of each layer are odd, each a link. */
function healthTable(data) {
  const names = Object.keys(data.flags[0] || {}).filter((name) => name !== "layer");
  const rank = ["integrator", "feed-forward", "saturated", "dead", "constant"];
  names.sort((a, b) => rank.indexOf(a) - rank.indexOf(b));
  return [element("h3", {}, "Units out of the ordinary"), element("table", { class: "health" },
    element("thead", {}, element("tr", {}, element("th", {}, "layer"), names.map((name) => element("th", { title: page.definitions[name] || null }, name)))),
    element("tbody", {}, data.flags.map((row) => element("tr", {}, element("th", { scope: "row" }, String(row.layer)), names.map((name) =>
      element("td", {}, element("b", {}, count(row[name].length)), " ", row[name].slice(0, 12).map((unit) => [cellLink(numberOf.get(`L${row.layer}:${unit}`)), " "]), row[name].length > 12 ? `and ${row[name].length - 12} more` : ""))))))];
}

function markPoint() {
  for (const node of document.querySelectorAll(".point[data-cell]")) {
    const isChosen = node.dataset.cell === cells[state.cell].id;
    node.classList.toggle("chosen", isChosen);
    if (isChosen) node.parentNode.append(node);
  }
}
