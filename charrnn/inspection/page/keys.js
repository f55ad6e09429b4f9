/* Everything by keyboard. */

const KEYS = [
  ["← →", "the cell before, the next cell"], ["↑ ↓", "one layer up or down"], ["1 – 6", "the views"], ["s", "surprise instead of the cell"],
  ["v", "the other signal: tanh c, h"], ["m", "table or map of features"], ["/", "search with a regular expression"], ["f", "filter the cells"],
  ["h l", "pin the character before, the next one"], ["k j", "pin one line up, one line down"], ["H L K J", "the same, drawing a range"],
  ["+ − 0", "zoom the strip in, out, to the whole text"], ["Esc", "let go: range, pin, search"], ["?", "this help"],
];
const GESTURES = [
  ["point", "at a character: its value, and what the model predicted"], ["click", "pin it: also the cells that changed most there"],
  ["drag", "over characters: the cells that tell them from the rest, similar stretches; Ctrl+C copies them"], ["wheel, drag", "on the strip: zoom, move; click goes there"],
];

function buildHelp() {
  const dialog = byId("help");
  const rows = (list, tag) => element("dl", { class: "keys" }, list.map(([key, does]) => [element("dt", {}, element(tag, {}, key)), element("dd", {}, does)]));
  dialog.replaceChildren(element("form", { method: "dialog" }, element("h2", { id: "help-title" }, "Keys and gestures"), rows(KEYS, "kbd"), rows(GESTURES, "em"),
    element("p", { class: "faint" }, "The address keeps what you look at: copy it to show someone the same."), element("button", { autofocus: true }, "Close")));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  byId("help-button").addEventListener("click", () => dialog.showModal());
}

/* The place a character's step away, or on the same column of the line before or after. */
function neighbour(t, key) {
  if (key === "h" || key === "l") return clamp(t + (key === "l" ? 1 : -1), 0, T - 1);
  const line = lines[lineOf[t]];
  const other = lines[clamp(lineOf[t] + (key === "j" ? 1 : -1), 0, lines.length - 1)];
  return Math.min(other.first + t - line.first, other.last);
}

function stepCharacter(key, isRange) {
  const drawn = [Math.min(anchor, edge), Math.max(anchor, edge)];
  if (state.range && String(drawn) !== String(state.range)) [anchor, edge] = state.range; /* it was drawn in another way */
  const start = state.range ? edge : state.pin >= 0 ? state.pin : -1;
  if (start < 0) {
    goTo(firstInSight());
    return;
  }
  const next = neighbour(start, key);
  if (!isRange) {
    set({ range: null });
    goTo(next);
    return;
  }
  anchor = state.range ? anchor : start;
  edge = next;
  set({ range: [Math.min(anchor, edge), Math.max(anchor, edge)], pin: -1 });
  showPlace(edge);
}

let anchor = 0; /* where a range drawn with keys began */
let edge = 0; /* and where it is drawn on */

function letGo() {
  if (state.range) set({ range: null });
  else if (state.pin >= 0) set({ pin: -1 });
  else if (state.regex) set({ regex: "" });
  else set({ feature: -1 });
}

const ACTIONS = {
  ArrowLeft: () => stepCell(-1), ArrowRight: () => stepCell(1), ArrowUp: () => stepLayer(-1), ArrowDown: () => stepLayer(1),
  s: () => set(state.tab === "surprise" ? { tab: "cells", surprise: false } : { surprise: !state.surprise }),
  v: () => set({ signal: page.signals[(page.signals.indexOf(state.signal) + 1) % page.signals.length] || state.signal }),
  m: () => set({ tab: "cells", map: !state.map }),
  "/": () => focusOn("regex", state.tab === "surprise" ? "surprise" : "cells"), f: () => focusOn("filter", "cells"),
  "?": () => byId("help").showModal(), "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2), 0: () => zoomTo(0, T), Escape: letGo,
};

function focusOn(id, tab) {
  set({ tab, ...(id === "filter" ? { map: false } : {}) });
  byId(id).focus();
  byId(id).select();
}

function listen() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const { target, key } = event;
    if (target.closest(".live")) return;
    if (target.matches("input")) {
      if (key === "Escape") target.blur();
      return;
    }
    const isText = ["cells", "surprise"].includes(state.tab);
    if (/^[hjklHJKL]$/.test(key) && isText) stepCharacter(key.toLowerCase(), key !== key.toLowerCase());
    else if (/^[1-6]$/.test(key) && TABS[key - 1]) set({ tab: TABS[key - 1][0] });
    else if (target.closest("tbody") && target.matches("tr") && /^Arrow(Up|Down)$/.test(key)) stepRow(key === "ArrowDown" ? 1 : -1);
    else if (target.closest("#tabs") && /^Arrow(Left|Right)$/.test(key)) stepTab(key === "ArrowRight" ? 1 : -1);
    else if (key in ACTIONS && !(target.matches("button") && key === "Enter")) ACTIONS[key]();
    else return;
    event.preventDefault();
  });
}

/* In the table, up and down go through its rows, and the focus goes along. */
function stepRow(by) {
  stepCell(by);
  const row = byId("cells").querySelector("tr.chosen");
  if (row) row.focus();
}
