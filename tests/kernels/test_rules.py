"""What DESIGN asks of all kernels together: equal signatures, one compile each, a cache that is never stale."""

import contextlib
import errno
import gc
import inspect
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numba
import pytest
from numba.core.codegen import JITCodeLibrary

from charrnn.cells import embedding, generate, recurrence
from charrnn.cells.registry import CELLS, backward_kernel, forward_kernel, generate_kernel
from charrnn.kernels import cpu, dropout, jit, microkernel, packing, peak, predictions, softmax, updates

ROOT = Path(__file__).parents[2]
MODULES = (dropout, embedding, generate, microkernel, packing, peak, predictions, recurrence, softmax, updates)

REPORT = "from tests.every_kernel import ALL_KINDS, Kind, report; report({})"


def run(code, **environment):
    """What `code` prints in a new process."""
    process = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, text=True, capture_output=True,
                             env={**os.environ, **environment}, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout


def parameters_of(function):
    return list(inspect.signature(getattr(function, "py_func", function)).parameters)


@pytest.mark.parametrize("step", ["forward", "backward", "hold", "finish", "finish_backward"])
def test_cells_have_equal_signatures(step):
    made = [getattr(cell.compiled, step) for cell in CELLS.values()]
    signatures = {tuple("dout" if name == "ds" else name for name in parameters_of(one)) for one in made if one}
    assert len(signatures) == 1


def test_the_tile_and_its_reference_have_equal_parameters():
    # the intrinsic's first parameter is the typing context
    assert parameters_of(microkernel._tile_compiled._defn)[1:] == parameters_of(microkernel.tile_numpy)


@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_how_every_kernel_is_compiled():
    for cell in CELLS:
        forward_kernel(cell), backward_kernel(cell), generate_kernel(cell)
    assert {module.__name__ for module in MODULES} <= {kernel.py_func.__module__ for kernel in jit.kernels()}
    for kernel in jit.kernels():
        options = kernel.targetoptions
        assert options["nogil"]
        assert options["error_model"] == "numpy"
        assert not {"nnan", "ninf"} & options["fastmath"]  # a NaN must stay visible
        assert not options.get("parallel")


@pytest.mark.slow
@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_one_signature_each_and_nothing_compiled_twice():
    for is_second in (False, True):
        *lines, done = run(REPORT.format("ALL_KINDS")).splitlines()
        assert len(lines) >= 16
        for line in lines:
            name, signatures, misses = line.split()
            assert signatures == "1", name
            assert not is_second or misses == "0", name
        assert not is_second or done == f"done {jit.CACHE_FOLDER} Started"  # no wait is announced


@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_what_lies_in_a_folder_that_may_not_be_read_is_not_compiled(monkeypatch):
    class Forbidden:
        def rglob(self, pattern):
            raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(jit, "CACHE_FOLDER", Forbidden())
    assert not jit.is_compiled("pack")


@pytest.mark.slow
@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_without_a_writable_cache_kernels_still_run(tmp_path):
    file = tmp_path / "a file"
    file.write_text("no folder can be made below this")
    nowhere = dict.fromkeys(("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"), str(file / "below"))
    *lines, done = run(REPORT.format("[Kind('rnn')]"), **nowhere).splitlines()
    assert done == "done None Compiling"
    assert "rnn_backward_one 1 1" in lines  # compiled, for this process alone


@pytest.mark.slow
@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_the_cache_lies_where_it_is_asked_for(tmp_path):
    is_compiled = "jit.is_compiled('_float32_tiles')"
    code = f"from charrnn.kernels import jit; print(jit.CACHE_FOLDER, {is_compiled}); "
    code += f"from charrnn.kernels.microkernel import tiles; tiles(); print({is_compiled}, jit.is_compiled('compiled'))"
    first, second = (run(code, NUMBA_CACHE_DIR=str(tmp_path)).splitlines() for _ in range(2))
    folder = tmp_path / "charrnn" / f"kernels-{jit.fingerprint()}"
    assert first == [f"{folder} False", "True False"]
    assert second == [f"{folder} True", "True False"]


@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_machine_code_that_nobody_uses_any_more_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(jit.config, "CACHE_DIR", str(tmp_path))
    own = jit._cache_folder()
    old, recent, foreign = (tmp_path / "charrnn" / name for name in ("kernels-0a", "kernels-0b", "texts"))
    for folder, days in ((own, 100), (old, 61), (recent, 59), (foreign, 100)):
        folder.mkdir(exist_ok=True)
        (folder / "file").write_bytes(b"code")
        os.utime(folder, (time.time() - days * 86_400,) * 2)
    assert jit._cache_folder() == own
    assert {path.name for path in own.parent.iterdir()} == {own.name, recent.name, foreign.name}
    assert time.time() - own.stat().st_mtime < 86_400  # it is in use


