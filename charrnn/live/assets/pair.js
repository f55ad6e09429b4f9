/* Two boxes over the text of a network for pairs: a source to type, and the target that is written for it. The text below
   has both with a tab between; of several lines it is the last one that the boxes show. */

const TAB = "\t";

function openPair(live, writer) {
  const { state, set, on } = live;
  const source = element("input", { class: "source", spellcheck: "false", autocomplete: "off", autocapitalize: "off", placeholder: "Type what is to be translated" });
  const target = element("output", { class: "target", "aria-live": "polite" });
  const node = element("section", { class: "boxes", "aria-label": "Pair" },
    element("label", {}, element("span", { class: "faint" }, "Source"), source),
    element("label", {}, element("span", { class: "faint" }, "Target"), target));

  source.addEventListener("input", () => {
    const typed = source.value.replaceAll(TAB, " ");
    const text = typed && before() + typed + TAB;
    writer.abandon();
    set({ text, caret: text.length, isLed: false });
    if (typed) writer.start();
  });

  const before = () => state.text.slice(0, state.text.lastIndexOf("\n") + 1);

  function show() {
    const [typed, ...rest] = state.text.slice(before().length).split(TAB);
    if (source.value !== typed) source.value = typed;
    target.textContent = rest.join(TAB);
  }

  on(["text"], show);
  show();
  return node;
}
