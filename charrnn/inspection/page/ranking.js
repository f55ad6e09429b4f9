/* Which cells tell some characters from all others: the area under the curve, from counts of the whole numbers that
   values are stored as. Cells whose values are not in the page take no part. */

const BINS = 256;
const SHIFTS = 20;
const LEAST = 10; /* characters that a half needs for a score */

/* The share of pairs (inside, outside) with the higher value inside, ties half. */
function auc(values, inside, from, to) {
  const all = new Int32Array(BINS);
  const within = new Int32Array(BINS);
  for (let t = from; t < to; t++) all[values[t] + 128]++;
  let n = 0;
  for (const t of inside) {
    if (t >= from && t < to) {
      within[values[t] + 128]++;
      n++;
    }
  }
  return aucOfCounts(all, within, n, to - from - n);
}

function aucOfCounts(all, within, inside, outside) {
  let below = 0;
  let pairs = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const out = all[bin] - within[bin];
    pairs += within[bin] * (below + out / 2);
    below += out;
  }
  return pairs / (inside * outside);
}

const spreads = new Map();

/* Mean and standard deviation of a cell, on the scale of -1 to 1. */
function spreadOf(cell, signal) {
  const key = `${cell} ${signal}`;
  if (!spreads.has(key)) {
    const values = valuesOf(cell, signal);
    let sum = 0;
    let squares = 0;
    for (const value of values) {
      sum += value;
      squares += value * value;
    }
    const mean = sum / T;
    spreads.set(key, { mean: mean / page.levels, sd: Math.sqrt(Math.max(0, squares / T - mean * mean)) / page.levels });
  }
  return spreads.get(key);
}

/* All cells for the characters `inside`, the most telling first: auc and the difference of means in deviations. */
function rankedCells(inside, from = 0, to = T) {
  if (!hasValues()) return [];
  return page.chosen.map((cell) => {
    const values = valuesOf(cell, state.signal);
    const { mean, sd } = spreadOf(cell, state.signal);
    let sum = 0;
    for (const t of inside) sum += values[t];
    const share = inside.length / T;
    const difference = (sum / inside.length / page.levels - mean) / (1 - share);
    return { cell, auc: auc(values, inside, from, to), difference: sd ? difference / sd : 0 };
  }).sort((a, b) => Math.abs(b.auc - 0.5) - Math.abs(a.auc - 0.5));
}

/* What the best of all cells reaches for the same mask put elsewhere: 95 % of 20 shifts stay below. */
function chanceOf(inside, from) {
  const length = T - from;
  const alls = page.chosen.map((cell) => {
    const all = new Int32Array(BINS);
    const values = valuesOf(cell, state.signal);
    for (let t = from; t < T; t++) all[values[t] + 128]++;
    return all;
  });
  const most = [];
  const gap = Math.min(100, Math.floor(length / 4));
  for (let n = 0; n < SHIFTS; n++) {
    const shift = gap + Math.round(((length - 2 * gap) * n) / (SHIFTS - 1));
    let best = 0.5;
    page.chosen.forEach((cell, at) => {
      const values = valuesOf(cell, state.signal);
      const within = new Int32Array(BINS);
      for (const t of inside) within[values[from + ((t - from + shift) % length)] + 128]++;
      const found = aucOfCounts(alls[at], within, inside.length, length - inside.length);
      best = Math.max(best, found, 1 - found);
    });
    most.push(best);
  }
  return most.sort((a, b) => a - b)[Math.ceil(0.95 * SHIFTS) - 1];
}

/* Other stretches as long as the range where its most telling cells stand as they do there. */
function similarStretches([from, to], ranking) {
  const chosen = ranking.slice(0, 12).filter((row) => Math.abs(row.auc - 0.5) > 0.2);
  if (!chosen.length) return [];
  const length = to - from + 1;
  const sums = new Float64Array(T + 1);
  const parts = chosen.map((row) => {
    const { mean, sd } = spreadOf(row.cell, state.signal);
    return { values: valuesOf(row.cell, state.signal), mean, scale: Math.sign(row.auc - 0.5) / (sd || 1) };
  });
  for (let t = 0; t < T; t++) {
    let sum = 0;
    for (const { values, mean, scale } of parts) sum += (values[t] / page.levels - mean) * scale;
    sums[t + 1] = sums[t] + sum / parts.length;
  }
  const strength = (start) => (sums[start + length] - sums[start]) / length;
  const own = strength(from);
  const starts = Array.from({ length: T - length + 1 }, (_, start) => start).sort((a, b) => strength(b) - strength(a));
  const found = [];
  for (const start of starts) {
    if (found.length === 8 || strength(start) < 0.5 * own) break;
    const isFree = (other) => start + length <= other || other + length <= start;
    if (isFree(from) && found.every((stretch) => isFree(stretch.start))) {
      found.push({ start, end: start + length - 1, likeness: Math.min(1, strength(start) / own) });
    }
  }
  return found;
}

/* The cells whose value changed most when character t was read, in their own standard deviations. */
function changedMost(t, most) {
  if (t < 1 || !hasValues()) return [];
  return page.chosen.map((cell) => {
    const values = valuesOf(cell, state.signal);
    const { sd } = spreadOf(cell, state.signal);
    const before = values[t - 1] / page.levels;
    const after = values[t] / page.levels;
    return { cell, before, after, change: sd > 0.01 ? Math.abs(after - before) / sd : 0 };
  }).filter((row) => row.change > 0).sort((a, b) => b.change - a.change).slice(0, most);
}
