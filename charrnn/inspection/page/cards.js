/* The cards of the drawer: a character, the selected cell, what a range or a search found. */

const AROUND = 20;

function heading(text, ...more) {
  return element("h2", {}, text, more);
}

function fact(name, ...value) {
  return [element("dt", {}, name), element("dd", {}, value)];
}

function cellLink(cell, label) {
  return button(label || cells[cell].id, () => choose(cell), { class: "link" });
}

function characterCard(t, isPinned, isExample = false) {
  const values = valuesOf(state.cell, state.signal);
  const bits = bitsAt(t);
  const rank = arrays.rank[t];
  return [
    heading(element("span", { class: "glyph" }, visible(unitAt(t))), element("span", { class: "faint" },
      ` character ${count(t)}, line ${count(lineOf[t] + 1)}`, isPinned ? " · pinned" : isExample ? " · where this cell changes most" : ""),
      isPinned ? button("Range", startRange, { class: "quiet range-start", title: "then click or tap its other end" }) : null),
    element("dl", { class: "facts" },
      values ? fact(`${cells[state.cell].id} ${SIGNAL_NAMES[state.signal] || state.signal}`, swatch(values[t] / page.levels), signed(values[t] / page.levels, 2)) : null,
      Number.isNaN(bits) ? fact("surprisal", "nothing was expected yet") : [
        fact("surprisal", `${number(bits, 2)} bits`),
        fact("rank", `${count(rank)} of ${count(units.length)}`),
        fact("entropy", `${number(known(arrays.entropy[t]), 2)} bits`)]),
    Number.isNaN(bits) ? null : guessBars(t),
    isPinned ? changesCard(t) : null];
}

/* What was expected in the place of character t. */
function guessBars(t) {
  const rows = Array.from({ length: topK }, (_, k) => ({ id: arrays.top[t * topK + k], chance: known(arrays.probabilities[t * topK + k]) }));
  if (!rows.some((row) => row.id === arrays.text[t])) rows.push({ id: arrays.text[t], chance: 2 ** -bitsAt(t), isFar: true });
  return element("div", { class: "bars", role: "list", "aria-label": "what was expected here" }, rows.map(({ id, chance, isFar }) =>
    element("div", { role: "listitem", class: `${id === arrays.text[t] ? "true" : ""}${isFar ? " far" : ""}` },
      element("code", {}, visible(units[id])), element("span", { class: "track" }, element("i", { style: `width:${100 * chance}%` })),
      element("span", { class: "n" }, share(chance)))));
}

function changesCard(t) {
  const rows = changedMost(t, 8);
  if (!rows.length) return null;
  return element("div", {}, element("h3", { title: "|a(t) − a(t−1)| in standard deviations of the cell" }, "Changed most here"),
    element("table", { class: "small" }, element("tbody", {}, rows.map(({ cell, before, after, change }) => element("tr", {},
      element("td", {}, cellLink(cell)), element("td", {}, swatch(before), " → ", swatch(after)),
      element("td", { class: "n" }, `${number(change, 1)} σ`),
      element("td", { class: "tracks" }, tracked(cell)))))));
}

function tracked(cell) {
  const { best } = cells[cell];
  return best && best.confirmed ? best.feature : "";
}

function cellCard(index) {
  const cell = cells[index];
  const { best, delta } = cell;
  const measure = best && best.kind === "AUC" ? "AUC" : "ρ";
  return [
    heading(cell.id, element("span", { class: "faint" }, ` layer ${cell.layer}, unit ${cell.unit}`)),
    cell.flags.length ? element("p", { class: "note" }, cell.flags.map(flagWords).join(" ")) : null,
    best ? element("p", { class: "claim" }, best.confirmed ? "Tracks " : "At best follows ", element("b", {}, best.feature),
      best.sign < 0 ? (best.kind === "AUC" ? ", low there" : ", falling as it grows") : "", best.confirmed ? "." : "; not confirmed on the other half.") : element("p", { class: "claim faint" }, "No feature was scored for this cell."),
    element("dl", { class: "facts" },
      best ? [fact(`${measure} held out`, `${number(best.heldout, 3)} `, element("span", { class: "faint" }, best.null95 === null ? "" : `chance ${number(best.null95, 2)}`)),
        best.char_alone === null ? null : fact("character alone", number(best.char_alone, 2)), best.iou === null ? null : fact("IoU", number(best.iou, 2))] : null,
      fact("memory", (cell.memory ?? null) === null ? "–" : `${cell.holds ? "holds until reset, " : ""}${number(cell.memory, 1)} characters`),
      fact("current character", cell.eta2_char === null ? "–" : `${share(cell.eta2_char)} of its variance`),
      cell.eta2_bigram === null ? null : fact("last two", `${share(cell.eta2_bigram)}`),
      fact("mean ± sd", `${signed(cell.mean, 2)} ± ${number(cell.std, 2)}`),
      delta ? fact("ablation", delta.exact === null ? `${signed(delta.estimate, 4)} bits (estimate)`
        : `${signed(delta.exact, 4)} ± ${number(delta.se, 4)} bits (estimate ${signed(delta.estimate, 4)})`) : null,
      measuredFacts(cell),
      delta ? (delta.by || []).map(([name, bits]) => fact(name, `${signed(bits, 3)} bits`)) : null),
    cellContexts(index), hardNegatives(cell)];
}

