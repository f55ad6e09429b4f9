/* Elements of drawings, and numbers as only this page shows them. */

const SVG = document.querySelector("svg").namespaceURI;
const shape = (tag, properties, ...children) => furnished(document.createElementNS(SVG, tag), properties, children);
const share = (value) => (value > 0 && value < 0.0005 ? "< 0.1 %" : `${number(100 * value, value > 0 && value < 0.1 ? 1 : 0)} %`);
