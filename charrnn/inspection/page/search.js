/* A regular expression over the text; what it matches becomes a feature for the text, the strip and the drawer. */

let found = { mask: null, inside: [], matches: [], error: "" };
let whole = null; /* the text, and the character that each of its UTF-16 units belongs to */

function wholeText() {
  if (whole) return whole;
  const parts = [];
  const places = [];
  for (let t = 0; t < T; t++) {
    const unit = unitAt(t);
    parts.push(unit);
    for (let i = 0; i < unit.length; i++) places.push(t);
  }
  whole = { text: parts.join(""), places };
  return whole;
}

function search(pattern) {
  found = { mask: null, inside: [], matches: [], error: "" };
  if (!pattern) return;
  let regex;
  try {
    regex = new RegExp(pattern, "gmu");
  } catch (error) {
    found.error = `This is not a regular expression: ${error.message.replace(/^.*: /, "")}.`;
    return;
  }
  const { text, places } = wholeText();
  const mask = new Uint8Array(T);
  for (const match of text.matchAll(regex)) {
    if (!match[0].length) continue;
    const [start, end] = [places[match.index], places[match.index + match[0].length - 1]];
    found.matches.push([start, end]);
    for (let t = start; t <= end; t++) mask[t] = 1;
  }
  found.mask = mask;
  found.inside = Array.from(mask.keys()).filter((t) => mask[t]);
}

/* What is marked on the text: a search, else a feature that was asked for. */
const marks = () => (state.regex ? found.mask : maskOf(state.feature));

function searchBox() {
  let waiting = 0;
  const box = element("input", { id: "regex", type: "search", placeholder: "search: a regular expression", "aria-label": "search the text with a regular expression", autocomplete: "off", spellcheck: "false",
    oninput: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => set({ regex: box.value }), 150);
    },
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      clearTimeout(waiting);
      set({ regex: box.value });
      const next = found.matches.find(([start]) => start > state.pin) || found.matches[0];
      if (next) goTo(next[0]);
    } });
  on(["regex"], () => {
    if (box.value !== state.regex) box.value = state.regex;
    search(state.regex);
  });
  return box;
}
