"""The machine's limits: sizes of caches and buffers, bursts by a clock that is ours."""

import itertools
from pathlib import Path

import pytest

from charrnn.bench import limits, machine
from charrnn.bench.limits import KB, MB, Cache, buffers
from charrnn.kernels.cpu import HAS_BF16


def cache_folder(root: Path, number: int, **files: str) -> None:
    folder = root / f"index{number}"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text + "\n")


@pytest.fixture
def linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(limits, "CPU", tmp_path)
    monkeypatch.setattr(limits.sys, "platform", "linux")
    return tmp_path


def test_caches_as_linux_tells_them(linux: Path) -> None:
    cache_folder(linux, 0, level="1", type="Data", size="48K", shared_cpu_list="0")
    cache_folder(linux, 1, level="1", type="Instruction", size="32K", shared_cpu_list="0")
    cache_folder(linux, 2, level="2", type="Unified", size="2048K", shared_cpu_list="0,8")
    cache_folder(linux, 3, level="3", type="Unified", size="36M", shared_cpu_list="0-3,8-11")
    assert limits.caches() == (Cache("L1", 48 * KB, 1), Cache("L2", 2048 * KB, 2), Cache("L3", 36 * MB, 8))


def test_a_system_that_tells_nothing(linux: Path) -> None:
    assert limits.caches() == limits.USUAL
    cache_folder(linux, 0, level="1", type="Data", size="?", shared_cpu_list="0")
    assert limits.caches() == limits.USUAL


def test_what_threads_share_is_divided_among_them() -> None:
    known = (Cache("L1", 32 * KB, 1), Cache("L2", 1 * MB, 2), Cache("L3", 96 * MB, 8))
    assert buffers(known, 1) == [("L1", 16 * KB), ("L2", 512 * KB), ("L3", 48 * MB), ("memory", 384 * MB)]
    assert buffers(known, 4) == [("L1", 16 * KB), ("L2", 256 * KB), ("L3", 12 * MB), ("memory", 96 * MB)]


@pytest.mark.parametrize("largest", [KB, 8 * MB, 64 * MB])
def test_memory_is_larger_than_every_cache(largest: int) -> None:
    assert dict(buffers((Cache("L1", largest, 1),), 2))["memory"] * 2 >= max(2 * largest, limits.LEAST_MEMORY)


def test_the_best_burst_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repetition takes 1 ms; in the second burst of 8 half of that, and from then on 2 ms."""
    now, bursts, pace = [0.0], [], itertools.chain([1.0, 0.5], itertools.repeat(2.0))

    def work(thread: int, count: int) -> None:
        bursts.append(count)
        now[0] += 0.001 * count * (next(pace) if count >= 8 else 1.0)

    monkeypatch.setattr(limits.time, "perf_counter", lambda: now[0])
    # 8 are long enough; the second 8, which take 4 ms, are not
    assert limits._best_rate(work, 1, 0.1) == 1000.0
    assert bursts[:7] == [1, 1, 2, 4, 8, 8, 16]


def test_all_threads_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_best_rate", lambda work, threads, seconds: 1000.0 * threads)
    operations = 2 * limits.kernels.CHAINS * limits.kernels.LANES
    assert limits.gflops(3, 1.0) == pytest.approx(operations * 3000 / 1e9)
    assert limits.gflops(3, 1.0, "bf16") == pytest.approx(2 * operations * 3000 / 1e9)
    size = 4 * limits.kernels.BLOCK
    assert limits.gbytes_per_second(3, 5 * size + 1, 1.0) == pytest.approx(5 * size * 3000 / 1e9)


def test_everything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "caches", lambda: (Cache("L1", 32 * KB, 1), Cache("L2", 64 * KB, 2)))
    monkeypatch.setattr(limits, "LEAST_MEMORY", 256 * KB)
    found = limits.measure(2, 0.001)
    for name in ("peak", "peak_bf16") if HAS_BF16 else ("peak",):
        assert [(peak["threads"], peak["gflops"] > 0) for peak in found[name]] == [(1, True), (2, True)]
    assert ("peak_bf16" in found) == HAS_BF16
    assert [(one["place"], one["threads"], one["bytes"]) for one in found["bandwidth"]] == [
        ("L1", 1, 16 * KB), ("L2", 1, 32 * KB), ("memory", 1, 256 * KB),
        ("L1", 2, 16 * KB), ("L2", 2, 16 * KB), ("memory", 2, 128 * KB)]
    assert all(one["gbytes_per_second"] > 0 for one in found["bandwidth"])
    assert len(limits.measure(1, 0.001)["peak"]) == 1


def test_a_busy_machine_is_doubted() -> None:
    assert machine.load_note(0.4) == ""
    assert "busy (load 1.3)" in machine.load_note(1.26)
    assert machine.peak_note([200.0, 190.0]) == ""
    assert "fell to 100 from 200" in machine.peak_note([200.0, 100.0])


def test_the_machine_has_a_name() -> None:
    about = machine.describe()
    assert set(about) == {"processor", "versions"}
    assert "vectors of " in about["processor"]
    assert "charrnn 0." in about["versions"]
    assert "numba " in about["versions"]
