"""What is measured: how shapes are read, and how much arithmetic they need, counted by hand."""

import numpy as np
import pytest

from charrnn.bench.shape import USUAL, VOCABULARY, Shape, token_windows
from charrnn.errors import SettingsError


def products_by_hand(shape: Shape) -> int:
    """Multiply-and-adds of one step's matrix products, one after the other, each (rows, depth, columns)."""
    N, T, H = shape.batch, shape.window, shape.hidden
    recurrent = {"rnn": 1, "lstm": 4, "gru": 3, "gru-original": 3, "mogrifier": 3}[shape.cell] * H
    gates = recurrent + H * (shape.cell == "mogrifier")  # one that sees the input alone
    forward = []
    for layer in range(shape.layers):
        if layer:
            forward.append((N * T, H, gates))  # its input; the first layer looks its own up
        forward += [(N, H, recurrent)] * T  # its old state, character after character
    forward.append((N * T, H, VOCABULARY))
    # the way back has one product for the gradient of what came in, and one for the weights' own
    return sum(3 * rows * depth * columns for rows, depth, columns in forward)


@pytest.mark.parametrize("shape", [Shape("lstm", 1, 3, 2, 5), Shape("gru", 2, 3, 2, 5), Shape("rnn", 3, 7, 4, 6),
                                   Shape("gru-original", 2, 3, 2, 5), Shape("mogrifier", 3, 3, 2, 5)])
def test_useful_arithmetic(shape: Shape) -> None:
    assert shape.useful_flops() == 2 * products_by_hand(shape)


def test_weights_that_sampling_reads() -> None:
    assert Shape("gru", 2, 5).useful_weights() == (3 * 5 * 5 + (3 * 5 * 5 + 3 * 5 * 5) + 65 * 5)


def test_shapes_are_read_and_named() -> None:
    assert Shape.parse("gru-2x256") == Shape("gru", 2, 256, 64, 100)
    assert Shape.parse("gru-original-1x256-64x100") == Shape("gru-original", 1, 256, 64, 100)
    assert Shape.parse("peephole-1x256") == Shape("peephole", 1, 256)
    assert Shape.parse("lstm-1x128-50x30") == Shape("lstm", 1, 128, 50, 30)
    assert Shape("lstm", 1, 128, 50, 30).name == "lstm 1x128, 50 x 30"


@pytest.mark.parametrize(("text", "words"), [
    *((text, "is not a shape; write one as") for text in ("lstm", "lstm-1x5-3", "lstm-1x5-3x4x5", "lstm-1x-5", "",
                                                       "lstm-1x5 ", "LSTM-1x5", "-lstm-1x5", "lstm-1x٣",
                                                       "lstm-1x5-embedding3")),
    ("tanh-1x2", "must be one of rnn, lstm, gru, mogrifier, peephole, gru-original"),
    ("lstm-0x5", "layers is 0; it must be at least 1"),
    ("lstm-1x9000", "hidden is 9000; it must be at most 8192"), ("lstm-1x5-0x4", "batch is 0"),
    ("lstm-1x5-4x0", "window is 0")])
def test_no_shape(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Shape.parse(text)


def test_the_usual_shapes_cover_what_people_train() -> None:
    assert {shape.cell for shape in USUAL} == {"rnn", "lstm", "gru"}
    assert {shape.layers for shape in USUAL} == {1, 2, 3}
    for values in ({shape.hidden for shape in USUAL}, {shape.batch for shape in USUAL}):
        assert (min(values), max(values)) in ((128, 1024), (1, 256))
    assert len(USUAL) == len(set(USUAL))


def test_windows_go_on_where_the_one_before_ended() -> None:
    shape = Shape("rnn", 1, 8, 3, 5)
    inputs, targets = token_windows(shape, 4)
    assert inputs.shape == targets.shape == (4, 5, 3)
    assert inputs.dtype == np.int32
    assert 0 <= inputs.min() <= inputs.max() < VOCABULARY
    np.testing.assert_array_equal(inputs.reshape(20, 3)[1:], targets.reshape(20, 3)[:-1])


def test_a_shape_with_an_embedding() -> None:
    shape = Shape.parse("gru-1x64-32x64-embedding6")
    assert shape == Shape("gru", 1, 64, 32, 64, embedding=6)
    assert shape.name == "gru 1x64, embedding 6, 32 x 64"
    assert (shape.settings().embedding, shape.useful_weights()) == (6, Shape("gru", 1, 64).useful_weights())
