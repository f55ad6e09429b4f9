/* The ten most probable next units at the caret. A click writes one. */

function openPredictions(live, units, editor, onInsert) {
  const list = element("ol", { class: "bars" });
  const where = element("p", { class: "faint where" });
  const node = element("section", { class: "card next", "aria-label": "Next at the caret" },
    element("h2", {}, `Next ${units.unit}`), where, list);

  function insert(text) {
    const { state, set } = live;
    const caret = state.caret + text.length;
    onInsert();
    set({ text: state.text.slice(0, state.caret) + text + state.text.slice(state.caret), caret });
    editor.placeCaret(caret);
  }

  function show(look) {
    const { state } = live;
    const before = state.text.slice(Math.max(0, state.caret - 14), state.caret);
    const following = editor.read.ids[look.at];
    const isInSource = editor.read.sources.some(([from, to]) => look.at >= from && look.at < to);
    where.replaceChildren(...(before ? ["after ", element("q", {}, visible(before))] : ["at the start"]),
      Number.isFinite(look.entropy) && !isInSource ? element("span", { class: "measure" }, `${number(look.entropy / Math.LN2, 2)} bits expected`) : "");
    if (!look.units.length || isInSource) {
      list.replaceChildren(element("li", { class: "faint none" },
        isInSource ? "Nothing is predicted in a source." : `Nothing is predicted before the first ${units.unit}.`));
      return;
    }
    list.replaceChildren(...look.units.map((id, place) => {
      const p = look.probabilities[place];
      const name = units.nameOf(id);
      const bar = element("i");
      bar.style.width = `${100 * p}%`;
      const percent = p >= 0.0995 ? `${Math.round(100 * p)} %` : p >= 0.00095 ? `${number(100 * p, 1)} %` : "< 0.1 %";
      return element("li", {}, button([element("code", {}, visible(name)), element("span", { class: "track" }, bar),
        element("span", { class: "percent" }, percent)],
      () => insert(units.writer(state.text.slice(0, state.caret))([id])),
      { class: id === following ? "bar true" : "bar", title: id === following ? "this is what follows" : `write ${visible(name)}`,
        "aria-label": `write ${visible(name)}, ${percent}` }));
    }));
  }

  return { node, show };
}
