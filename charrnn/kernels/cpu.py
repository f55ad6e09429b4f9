"""Layer kernels: what this machine's vector unit looks like, and the register tile that fits it."""

from typing import NamedTuple

import llvmlite.binding as llvm
import numpy as np
from numba.core import config

# Every leading dimension is padded to this many floats: 64 bytes, one cache line, a multiple of any vector below.
PAD = 16


class Target(NamedTuple):
    """lanes: floats in a vector; rows x vectors: the accumulators that a tile keeps in registers."""

    lanes: int
    rows: int
    vectors: int

    @property
    def panel(self) -> int:
        """Columns that one tile computes at most."""
        return self.lanes * self.vectors


# 32 registers of 512 bits, 16 of 256 or 128 bits on x86, 32 of 128 bits on 64-bit Arm.
AVX512, AVX2, SSE, NEON = Target(16, 8, 3), Target(8, 6, 2), Target(4, 6, 2), Target(4, 6, 4)

_AVX512_NAMES = ("avx512", "x86-64-v4", "znver4", "znver5", "icelake", "cascadelake", "cooperlake", "sapphirerapids",
                 "graniterapids", "tigerlake")
_BF16_NAMES = ("avx512bf16", "znver4", "znver5", "cooperlake", "sapphirerapids", "graniterapids")
_AVX2_NAMES = ("haswell", "broadwell", "skylake", "x86-64-v3", "znver", "alderlake")


def host_target() -> Target:
    """The tile for this machine, or for the one that NUMBA_CPU_NAME asks numba to compile for."""
    if llvm.get_default_triple().split("-")[0] in ("aarch64", "arm64"):
        return NEON
    if config.CPU_NAME not in (None, "", "host"):
        named = config.CPU_NAME.lower() + (config.CPU_FEATURES or "")
        if any(name in named for name in _AVX512_NAMES):
            return AVX512
        return AVX2 if any(name in named for name in _AVX2_NAMES) else SSE
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512vl"):
        return AVX512
    return AVX2 if features.get("avx2") and features.get("fma") else SSE


def has_bf16() -> bool:
    """True if that processor multiplies pairs of bfloat16 numbers in one instruction."""
    if TARGET != AVX512:
        return False
    if config.CPU_NAME not in (None, "", "host"):
        named = config.CPU_NAME.lower() + (config.CPU_FEATURES or "")
        return any(name in named for name in _BF16_NAMES)
    return bool(llvm.get_host_cpu_features().get("avx512bf16"))


TARGET = host_target()
HAS_BF16 = has_bf16()


def padded(size: int) -> int:
    """`size` rounded up to whole cache lines of floats."""
    return -(-size // PAD) * PAD


def zeros(shape: int | tuple[int, ...]) -> np.ndarray:
    """A float32 array of zeros that starts on a cache line: a vector load across two lines costs two."""
    size = int(np.prod(shape))
    memory = np.zeros(size + PAD, np.float32)
    start = -memory.ctypes.data % 64 // 4
    return memory[start : start + size].reshape(shape)
