/* Making elements, and numbers as text. All text goes in as text nodes: nothing that is typed, and no vocabulary, is ever read
   as markup. */

const byId = (id) => document.getElementById(id);

/* Properties that start with "on" are listeners, others attributes; null and false leave one out. */
const element = (tag, properties, ...children) => furnished(document.createElement(tag), properties, children);

function furnished(node, properties, children) {
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
