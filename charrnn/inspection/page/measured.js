/* What was measured of a named cell: whether it steers, what it promotes, which cells write and read it. */

/* What holding the cell low, then high, changes in the text that the network writes. */
function steeringWords({ with_low: low, with_high: high, change, error }, best) {
  const [scale, unit] = best.kind === "AUC" ? [100, " %"] : [1, ""];
  return `${number(scale * low, 1)}${unit} → ${number(scale * high, 1)}${unit} (${signed(scale * change, 1)} ± ${number(scale * error, 1)}), held low → high`;
}

function measuredFacts({ best, steering, wiring, activity }) {
  const feature = best && page.features.find((one) => one.name === best.feature);
  return [
    steering ? fact(steering.verdict, steeringWords(steering, best)) : null,
    activity ? fact("on", `${share(activity.density)} of the places, its feature ${share(best.prevalence)}`) : null,
    feature && feature.probe ? fact(`${best.kind === "AUC" ? "AUC" : "ρ"} of k cells`, probeWords(feature.probe)) : null,
    wiring && wiring.promotes.length ? [fact("promotes", effects(wiring.promotes)), fact("suppresses", effects(wiring.suppresses))] : null,
    wiring ? [fact("written by", wires(wiring.written_by)), fact("read by", wires(wiring.read_by))] : null];
}

const probeWords = ({ scores, all }) => [...Object.entries(scores).map(([k, score]) => `${number(score, 2)} with ${k}`), `${number(all, 2)} with all`].join(", ");
const effects = (rows) => rows.map(([unit, bits], n) => [n ? "  " : "", element("code", {}, visible(unit)), ` ${signed(bits, 1)}`]);
const wires = (rows) => rows.map(([cell, gate, strength], n) => [n ? ", " : "", cellLink(numberOf.get(cell)), ` ${gate} ${signed(strength, 2)}`]);

/* Where the cell is on though its feature does not hold. */
function hardNegatives({ activity, best }) {
  if (!activity || !activity.hard_negatives.length) return null;
  return [element("h3", { title: "the cell is far beyond its threshold" }, `On without ${best.feature}`),
    element("ol", { class: "contexts" }, activity.hard_negatives.slice(0, 4).map((t) => element("li", {}, placeLink(t, t))))];
}

/* The errors of the network, and the share that each oracle would not make, one after the other. */
function errorsTable() {
  const { errors } = page;
  if (!errors) return null;
  return [element("h3", { title: page.definitions.errors }, "Errors"),
    element("p", { class: "faint" }, `${share(errors.errors)} of the characters have a probability below one half. Of these, one oracle after the other would not make:`),
    element("table", { class: "small" }, element("tbody", {}, [...errors.removed, ["the rest", errors.rest]].map(([name, part]) => element("tr", {},
      element("td", {}, name), element("td", { class: "n" }, share(part))))))];
}
