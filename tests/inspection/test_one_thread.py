"""Products of NumPy run on one thread while cells are inspected, and on as many as before afterwards."""

from typing import Any

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from charrnn.inspection import estimate, horizon, statistics
from charrnn.inspection.one_thread import one_blas_thread


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.skipif(not threads(), reason="NumPy's library is none that can be told")
def test_while_the_function_runs() -> None:
    with threadpool_limits(2, "blas"):
        assert one_blas_thread(threads)() == {1}
        assert threads() == {2}


@pytest.mark.skipif(not threads(), reason="NumPy's library is none that can be told")
@pytest.mark.parametrize(("module", "inside", "call"), [
    (statistics, "_shifts", lambda: statistics.chance_levels(Rows(), Rows())),
    (horizon, "_groups", lambda: horizon.horizon(Rows(), Rows())),
    (estimate, "means", lambda: estimate.estimate(Rows(), Rows()))])
def test_where_there_are_many_small_products(monkeypatch: pytest.MonkeyPatch, module: Any, inside: str,
                                             call: Any) -> None:
    class Seen(Exception):
        pass

    def see(*given: Any) -> None:
        raise Seen(threads())

    monkeypatch.setattr(module, inside, see)
    with threadpool_limits(2, "blas"), pytest.raises(Seen) as seen:
        call()
    assert seen.value.args == ({1},)


class Rows:
    """Stands for a matrix, a network and a text of which only the size is asked."""

    ranks = (0,)
    weights = type("", (), {"shape": (1, 9)})
    layers = initial = ((0,),)
    warm_up = 0

    def __len__(self) -> int:
        return 9
