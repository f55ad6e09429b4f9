"""Numbers that become infinite while a network is inspected are a refusal, and no warning."""

import numpy as np
import pytest

from charrnn.errors import MeasurementError
from charrnn.inspection.horizon import horizon
from charrnn.inspection.stack import Stack, Trace, refuse_overflow
from charrnn.settings import NetworkSettings
from tests.networks import random_parameters


def test_a_gradient_that_explodes() -> None:
    settings, rng = NetworkSettings("rnn", 4, dropout=0.0), np.random.default_rng(1)
    arrays = {name: 0 * array for name, array in random_parameters(settings, 3, rng).items()}
    arrays["weight_hh_l0"], arrays["weight_out"] = 100.0 * np.eye(4), np.eye(3, 4)
    stack, tokens = Stack.from_arrays(settings, arrays), rng.integers(3, size=60)
    zero = np.zeros((60, 4), np.float32)
    trace = Trace(tokens, np.roll(tokens, -1), [(zero[0],)], [(zero,)])
    with pytest.raises(MeasurementError, match="too large to inspect it"):
        horizon(stack, trace, 5, 50)


def test_what_does_not_overflow_passes() -> None:
    with refuse_overflow():
        assert np.float32(1e38) * np.float32(1) > 0
