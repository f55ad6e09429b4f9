"""Layer kernels: loops that show what this machine can do at most: multiply and add without touching memory, and
read memory without computing. They bound every kernel, not only ours; charrnn/bench/limits.py puts a clock around
them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from charrnn.kernels.cpu import TARGET
from charrnn.kernels.jit import JIT, kernel
from charrnn.kernels.microkernel import bf16_sum, float32_sum

LANES = TARGET.lanes
# As many sums as a register tile keeps: enough to hide the latency, few enough to stay in registers.
CHAINS = TARGET.rows * TARGET.vectors
# Vectors read before the loop comes round; a buffer is a multiple of so many numbers.
LINES = 8
BLOCK = LINES * LANES

_I64, _I32 = ir.IntType(64), ir.IntType(32)
_FACTOR, _ADDEND = 0.999, 0.001
_PAIR = 0.5, 2.0**-9  # exact in bfloat16


def _pointer(context: Any, builder: ir.IRBuilder, kind: Any, array: ir.Value, vector: ir.Type) -> ir.Value:
    """Where the data of `array` begin, as a pointer to vectors."""
    return builder.bitcast(context.make_array(kind)(context, builder, array).data, vector.as_pointer())


def _chains(follow: Callable[[ir.IRBuilder, ir.Value], ir.Value]) -> Callable[..., ir.Value]:
    """The code of: `count` times each vector becomes follow(it); then their total goes to out."""
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        vector = ir.VectorType(ir.FloatType(), LANES)
        before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(_I64)
        sums = [builder.phi(vector) for _ in range(CHAINS)]
        following = [follow(builder, one) for one in sums]
        step_next = builder.add(step, ir.Constant(_I64, 1))
        step.add_incoming(ir.Constant(_I64, 0), before)
        step.add_incoming(step_next, loop)
        for chain, (one, new) in enumerate(zip(sums, following, strict=True)):
            # each starts elsewhere: equal chains would be computed once
            one.add_incoming(ir.Constant(vector, [float(chain)] * LANES), before)
            one.add_incoming(new, loop)
        builder.cbranch(builder.icmp_signed("<", step_next, args[0]), loop, after)
        builder.position_at_end(after)
        total = following[0]
        for new in following[1:]:
            total = builder.fadd(total, new)
        builder.store(total, _pointer(context, builder, sig.args[1], args[1], vector)).align = 4
        return context.get_dummy_value()

    return codegen


def _float32_step(builder: ir.IRBuilder, one: ir.Value) -> ir.Value:
    factor, addend = (ir.Constant(one.type, [number] * LANES) for number in (_FACTOR, _ADDEND))
    return float32_sum(builder, one, factor, addend)


def _bf16_step(builder: ir.IRBuilder, one: ir.Value) -> ir.Value:
    bits = ir.VectorType(_I32, LANES)
    a, b = (builder.bitcast(ir.Constant(bits, [pair_bits(number)] * LANES), one.type) for number in _PAIR)
    return bf16_sum(builder, a, b, one)


def pair_bits(number: float) -> int:
    """Two bfloat16 of the same number, side by side: the upper halves of its float32."""
    upper = int(np.float32(number).view(np.uint32)) >> 16
    return upper << 16 | upper


@intrinsic
def _float32_compiled(typing: Any, count: Any, out: Any) -> Any:
    return types.void(types.intp, out), _chains(_float32_step)


@intrinsic
def _bf16_compiled(typing: Any, count: Any, out: Any) -> Any:
    return types.void(types.intp, out), _chains(_bf16_step)


def _first_sums() -> np.ndarray:
    return np.repeat(np.arange(CHAINS, dtype=np.float32)[:, np.newaxis], LANES, axis=1)


def chains_numpy(count: int, out: np.ndarray) -> None:
    """The same chains in plain NumPy: what runs without the JIT, and what tests hold the compiled ones to."""
    sums = _first_sums()
    for _ in range(count):
        sums = sums * np.float32(_FACTOR) + np.float32(_ADDEND)
    out[:] = sums.sum(axis=0)


def pairs_numpy(count: int, out: np.ndarray) -> None:
    """The same for multiply_and_add_pairs."""
    sums, (a, b) = _first_sums(), _PAIR
    for _ in range(count):
        sums = sums + np.float32(2 * a * b)
    out[:] = sums.sum(axis=0)


@intrinsic
def _lines_compiled(typing: Any, buffer: Any, size: Any, passes: Any, out: Any) -> Any:
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        vector = ir.VectorType(_I32, LANES)
        size, passes = args[1], args[2]
        start = _pointer(context, builder, sig.args[0], args[0], vector)
        vectors = builder.udiv(size, ir.Constant(_I64, LANES))
        rounds = builder.mul(passes, builder.udiv(size, ir.Constant(_I64, BLOCK)))
        before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        step, at = builder.phi(_I64), builder.phi(_I64)
        folds = [builder.phi(vector) for _ in range(LINES)]
        following = []
        for line, fold in enumerate(folds):
            loaded = builder.load(builder.gep(start, [builder.add(at, ir.Constant(_I64, line))]))
            loaded.align = 4
            following.append(builder.xor(fold, loaded))
        step_next, further = (builder.add(one, ir.Constant(_I64, many)) for one, many in ((step, 1), (at, LINES)))
        # at the buffer's end back to its start: one loop for all passes, with nothing to begin anew
        at_next = builder.select(builder.icmp_signed("<", further, vectors), further, ir.Constant(_I64, 0))
        for phi, first, new in ((step, ir.Constant(_I64, 0), step_next), (at, ir.Constant(_I64, 0), at_next),
                                *((fold, ir.Constant(vector, [0] * LANES), new)
                                  for fold, new in zip(folds, following, strict=True))):
            phi.add_incoming(first, before)
            phi.add_incoming(new, loop)
        builder.cbranch(builder.icmp_signed("<", step_next, rounds), loop, after)
        builder.position_at_end(after)
        total = following[0]
        for new in following[1:]:
            total = builder.xor(total, new)
        builder.store(total, _pointer(context, builder, sig.args[3], args[3], vector)).align = 4
        return context.get_dummy_value()

    return types.void(buffer, types.intp, types.intp, out), codegen


def lines_numpy(buffer: np.ndarray, size: int, passes: int, out: np.ndarray) -> None:
    """The same in plain NumPy; it does read as often as it is told."""
    out[:] = 0
    for _ in range(passes):
        out ^= np.bitwise_xor.reduce(buffer[:size].reshape(-1, LANES), axis=0)


_float32_chains, _bf16_chains, _lines = ((_float32_compiled, _bf16_compiled, _lines_compiled) if JIT
                                         else (chains_numpy, pairs_numpy, lines_numpy))


@kernel
def multiply_and_add(count, out):
    """`count` times sum = sum * 0.999 + 0.001 in each of CHAINS vectors; their total goes to out (LANES,) float32.

    No memory is touched and no result is waited for: 2 * count * CHAINS * LANES operations, as fast as they can be.
    """
    _float32_chains(count, out)


@kernel
def multiply_and_add_pairs(count, out):
    """`count` times sum = sum + 0.5 * 2^-9 + 0.5 * 2^-9, of bfloat16, in each of CHAINS vectors; out is their total.

    4 * count * CHAINS * LANES operations; one dot-product instruction a vector where the processor has it.
    """
    _bf16_chains(count, out)


@kernel
def read(buffer, passes, out):
    """Reads buffer (a multiple of BLOCK) int32 `passes` times over; out (LANES,) int32 is each column's exclusive or.

    Not a sum: some processors load two vectors a cycle and add but one. An exclusive or keeps up, and is exact.
    """
    _lines(buffer, buffer.shape[0], passes, out)
