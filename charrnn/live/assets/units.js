/* A text as pieces: what is shown as one, and the ids that the network reads for it.

   {text, start, end, from, to}: the characters start..end of the text (UTF-16), and the ids from..to. A piece with no ids
   is skipped: one that the network never saw is `unknown`. It follows charrnn/text: documents, normalized forms, units. */

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LETTER = "\\p{L}\\p{N}_";
const WORD = new RegExp(`[${LETTER}]+(?:['\\u2019][${LETTER}]+|\\p{M}+[${LETTER}]*)*|(?:(?![\\n\\x1e])[${SPACE}])+|[^]`, "gu");
const TOKEN = new RegExp(`[\\n\\x1e]|[^${SPACE}]+|(?:(?![\\n\\x1e])[${SPACE}])+`, "gu");
const WITH_MARKS = /[^]\p{M}*/gu;
const ONLY_SPACE = new RegExp(`^[${SPACE}]+$`, "u");
const RECORD = "\x1e";

function openUnits(model) {
  const { unit, normalize, lowercase, separator, pairs } = model.text;
  const idOf = new Map(model.units.map((text, id) => [text, id]));
  const utf8 = new TextEncoder();
  const pattern = unit === "word" ? WORD : unit === "token" ? TOKEN : WITH_MARKS;

  function normalized(text) {
    let changed = normalize === "none" ? text : text.normalize(normalize);
    if (lowercase) changed = changed.toLowerCase();
    return lowercase && normalize !== "none" ? changed.normalize(normalize) : changed;
  }

  /* Where documents end: [start, end] of the characters that are read as their mark. */
  function ends(text) {
    if (separator === null || separator === "file") return [];
    const own = separator === "line" ? "\n" : separator === "blank" ? null : separator;
    const found = [];
    const sought = own === null ? /\n\s*\n/gu : null;
    for (let at = 0; ;) {
      let start;
      let end;
      if (sought) {
        sought.lastIndex = at;
        const match = sought.exec(text);
        if (!match) break;
        [start, end] = [match.index, match.index + match[0].length];
      } else {
        start = text.indexOf(own, at);
        if (start < 0) break;
        end = start + own.length;
      }
      at = end;
      /* white space at the end of a document and blank lines at the start of the next belong to neither */
      const least = found.length ? found.at(-1)[1] : 0;
      while (start > least && ONLY_SPACE.test(text[start - 1])) start--;
      end += /^(?:[^\S\n]*\n)*/u.exec(text.slice(end))[0].length;
      if (end > at) at = end;
      if (found.length && found.at(-1)[1] >= start) found.at(-1)[1] = end; /* nothing is between them */
      else found.push([start, end]);
    }
    return found;
  }

  /* The ids of a piece; null where one of its units is unknown. */
  function idsOf(piece) {
    const form = normalized(piece);
    if (unit === "byte") return Array.from(utf8.encode(form), (byte) => idOf.get(String.fromCharCode(byte)));
    if (unit === "character") return Array.from(form, (character) => idOf.get(character));
    /* what is one unit may be several in its normalized form: \u00bd is 1\u20442 */
    const parts = form.match(pattern) || [];
    const isSkipped = (part) => unit === "token" && ONLY_SPACE.test(part) && part !== "\n" && part !== RECORD;
    return parts.filter((part) => !isSkipped(part)).map((part) => idOf.get(part));
  }

  function pieces(text) {
    const found = [];
    let count = 0;
    const sources = []; /* [from, to] of the ids that nothing is said of, because they are the source of a pair */
    let source = pairs ? 0 : -1; /* where it began */
    const add = (piece, start, ids) => {
      const isUnknown = ids.some((id) => id === undefined) && model.standIn < 0;
      const read = isUnknown ? [] : ids.map((id) => (id === undefined ? model.standIn : id));
      found.push({ text: piece, start, end: start + piece.length, from: count, to: count + read.length, ids: read, isUnknown });
      count += read.length;
      if (!pairs) return;
      if (source >= 0 && piece.startsWith("\t")) {
        sources.push([source, count]);
        source = -1;
      } else if (read[0] === model.mark) source = count;
    };
    const read = (start, end) => {
      const part = text.slice(start, end);
      for (const match of part.matchAll(pattern)) {
        const [whole] = match;
        /* a letter and its accents are one piece only where they are known as one, or change together */
        if (pattern !== WITH_MARKS || normalize !== "none" || whole.length === 1) add(whole, start + match.index, idsOf(whole));
        else {
          let at = start + match.index;
          for (const character of whole) {
            add(character, at, idsOf(character));
            at += character.length;
          }
        }
      }
    };
    let at = 0;
    const skipped = separator === null ? 0 : /^(?:[^\S\n]*\n)*/u.exec(text)[0].length;
    if (skipped) add(text.slice(0, skipped), 0, []);
    at = skipped;
    for (const [start, end] of ends(text)) {
      if (end <= at) continue;
      read(at, Math.max(at, start));
      add(text.slice(Math.max(at, start), end), Math.max(at, start), found.some((piece) => piece.to > 0) ? [model.mark] : []);
      at = end;
    }
    read(at, text.length);
    const ids = new Int32Array(count);
    for (const piece of found) ids.set(piece.ids, piece.from);
    if (source >= 0) sources.push([source, Infinity]);
    return { pieces: found, ids, sources, unknown: found.filter((piece) => piece.isUnknown) };
  }

  /* A writer of ids as the text that goes on after `before`. */
  function writer(before) {
    if (unit === "byte") {
      const decoder = new TextDecoder();
      return (ids) => decoder.decode(Uint8Array.from(ids, (id) => model.units[id].charCodeAt(0)), { stream: true });
    }
    if (unit !== "token") return (ids) => ids.map((id) => model.units[id]).join("");
    let last = before.slice(-1);
    return (ids) => ids.map((id) => {
      const text = model.units[id];
      const isNext = !last || ONLY_SPACE.test(last) || text === "\n";
      last = text.slice(-1);
      return isNext ? text : ` ${text}`;
    }).join("");
  }

  /* What a text goes on with after a document has ended; empty where texts can't hold two. */
  const next = { line: "\n", blank: "\n\n", file: "" }[separator] ?? (separator || "");

  /* A unit by itself, as it is shown. */
  const nameOf = (id) => (unit === "byte" && model.units[id].charCodeAt(0) > 127
    ? `0x${model.units[id].charCodeAt(0).toString(16).toUpperCase()}` : model.units[id]);

  return { pieces, writer, nameOf, next, unit };
}
