/* Making elements. All text goes in as text nodes: nothing of a corpus is ever read as markup. */

const byId = (id) => document.getElementById(id);
const SVG = document.querySelector("svg").namespaceURI;

/* Properties that start with "on" are listeners; "class", "data-..." and "aria-..." are attributes; null leaves out. */
function element(tag, properties, ...children) {
  return furnished(document.createElement(tag), properties, children);
}

function shape(tag, properties, ...children) {
  return furnished(document.createElementNS(SVG, tag), properties, children);
}

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

const number = (value, digits) => (value === null || value === undefined || Number.isNaN(value) ? "–"
  : value.toFixed(digits).replace(/^-(?=0\.?0*$)/, "").replace(/^-/, "−"));
const signed = (value, digits) => number(value, digits).replace(/^(?=[\d.]*[1-9])/, "+");
const share = (value) => number(100 * value, value > 0 && value < 0.1 ? 1 : 0) + " %";
const count = (value) => value.toLocaleString("en-GB");
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
