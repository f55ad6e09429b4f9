/* The chosen cell: its values at the caret, a slider that holds it, and all cells as a map to choose from. */

const SIGNAL_NAMES = { c: "memory c", h: "output h", i: "input gate i", f: "forget gate f", o: "output gate o", g: "new value g",
  r: "reset gate r", z: "update gate z", n: "new value n", m: "scale gate m" };
const GATES = "iforzm"; /* from 0 to 1; the others from -1 to 1 */

function openCell(live, model, getSignals) {
  const { state, set, on, nameOf, cellNamed } = live;
  const { layers, hidden } = model.network;
  const field = element("input", { class: "name", "aria-label": "Cell: layer and unit", spellcheck: "false", autocomplete: "off" });
  const story = element("p", { class: "story" });
  const meters = element("dl", { class: "meters" });
  const slider = element("input", { type: "range", min: -1, max: 1, step: 0.05, "aria-label": "Hold the cell at" });
  const held = element("output", { class: "held" });
  const free = button("Free", () => hold(null), { class: "quiet free" });
  const chips = element("div", { class: "chips" });
  const known = model.cells.length ? element("div", { class: "chips known", role: "group", "aria-label": "Named cells" },
    model.cells.map((cell) => button([element("b", {}, cell.cell), ` ${cell.tracks}`],
      () => choose(cellNamed(cell.cell), cell.signal), { class: "chip", "data-cell": cell.cell }))) : null;
  const node = element("section", { class: "card cell", "aria-label": "Cell" },
    element("div", { class: "head" }, element("h2", {}, "Cell"), button("\u2039", () => step(-1), { class: "quiet", "aria-label": "previous cell" }),
      field, button("\u203a", () => step(1), { class: "quiet", "aria-label": "next cell" })),
    story, meters,
    element("div", { class: "hold" }, element("label", {}, "Hold at", slider), held, free), chips, known);

  function choose(cell, signal) {
    if (cell) set({ ...cell, colour: "cell", ...(signal && getSignals().includes(signal) ? { signal } : {}) });
  }

  function step(by) {
    const at = (state.layer * hidden + state.unit + by + layers * hidden) % (layers * hidden);
    choose({ layer: Math.floor(at / hidden), unit: at % hidden });
  }

  function hold(value) {
    const clamps = { ...state.clamps };
    const name = nameOf(state.layer, state.unit);
    if (value === null) delete clamps[name];
    else clamps[name] = value;
    set({ clamps });
  }

  field.addEventListener("change", () => {
    const found = cellNamed(field.value);
    field.setAttribute("aria-invalid", String(!found));
    if (found) choose(found);
  });
  slider.addEventListener("input", () => hold(Number(slider.value)));

  function show() {
    const name = nameOf(state.layer, state.unit);
    const value = state.clamps[name];
    const isHeld = value !== undefined;
    field.value = name;
    field.removeAttribute("aria-invalid");
    slider.value = isHeld ? value : 0;
    node.classList.toggle("is-held", isHeld);
    held.textContent = isHeld ? signed(value, 2) : "free";
    free.disabled = !isHeld;
    const found = model.cells.find((cell) => cell.cell === name);
    story.hidden = !found;
    if (found) {
      story.replaceChildren(`tracks ${found.tracks}`, element("span", { class: "faint" },
        found.isNumber ? (found.sign < 0 ? ": falls as it grows" : ": rises with it") : (found.sign < 0 ? ": low there" : ": high there")));
    }
    for (const chip of known ? known.children : []) chip.setAttribute("aria-pressed", String(chip.dataset.cell === name));
    const others = Object.entries(state.clamps);
    chips.hidden = !others.length;
    chips.replaceChildren(element("span", { class: "faint" }, "held:"), ...others.map(([other, at]) =>
      element("span", { class: "chip held" }, button(`${other} = ${signed(at, 2)}`, () => choose(cellNamed(other)), { class: "plain" }),
        button("\u00d7", () => {
          const clamps = { ...state.clamps };
          delete clamps[other];
          set({ clamps });
        }, { class: "plain", "aria-label": `set ${other} free` }))));
  }

  /* The values after the unit before the caret. */
  function showValues(look) {
    const at = state.layer * hidden + state.unit;
    meters.replaceChildren(...getSignals().flatMap((signal) => {
      const values = look.signals[signal];
      const value = values ? values[at] / 127 : NaN;
      const isGate = GATES.includes(signal);
      const bar = element("i", { class: value < 0 ? "low" : isGate ? "gate" : "high" });
      const size = clamp(Math.abs(value) || 0, 0, 1);
      bar.style.width = `${isGate ? 100 * size : 50 * size}%`;
      bar.style.left = isGate ? "0" : value < 0 ? `${50 - 50 * size}%` : "50%";
      return [element("dt", {}, button(SIGNAL_NAMES[signal], () => set({ signal, colour: "cell" }),
        { class: "plain", "aria-pressed": String(state.signal === signal && state.colour === "cell"), title: "colour the text by it" })),
      element("dd", {}, element("span", { class: isGate ? "track" : "track centred" }, bar),
        element("span", { class: "value" }, isGate ? number(value, 2) : signed(value, 2)))];
    }));
  }

  on(["layer", "unit", "clamps"], show);
  return { node, show, showValues, choose, step };
}
