/* What the page shows and how it writes. All of it stands in the address, so that a link shows the same. */

const LONGEST_LINK = 8000; /* characters of a text that a link carries */

function openState(model, root) {
  const { layers, hidden } = model.network;
  const START = {
    text: model.start, isLed: false, caret: 0, colour: model.cells.length ? "cell" : "surprisal",
    layer: 0, unit: 0, signal: "", label: model.labels ? model.labels.chosen : "", temperature: model.text.pairs ? 0 : 0.8, topK: 0, topP: 1, seed: 1, length: 400, clamps: {},
  };
  const state = { ...START, text: "" }; /* its text is set once all that follows it is there */
  const listeners = [];
  const problems = []; /* what an address asked for and this network does not have */

  function on(keys, action) {
    listeners.push({ keys, action });
  }

  function set(changes) {
    const changed = Object.keys(changes).filter((key) => JSON.stringify(state[key]) !== JSON.stringify(changes[key]));
    if (!changed.length) return;
    Object.assign(state, changes);
    for (const { keys, action } of listeners) if (keys.some((key) => changed.includes(key))) action(changed);
  }

  const nameOf = (layer, unit) => `L${layer + 1}:${unit}`;

  /* {layer, unit} from 0 of `L1:24`; null where there is no such cell. */
  function cellNamed(name) {
    const found = /^L?(\d+)[:.](\d+)$/i.exec(name.trim());
    if (!found || +found[1] < 1 || +found[1] > layers || +found[2] >= hidden) return null;
    return { layer: found[1] - 1, unit: +found[2] };
  }

  /* The clamps as the network takes them. */
  const clampList = () => Object.entries(state.clamps).map(([name, value]) => ({ ...cellNamed(name), value }));

  function link() {
    const parts = new URLSearchParams();
    const put = (key, value, start) => value !== start && parts.set(key, value);
    put("text", state.text, START.text);
    if ((parts.get("text") || "").length > LONGEST_LINK) parts.delete("text");
    else {
      if (state.isLed) parts.set("led", 1);
      put("caret", state.caret, state.text.length);
    }
    put("colour", state.colour, START.colour);
    parts.set("cell", nameOf(state.layer, state.unit));
    if (state.signal) parts.set("signal", state.signal);
    put("label", state.label, START.label);
    for (const [key, name] of [["temperature", "temp"], ["topK", "top-k"], ["topP", "top-p"], ["seed", "seed"], ["length", "length"]]) {
      put(name, state[key], START[key]);
    }
    for (const [name, value] of Object.entries(state.clamps)) parts.append("clamp", `${name}=${value}`);
    return String(parts);
  }

  /* What an address asks for; whatever does not fit this network is left out, and said. */
  function wishes(hash, signals) {
    const parts = new URLSearchParams(hash.replace(/^#/, ""));
    const wish = { ...START, clamps: {} };
    problems.length = 0;
    const numeric = (name, key, low, high, isWhole) => {
      if (!parts.has(name)) return;
      const value = Number(parts.get(name));
      if (Number.isFinite(value) && value >= low && value <= high && (!isWhole || Number.isInteger(value))) wish[key] = value;
      else problems.push(`${name} ${parts.get(name)} is not a number from ${low} to ${high}`);
    };
    const cell = (name) => {
      const found = cellNamed(name);
      if (!found) {
        problems.push(`there is no cell ${name}: layers are L1${layers > 1 ? ` to L${layers}` : ""}, units 0 to ${hidden - 1}`);
      }
      return found;
    };
    if (parts.has("text")) wish.text = parts.get("text");
    wish.isLed = parts.has("led");
    if (["surprisal", "cell"].includes(parts.get("colour"))) wish.colour = parts.get("colour");
    if (parts.has("cell")) Object.assign(wish, cell(parts.get("cell")));
    if (signals.includes(parts.get("signal"))) wish.signal = parts.get("signal");
    if (parts.has("label")) {
      const fault = model.labels ? faultOf(parts.get("label"), model.labels) : "it was trained without labels";
      if (fault) problems.push(fault);
      else wish.label = parts.get("label");
    }
    numeric("temp", "temperature", 0, 5, false);
    numeric("top-k", "topK", 0, model.size, true);
    numeric("top-p", "topP", 0, 1, false);
    numeric("seed", "seed", 0, 2 ** 31 - 1, true);
    numeric("length", "length", 1, 20000, true);
    wish.caret = wish.text.length;
    numeric("caret", "caret", 0, wish.text.length, true);
    for (const clampText of parts.getAll("clamp")) {
      const [name, value] = clampText.split("=");
      const found = cell(name);
      if (!found) continue;
      if (value !== "" && Math.abs(Number(value)) <= 1) wish.clamps[nameOf(found.layer, found.unit)] = Number(value);
      else problems.push(`${clampText}: a cell is held between -1 and 1`);
    }
    return wish;
  }

  return { state, set, on, link, wishes, nameOf, cellNamed, clampList, problems, root };
}
