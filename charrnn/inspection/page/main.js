/* The page as a whole: its tabs, and the order in which it is put together. */

const TABS = [["cells", "Cells"], ["gates", "Gates"], ["memory", "Memory"], ["surprise", "Surprisal"], ...(page.live ? [["write", "Write"]] : []), ["about", "About"]];
const VIEWS = { gates: gatesView, memory: memoryView, about: aboutView };

function buildTabs() {
  on(["tab", "map"], showTab); /* first of all: what is drawn then has its room */
  byId("tabs").replaceChildren(...TABS.map(([tab, title]) => button(title, () => set({ tab }), { role: "tab", id: `tab-${tab}` })));
  byId("side").replaceChildren(
    element("div", { class: "switch", id: "side-switch", role: "group", "aria-label": "table or map" },
      button("Table", () => set({ map: false }), { id: "show-table" }), button("Features × cells", () => set({ map: true }), { id: "show-map" })),
    buildTable(), buildMap(), buildSurprise());
}

function showTab() {
  const isText = ["cells", "surprise"].includes(state.tab);
  byId("body").dataset.tab = state.tab;
  byId("body").classList.toggle("mapped", state.map && state.tab === "cells");
  for (const [tab] of TABS) {
    byId(`tab-${tab}`).setAttribute("aria-selected", String(tab === state.tab));
    byId(`tab-${tab}`).tabIndex = tab === state.tab ? 0 : -1;
  }
  for (const id of ["side", "reading", "strip"]) byId(id).hidden = !isText;
  byId("drawer").hidden = ["memory", "about", "write"].includes(state.tab);
  byId("write").hidden = state.tab !== "write";
  byId("surprise").hidden = state.tab !== "surprise";
  byId("side-switch").hidden = state.tab !== "cells";
  byId("table").hidden = state.tab !== "cells" || state.map;
  byId("map").hidden = state.tab !== "cells" || !state.map;
  byId("show-table").setAttribute("aria-pressed", String(!state.map));
  byId("show-map").setAttribute("aria-pressed", String(state.map));
  byId("view").hidden = isText || state.tab === "write";
  if (state.tab === "write") showWriter();
  else if (!isText) {
    byId("view").replaceChildren(...[element("div", { class: "article" }, VIEWS[state.tab]())]);
    byId("view").scrollTop = 0;
    markPoint();
  }
}

function stepTab(by) {
  const at = TABS.findIndex(([tab]) => tab === state.tab);
  set({ tab: TABS[(at + by + TABS.length) % TABS.length][0] });
  byId(`tab-${state.tab}`).focus();
}

async function start() {
  try {
    await unpackAll();
  } catch (error) {
    byId("side").replaceChildren(element("p", { class: "note" }, `This browser could not unpack the data (${error.message}). Firefox 113, Chrome 80 and Safari 16.4 can, and so can later ones; charrnn inspect-cells --html FILE --no-compress makes a page for older ones.`));
    return;
  }
  const bits = page.check && page.check.nll_inspect / Math.LN2;
  if (Number.isFinite(bits)) byId("loss").textContent = ` · ${number(bits, 2)} bits a character`;
  buildTabs();
  buildReading();
  buildDrawer();
  buildStrip();
  buildHelp();
  on(["cell", "tab"], markPoint);
  for (const action of [showTab, listCells, readingBar, drawCharacter, drawCell, drawStrip]) action();
  addEventListener("hashchange", readAddress);
  readAddress();
  if (state.pin >= 0 || state.range) showPlace(state.range ? state.range[0] : state.pin);
  openSheet(false); /* a link shows the text first */
  listen();
  computeValues();
  document.documentElement.dataset.ready = "true";
  performance.mark("interactive");
}

start();
