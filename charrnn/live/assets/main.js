/* The page put together: mountLive(root, model, options) fills an element, and gives back what other scripts may use.

   address   {read, write}: where the link to what is seen stands; write is called now and then
   isPlain   without WebAssembly */

function mountLive(root, model, options = {}) {
  const units = openUnits(model);
  const live = openState(model, root);
  const address = options.address || { read: () => "", write: () => {} };
  const { state, set, on } = live;
  let signals = [];
  let version = 0;
  let opened = null;
  const readers = []; /* who waits for the text to be read */
  const openedAt = performance.now();

  const client = openClient(model, hear, options.isPlain);
  const editor = openEditor(live, units, () => writer.abandon());
  const predictions = openPredictions(live, units, editor, () => writer.abandon());
  const cell = openCell(live, model, () => signals);
  const map = openMap(live, model, cell);
  const writer = openWriter(live, model, units, editor, client.post, () => (opened ? opened.most : 0));

  const labels = model.labels ? openLabels(live, model) : null;
  const pair = model.text.pairs ? openPair(live, writer) : null;
  const status = element("p", { class: "status", role: "status" });
  const legend = element("span", { class: "legend" });
  const colourSwitch = element("div", { class: "switch", role: "group", "aria-label": "Colour the text by" },
    button("Surprisal", () => set({ colour: "surprisal" }), { class: "by-surprisal" }),
    button("Cell", () => set({ colour: "cell" }), { class: "by-cell" }));
  const colours = element("div", { class: "colours" }, element("span", { class: "faint" }, "Colour"), colourSwitch, legend);
  const problem = element("p", { class: "problem", hidden: true, role: "alert" });
  root.classList.add("live");
  root.replaceChildren(
    element("div", { class: "desk" }, problem, ...[labels, pair].filter(Boolean), colours, element("div", { class: "scroller" }, editor.node), status, writer.controls, writer.compare),
    element("div", { class: "aside" }, predictions.node, cell.node, map.node));

  function showColours() {
    const isCell = state.colour === "cell";
    colourSwitch.children[0].setAttribute("aria-pressed", String(!isCell));
    colourSwitch.children[1].setAttribute("aria-pressed", String(isCell));
    colourSwitch.children[1].textContent = isCell ? `${live.nameOf(state.layer, state.unit)} \u00b7 ${SIGNAL_NAMES[state.signal] || ""}` : "Cell";
    const swatch = (name) => element("i", { class: `c ${name}` });
    const names = Array.from({ length: 2 * LEVELS + 1 }, (_, n) => classOf(n - LEVELS));
    const isGate = GATES.includes(state.signal);
    legend.replaceChildren(...(isCell && !isGate ? ["\u22121", element("span", { class: "swatches" }, names.map(swatch)), "+1"]
      : [isCell ? "0" : "0 bits", element("span", { class: "swatches" }, names.slice(LEVELS).map(swatch)), isCell ? "1" : "8+"]));
  }

  function showStatus() {
    const { bits, predicted, done } = editor.surprisal();
    const { read } = editor;
    const parts = [several(read.ids.length, units.unit)];
    if (predicted) parts.push(`${number(bits, 2)} bits a ${units.unit}`);
    if (done < Math.min(read.ids.length, opened ? opened.most : Infinity)) parts.push(`${Math.round((100 * done) / read.ids.length)} % read`);
    if (opened && read.ids.length > opened.most) parts.push(`only the first ${count(opened.most)} are read`);
    if (state.isLed) parts.push("begins after a lead-in of the network\u2019s own");
    const unknown = [...new Set(read.unknown.map((piece) => visible(piece.text)))];
    status.replaceChildren(parts.join(" \u00b7 "), ...(read.unknown.length ? [element("span", { class: "warning" },
      ` \u00b7 ${several(read.unknown.length, units.unit)} the network never saw ${read.unknown.length === 1 ? "is" : "are"} skipped: `,
      element("code", {}, unknown.slice(0, 8).join(" ")), unknown.length > 8 ? " \u2026" : "")] : []));
  }

  /* What the network itself adds to the text, it has read already. */
  function sendText() {
    if (!opened || writer.isAdding()) return;
    version++;
    client.post({ type: "read", version, ids: editor.read.ids, isLed: state.isLed, have: editor.have() });
  }

  /* Another label is another network: all is read again. */
  function sendLabel() {
    if (!opened || !model.labels) return;
    const { label } = state;
    editor.take.forgotten();
    client.post({ type: "label", label: !label ? null : model.labels.names.length ? label : numbersIn(label) });
  }

  function sendView() {
    if (opened) client.post({ type: "view", view: { layer: state.layer, unit: state.unit, signal: state.signal } });
  }

  function look() {
    if (opened) client.post({ type: "look", at: Math.min(editor.unitsBefore(state.caret), opened.most) });
  }

  function hear(message) {
    const isCurrent = message.version === undefined || message.version === version;
    if (message.type === "opened") start(message);
    else if (message.type === "failed") fail(message.message);
    else if (message.type === "wrote") {
      writer.wrote(message);
      requestAnimationFrame(() => client.post({ type: "shown" }));
    }
    else if (message.type === "finished") {
      writer.finished(message);
      sendText();
    }
    else if (message.type === "looked") {
      predictions.show(message);
      cell.showValues(message);
      map.show(message);
    } else if (!isCurrent) return;
    else if (message.type === "read") {
      editor.take.read(message.from, message.to, message.nats);
      if (message.isDone) {
        showStatus();
        readers.splice(0).forEach((resolve) => resolve());
        if (!root.dataset.ready) ready();
      }
    } else if (message.type === "values" && isShown(message.view)) editor.take.values(message.from, message.values);
  }

  const isShown = (view) => view.layer === state.layer && view.unit === state.unit && view.signal === state.signal;

  function fail(words) {
    problem.hidden = false;
    problem.textContent = `The network can\u2019t run here: ${words}. Chrome 91, Firefox 113, Safari 16.4 and later can.`;
  }

  function start(message) {
    opened = message;
    signals = message.signals;
    if (!state.signal) set({ signal: signals[0] });
    sendLabel();
    readAddress();
    sendView();
    if (!state.text) {
      sendText();
      if (!pair) writer.start();
    }
  }

  function ready() {
    root.dataset.ready = "true";
    root.dataset.milliseconds = String(Math.round(performance.now() - openedAt));
    root.dataset.engine = opened.isCompiled ? "WebAssembly" : "JavaScript";
  }

  function readAddress() {
    const first = model.cells[0];
    const wish = live.wishes(address.read(), signals);
    if (!wish.signal) wish.signal = first && !/cell=/.test(address.read()) && signals.includes(first.signal) ? first.signal : signals[0];
    if (first && !/cell=/.test(address.read())) Object.assign(wish, live.cellNamed(first.cell));
    if (wish.text !== state.text) writer.abandon();
    set(wish);
    problem.hidden = !live.problems.length;
    problem.textContent = live.problems.length ? `The link asks for what this network does not have: ${live.problems.join("; ")}.` : "";
    sendText();
    look();
  }

  on(["text", "isLed"], () => {
    sendText();
    showStatus();
  });
  on(["label"], () => {
    writer.abandon();
    sendLabel();
    sendText();
  });
  on(["text", "caret", "layer", "unit", "signal", "label"], look);
  on(["layer", "unit", "signal"], () => {
    editor.take.recoloured();
    sendView();
  });
  on(["colour", "layer", "unit", "signal"], showColours);
  showColours();
  cell.show();

  /* The address follows what is seen, now and then: browsers allow few changes a second. */
  let addressed = 0;
  on(Object.keys(state), () => {
    clearTimeout(addressed);
    addressed = setTimeout(() => address.write(live.link()), 400);
  });

  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (!writer.isRunning()) writer.start();
    } else if (event.key === "Escape") writer.stop();
  });

  return {
    state, set, link: live.link, readAddress, opened: () => opened,
    /* resolves once the text is read as far as it is now */
    async read(text) {
      writer.abandon();
      set({ text, caret: text.length, isLed: false });
      await new Promise((resolve) => {
        readers.push(resolve);
        sendText();
      });
      return Array.from(editor.read.ids, (id, t) => editor.bitsOf(t) * Math.LN2);
    },
    pieces: (text) => units.pieces(text),
  };
}
