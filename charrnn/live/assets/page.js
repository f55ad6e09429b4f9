/* The page by itself: the live part in its frame, the link to copy, and what is inside the file. */

const model = JSON.parse(document.getElementById("model").textContent);
const page = mountLive(byId("live"), model, {
  isPlain: /[?&]plain\b/.test(location.search),
  address: {
    read: () => location.hash,
    write: (link) => {
      try {
        history.replaceState(null, "", `#${link}`);
      } catch {
        /* a page inside another may not have an address of its own */
      }
    },
  },
});
addEventListener("hashchange", page.readAddress);
window.charrnn = page;

function sizes() {
  const characters = (packs) => packs.reduce((sum, pack) => sum + pack.data.length, 0);
  const names = Object.keys(model.arrays);
  const rows = [["weights", characters(names.map((name) => model.arrays[name]))], ["WebAssembly module", model.wasm.length]];
  const whole = document.documentElement.outerHTML.length;
  return [...rows, ["page, styles and scripts", whole - rows.reduce((sum, [, size]) => sum + size, 0)]];
}

function about() {
  const { network, loss } = model;
  const bits = (nats) => number(nats / Math.LN2, 4);
  byId("about").replaceChildren(
    element("h2", { id: "about-title" }, "What is inside"),
    element("p", {}, `A character-level recurrent network, trained with charrnn ${model.charrnn}: ${network.cell}, ${several(network.layers, "layer")} of ${count(network.hidden)} units, ${count(model.parameters)} parameters, ${count(model.size)} ${model.text.unit}s. It runs in this page: nothing is sent anywhere, and nothing is loaded.`),
    element("table", {}, element("tbody", {}, sizes().map(([name, size]) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, `${count(Math.round(size / 1000))} kB`))))),
    element("p", {}, `Each weight has ${model.precision} bits. `, loss
      ? `That costs ${number(loss.cost, 4)} bits a ${model.text.unit}, measured on ${loss.on}: ${bits(loss.exact)} bits without, ${bits(loss.quantized)} with.`
      : "What that costs was not measured."),
    element("p", {}, model.start ? "The file holds the text it opens with." : "No text is in the file: what it opens with, the network writes.",
      " Page and scripts are charrnn\u2019s, under the MIT licence; they contain no library. The network is its owner\u2019s."),
    element("h3", {}, "Keys"),
    element("p", {}, element("kbd", {}, "Ctrl"), " ", element("kbd", {}, "Enter"), " writes on, ", element("kbd", {}, "Esc"), " stops. In the map of all cells the arrow keys choose one."),
    button("Close", () => byId("about").close(), {}));
  byId("about").showModal();
}

byId("about-button").addEventListener("click", about);
byId("copy").addEventListener("click", async () => {
  const address = `${location.href.split("#")[0]}#${page.link()}`;
  let isCopied = false;
  try {
    await navigator.clipboard.writeText(address);
    isCopied = true;
  } catch {
    location.hash = page.link();
  }
  byId("copy").textContent = isCopied ? "Copied" : "It is in the address";
  setTimeout(() => { byId("copy").textContent = "Copy link"; }, 1800);
});
