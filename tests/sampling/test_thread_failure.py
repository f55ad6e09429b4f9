"""When one of the threads that share a stream never comes, the others do not wait for it for ever."""

import numpy as np
import pytest

from charrnn.engine.compiled.network import Network
from charrnn.engine.threads import Member, Workers
from charrnn.kernels.jit import JIT
from charrnn.sampling import sampler as sampling
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.streams import StreamGroup
from charrnn.settings import NetworkSettings

NOTHING = np.zeros((0, 1), np.int32)


@pytest.mark.skipif(not JIT, reason="one thread only")
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("late", [0, 1])
def test_a_thread_that_fails(late: int, error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_COLUMNS_A_THREAD", 16)
    settings = NetworkSettings("lstm", 70, 2)
    network = Network(settings, 5, np.random.default_rng(0))
    sampler = sampling.Sampler(settings, network.weights, 1, Workers(2))
    sampler.begin(np.zeros((1, 1), np.int32))
    draws = np.random.default_rng(1).random((50, 1))
    expected = sampler.generate(NOTHING, draws, SamplingRule(), 2)
    generate = StreamGroup.generate

    def fail(self: StreamGroup, member: Member, *rest: object) -> np.ndarray:
        if member.thread == late:
            raise error
        return generate(self, member, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(StreamGroup, "generate", fail)
        with pytest.raises(error):
            sampler.generate(NOTHING, draws, SamplingRule(), 2)
    sampler.begin(np.zeros((1, 1), np.int32))
    assert np.array_equal(sampler.generate(NOTHING, draws, SamplingRule(), 2), expected)
