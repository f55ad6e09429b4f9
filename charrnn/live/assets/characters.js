/* Characters without a look of their own, each by a sign for it. */

const PICTURES = { "\n": "\u23ce", "\t": "\u2192", "\r": "\u240d", "\u007f": "\u2421" };

/* The sign for a character; null for one that is seen. */
function pictureOf(character) {
  if (character in PICTURES) return PICTURES[character];
  const code = character.codePointAt(0);
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  return /^[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]$/u.test(character) ? "\u22c4" : null;
}

/* A text as it is shown by itself; spaces have a sign where there is nothing else. */
function visible(text) {
  return Array.from(text, (character) => (character === " " && !text.trim() ? "\u2423" : pictureOf(character) || character)).join("");
}
