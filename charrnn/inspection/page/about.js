/* About: what every number means, and what exactly was looked at. */

function aboutView() {
  const { model, text, check } = page;
  const rows = [
    ["model", model.path], ["its sha256", model.sha256],
    ["network", `${model.cell}, ${model.layers} × ${model.hidden} units, ${count(model.parameters || 0)} parameters, ${count(model.vocab)} different characters`],
    ["text", `${text.source}, ${count(text.chars)} characters; the first ${count(text.warmup)} count in no statistic`],
    ["its sha256", text.sha256],
    ["check", check && check.nll_inspect !== undefined ? `${number(check.nll_inspect, 5)} nats a character here, ${number(check.nll_eval, 5)} by charrnn's own evaluation` : "–"],
    ["values", page.live ? "all cells and gates, computed in this page by the network inside it" : `${count(page.chosen.length)} of ${count(cells.length)} cells, ${page.levels === 127 ? "255" : "15"} levels from −1 to 1`],
    ["made by", page.command]];
  return [heading("About this page"),
    element("p", { class: "prose" }, "This file is complete: it loads nothing from the internet and works offline. Colours have one fixed scale from −1 to 1 for all cells: blue with a dotted line is negative, vermilion with a solid line positive. The state of a cell shown at a character is the one after that character was read; the predictions shown there are those made before it."),
    page.notes.map((note) => element("p", { class: "note" }, note)),
    element("table", { class: "health about" }, element("tbody", {}, rows.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value))))),
    element("h3", {}, "What the numbers are"),
    element("dl", { class: "definitions" }, Object.entries({ ...OWN_DEFINITIONS, ...page.definitions }).map(([name, meaning]) => [element("dt", {}, name), element("dd", {}, meaning)]))];
}

/* What the page computes by itself. */
const OWN_DEFINITIONS = {
  "range, search": "cells are ranked by the area under the curve (AUC): the probability that the cell is higher at a character inside than at one outside, ties half, from the values as they are stored here. A search is scored on both halves of the text; its chance level is what the best cell reaches for 95 % of 20 shifts of the matches along the text",
  "similar stretches": "stretches of the same length whose mean over the 12 most informative cells (AUC below 0.3 or above 0.7), each in its own standard deviations and turned to the side it has in the range, is highest; given as a share of the range's own",
  "changed most": "|a(t) − a(t−1)| divided by the cell's standard deviation over the text",
  "what pushes it": "mean of a(t) − a(t−1) over the places of a character, for characters seen 10 times or more",
};
