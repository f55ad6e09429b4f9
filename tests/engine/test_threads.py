"""Workers: where the system is short of threads, and in stages."""

import threading
import time

import pytest

from charrnn.engine.threads import Member, Workers
from charrnn.kernels.jit import JIT


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


def test_an_error_waits_for_the_pieces_under_way() -> None:
    done = []

    def function(piece: int) -> None:
        if piece == 1:
            raise ZeroDivisionError
        if piece == 2:
            time.sleep(0.2)  # long after the error
        done.append(piece)

    with pytest.raises(ZeroDivisionError):
        Workers(3).map(function, 3)
    assert sorted(done) == [0, 2]


@pytest.mark.parametrize("asked", [1, 2, 5])
def test_together_a_stage_begins_when_all_have_done_the_one_before(asked: int) -> None:
    done: list[list[int]] = [[] for _ in range(4)]

    def function(member: Member) -> tuple[int, int]:
        thread, threads = member.thread, member.threads
        for stage, notes in enumerate(done):
            if thread == stage % threads:
                time.sleep(0.02)  # each is the last to come once
            notes.append(thread)
            member.barrier()
            assert sorted(notes) == list(range(threads))
        return thread, threads

    threads = asked if JIT else 1
    assert Workers(asked).together(function) == [(thread, threads) for thread in range(threads)]


@pytest.mark.skipif(not JIT, reason="one thread only")
@pytest.mark.parametrize("bad", [0, 1, 2])
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_together_nobody_waits_for_one_who_failed(bad: int, error: type[BaseException]) -> None:
    def function(member: Member) -> None:
        member.barrier()
        if member.thread == bad:
            raise error
        member.barrier()

    workers = Workers(3)
    with pytest.raises(error):
        workers.together(function)
    assert workers.map(lambda piece: piece, 3) == [0, 1, 2]
