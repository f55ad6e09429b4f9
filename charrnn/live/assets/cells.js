/* The equations of charrnn/cells, one object a cell.

   gates       in the order of the weights' rows
   shown       the letters of those that a reader sees, and which part each is
   hasMemory   whether there is a c beside h
   step        one character in one layer, see network.js for what a layer has. The parts of `gates` come in as W x + b and
               leave as the values of the gates; h, and c where there is one, are set
   hold        sets the memory of a unit, tanh c, to a value; absent where h itself is held */

const lstm = {
  gates: ["i", "f", "g", "o"], shown: { i: 0, f: 1, o: 3, g: 2 }, hasMemory: true,
  step(layer, { tanh, sigmoid }) {
    const [i, f, g, o] = layer.parts;
    layer.addRecurrent(0, 4);
    sigmoid(layer.firstTwo);
    tanh(g);
    sigmoid(o);
    remember(layer, i, f, g);
    show(layer, o, tanh);
  },
  hold(layer, unit, value) {
    layer.c[unit] = memoryOf(value);
    layer.h[unit] = layer.parts[3][unit] * value;
  },
};

/* The gates see their own unit's memory: i and f the old one, o the new one. */
const peephole = {
  gates: lstm.gates, shown: lstm.shown, hasMemory: true,
  step(layer, { tanh, sigmoid }) {
    const [i, f, g, o] = layer.parts;
    const { c, scratch } = layer;
    const [peepI, peepF, peepO] = layer.extra;
    layer.addRecurrent(0, 4);
    for (let j = 0; j < c.length; j++) {
      i[j] += peepI[j] * c[j];
      f[j] += peepF[j] * c[j];
    }
    sigmoid(layer.firstTwo);
    tanh(g);
    remember(layer, i, f, g);
    scratch.set(o); /* what the gate is without its look at the memory, for a unit that is held */
    for (let j = 0; j < c.length; j++) o[j] += peepO[j] * c[j];
    sigmoid(o);
    show(layer, o, tanh);
  },
  hold(layer, unit, value) {
    layer.c[unit] = memoryOf(value);
    layer.parts[3][unit] = sigmoid32(layer.scratch[unit] + layer.extra[2][unit] * layer.c[unit]);
    layer.h[unit] = layer.parts[3][unit] * value;
  },
};

/* Reset after the product: r scales what U_n recalled, with its own bias. */
const gru = {
  gates: ["r", "z", "n"], shown: { r: 0, z: 1, n: 2 }, hasMemory: false,
  step: (layer, arithmetic) => update(layer, arithmetic, layer.x, 1),
};

/* U reads 2 * m * h. Only m * h is surely a number from -1 to 1, as whole numbers of a unit have to be. */
const mogrifier = {
  gates: [...gru.gates, "m"], shown: { ...gru.shown, m: 3 }, hasMemory: false,
  step(layer, arithmetic) {
    const m = layer.parts[3];
    const { h, scratch, scratch16 } = layer;
    arithmetic.sigmoid(m);
    for (let j = 0; j < h.length; j++) scratch[j] = m[j] * h[j];
    arithmetic.toInt16(scratch, scratch16, layer.unit);
    update(layer, arithmetic, scratch16, 2);
  },
};

/* Reset before the product: U_n reads r * h. */
const gruOriginal = {
  gates: gru.gates, shown: gru.shown, hasMemory: false,
  step(layer, { tanh, sigmoid, toInt16 }) {
    const [r, z, n] = layer.parts;
    const { h, scratch } = layer;
    layer.addRecurrent(0, 2);
    sigmoid(layer.firstTwo);
    for (let j = 0; j < h.length; j++) scratch[j] = r[j] * h[j];
    toInt16(scratch, layer.scratch16, layer.unit);
    layer.addRecurrent(2, 1, layer.scratch16);
    tanh(n);
    for (let j = 0; j < h.length; j++) h[j] = n[j] + z[j] * (h[j] - n[j]);
  },
};

const rnn = {
  gates: ["h"], shown: {}, hasMemory: false,
  step(layer, { tanh }) {
    layer.addRecurrent(0, 1);
    tanh(layer.gates);
    layer.h.set(layer.gates);
  },
};

const CELLS = { rnn, lstm, gru, mogrifier, peephole, "gru-original": gruOriginal };
const MOST_MEMORY = 10; /* tanh of this is 1: the memory of a cell that is held at 1 or -1 */

function memoryOf(value) {
  return Math.abs(value) >= Math.tanh(MOST_MEMORY) ? Math.sign(value) * MOST_MEMORY : Math.atanh(value);
}

/* The step of a GRU whose U reads x times a factor. */
function update(layer, { tanh, sigmoid }, x, factor) {
  const [r, z, n] = layer.parts;
  const { h, scratch } = layer;
  layer.addRecurrent(0, 2, x, layer.firstTwo, factor);
  sigmoid(layer.firstTwo);
  scratch.set(layer.extra[0]);
  layer.addRecurrent(2, 1, x, scratch, factor);
  for (let j = 0; j < h.length; j++) n[j] += r[j] * scratch[j];
  tanh(n);
  for (let j = 0; j < h.length; j++) h[j] = n[j] + z[j] * (h[j] - n[j]);
}

function remember({ c }, i, f, g) {
  for (let j = 0; j < c.length; j++) c[j] = f[j] * c[j] + i[j] * g[j];
}

function show({ c, h, squashed }, o, tanh) {
  squashed.set(c);
  tanh(squashed);
  for (let j = 0; j < h.length; j++) h[j] = o[j] * squashed[j];
}
