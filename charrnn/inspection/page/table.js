/* The table of all cells: sorted by any column, filtered by any word. */

const FIRST_ROWS = 150;
const rankOf = new Map(order.map((cell, rank) => [cell, rank]));
const held = (cell) => (cell.best ? cell.best.heldout : null);
const COLUMNS = {
  rank: { title: "", key: (cell, number) => rankOf.get(number) },
  id: { title: "cell", key: (cell, number) => number },
  tracks: { title: "tracks", key: (cell) => (cell.best ? cell.best.feature : "\uffff") },
  score: { title: "held out", down: true, key: held, about: "score on the half of the text that was not searched: AUC, or rank correlation ρ; the tick is what chance reaches" },
  tau: { title: "memory", down: true, key: (cell) => cell.memory ?? cell.tau, about: "memory in characters; ↻ holds until it is reset" },
  local: { title: "now", key: (cell) => cell.eta2_char, about: "share of its variance explained by the current character alone" },
  delta: { title: "ablation", down: true, key: (cell) => costOf(cell), about: "bits a character lost when the cell is held at its mean" },
};
let shown = order;
let mostRows = FIRST_ROWS;

const costOf = (cell) => (cell.delta ? cell.delta.exact ?? cell.delta.estimate : null);

function sortedCells() {
  const { key } = COLUMNS[state.sort];
  const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = order.filter((number) => {
    const cell = cells[number];
    const text = `${cell.id} ${cell.best ? cell.best.feature : ""} ${cell.best && cell.best.confirmed ? "confirmed" : ""} ${cell.group} ${cell.flags.join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const sign = state.down ? -1 : 1;
  const keys = new Map(rows.map((number) => [number, key(cells[number], number)]));
  return rows.sort((a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    const isNothing = (value) => value === null || value === undefined;
    if (isNothing(x) || isNothing(y)) return isNothing(x) - isNothing(y) || rankOf.get(a) - rankOf.get(b);
    return (x < y ? -sign : x > y ? sign : 0) || rankOf.get(a) - rankOf.get(b);
  });
}

function scoreBar(best) {
  const from = best.kind === "AUC" ? 0.5 : 0;
  const at = (score) => `${100 * clamp((Math.abs(score) - from) / (1 - from), 0, 1)}%`;
  return element("span", { class: best.confirmed ? "score" : "score unsure",
    title: `${best.kind === "AUC" ? "AUC" : "ρ"} ${number(best.heldout, 3)} held out, ${number(best.found, 3)} where it was searched; chance reaches ${number(best.null95, 2)}` },
  element("b", {}, number(best.heldout, 2)),
  element("span", { class: "track" }, element("i", { style: `width:${at(best.heldout)}` }),
    best.null95 === null ? null : element("u", { style: `left:${at(best.null95)}` })));
}

function cellRow(index) {
  const cell = cells[index];
  const { best } = cell;
  return element("tr", { "data-cell": cell.id, class: placeOf.has(index) ? null : "bare" },
    element("th", { scope: "row" }, cell.id),
    element("td", { class: best && best.confirmed ? "tracks" : "tracks unsure", title: best && best.feature },
      cell.flags.length ? element("em", {}, cell.flags.join(", "), best ? " · " : "") : null,
      best ? element("span", {}, best.sign < 0 ? element("span", { class: "not", title: "the cell is low there, or falls as it grows" }, "↓ ") : "", best.feature) : ""),
    element("td", {}, best ? scoreBar(best) : ""),
    element("td", { class: "n" }, memoryWords(cell)),
    element("td", { class: "n" }, cell.eta2_char === null ? "–" : share(cell.eta2_char).replace(/\.\d/, "")),
    element("td", { class: "n" }, costOf(cell) === null ? "–" : signed(costOf(cell), 3)));
}

function listCells() {
  shown = sortedCells();
  const body = byId("cells").tBodies[0];
  body.replaceChildren(...shown.slice(0, mostRows).map(cellRow));
  byId("more").hidden = shown.length <= mostRows;
  byId("more").textContent = `show the other ${count(shown.length - mostRows)}`;
  byId("none").hidden = shown.length > 0;
  for (const head of byId("cells").tHead.rows[0].cells) {
    const isSorted = head.dataset.sort === state.sort;
    head.setAttribute("aria-sort", isSorted ? (state.down ? "descending" : "ascending") : "none");
  }
  markCell();
}

function markCell() {
  for (const row of byId("cells").tBodies[0].rows) {
    const isChosen = row.dataset.cell === cells[state.cell].id;
    row.classList.toggle("chosen", isChosen);
    row.setAttribute("aria-selected", String(isChosen));
    row.tabIndex = isChosen ? 0 : -1;
    if (isChosen) keepInSight(row);
  }
  const rows = byId("cells").tBodies[0].rows;
  if (rows.length && ![...rows].some((row) => row.tabIndex === 0)) rows[0].tabIndex = 0;
}

/* Scrolls the table alone: scrollIntoView would move a small window too. */
function keepInSight(row) {
  const holder = row.closest(".scroll");
  const head = byId("cells").tHead.offsetHeight;
  holder.scrollTop = clamp(holder.scrollTop, row.offsetTop + row.offsetHeight - holder.clientHeight, row.offsetTop - head);
}

function sortBy(name) {
  set(state.sort === name ? (state.down === Boolean(COLUMNS[name].down) ? { down: !state.down }
    : { sort: "rank", down: false }) : { sort: name, down: Boolean(COLUMNS[name].down) });
}

function buildTable() {
  const heads = Object.entries(COLUMNS).filter(([name]) => name !== "rank");
  const table = element("table", { id: "cells", role: "grid", "aria-label": "cells" },
    element("thead", {}, element("tr", {}, heads.map(([name, column]) => element("th", { scope: "col", "data-sort": name, title: column.about },
      button(column.title, () => sortBy(name)))))),
    element("tbody", {}));
  table.tBodies[0].addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row) choose(numberOf.get(row.dataset.cell));
  });
  table.tBodies[0].addEventListener("focusin", (event) => {
    const row = event.target.closest("tr");
    if (row && event.target.matches(":focus-visible")) choose(numberOf.get(row.dataset.cell));
  });
  const holder = element("div", { id: "table", role: "tabpanel" },
    element("input", { id: "filter", type: "search", placeholder: "filter: quotes, L2, context, saturated …", "aria-label": "filter cells", autocomplete: "off", spellcheck: "false",
      oninput: (event) => set({ filter: event.target.value }) }),
    element("div", { class: "scroll" }, table,
      element("p", { id: "none", class: "faint", hidden: true }, "no cell has all of these words"),
      button("", () => {
        mostRows = Infinity;
        listCells();
      }, { id: "more", class: "quiet", hidden: true })));
  on(["sort", "down", "filter"], () => {
    if (byId("filter").value !== state.filter) byId("filter").value = state.filter;
    listCells();
  });
  on(["cell", "tab", "map"], markCell);
  return holder;
}

function memoryWords({ memory, tau, holds }) {
  const characters = memory ?? tau;
  return `${holds ? "↻ " : ""}${number(characters, characters < 9.95 ? 1 : 0)}`;
}

/* Looks at a cell, in the signal that its feature was found in. */
function choose(cell, more) {
  const { best } = cells[cell];
  const signal = best && best.confirmed && page.signals.includes(best.signal) ? best.signal : state.signal;
  set({ cell, signal, surprise: false, ...more });
}

/* The next cell in the table's order; one layer further, the first in it. */
function stepCell(by) {
  const rows = shown.length ? shown : order;
  const at = rows.indexOf(state.cell);
  choose(rows[(at + by + rows.length) % rows.length] ?? rows[0]);
}

function stepLayer(by) {
  const layer = clamp(cells[state.cell].layer + by, 1, layers);
  const rows = shown.length ? shown : order;
  const found = rows.find((cell) => cells[cell].layer === layer);
  if (layer !== cells[state.cell].layer && found !== undefined) choose(found);
}
