/* What the reader looks at. It stands in the address, so that a link shows the same. */

/* The signal that the claim about a cell is about. */
function signalOf(cell) {
  const { best } = cells[cell] || {};
  return best && best.confirmed && allSignals().includes(best.signal) ? best.signal : allSignals()[0] || "h";
}

const START = {
  tab: "cells", map: false, cell: order[0] ?? 0, signal: signalOf(order[0] ?? 0), surprise: false, pin: -1, range: null,
  regex: "", write: "", feature: -1, sort: "rank", down: false, filter: "", zoom: null,
};
const state = { ...START };
const listeners = [];

function on(keys, action) {
  listeners.push({ keys, action });
}

function set(changes) {
  const changed = Object.keys(changes).filter((key) => JSON.stringify(state[key]) !== JSON.stringify(changes[key]));
  if (!changed.length) return;
  Object.assign(state, changes);
  for (const { keys, action } of listeners) {
    if (keys.some((key) => changed.includes(key))) action();
  }
  writeAddress();
}

/* Something that listeners to `key` show has changed without it. */
function announce(key) {
  for (const { keys, action } of listeners) if (keys.includes(key)) action();
}

function writeAddress() {
  const parts = new URLSearchParams();
  for (const [key, start] of Object.entries(START)) {
    if (JSON.stringify(state[key]) === JSON.stringify(key === "signal" ? signalOf(state.cell) : start)) continue;
    parts.set(key, key === "cell" ? cells[state.cell].id : key === "feature" ? features[state.feature].name
      : Array.isArray(state[key]) ? state[key].join("-") : state[key]);
  }
  try {
    history.replaceState(null, "", `${location.pathname}${location.search}${String(parts) && `#${parts}`}`);
  } catch {
    location.hash = parts.toString();
  }
}

/* What an address asks for; whatever does not fit this page is passed over. */
function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const wish = { ...START };
  const place = (text) => (/^\d+$/.test(text) ? clamp(+text, 0, T - 1) : -1);
  const pair = (text, most) => {
    const found = /^(\d+)-(\d+)$/.exec(text || "");
    return found && +found[1] <= +found[2] && +found[1] < T ? [+found[1], Math.min(+found[2], most)] : null;
  };
  if (TABS.some(([tab]) => tab === parts.get("tab"))) wish.tab = parts.get("tab");
  if (numberOf.has(parts.get("cell"))) wish.cell = numberOf.get(parts.get("cell"));
  wish.signal = allSignals().includes(parts.get("signal")) ? parts.get("signal") : signalOf(wish.cell);
  if (featureNumber.has(parts.get("feature"))) wish.feature = featureNumber.get(parts.get("feature"));
  if (parts.get("sort") in COLUMNS) wish.sort = parts.get("sort");
  for (const key of ["map", "surprise", "down"]) wish[key] = parts.get(key) === "true";
  for (const key of ["regex", "filter", "write"]) wish[key] = parts.get(key) || "";
  if (parts.has("pin")) wish.pin = place(parts.get("pin"));
  wish.range = pair(parts.get("range"), T - 1);
  wish.zoom = pair(parts.get("zoom"), T);
  set(wish);
}

/* The character under the pointer: it changes too often for the address. */
const pointed = { t: -1, actions: [] };

function point(t) {
  if (t === pointed.t) return;
  pointed.t = t;
  pointed.actions.forEach((action) => action(t));
}
