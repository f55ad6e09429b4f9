/* Making elements. All text goes in as text nodes: nothing that is typed, and no vocabulary, is ever read as markup. */

/* Properties that start with "on" are listeners, others attributes; null and false leave one out. */
function element(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function button(label, action, properties) {
  return element("button", { type: "button", onclick: action, ...properties }, label);
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const count = (value) => value.toLocaleString("en-GB");
const number = (value, digits) => (Number.isFinite(value)
  ? value.toFixed(digits).replace(/^-(?=0\.?0*$)/, "").replace(/^-/, "\u2212") : "\u2013");
const signed = (value, digits) => number(value, digits).replace(/^(?=[\d.]*[1-9])/, "+");
const several = (value, thing) => `${count(value)} ${thing}${value === 1 ? "" : "s"}`;

/* Characters without a look of their own, each by a sign for it. */
const PICTURES = { " ": "\u2423", "\n": "\u23ce", "\t": "\u2192", "\r": "\u240d", "\u007f": "\u2421" };

function visible(text) {
  return Array.from(text, (character) => {
    if (character in PICTURES && (character !== " " || !text.trim())) return PICTURES[character];
    const code = character.codePointAt(0);
    if (code < 32) return String.fromCodePoint(0x2400 + code);
    return /^[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]$/u.test(character) ? "\u22c4" : character;
  }).join("");
}

/* Values as one of 15 colours, -7 to 7, on one fixed scale for all cells. */
const LEVELS = 7;
const MOST_BITS = 8; /* a surprisal that has the strongest colour */
const classOf = (level) => (level < 0 ? `m${-level}` : level > 0 ? `p${level}` : "z");
const levelOfBits = (bits) => (bits > 0 ? Math.min(LEVELS, Math.round((bits / MOST_BITS) * LEVELS)) : 0);
