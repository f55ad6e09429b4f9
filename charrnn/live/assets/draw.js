/* From logits to a unit: softmax, temperature, top-k, top-p, and the draw. */

/* e^x for x <= 0 by nothing but additions and multiplications, which are the same in every browser; Math.exp is not. */
const LOG2 = [0.693359375, -2.12194440e-4];
const TERMS = [1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1, 1];

function exponential(x) {
  if (x < -700) return 0;
  const k = Math.round(x * Math.LOG2E);
  const r = x - k * LOG2[0] - k * LOG2[1];
  let sum = TERMS[0];
  for (let n = 1; n < TERMS.length; n++) sum = sum * r + TERMS[n];
  return sum * 2 ** k;
}

/* Fills `weights` with e^(logit - largest); their sum and the largest. */
function softmax(logits, weights, sharpness = 1) {
  let largest = -Infinity;
  for (let j = 0; j < logits.length; j++) if (logits[j] > largest) largest = logits[j];
  let total = 0;
  for (let j = 0; j < logits.length; j++) {
    weights[j] = exponential((logits[j] - largest) * sharpness);
    total += weights[j];
  }
  return { largest, total };
}

/* A number from 0 to 1 for the unit at a place of the text: the same whether the text was stopped and continued or not. */
function drawAt(seed, place) {
  let x = (Math.imul(seed ^ (seed >>> 16), 0x45d9f3b) + Math.imul(place + 1, 0x9e3779b1)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  x ^= x >>> 16;
  x = Math.imul(x + seed, 0x27d4eb2f);
  x ^= x >>> 15;
  return (x >>> 0) / 4294967296;
}

/* The unit that is drawn; `never` is one that can't be, or -1. Of equals at a limit the first are kept. */
function choose(logits, weights, order, { temperature, topK, topP }, draw, never) {
  const V = logits.length;
  if (temperature <= 0) {
    let best = never === 0 ? 1 : 0;
    for (let j = best + 1; j < V; j++) if (j !== never && logits[j] > logits[best]) best = j;
    return best;
  }
  softmax(logits, weights, Math.min(1 / temperature, 1e30));
  if (never >= 0) weights[never] = 0;
  let total = 0;
  for (let j = 0; j < V; j++) total += weights[j];
  if ((topK > 0 && topK < V) || topP < 1) {
    for (let j = 0; j < V; j++) order[j] = j;
    order.sort((a, b) => weights[b] - weights[a] || a - b);
    const most = topK > 0 ? Math.min(topK, V) : V;
    let kept = 0;
    for (let n = 0; n < most; n++) kept += weights[order[n]];
    let count = 1;
    let mass = weights[order[0]];
    while (count < most && mass < topP * kept) mass += weights[order[count++]];
    for (let n = count; n < V; n++) weights[order[n]] = 0;
    total = mass;
  }
  let left = draw * total;
  let chosen = 0;
  for (let j = 0; j < V; j++) {
    if (weights[j] <= 0) continue;
    chosen = j;
    left -= weights[j];
    if (left < 0) break;
  }
  return chosen;
}
