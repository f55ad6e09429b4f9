"""Layer inspection: the definition of every number in a report, in a line or two."""

from charrnn.inspection import ablation, compare, context, estimate, gates, horizon
from charrnn.inspection.cell_statistics import FLAGS
from charrnn.inspection.cell_statistics import LEAST_TIMES as LEAST_PUSHES
from charrnn.inspection.find import LEAST_AUC, LEAST_PLACES, LEAST_RHO, LEAST_TIMES
from charrnn.inspection.recording import WARM_UP
from charrnn.inspection.statistics import SHIFTS, SHORTEST

DEFINITIONS = {
    "place": "place t stands after character t was read: the state that it left, and what is said of character t + 1; "
             f"the first {WARM_UP} places (a tenth of a short text, none where documents begin) are in no statistic",
    "cell": "L1:24 is unit 24 (from 0) of layer 1 (the lowest); c is its memory as tanh c, h its output; c+ is high "
            "where the feature is, c- low",
    "AUC": "of a feature that is true or false: how often the cell is higher at a true place than at a false one, "
           "both drawn at random, equal values counting half; 1 - that where the sign is -",
    "rho": "of a feature that counts: Spearman's rank correlation, by the sign",
    "score": "AUC or rho on the second half of the text, of the cell that fits best on the first half",
    "[chance]": f"what the best of all cells exceeds on that half in 1 of 20 searches for the same feature shifted "
                f"round it by {SHORTEST} characters or more ({SHIFTS} shifts)",
    "claim": f"a score above chance, and above {LEAST_AUC} (AUC) or {LEAST_RHO} (rho); everything in the table is one",
    "tracks context": "a claim whose score is above what the current character alone would give: the feature's mean "
                      "for each character on the first half, scored on the second",
    "order": "rows stand by (score - x) / (1 - x), x being chance or what the current character gives, whichever is "
             "more; a cell has one row",
    "too rare": f"fewer than {LEAST_PLACES} places in one half where it is true, or false, or fewer than "
                f"{LEAST_TIMES} times that it comes",
    "IoU": "places where the cell is beyond its threshold and the feature is true / where either is so, on the second "
           "half; the threshold is the best one of the first; a cell that is always on has the feature's share",
    "char": "eta squared: share of the cell's variance that lies between characters just read, not within them; in "
            "--cell also for the last two",
    "memory": "-1 / mean ln f over the places, f being the gate that keeps (z of a GRU): after so many characters 1/e "
              "is left of what was held; while it holds: with the median of f; wiped: places with f below 0.1; of a "
              "plain RNN the first lag at which its autocorrelation is below 1/e",
    "cost": "what ablation finds, in bits a character, on the first 2,000 places (fewer for a large network)",
    **FLAGS,
    "pushed": f"mean rise, and mean fall, from the place before to that where the character was read; characters that "
              f"were read {LEAST_PUSHES} times or more",
    "surprise": "-log2 of the probability of the character that came; entropy is its mean as the network sees it; rank "
                "is 1 + the characters that were more probable",
    "bits each": "the mean surprise over all places; evaluation finds the same by the kernels that training uses",
    **gates.DEFINITIONS, **horizon.DEFINITIONS, **context.DEFINITIONS, **ablation.DEFINITIONS, **estimate.DEFINITIONS,
    **compare.DEFINITIONS,
}
