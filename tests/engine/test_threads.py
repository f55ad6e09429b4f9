"""Workers where the system is short of threads."""

import threading

import pytest

from charrnn.engine.threads import Workers


@pytest.mark.parametrize("allowed", [0, 1])
def test_one_worker_does_it_where_no_more_threads_start(monkeypatch: pytest.MonkeyPatch, allowed: int) -> None:
    original, started = threading.Thread.start, []

    def start(self: threading.Thread) -> None:
        if len(started) == allowed:
            raise RuntimeError("can't start new thread")
        started.append(self)
        original(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    workers = Workers(3)
    assert workers.threads == 1
    assert workers.map(lambda piece: piece * piece, 5) == [0, 1, 4, 9, 16]


def test_all_run_before_the_first_piece() -> None:
    before = threading.active_count()
    workers = Workers(4)
    assert (workers.threads, threading.active_count() - before) == (4, 3)
    gate = threading.Barrier(4)
    workers.map(lambda piece: gate.wait(120), 4)
