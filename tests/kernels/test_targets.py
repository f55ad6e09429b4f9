"""The same tests compiled for processors with narrower vectors than this one has; make test-nojit compiles nothing."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from charrnn.kernels import cpu as target
from charrnn.kernels.cpu import AVX2, AVX512, NEON, SSE, TARGET, host_target, padded, zeros

ROOT = Path(__file__).parents[2]
X86 = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="names x86 processors")
WIDE = ["tests/kernels", "tests/engine/test_network.py", "--deselect=tests/kernels/test_rules.py",
        "--ignore=tests/kernels/test_targets.py", "-m", ""]


def run_tests(tests, **environment):
    """Runs these tests in a process of their own, where the JIT is set up otherwise."""
    process = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], cwd=ROOT,
                             text=True, capture_output=True, env={**os.environ, **environment}, check=False)
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-3000:]


def target_of(code="print(tuple(TARGET))", **environment):
    """What another process makes of this machine."""
    code = f"from charrnn.kernels.cpu import TARGET; {code}"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True,
                          env={**os.environ, **environment}).stdout.strip()


@pytest.mark.slow
@X86
@pytest.mark.parametrize(("name", "expected"), [("haswell", AVX2), ("nehalem", SSE)])
def test_for_narrower_vectors(name, expected, tmp_path):
    # Without a word about features numba would add this machine's own to the processor that was named.
    narrow = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    assert target_of(**narrow) == str(tuple(expected))
    run_tests(WIDE, **narrow)


@pytest.mark.slow
@X86
@pytest.mark.parametrize(("name", "multiply"), [("haswell", "vfmadd"), ("nehalem", "mulps")])
def test_tiles_multiply_with_vector_instructions(name, multiply, tmp_path):
    """A processor without fused multiplication must not call the C library for each product."""
    code = ("from charrnn.kernels import microkernel; microkernel.tiles(); "
            "assembly, = microkernel._float32_tiles.inspect_asm().values(); print(assembly)")
    assembly = target_of(code, NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES="", NUMBA_CACHE_DIR=str(tmp_path))
    assert assembly.count(multiply) >= 12
    assert "fmaf" not in assembly


@X86
@pytest.mark.parametrize(("name", "features", "expected"), [
    ("skylake-avx512", None, AVX512), ("znver4", None, AVX512), ("x86-64-v4", None, AVX512), ("haswell", None, AVX2),
    ("x86-64-v3", None, AVX2), ("znver3", "", AVX2),
    ("nehalem", None, SSE), ("x86-64", None, SSE), ("generic", "", SSE)])
def test_named_processors(name, features, expected, monkeypatch):
    monkeypatch.setattr(target.config, "CPU_NAME", name)
    monkeypatch.setattr(target.config, "CPU_FEATURES", features)
    assert host_target() == expected


@X86
@pytest.mark.parametrize(("features", "expected"), [
    ({"avx512f", "avx512vl", "avx2", "fma"}, AVX512), ({"avx512f", "avx2", "fma"}, AVX2), ({"avx2", "fma"}, AVX2),
    ({"avx2"}, SSE), (set(), SSE)])
def test_this_processor_by_its_features(features, expected, monkeypatch):
    monkeypatch.setattr(target.config, "CPU_NAME", None)
    monkeypatch.setattr(target.llvm, "get_host_cpu_features", lambda: dict.fromkeys(features, True))
    assert host_target() == expected


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin23.0.0"])
def test_arm(triple, monkeypatch):
    monkeypatch.setattr(target.llvm, "get_default_triple", lambda: triple)
    assert host_target() == NEON


def test_every_panel_is_whole_cache_lines_or_divides_one():
    for tile in (AVX512, AVX2, SSE, NEON):
        assert tile.panel % target.PAD == 0 or target.PAD % tile.panel == 0
        assert target.PAD % tile.lanes == 0
    assert TARGET.panel == TARGET.lanes * TARGET.vectors


def test_padded():
    assert [padded(size) for size in (0, 1, 15, 16, 17, 32, 33)] == [0, 16, 16, 16, 32, 32, 48]


def test_zeros_start_on_a_cache_line():
    for shape in (0, 1, 17, (3, 5), (2, 3, 16)):
        array = zeros(shape)
        assert array.shape == (shape if isinstance(shape, tuple) else (shape,))
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert array.ctypes.data % 64 == 0 or not array.size
        assert not array.any()
