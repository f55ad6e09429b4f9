"""Hypothesis: no deadline, since a kernel's first call compiles it, and the same examples each time, so that a change
is red for what it did. The fast tests take a few, and `make test-slow` runs the same tests with the profile thorough;
`nightly` draws others each time.

A seed that nobody gave is drawn from the test's name, so that a sample is the same in each run of a test.

Ctrl-C reaches the programs that tests start, even where the tests run in the background of a shell that ignores it.
"""

import random
import signal
from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from charrnn.errors import speaking
from tests import kernel_cache

# How long drawing takes is a matter of the machine, not of the program.
SLOW = [HealthCheck.too_slow]
settings.register_profile("quick", deadline=None, max_examples=15, derandomize=True, suppress_health_check=SLOW)
settings.register_profile("thorough", deadline=None, max_examples=60, derandomize=True, suppress_health_check=SLOW)
settings.register_profile("nightly", deadline=None, max_examples=500, suppress_health_check=SLOW)
settings.load_profile("quick")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

kernel_cache.use_own_folder()


@pytest.fixture(scope="session", autouse=True)
def as_written() -> Iterator[None]:
    """Messages as they stand in the code; tests/test_speaking.py has those that Python's users read."""
    with speaking("command"):
        yield


@pytest.fixture(autouse=True)
def repeated_seeds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charrnn.sampling.session.secrets.randbits", random.Random(request.node.nodeid).getrandbits)


def pytest_configure(config: pytest.Config) -> None:
    """Before xdist starts its workers."""
    if config.getoption("numprocesses", None):
        kernel_cache.fill()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks as slow what `few` leaves out; before pytest looks at -m."""
    cases: dict[tuple[str, int], list[pytest.Item]] = defaultdict(list)
    for item in items:
        if marker := item.get_closest_marker("few"):
            cases[item.nodeid.partition("[")[0], marker.args[0]].append(item)
    for (name, count), found in cases.items():
        found.sort(key=lambda item: item.nodeid)
        random.Random(name).shuffle(found)
        for item in found[count:]:
            item.add_marker(pytest.mark.slow)