function flagWords(flag) {
  return { saturated: "Saturated: its memory is pinned at one end nearly always; it speaks through its output gate.",
    dead: "Dead: its h hardly moves.", constant: "Constant: it never moves.", integrator: "Integrator: its forget gate is open nearly always.",
    "feed-forward": "Feed-forward: it forgets at nearly every step." }[flag] || flag;
}

/* Characters that push the cell up and down, and where it stands highest and lowest. */
function cellContexts(index) {
  const values = valuesOf(index, state.signal);
  if (!values) return null;
  const pushes = pushesOf(values);
  const ends = extremes(values);
  return [
    element("h3", { title: "mean of a(t) − a(t−1) over the places with this character, for those seen 10 times or more" }, "What pushes it"),
    element("p", { class: "pushes" }, [["p5", pushes.slice(0, 6).filter(([, by]) => by > 0)], ["m5", pushes.slice(-6).reverse().filter(([, by]) => by < 0)]].map(([name, rows]) =>
      element("span", {}, rows.map(([id, by]) => element("span", { class: "push", title: `${signed(by, 3)} on average` }, element("i", { class: `c ${name}` }, visible(units[id])), element("small", {}, signed(by, 2))))))),
    [["Highest", ends.high], ["Lowest", ends.low]].map(([name, places]) => [element("h3", {}, name),
      element("ol", { class: "contexts" }, places.map((t) => element("li", {}, placeLink(t, t, values[t] / page.levels))))])];
}

function pushesOf(values) {
  const sums = new Float64Array(units.length);
  const counts = new Int32Array(units.length);
  for (let t = 1; t < T; t++) {
    sums[arrays.text[t]] += (values[t] - values[t - 1]) / page.levels;
    counts[arrays.text[t]]++;
  }
  return units.map((_, id) => [id, sums[id] / counts[id]]).filter(([id]) => counts[id] >= 10).sort((a, b) => b[1] - a[1]);
}

function extremes(values) {
  const places = Array.from(values.keys()).filter((t) => t >= page.text.warmup).sort((a, b) => values[a] - values[b]);
  const apart = (sorted) => {
    const kept = [];
    for (const t of sorted) {
      if (kept.length === 4) break;
      if (kept.every((other) => Math.abs(other - t) > AROUND)) kept.push(t);
    }
    return kept;
  };
  return { low: apart(places), high: apart(places.reverse()) };
}

/* An excerpt around from .. to that leads there. */
function placeLink(from, to, value) {
  return button([element("span", { class: "before" }, excerpt(from - AROUND, from)),
    element("mark", { class: value === undefined ? null : `c ${CLASSES[LEVELS + Math.round(value * LEVELS)]}` }, excerpt(from, Math.min(to + 1, from + 60))),
    excerpt(to + 1, to + 9)], () => {
    if (from === to) goTo(from);
    else {
      set({ range: [from, to], pin: -1 });
      showPlace(from);
    }
  }, { class: "place", title: `character ${count(from)}` });
}

/* Cells by how well they tell the characters inside from the others. */
function rankingTable(rows, halves) {
  return element("table", { class: "small ranking" },
    element("thead", {}, element("tr", {}, element("th", {}, "cell"), halves
      ? [element("th", { title: "AUC on the first half of the text" }, "1st half"), element("th", { title: "AUC on the second half" }, "2nd half")]
      : [element("th", { title: "the probability that the cell is higher at a character inside than at one outside" }, "AUC"), element("th", { title: "difference of the means inside and outside, in standard deviations" }, "diff.")],
    element("th", {}, "tracks"))),
    element("tbody", {}, rows.map((row) => element("tr", {}, element("td", {}, cellLink(row.cell)),
      halves ? row.halves.map((score) => element("td", { class: "n" }, number(score, 3)))
        : [element("td", { class: "n" }, number(row.auc, 3)), element("td", { class: "n" }, `${signed(row.difference, 1)} σ`)],
      element("td", { class: "tracks" }, tracked(row.cell))))));
}
