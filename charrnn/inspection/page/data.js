/* What the page was given. Arrays are filled in by unpackAll(); a value lies at [cell's place * T + character]. */

const page = JSON.parse(byId("data").textContent);
const { cells, units, features } = page;
const arrays = {};
const T = page.arrays.text.shape[0];
const UNKNOWN = 65535;
const UNTESTED = -32768;
const numberOf = new Map(cells.map((cell, index) => [cell.id, index]));
const order = [...new Set([...page.chosen, ...cells.keys()])];
if (page.live) page.chosen = []; /* until the network in the page has computed them */
const placeOf = new Map(page.chosen.map((cell, place) => [cell, place]));
const layers = page.model.layers;
const allSignals = () => (page.live ? page.live.signals : page.signals);
const SIGNAL_NAMES = { c: "tanh c", h: "h" };

async function unpacked(pack) {
  return pack.type === "int4" ? fromPairs(await unpackedBytes(pack), ...pack.shape) : (await unpackedArray(pack)).values;
}

/* Two levels lie in a byte, the first in its lower half, each 8 too large. */
function fromPairs(bytes, rows, columns) {
  const values = new Int8Array(rows * columns);
  const width = Math.ceil(columns / 2);
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < columns; t++) {
      values[row * columns + t] = ((bytes[row * width + (t >> 1)] >> (t & 1 ? 4 : 0)) & 15) - 8;
    }
  }
  return values;
}

async function unpackAll() {
  await Promise.all(Object.entries(page.arrays).map(async ([name, pack]) => {
    arrays[name] = await unpacked(pack);
    pack.data = "";
  }));
}

const unitAt = (t) => (arrays.pieces ? page.pieces[arrays.pieces[t]] : units[arrays.text[t]]);
const known = (raw) => (raw === UNKNOWN ? NaN : raw / 1000);
const bitsAt = (t) => known(arrays.bits[t]);
const topK = page.arrays.top.shape[1];

/* A cell's whole numbers along the text, -levels to levels; null where the page does not hold them. */
/* Whether the signal that is shown has values: a page with the network inside computes them. */
const hasValues = () => page.chosen.length > 0 && valuesOf(page.chosen[0], state.signal) !== null;

function valuesOf(cell, signal) {
  const place = placeOf.get(cell);
  const all = arrays[`signal_${signal}`];
  return place === undefined || !all ? null : all.subarray(place * T, (place + 1) * T);
}

function maskOf(feature) {
  return arrays.masks && feature >= 0 && features[feature].measure === "AUC"
    ? arrays.masks.subarray(feature * T, (feature + 1) * T) : null;
}

/* From -1 to 1: 2 AUC - 1, or Spearman's rho, on the second half; NaN where it was not tested. */
function scoreOf(feature, cell) {
  const raw = arrays.scores ? arrays.scores[feature * cells.length + cell] : UNTESTED;
  return raw === UNTESTED ? NaN : raw / 10000;
}

const featureNumber = new Map(features.map((feature, index) => [feature.name, index]));

/* The sign for a unit, which may have several characters; null for one that is seen. */
const signOf = (unit) => (unit.endsWith("\n") ? PICTURES["\n"] : [...unit].length > 1 ? null : pictureOf(unit));

function excerpt(from, to) {
  let text = "";
  for (let t = Math.max(0, from); t < Math.min(T, to); t++) text += signOf(unitAt(t)) || unitAt(t);
  return text;
}
