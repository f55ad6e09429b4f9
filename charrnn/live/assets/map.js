/* All cells at the caret, a square for each: layer by layer, in the order of their units. */

const SQUARE = 11;
const GAP = 1;

function openMap(live, model, cell) {
  const { state, on, nameOf } = live;
  const { layers, hidden } = model.network;
  const title = element("span", { class: "faint" });
  const node = element("section", { class: "card map", "aria-label": "All cells" },
    element("div", { class: "head" }, element("h2", {}, "All cells"), title));
  let values = new Int8Array(layers * hidden);
  const boards = Array.from({ length: layers }, (_, layer) => {
    const canvas = element("canvas", { tabindex: 0, role: "application",
      "aria-label": `Cells of layer ${layer + 1} at the caret. Arrow keys choose one.` });
    const label = layers > 1 ? element("p", { class: "faint layer" }, `L${layer + 1}`) : null;
    node.append(...[label, canvas].filter(Boolean));
    canvas.addEventListener("pointermove", (event) => point(layer, unitAt(layer, event)));
    canvas.addEventListener("pointerleave", () => point(layer, -1));
    canvas.addEventListener("click", (event) => {
      const unit = unitAt(layer, event);
      if (unit >= 0) cell.choose({ layer, unit });
    });
    canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
      if (!by) return;
      event.preventDefault();
      const from = state.layer === layer ? state.unit : 0;
      cell.choose({ layer, unit: clamp(from + by, 0, hidden - 1) });
    });
    return canvas;
  });
  let columns = 1;
  let size = SQUARE;

  function unitAt(layer, event) {
    const box = boards[layer].getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (size + GAP));
    const unit = Math.floor((event.clientY - box.top) / (size + GAP)) * columns + column;
    return column >= 0 && column < columns && unit < hidden ? unit : -1;
  }

  function point(layer, unit) {
    title.textContent = unit < 0 ? caption() : `${nameOf(layer, unit)} ${signed(values[layer * hidden + unit] / 127, 2)}`;
  }

  const caption = () => `${state.signal ? SIGNAL_NAMES[state.signal] : ""} at the caret`;

  function draw() {
    const width = boards[0].getBoundingClientRect().width;
    if (width <= 0) return;
    const colours = coloursOf(node);
    columns = Math.max(8, Math.floor((width + GAP) / (SQUARE + GAP)));
    size = (width + GAP) / columns - GAP;
    const scale = window.devicePixelRatio || 1;
    boards.forEach((canvas, layer) => {
      const rows = Math.ceil(hidden / columns);
      const height = rows * (size + GAP);
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.height = `${height}px`;
      const pen = canvas.getContext("2d");
      pen.scale(scale, scale);
      for (let unit = 0; unit < hidden; unit++) {
        const [x, y] = [(unit % columns) * (size + GAP), Math.floor(unit / columns) * (size + GAP)];
        pen.fillStyle = colours[Math.round((values[layer * hidden + unit] * LEVELS) / 127) + LEVELS];
        pen.fillRect(x, y, size, size);
        if (nameOf(layer, unit) in state.clamps) {
          pen.fillStyle = colours.ink;
          pen.fillRect(x + size / 2 - 2, y + size / 2 - 2, 4, 4);
        }
      }
      if (state.layer === layer) {
        pen.strokeStyle = colours.ink;
        pen.lineWidth = 2;
        pen.strokeRect((state.unit % columns) * (size + GAP), Math.floor(state.unit / columns) * (size + GAP), size, size);
      }
    });
    title.textContent = caption();
  }

  function show(look) {
    values = look.cells;
    draw();
  }

  on(["layer", "unit", "clamps", "signal"], draw);
  new ResizeObserver(draw).observe(node);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return { node, show };
}

/* The 15 colours as the style sheet has them, and the ink. */
function coloursOf(node) {
  const probe = element("i", { class: "c" });
  node.append(probe);
  const found = Array.from({ length: 2 * LEVELS + 1 }, (_, n) => {
    probe.className = `c ${classOf(n - LEVELS)}`;
    return n === LEVELS ? getComputedStyle(node).getPropertyValue("--empty") : getComputedStyle(probe).backgroundColor;
  });
  found.ink = getComputedStyle(node).color;
  probe.remove();
  return found;
}
