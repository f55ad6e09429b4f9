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

/* Matching runs in a worker, because some expressions take longer than anybody waits. */
const PATIENCE = 3000; /* milliseconds */
let matcher = null;
let sought = ""; /* the pattern that `found` is for, or will be */

function matcherCode() {
  let text = "";
  onmessage = ({ data }) => {
    if (data.text !== undefined) {
      text = data.text;
      return;
    }
    const places = [];
    try {
      for (const match of text.matchAll(new RegExp(data.pattern, "gmu"))) {
        if (match[0].length) places.push(match.index, match.index + match[0].length - 1);
      }
      postMessage({ pattern: data.pattern, places });
    } catch (error) {
      postMessage({ pattern: data.pattern, error: error.message });
    }
  };
}

function openMatcher() {
  if (matcher) return matcher;
  matcher = new Worker(URL.createObjectURL(new Blob([`(${matcherCode})()`], { type: "text/javascript" })));
  matcher.onmessage = ({ data }) => {
    clearTimeout(matcher.waiting);
    matcher.isBusy = false;
    if (data.pattern !== sought) return;
    if (data.error) found.error = `This is not a regular expression: ${data.error.replace(/^.*: /, "")}.`;
    else takeMatches(data.places);
    announce("regex");
  };
  matcher.postMessage({ text: wholeText().text });
  return matcher;
}

function search(pattern) {
  if (pattern === sought) return;
  sought = pattern;
  found = { mask: null, inside: [], matches: [], error: "" };
  if (matcher && matcher.isBusy) closeMatcher();
  if (!pattern) return;
  const port = openMatcher();
  port.isBusy = true;
  port.waiting = setTimeout(() => {
    closeMatcher();
    found.error = "This expression takes too long on this text; it was stopped.";
    announce("regex");
  }, PATIENCE);
  port.postMessage({ pattern });
}

function closeMatcher() {
  clearTimeout(matcher.waiting);
  matcher.terminate();
  matcher = null;
}

/* places: the first and the last UTF-16 unit of each match */
function takeMatches(places) {
  const mask = new Uint8Array(T);
  const characters = wholeText().places;
  for (let n = 0; n < places.length; n += 2) {
    const [start, end] = [characters[places[n]], characters[places[n + 1]]];
    found.matches.push([start, end]);
    for (let t = start; t <= end; t++) mask[t] = 1;
  }
  found.mask = mask;
  found.inside = Array.from(mask.keys()).filter((t) => mask[t]);
  if (isGoing) goToNextMatch();
}

let isGoing = false; /* whether the next match is to be shown once it is found */

function goToNextMatch() {
  isGoing = false;
  const next = found.matches.find(([start]) => start > state.pin) || found.matches[0];
  if (next) goTo(next[0]);
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
      if (found.mask) goToNextMatch();
      else isGoing = true;
    } });
  on(["regex"], () => {
    if (box.value !== state.regex) box.value = state.regex;
    search(state.regex);
  });
  return box;
}
