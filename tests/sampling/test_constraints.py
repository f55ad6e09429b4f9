"""What is asked for by names and characters becomes the right numbers, or is refused in one line."""

import numpy as np
import pytest

from charrnn.errors import SettingsError
from charrnn.kernels.sample_logits import Limits
from charrnn.kernels.softmax import NEVER
from charrnn.sampling.constraints import Clamp, SamplingRule, Spread, sampling_rule
from charrnn.settings import NetworkSettings, SampleSettings
from charrnn.text.tokenizers import Bytes, Words
from charrnn.text.vocabulary import STAND_IN, Vocabulary

KNOWN = Vocabulary("\n =abc")
NETWORK = NetworkSettings("lstm", 9, 2)


def rule_of(vocabulary: Vocabulary = KNOWN, mark: int = -1, **settings: object) -> SamplingRule:
    asked = SampleSettings(**settings)
    return sampling_rule(asked, NETWORK, vocabulary, mark, lambda layer, unit: Spread(0.25, 0.125 * unit))


def added(**settings: object) -> dict[str, float]:
    """What is added to which character."""
    adjustment = rule_of(**settings).adjustment
    assert adjustment is not None
    return {unit: float(number) for unit, number in zip(KNOWN.units, adjustment, strict=True) if number}


def test_numbers_go_through() -> None:
    rule = rule_of(temp=0.5, top_k=3, top_p=0.5, min_p=0.25)
    assert (rule.temp, rule.limits, rule.adjustment) == (0.5, Limits(3, 0.5, 0.25), None)
    assert rule_of().limits == Limits()


def test_bias_and_ban() -> None:
    assert added(bias=("a=+1.5", "b=-2", "==0.5", r"\n=1", "a=1")) == {"a": 2.5, "b": -2, "=": 0.5, "\n": 1}
    assert added(ban=("ab", r"\n", "z")) == {"a": NEVER, "b": NEVER, "\n": NEVER}
    assert added(ban="a", bias="b=1") == {"a": NEVER, "b": 1}
    assert added(ban="a", bias="a=1000")["a"] == NEVER


def test_units_and_stand_ins() -> None:
    words = Words(["cat", "dog", " ", STAND_IN], stand_in=True)
    assert rule_of(words).adjustment[words.stand_in] == NEVER
    adjustment = rule_of(words, bias="dog=2", ban="cat").adjustment
    assert [adjustment[words.units.index(unit)] for unit in ("dog", "cat", " ")] == [2, NEVER, 0]
    # both bytes of a character
    assert np.count_nonzero(rule_of(Bytes("a\xc3\xa9"), ban="é").adjustment) == 2


@pytest.mark.parametrize(("text", "clamp"), [
    ("L1:0=0", Clamp(0, 0, 0.0)), ("L2:8=-1", Clamp(1, 8, -1.0)), ("L1:3=+.5", Clamp(0, 3, 0.5)),
    ("L1:2=+2sd", Clamp(0, 2, 0.75)), ("L1:2=-1sd", Clamp(0, 2, 0.0)), ("L1:8=+9sd", Clamp(0, 8, 1.0)),
    ("L1:8=-9sd", Clamp(0, 8, -1.0)), ("L1:1=0.5@10:20", Clamp(0, 1, 0.5, 10, 20)),
    ("L1:1=0.5@10:", Clamp(0, 1, 0.5, 10)), ("L1:1=0.5@:20", Clamp(0, 1, 0.5, 0, 20))])
def test_clamps(text: str, clamp: Clamp) -> None:
    assert rule_of(clamp=text).clamps == (clamp,)


@pytest.mark.parametrize(("settings", "message"), [
    ({"ban": KNOWN.characters}, "--ban leaves no character to write"),
    ({"bias": "a"}, "--bias 'a' is not understood; give a character and a number"),
    ({"bias": "a=x"}, "--bias 'a=x' is not understood"),
    ({"bias": "a=nan"}, "is not understood"),
    ({"bias": "a=1001"}, "a number up to 1000"),
    ({"bias": "=1"}, "is not understood"),
    ({"bias": "ab=1"}, "--bias 'ab=1' names 2 characters"),
    ({"bias": "z=1"}, r"the model never saw 'z' \(U\+007A\)"),
    ({"clamp": "1:2=3"}, "--clamp '1:2=3' is not understood"),
    ({"clamp": "L1:2"}, "is not understood"),
    ({"clamp": "L0:2=0"}, "layers are L1 to L2, units are 0 to 8"),
    ({"clamp": "L3:2=0"}, "there is no such cell"),
    ({"clamp": "L1:9=0"}, "there is no such cell"),
    ({"clamp": f"L1:{'9' * 5000}=1"}, "is not understood"),
    ({"clamp": f"L1:2=1@0:{'9' * 5000}"}, "is not understood"),
    ({"clamp": "L1:2=1.5"}, "a cell is between -1 and 1"),
    ({"clamp": "L1:2=1@5:5"}, "ends before it begins")])
def test_what_makes_no_sense_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        rule_of(**settings)


def test_a_document_does_not_end_too_early() -> None:
    asked = rule_of(mark=0, min_length=5)
    assert (asked.min_length, asked.endings) == (5, (0,))
    with pytest.raises(SettingsError, match="leaves no character"):
        rule_of(mark=0, min_length=5, ban="a b c=")
