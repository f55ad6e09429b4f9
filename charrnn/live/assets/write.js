/* Writing: the controls, and what is written: into the text, or with clamps as two texts side by side. */

const TIMED = 100; /* units from which on a speed means something */

/* mostUnits() is how many units the page reads; 0 until the network is open. */
function openWriter(live, model, units, editor, post, mostUnits) {
  const { state, set, on, clampList } = live;
  let serial = 0;
  let running = null; /* {number, at, prefix, writers, texts, isCompared} */
  let undo = null;
  let compared = null; /* what stands side by side */
  let ended = null; /* the text, where it ends with a document that the network has ended */

  const field = (label, key, properties, digits) => {
    const input = element("input", { type: "number", inputmode: "decimal", ...properties });
    input.addEventListener("change", () => {
      const value = Number(input.value);
      const fits = input.value !== "" && Number.isFinite(value) && value >= properties.min && value <= properties.max;
      if (fits) set({ [key]: properties.step >= 1 ? Math.round(value) : value });
      input.value = state[key];
    });
    on([key], () => { input.value = state[key]; });
    input.value = state[key];
    return element("label", { class: "field", title: digits }, element("span", {}, label), input);
  };
  const heat = element("input", { type: "range", min: 0, max: 2, step: 0.05, "aria-label": "Temperature" });
  const heatValue = element("output", {}, "");
  heat.addEventListener("input", () => set({ temperature: Number(heat.value) }));
  const showHeat = () => {
    heat.value = state.temperature;
    heatValue.textContent = number(state.temperature, 2);
  };
  on(["temperature"], showHeat);
  showHeat();

  const writeButton = button("Write", () => start(), { class: "main write" });
  const stopButton = button("Stop", () => post({ type: "stop" }), { class: "main stop", hidden: true });
  const undoButton = button("Undo", () => {
    const before = undo;
    undo = null;
    set({ text: before.text, caret: before.caret, isLed: before.isLed });
    showButtons();
  }, { class: "quiet undo", hidden: true });
  const note = element("p", { class: "faint outcome", role: "status" });
  const dice = button("New", () => set({ seed: (Math.random() * 2 ** 31) | 0 }), { class: "quiet", title: "another seed" });
  const controls = element("section", { class: "controls", "aria-label": "Writing" },
    element("div", { class: "actions" }, writeButton, stopButton, undoButton, note),
    element("label", { class: "field heat" }, element("span", {}, "Temperature"), heat, heatValue),
    field("Top-k", "topK", { min: 0, max: model.size, step: 1 }, "draw only from the K most probable; 0: from all"),
    field("Top-p", "topP", { min: 0, max: 1, step: 0.05 }, "of those, only from the fewest that together have this probability"),
    element("span", { class: "pair" }, field("Seed", "seed", { min: 0, max: 2 ** 31 - 1, step: 1 }, "the same seed writes the same text"), dice),
    field("Length", "length", { min: 1, max: 20000, step: 1 }, `how many ${units.unit}s to write`));

  const columns = [0, 1].map(() => ({ text: element("div", { class: "written", tabindex: 0, role: "document" }), title: element("h2") }));
  const compare = element("section", { class: "compare", hidden: true, "aria-label": "With and without the clamp" },
    columns.map((column, place) => element("div", { class: place ? "side clamped" : "side free" },
      element("div", { class: "head" }, column.title, button("Keep", () => keep(place), { class: "quiet keep", title: "put it into the text" })),
      column.text)));

  /* Of pairs, the last one is written anew from its tab on. */
  function sourceIn(text) {
    const from = text.lastIndexOf("\n") + 1;
    const source = text.slice(from).split(TAB)[0];
    return source && text.slice(0, from) + source + TAB;
  }

  const fullNote = () => `the page reads no more than ${several(mostUnits(), units.unit)}`;

  /* Where writing begins: at the caret if text is selected to be replaced, else at the end. */
  function start() {
    const refusal = !mostUnits() ? "the network is still being opened"
      : model.text.pairs && !sourceIn(state.text) ? "type a source first"
        : editor.read.ids.length >= mostUnits() ? fullNote() : "";
    if (refusal) {
      note.textContent = refusal;
      return;
    }
    const clamps = clampList();
    const before = { text: state.text, caret: state.caret, isLed: state.isLed };
    const text = model.text.pairs ? sourceIn(state.text) : state.text !== ended ? state.text : units.next ? state.text + units.next : "";
    set({ text, caret: text.length });
    const at = state.text.length;
    const isFresh = !state.text;
    if (isFresh && model.lead.length) set({ isLed: true });
    const isCompared = clamps.length > 0;
    serial++;
    running = { number: serial, prefix: state.text.slice(0, at), isCompared, texts: isCompared ? ["", ""] : [""],
      writers: [0, 1].map(() => units.writer(state.text.slice(0, at))) };
    undo = isCompared ? undo : before;
    compare.hidden = !isCompared;
    if (isCompared) {
      compared = running;
      columns[0].title.textContent = "Free";
      columns[1].title.textContent = clamps.map(({ layer, unit, value }) => `${live.nameOf(layer, unit)} held at ${signed(value, 2)}`).join(", ");
      showCompared();
    }
    note.textContent = "";
    post({ type: "write", number: serial, at: editor.read.ids.length, length: state.length, temperature: state.temperature,
      topK: state.topK, topP: state.topP, seed: state.seed, clampSets: isCompared ? [[], clamps] : [[]] });
    showButtons();
  }

  function wrote({ number: which, streams }) {
    if (!running || which !== running.number) return;
    streams.forEach((ids, place) => { running.texts[place] += running.writers[place](ids); });
    if (running.isCompared) showCompared();
    else {
      const text = running.prefix + running.texts[0];
      set({ text, caret: text.length });
      editor.showEnd();
    }
  }

  function finished({ number: which, isStopped, isFull, endings, milliseconds, units: written }) {
    if (!running || which !== running.number) return;
    const speed = milliseconds > 0 && written >= TIMED ? written / milliseconds * 1000 : 0;
    note.textContent = [isStopped ? "stopped" : null, isFull ? fullNote() : null, endings.some(Boolean) && !model.text.pairs ? "the document ended" : null,
      speed ? `${count(Math.round(speed / 100) * 100)} ${units.unit}s a second` : null].filter(Boolean).join(" \u00b7 ");
    if (endings[0] && !running.isCompared) ended = state.text;
    if (!endings.length && !isStopped) note.textContent = "type something first: this network has nothing to begin with";
    running = null;
    showButtons();
  }

  /* The text is changed by hand while the network writes. */
  function abandon() {
    if (!running) return;
    running = null;
    post({ type: "stop" });
    showButtons();
  }

  /* Both texts behind the end of what they go on from; where they part, the rest stands out. */
  function showCompared() {
    const [a, b] = running.texts;
    let same = 0;
    while (same < a.length && same < b.length && a[same] === b[same]) same++;
    const before = running.prefix.slice(-60);
    running.texts.forEach((text, place) => {
      columns[place].text.replaceChildren(element("span", { class: "faint" }, before), element("span", {}, text.slice(0, same)),
        element("span", { class: "parted" }, text.slice(same)));
    });
  }

  function keep(place) {
    const text = compared.prefix + compared.texts[place];
    undo = { text: state.text, caret: state.caret, isLed: state.isLed };
    set({ text, caret: text.length });
    compare.hidden = true;
    showButtons();
  }

  function showButtons() {
    writeButton.hidden = Boolean(running);
    stopButton.hidden = !running;
    const isOver = state.text && (model.text.pairs || state.text === ended);
    writeButton.textContent = Object.keys(state.clamps).length ? "Write both" : model.text.pairs ? "Translate" : isOver ? "Write another" : state.text ? "Continue" : "Write";
    undoButton.hidden = !undo || Boolean(running);
  }

  on(["text", "clamps"], showButtons);
  showButtons();
  return { controls, compare, start, wrote, finished, stop: () => running && post({ type: "stop" }), isRunning: () => Boolean(running), isAdding: () => Boolean(running && !running.isCompared), abandon };
}
