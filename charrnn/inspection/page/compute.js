/* The values of all cells, computed by the network in the page: memory and output first, a gate when it is asked for. */

let network = null; /* the port to it */
const awaited = new Set();

function computeValues() {
  if (!page.live) return;
  page.signals = [];
  network = live.openClient(page.live, (message) => {
    if (message.type === "opened") collect(page.live.signals.filter((name) => "ch".includes(name)));
    else if (message.type === "collected") takeValues(message);
    else if (message.type === "failed") byId("missing").textContent = `The values of cells could not be computed here: ${message.message}.`;
  });
}

const waiting = []; /* lists of signals; the text is read once for each list, one after the other */

function collect(signals) {
  if (signals.some((signal) => awaited.has(signal))) return;
  for (const signal of signals) awaited.add(signal);
  waiting.push(signals);
  if (waiting.length === 1) askForNext();
}

function askForNext() {
  if (waiting.length) network.post({ type: "collect", signals: waiting[0], ids: Int32Array.from(arrays.text) });
}

function takeValues({ signals, values }) {
  signals.forEach((signal, n) => { arrays[`signal_${signal}`] = values[n]; });
  page.signals = page.live.signals.filter((name) => arrays[`signal_${name}`]);
  if (!page.chosen.length) {
    page.chosen = order;
    for (const cell of cells.keys()) placeOf.set(cell, cell);
  }
  waiting.shift();
  askForNext();
  for (const action of [paint, listCells, readingBar, drawCharacter, drawCell, drawStrip, drawRange, drawSearch, drawMap]) action();
  if (state.tab === "cells" && state.map) showTab();
  if (!page.signals.includes(state.signal)) chooseSignal(state.signal);
  if (signals.includes(wanted)) set({ signal: wanted });
  document.documentElement.dataset.values = page.signals.join("");
}

let wanted = ""; /* the signal that is shown once it is here */

function chooseSignal(signal) {
  wanted = signal;
  if (page.signals.includes(signal)) set({ signal });
  else collect([signal]);
}

/* The tab in which the network reads and writes, made when it is first opened. */
let writer = null;

function showWriter() {
  if (writer || !live) return;
  writer = live.mountLive(byId("write"), page.live, {
    address: { read: () => state.write, write: (write) => set({ write }) },
  });
}
