"""Layer inspection: the definition of every number in a report, in a line or two."""

from charrnn.inspection import (
    ablation,
    compare,
    context,
    error_breakdown,
    estimate,
    gates,
    horizon,
    label_cells,
    portrait,
    probes,
    steering,
    wiring,
)
from charrnn.inspection.cell_statistics import FLAGS, LEAST_HOLD
from charrnn.inspection.cell_statistics import LEAST_TIMES as LEAST_PUSHES
from charrnn.inspection.find import LEAST_AUC, LEAST_LIFT, LEAST_PLACES, LEAST_RHO, LEAST_TIMES
from charrnn.inspection.recording import WARM_UP
from charrnn.inspection.results import ABLATED
from charrnn.inspection.statistics import SHIFTS, SHORTEST

DEFINITIONS = {
    "place": "place t is the moment after character t was read, with the state after it and the prediction of "
             f"character t + 1; the first {WARM_UP} places (a tenth of a short text, none with documents) are in no "
             "statistic",
    "cell": "L1:24 is unit 24 (from 0) of layer 1 (the lowest); c is its cell state as tanh c, h its output; c+ is "
            "high where the feature is, c- low",
    "AUC": "of a boolean feature: the probability that the cell is higher at a place where it is true than at one "
           "where it is false, equal values counting half; with the sign -, 1 minus that",
    "rho": "of a numeric feature: Spearman's rank correlation, times the sign",
    "score": "AUC or rho on the second half of the text, of the cell that fits best on the first half; of c and h the "
             "one is shown that the claim is about: c, or h if it is better by two standard errors of the difference "
             "(the other way round for a saturated cell)",
    "[chance]": f"what the best of all cells exceeds on that half in 1 of 20 searches for the same feature shifted "
                f"round it by {SHORTEST} characters or more ({SHIFTS} shifts)",
    "claim": f"a score above chance, and above {LEAST_AUC} (AUC) or {LEAST_RHO} (rho), and of a boolean feature an IoU "
             f"at least {100 * LEAST_LIFT:.0f}% of the way from that of a cell that is always on, or of chance, to 1; "
             "every row of the table is one",
    "tracks context": "a claim whose score is above that of the current character alone: the feature's mean for "
                      "each character on the first half, scored on the second",
    "order": "rows are sorted by margin x log2(1 + memory) x cost; the margin is (score - x) / (1 - x), x the score by "
             "chance or of the current character, whichever is higher; a cell has one row",
    "too rare": f"in one half it is true, or false, at fewer than {LEAST_PLACES} places, or it comes fewer than "
                f"{LEAST_TIMES} times",
    "IoU": "places where the cell is beyond its threshold and the feature is true / places where either is so, on the "
           "second half; the threshold is the best one of the first; a cell that is always on has the feature's share",
    "char": "eta squared: share of the cell's variance that lies between the characters just read, not within them; in "
            "--cell also for the last two",
    "memory": "-1 / mean ln f over the places, f being the gate that keeps (z of a GRU): after so many characters 1/e "
              "is left of what was held; while it holds: with the median of f; resets: places with f below 0.1; of a "
              "plain RNN the first lag at which its autocorrelation is below 1/e",
    "reset": f"the cell holds until it is reset: while it holds, it keeps {LEAST_HOLD} times longer than on average; "
             "its memory is then the time from reset to reset, or that while it holds if this is shorter",
    "cost": f"the ablation, in bits a character, on the first {ABLATED:,} places (fewer for a large network; "
            "--ablate-chars), the same in every view and file",
    **FLAGS,
    "pushed": f"mean rise, and mean fall, from the place before to that where the character was read; of characters "
              f"that were read {LEAST_PUSHES} times or more",
    "surprise": "the surprisal of a character: -log2 of its probability; entropy is the surprisal that the network "
                "expects; rank is 1 + the number of more probable characters",
    "bits each": "the mean surprisal over all places; evaluation computes the same with the kernels of training",
    **steering.DEFINITIONS, **error_breakdown.DEFINITIONS, **portrait.DEFINITIONS, **probes.DEFINITIONS,
    **label_cells.DEFINITIONS, **wiring.DEFINITIONS, **gates.DEFINITIONS, **horizon.DEFINITIONS, **context.DEFINITIONS,
    **ablation.DEFINITIONS, **estimate.DEFINITIONS, **compare.DEFINITIONS,
}
