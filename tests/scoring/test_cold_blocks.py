"""The loss of blocks that are read from the initial state, against the float64 reference."""

import numpy as np
import pytest

from charrnn.errors import CorpusError, SettingsError
from charrnn.render.score import summary
from tests.scoring.made import Made
from tests.scoring.test_score import text_of


@pytest.mark.parametrize(("block", "size"), [(5, 39), (7, 36), (7, 35), (10, 47), (19, 58), (2, 150), (30, 31)])
def test_each_block_begins_anew(block, size):
    made, text = Made("gru", 2, learn_initial_state=True), text_of(size, block)
    score = made.score(text, cold=block)
    ids, blocks = score.ids, (size - 1) // block
    starts = range(0, blocks * block, block)
    nats = [-np.log(made.probabilities(part)[np.arange(block), part[1:]])
            for part in (ids[start : start + block + 1] for start in starts)]
    assert (score.cold.block, score.cold.predicted, score.cold.characters) == (block, blocks * block, blocks * block)
    assert score.cold.total == pytest.approx(np.sum(nats), rel=1e-5)
    # the state is carried on as without
    assert score.nats == made.score(text).nats
    assert dict(summary(score))["cold"] == (
        f"{score.cold.nats:.4f} nats ({score.cold.bits:.4f} bits) a character, in {blocks} block{'s' * (blocks > 1)} "
        f"of {block} from the initial state")


def test_adapting_leaves_it_as_it_is():
    made, text = Made(), text_of(80, 1)
    assert made.score(text, cold=9, adapt=True).cold == made.score(text, cold=9).cold
    assert made.score(text).cold is None


def test_characters_of_units():
    score = Made(unit="byte").score("éaéaéaéa", cold=3)
    assert (score.cold.predicted, score.cold.characters) == (9, 6)


def test_refusals():
    with pytest.raises(CorpusError, match="the text has 9 characters; --cold 9 needs at least 10"):
        Made().score(text_of(9, 1), cold=9)
    with pytest.raises(SettingsError, match="--cold has no effect on a model of documents"):
        Made(documents="line").score(text_of(90, 1), cold=9)
