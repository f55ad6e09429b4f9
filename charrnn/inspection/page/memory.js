/* Memory: how far back the gradient of a loss reaches, and what context is worth. */

const lagsOf = (norms) => norms.map((_, lag) => lag);

function memoryView() {
  const { horizon, context } = page;
  const intro = heading("How far back it reaches");
  if (!horizon && !context) {
    return [intro, element("p", { class: "prose" }, "This page was made without the horizon: charrnn inspect-cells --horizon measures how far back the gradient reaches and what context is worth.")];
  }
  return [intro, page.advice ? element("p", { class: "prose lead" }, page.advice) : null,
    element("div", { class: "figures" }, horizon ? horizonFigures(horizon) : null, context ? contextFigure(context) : null),
    horizon ? gainTable(horizon) : null];
}

function horizonFigures(horizon) {
  const signals = [...new Set(horizon.layers.map((row) => row.signal))];
  const marks = Object.entries(horizon.within).map(([percent, lag]) => [lag, `${percent} % within ${lag}`]);
  const input = lineChart([{ name: "input", x: lagsOf(horizon.inputs), y: horizon.inputs, look: "layer0" }],
    { title: "gradient by the input", logY: true, xTitle: "characters before", yTitle: "|d loss / d input|", marks });
  return [figure("Gradient by what was read", "gradient-input", input), signals.map((signal) => {
    const rows = horizon.layers.filter((row) => row.signal === signal).map((row) => ({ name: `layer ${row.layer}`, x: lagsOf(row.norms), y: row.norms, look: `layer${(row.layer - 1) % 3}` }));
    return figure(`Gradient by ${signal}`, `gradient-${signal}`, lineChart(rows, { title: `gradient by ${signal}`, logY: true, xTitle: "characters before", yTitle: `G(k) = mean |d loss / d ${signal}(t−k)|`,
      marks: page.model.window ? [[page.model.window, `trained on ${page.model.window}`]] : [] }));
  })];
}

function contextFigure(context) {
  const rows = [{ name: "excess", x: context.lengths, y: context.excess, errors: context.errors, look: "layer0" }];
  return figure("What context is worth", "context", lineChart(rows, { title: "bits lost with only the last k characters", logX: true, xTitle: "only the last k characters are read", yTitle: "E(k): bits a character more",
    marks: context.enough ? [[context.enough, `${context.enough} are enough`]] : [] }));
}

function figure(caption, name, drawing) {
  return element("figure", {}, element("figcaption", {}, caption, saveButtons(name, () => drawing)), drawing);
}

function gainTable(horizon) {
  return element("table", { class: "health" }, element("thead", {}, element("tr", {}, ["layer", "signal", "below 1 % after", "left after each character", ""].map((name) => element(name ? "th" : "td", {}, name)))),
    element("tbody", {}, horizon.layers.map((row) => element("tr", {}, element("td", {}, String(row.layer)), element("td", {}, row.signal), element("td", {}, row.near === null ? `more than ${horizon.lags}` : String(row.near)),
      element("td", {}, number(row.gain, 3)), element("td", { class: "faint" }, row.gain === null ? "nothing is left to measure" : row.gain > 1.005 ? "explodes" : row.gain < 0.995 ? "vanishes" : "keeps")))));
}
