/* The drawer: the character under the pointer or pinned, the range or the search, the selected cell. */

const BEGINNING = 600; /* characters among which an example is looked for */

/* Where the selected cell changes most near the beginning; -1 where the page has no values of it. */
function exampleOf() {
  const values = valuesOf(state.cell, state.signal);
  let best = -1;
  for (let t = 2; values && t < Math.min(T, BEGINNING); t++) {
    if (best < 0 || Math.abs(values[t] - values[t - 1]) > Math.abs(values[best] - values[best - 1])) best = t;
  }
  return best;
}

function drawCharacter() {
  const t = pointed.t >= 0 ? pointed.t : state.pin;
  const example = t >= 0 ? t : exampleOf();
  const how = "Point at a character to see what the model predicted there; click to pin it. Drag over characters to find the cells that respond to them.";
  byId("character").replaceChildren(...[
    example >= 0 ? characterCard(example, t >= 0 && t === state.pin, t < 0) : null,
    t < 0 ? element("p", { class: "faint" }, how) : null].flat(3).filter(Boolean));
}

function drawRange() {
  const holder = byId("range");
  holder.hidden = !state.range || !hasValues();
  if (holder.hidden) return;
  const [from, to] = state.range;
  const inside = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const ranking = inside.length < T ? rankedCells(inside) : [];
  const similar = similarStretches([from, to], ranking);
  holder.replaceChildren(
    heading("Range", element("span", { class: "faint" }, ` ${count(inside.length)} characters from ${count(from)} `), closeButton({ range: null })),
    element("p", { class: "quote" }, excerpt(from, Math.min(to + 1, from + 80)), inside.length > 80 ? "…" : ""),
    element("h3", {}, "Cells that tell it from the rest"), rankingTable(ranking.slice(0, 8), false),
    element("h3", { title: "other stretches of the same length where the 12 most informative cells are in the same state" }, "Similar stretches"),
    similar.length ? element("ol", { class: "contexts" }, similar.map(({ start, end, likeness }) => element("li", {}, placeLink(start, end), element("small", { class: "n" }, share(likeness)))))
      : element("p", { class: "faint" }, "None: nowhere else are these cells half as clearly in this state."));
}

function closeButton(changes) {
  return button("×", () => set(changes), { class: "close", "aria-label": "close", title: "close (Esc)" });
}

function drawSearch() {
  const holder = byId("found");
  holder.hidden = !state.regex;
  if (holder.hidden) return;
  const close = closeButton({ regex: "" });
  if (found.error || !found.mask) {
    holder.replaceChildren(heading("Search", close), element("p", { class: "note" }, found.error || "Searching\u2026"));
    return;
  }
  const { inside, matches } = found;
  const content = [heading("Search", element("span", { class: "faint" }, ` ${count(matches.length)} matches, ${count(inside.length)} characters `), close)];
  const from = page.text.warmup;
  const middle = Math.floor((from + T) / 2);
  const scored = inside.filter((t) => t >= from);
  const counts = [scored.filter((t) => t < middle).length, scored.filter((t) => t >= middle).length];
  if (!hasValues()) content.push(element("p", { class: "faint" }, page.live ? "computing\u2026" : "The page holds no values to score."));
  else if (Math.min(...counts) < LEAST) content.push(element("p", { class: "faint" }, `Too rare to test: a half of the text needs ${LEAST} characters inside, these have ${counts.join(" and ")}.`));
  else if (T - from - scored.length < 2 * LEAST) content.push(element("p", { class: "faint" }, "Nearly every character matches: there is nothing to compare with."));
  else {
    const rows = rankedCells(scored, from).map((row) => ({ ...row, first: auc(valuesOf(row.cell, state.signal), inside, from, middle) }))
      .sort((a, b) => Math.abs(b.first - 0.5) - Math.abs(a.first - 0.5)).slice(0, 8)
      .map((row) => ({ ...row, halves: [row.first, auc(valuesOf(row.cell, state.signal), inside, middle, T)] }));
    const chance = chanceOf(scored, from);
    const [one, other] = rows[0].halves;
    const heldout = one >= 0.5 ? other : 1 - other;
    content.push(element("p", { class: "claim" }, heldout > Math.max(chance, 0.8) ? ["Confirmed: ", element("b", {}, cells[rows[0].cell].id), ` knows it, ${number(heldout, 2)} on the second half`] : "Not confirmed on the second half",
      element("span", { class: "faint" }, `; chance reaches ${number(chance, 2)}.`)), rankingTable(rows, true));
  }
  content.push(element("h3", {}, "Matches"), matches.length ? element("ol", { class: "contexts" }, matches.slice(0, 8).map(([start, end]) => element("li", {}, placeLink(start, end)))) : element("p", { class: "faint" }, "none"));
  holder.replaceChildren(...content);
}

function drawCell() {
  byId("cell").replaceChildren(...[cellCard(state.cell)].flat(4).filter(Boolean));
}

function buildDrawer() {
  byId("drawer").replaceChildren(button("Details", () => openSheet(!byId("drawer").classList.contains("open")), { id: "sheet", "aria-expanded": "false" }),
    element("div", { id: "character", class: "card", "aria-live": "off" }), element("div", { id: "range", class: "card", hidden: true }),
    element("div", { id: "found", class: "card", hidden: true }), element("div", { id: "cell", class: "card" }));
  pointed.actions.push(drawCharacter);
  on(["pin", "cell", "signal"], drawCharacter);
  on(["range", "signal"], drawRange);
  on(["regex", "signal"], drawSearch);
  on(["cell", "signal"], drawCell);
  on(["pin", "range", "regex"], () => openSheet(state.pin >= 0 || state.range !== null));
  on(["cell"], () => openSheet(byId("drawer").classList.contains("open")));
  openSheet(false);
}

/* On a phone the drawer lies below and comes up. */
function openSheet(isOpen) {
  byId("drawer").classList.toggle("open", isOpen);
  byId("sheet").setAttribute("aria-expanded", String(isOpen));
  byId("sheet").textContent = isOpen ? "Close" : `Details of ${cells[state.cell].id}`;
}
