/* The label that the network reads and writes texts of: a menu of names, or numbers. Empty is the average of all. */

const SPREAD = 2.5; /* standard deviations from the mean to the ends of a slider */

function openLabels(live, model) {
  const { state, set, on } = live;
  const { names, means, scales } = model.labels;
  const node = element("section", { class: "labels", "aria-label": "Label" });
  const average = "average of all";

  function openMenu() {
    const menu = element("select", { class: "label" }, element("option", { value: "" }, average),
      [...names].sort((a, b) => a.localeCompare(b)).map((name) => element("option", { value: name }, name)));
    menu.addEventListener("change", () => set({ label: menu.value }));
    node.append(element("label", { class: "field" }, element("span", {}, "Label"), menu));
    return () => { menu.value = state.label; };
  }

  function openNumbers() {
    const digits = scales.map((scale) => clamp(2 - Math.floor(Math.log10(scale)), 0, 6));
    const fields = means.map((mean, n) => {
      const [low, high] = [-1, 1].map((sign) => Number((mean + sign * SPREAD * scales[n]).toFixed(digits[n])));
      const slider = element("input", { type: "range", min: low, max: high, step: "any", "aria-label": `Number ${n + 1} of the label, slider` });
      const field = element("input", { type: "number", step: "any", "aria-label": `Number ${n + 1} of the label` });
      slider.addEventListener("input", () => change(n, Number(Number(slider.value).toFixed(digits[n]))));
      field.addEventListener("change", () => change(n, field.value === "" ? mean : Number(field.value)));
      node.append(element("span", { class: "field" }, field, slider));
      return { slider, field };
    });
    const reset = button("Average", () => set({ label: "" }), { class: "quiet" });
    node.prepend(element("span", { class: "faint" }, "Label"));
    node.append(reset);
    const shown = () => (state.label ? numbersIn(state.label) : means.map((mean, n) => Number(mean.toFixed(digits[n]))));

    function change(at, value) {
      const numbers = shown();
      numbers[at] = value;
      set({ label: numbers.join(",") });
    }

    return () => {
      shown().forEach((value, n) => {
        fields[n].slider.value = value;
        fields[n].field.value = value;
      });
      reset.disabled = !state.label;
    };
  }

  const show = names.length ? openMenu() : openNumbers();
  on(["label"], show);
  show();
  return node;
}

const numbersIn = (label) => label.split(",").map(Number);

/* What is wrong with a label, in words; empty where it fits. */
function faultOf(label, { names, means }) {
  if (!label) return "";
  if (names.length) return names.includes(label) ? "" : `there is no label ${label}`;
  const fits = numbersIn(label).length === means.length && label.split(",").every((part) => part.trim() && Number.isFinite(Number(part)));
  return fits ? "" : `label ${label} is not ${several(means.length, "number")} with commas between`;
}
