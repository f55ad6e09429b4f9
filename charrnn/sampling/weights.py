"""Layer sampling: the one place where sampling and completion open the compiled engine. Its kernels write all texts;
the parameters of any engine load into it."""

from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.engine.compiled.packed_weights import Weights
from charrnn.engine.compiled.parameters import Parameters
from charrnn.engine.interface import Engine

__all__ = ["Weights", "weights_of"]


def weights_of(engine: Engine, precision: str | None = None) -> Weights:
    """The engine's parameters as they are now, packed for sampling; None is the precision that it trains in.

    The compiled engine's own weights, where they are in that precision: they follow its training.
    """
    own = engine.training.precision if engine.training else "float32"
    if not isinstance(engine, CompiledEngine):
        parameters = Parameters(engine.settings, engine.vocabulary)
        parameters.from_arrays(engine.parameters())
    elif precision in (None, own):
        return engine.network.weights
    else:
        parameters = engine.network.parameters
    return Weights(parameters, precision or own, engine.start)
