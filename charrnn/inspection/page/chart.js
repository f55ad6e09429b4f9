/* A line chart: axes with few ticks, a line for each row, told apart by colour, dashes and a name at its end. */

const CHART = { width: 510, height: 280, left: 52, right: 70, top: 18, bottom: 40 };

function decades(low, high) {
  const ticks = [];
  for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high) + 1e-9; power++) ticks.push(10 ** power);
  return ticks.length > 6 ? ticks.filter((_, at) => at % 2 === 0) : ticks;
}

function roundTicks(low, high) {
  const rough = (high - low) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * unit >= rough) * unit;
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) ticks.push(value);
  return ticks;
}

/* rows: {name, x, y, errors?, look}; options: logX, logY, xTitle, yTitle, yLow, marks as [x, label]. */
function lineChart(rows, options) {
  const { width, height, left, right, top, bottom } = CHART;
  const xs = rows.flatMap((row) => row.x);
  const ys = rows.flatMap((row) => row.y).filter((y) => !options.logY || y > 0);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const y1 = Math.max(...ys);
  const y0 = options.logY ? Math.max(Math.min(...ys), y1 / 1e8) : Math.min(options.yLow ?? 0, ...ys);
  const scale = (low, high, from, to, isLog) => (value) => {
    const at = isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return from + (Number.isFinite(at) ? at : 0) * (to - from);
  };
  const x = scale(x0, x1, left, width - right, options.logX);
  const y = scale(y0, y1, height - bottom, top, options.logY);
  const power = (tick) => (options.logY && (tick < 0.01 || tick >= 1e4) ? `10${[...String(Math.round(Math.log10(tick)))].map((digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]).join("")}` : String(+tick.toPrecision(6)));
  const xTicks = options.logX ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].filter((tick) => tick >= x0 && tick <= x1) : roundTicks(x0, x1);
  const ends = rows.map((row) => {
    const last = row.y.findLastIndex((value) => !options.logY || value >= y0);
    return { at: y(Math.max(row.y[Math.max(last, 0)], y0)), row, x: x(row.x[Math.max(last, 0)]) };
  }).sort((a, b) => a.at - b.at);
  ends.forEach((end, n) => { if (n) end.at = Math.max(end.at, ends[n - 1].at + 15); });
  return shape("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": options.title },
    (options.logY ? decades(y0, y1) : roundTicks(y0, y1)).map((tick) => [
      shape("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }),
      shape("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end", class: "label" }, power(tick))]),
    xTicks.map((tick) => shape("text", { x: x(tick), y: height - bottom + 18, "text-anchor": "middle", class: "label" }, String(tick))),
    shape("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle", class: "label" }, options.xTitle),
    shape("text", { x: left - 8, y: 10, class: "label" }, options.yTitle),
    (options.marks || []).filter(([at]) => at >= x0 && at <= x1).map(([at, label], n) => [
      shape("line", { x1: x(at), x2: x(at), y1: top, y2: height - bottom, class: "mark" }),
      shape("text", { x: x(at) + 4, y: top + 12 + 14 * n, class: "label" }, label)]),
    rows.map((row) => [
      (row.errors || []).map((error, n) => shape("line", { x1: x(row.x[n]), x2: x(row.x[n]), y1: y(row.y[n] - error), y2: y(row.y[n] + error), class: `whisker ${row.look}` })),
      shape("path", { class: `line ${row.look}`, d: row.y.map((value, n) => (options.logY && !(value >= y0) ? "" : `L${x(row.x[n]).toFixed(1)} ${y(value).toFixed(1)}`)).join("").replace("L", "M") }),
      row.errors ? row.y.map((value, n) => shape("circle", { cx: x(row.x[n]), cy: y(value), r: 3, class: `dot ${row.look}` })) : null]),
    ends.map(({ at, row, x: end }) => shape("text", { x: Math.min(end, width - right) + 8, y: at + 4, class: `label ${row.look}` }, row.name)));
}