@pytest.mark.slow
@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_damaged_cache_is_an_empty_one(tmp_path, ending):
    code = "from charrnn.kernels.microkernel import _float32_tiles as k, tiles; tiles(); "
    code += "print(sum(k.stats.cache_hits.values()))"
    hits = [run(code, NUMBA_CACHE_DIR=str(tmp_path)).strip() for _ in range(2)]
    files = list(tmp_path.rglob(f"*.{ending}"))
    for file in files:
        file.write_bytes(file.read_bytes()[:-9])
    hits += [run(code, NUMBA_CACHE_DIR=str(tmp_path)).strip() for _ in range(2)]
    assert files
    assert hits == ["0", "1", "0", "1"]  # the second damages nothing: it is mended


@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_a_full_disk_is_no_cache(monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", refuse)
    assert jit.kernel(lambda x: x + 1)(2) == 3


@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_a_constant_is_no_type_of_its_own():
    twice = jit.inner(lambda x, really: x * 2 if really else x)
    caller = numba.njit(lambda x: twice(x, True) + twice(x, False) + twice(5, really=True))
    assert caller(3) == 6 + 3 + 10
    assert len(twice.signatures) == 1


# What the folder's name depends on.


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A copy of the kernels' sources that jit.py takes for its own."""
    for folder in jit.SOURCES:
        shutil.copytree(Path(jit.__file__).parents[1] / folder, tmp_path / folder)
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "kernels/jit.py"))
    return tmp_path


def test_an_equal_copy_has_the_same_fingerprint(sources, monkeypatch):
    copied = jit.fingerprint()
    monkeypatch.undo()
    assert jit.fingerprint() == copied


def test_a_change_in_any_source_changes_it(sources):
    seen = {jit.fingerprint()}
    files = sorted(sources.glob("*/*.py"))
    assert {Path(module.__file__).name for module in MODULES} < {file.name for file in files}
    for count, file in enumerate(files, start=2):
        file.write_bytes(file.read_bytes() + b"\n")
        seen.add(jit.fingerprint())
        assert len(seen) == count, file.name
    (sources / "cells/new.py").write_text("")
    assert jit.fingerprint() not in seen


def test_numba_python_and_the_tile_change_it(monkeypatch):
    seen = {jit.fingerprint()}
    monkeypatch.setattr(jit.numba, "__version__", "0.0.1")
    seen.add(jit.fingerprint())
    monkeypatch.setattr(jit.sys, "version_info", (3, 9, 1))
    seen.add(jit.fingerprint())
    tiles = {cpu.AVX512, cpu.AVX2, cpu.SSE, cpu.NEON, cpu.Target(16, 5, 4)} - {jit.TARGET}
    for other in tiles:
        monkeypatch.setattr(jit, "TARGET", other)
        seen.add(jit.fingerprint())
    assert len(seen) == 3 + len(tiles)


@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_python_cannot_call_what_only_kernels_can():
    @jit.inner
    def doubled(x):
        return 2 * x

    assert jit.as_kernel(doubled)(3) == 6  # compiled for whole numbers, but not for Python
    with pytest.raises(TypeError, match=r"only kernels can call doubled\(\)"):
        doubled(3)


@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
def test_what_only_kernels_can_call_is_no_machine_code_of_its_own(monkeypatch):
    made, finalize = [], JITCodeLibrary._finalize_specific
    monkeypatch.setattr(JITCodeLibrary, "_finalize_specific", lambda self: (made.append(self.name), finalize(self)))

    @jit.inner
    def halved(x):
        return x / 2

    def caller(x):
        return halved(x) + halved(x + 0.5)

    assert numba.njit(caller)(3) == 1.5 + 1.75  # of whole numbers, and of others
    assert len(halved.signatures) == 2
    assert any("caller" in name for name in made)
    assert not any("halved" in name for name in made)


@pytest.mark.skipif(not jit.JIT, reason="nothing is compiled")
@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_compiling_leaves_the_garbage_collector_as_it_was(monkeypatch, enabled, fails):
    seen = []

    def compile_for(self, signature):
        seen.append(gc.isenabled())
        if fails:
            raise TypeError("cannot be compiled")

    monkeypatch.setattr("numba.core.dispatcher.Dispatcher.compile", compile_for)
    compiled = jit.kernel(lambda x: x + 1)
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(TypeError) if fails else contextlib.nullcontext():
            compiled.compile((numba.int64,))
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
    assert seen == [False]
