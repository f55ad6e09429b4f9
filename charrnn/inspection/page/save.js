/* Saving a view as SVG or PNG: the drawing with its colours written into it. */

const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "visibility", "stop-color", "stop-opacity", "white-space"];

function saveButtons(name, drawing) {
  const file = (ending) => `${page.model.name}-${name}.${ending}`.replace(/[^\w.-]+/g, "_");
  return element("span", { class: "save" },
    button("SVG", () => saveAs(new Blob([asFile(drawing())], { type: "image/svg+xml" }), file("svg")), { title: `save ${name} as SVG` }),
    button("PNG", async () => saveAs(await asPicture(drawing()), file("png")), { title: `save ${name} as PNG` }));
}

function asFile(drawing) {
  const copy = drawing.cloneNode(true);
  const isInPage = drawing.isConnected;
  if (isInPage) {
    const originals = [drawing, ...drawing.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((node, at) => {
      const style = getComputedStyle(originals[at]);
      for (const name of KEPT) node.style.setProperty(name, style.getPropertyValue(name));
      node.removeAttribute("class");
    });
    copy.prepend(shape("rect", { width: "100%", height: "100%", style: `fill:${getComputedStyle(document.body).backgroundColor}` }));
  }
  return new XMLSerializer().serializeToString(copy);
}

async function asPicture(drawing) {
  const image = new Image();
  const scale = 2;
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(asFile(drawing))}`;
  await image.decode();
  const canvas = element("canvas", { width: scale * drawing.getAttribute("width"), height: scale * drawing.getAttribute("height") });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

function saveAs(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

const HEAD = 40; /* height of what is said over a text: what colours it, and what the colours mean */

/* The text in sight as a drawing: the same colours, letters at the same places. */
function textPicture() {
  const box = byId("text").getBoundingClientRect();
  const base = getComputedStyle(byId("text"));
  const height = box.height + HEAD;
  const swatches = Array.from(byId("scale").querySelectorAll(".swatches i"), (node) => ({ fill: getComputedStyle(node).backgroundColor }));
  const [low, high] = [...byId("scale").querySelectorAll(".legend > span:not(.swatches)")].map((node) => node.textContent);
  const words = [...byId("bar").querySelectorAll(".what > *")].map((node) => node.textContent).join("  ");
  const signal = showsSurprise() ? "" : ` \u00b7 ${SIGNAL_NAMES[state.signal] || state.signal}`;
  const drawing = shape("svg", { width: Math.ceil(box.width), height: Math.ceil(height), viewBox: `0 0 ${box.width} ${height}` },
    shape("rect", { width: "100%", height: "100%", fill: getComputedStyle(document.body).backgroundColor }),
    shape("g", { "font-family": getComputedStyle(document.body).fontFamily },
      drawnLegend(16, 14, 12, [low, high], swatches),
      shape("text", { x: 16 + 12 * swatches.length + 7 * (low.length + high.length) + 44, y: 25, "font-size": 13, fill: getComputedStyle(document.body).color }, words + signal)));
  drawing.style.fontFamily = base.fontFamily;
  drawing.style.fontSize = base.fontSize;
  for (const line of lines.filter((one) => one.inSight)) {
    for (const span of line.node.childNodes) {
      const at = span.getBoundingClientRect();
      if (at.bottom < box.top || at.top > box.bottom || !at.width) continue;
      const style = getComputedStyle(span);
      const [x, y] = [at.left - box.left, at.top - box.top + HEAD];
      if (y < HEAD) continue; /* half a line under what is said over the text */
      if (style.backgroundColor !== "rgba(0, 0, 0, 0)") drawing.append(shape("rect", { x, y, width: at.width, height: at.height, fill: style.backgroundColor }));
      const shown = span.dataset.mark || span.textContent;
      if (shown.trim()) drawing.append(shape("text", { x, y: y + at.height * 0.78, fill: style.color, opacity: span.dataset.mark ? 0.4 : null }, shown));
    }
  }
  return drawing;
}
