"""Pictures of networks about which there is little to say."""

import numpy as np
import pytest

from charrnn.inspection.context import ContextUse
from charrnn.inspection.horizon import Horizon, Reach
from charrnn.render.inspection.pictures import NetworkHorizon, horizon_field, horizon_scene
from charrnn.render.plots.terminal import Style


@pytest.mark.parametrize("norms", [[0.3], [0.3, 0.3], [0.0], [0.0, 0.0], [0.5, 0.0], [1e-40, 1e-44]])
def test_a_horizon_of_few_lags(norms: list[float]) -> None:
    array = np.array(norms)
    horizon = Horizon(1, [Reach(1, "h", array, None, None)], array, {50: 0, 90: 0, 99: 0}, True)
    network = NetworkHorizon("x", horizon, ContextUse(1, np.ones(1, int), np.zeros(1), np.zeros(1), 1.0), 10, 1.0)
    assert len(horizon_field([network], 60, Style(True, False))) > 5
    assert horizon_scene([network])
