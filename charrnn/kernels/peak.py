"""Layer kernels: loops that show what this machine can do at most: multiply and add without touching memory, and
read memory without computing. They bound every kernel, not only ours; charrnn/bench/limits.py puts a clock around
them."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from charrnn.kernels.cpu import SSE, TARGET
from charrnn.kernels.jit import JIT, kernel

LANES = TARGET.lanes
# As many sums as a register tile keeps: enough to hide the latency, few enough to stay in registers.
CHAINS = TARGET.rows * TARGET.vectors
# Vectors read before the loop comes round; a buffer is a multiple of so many numbers.
LINES = 8
BLOCK = LINES * LANES

_I64, _I32 = ir.IntType(64), ir.IntType(32)
_FACTOR, _ADDEND = 0.999, 0.001


def _pointer(context: Any, builder: ir.IRBuilder, kind: Any, array: ir.Value, vector: ir.Type) -> ir.Value:
    """Where the data of `array` begin, as a pointer to vectors."""
    return builder.bitcast(context.make_array(kind)(context, builder, array).data, vector.as_pointer())


@intrinsic
def _chains_compiled(typing: Any, count: Any, out: Any) -> Any:
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        vector = ir.VectorType(ir.FloatType(), LANES)
        name = "fmuladd" if TARGET == SSE else "fma"
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.{name}.v{LANES}f32")
        factor, addend = (ir.Constant(vector, [number] * LANES) for number in (_FACTOR, _ADDEND))
        before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(_I64)
        sums = [builder.phi(vector) for _ in range(CHAINS)]
        following = [builder.call(fma, [one, factor, addend]) for one in sums]
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

    return types.void(types.intp, out), codegen


def chains_numpy(count: int, out: np.ndarray) -> None:
    """The same chains in plain NumPy: what runs without the JIT, and what tests hold the compiled ones to."""
    sums = np.repeat(np.arange(CHAINS, dtype=np.float32)[:, np.newaxis], LANES, axis=1)
    for _ in range(count):
        sums = sums * np.float32(_FACTOR) + np.float32(_ADDEND)
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


_chains, _lines = (_chains_compiled, _lines_compiled) if JIT else (chains_numpy, lines_numpy)


@kernel
def multiply_and_add(count, out):
    """`count` times sum = sum * 0.999 + 0.001 in each of CHAINS vectors; their total goes to out (LANES,) float32.

    No memory is touched and no result is waited for: 2 * count * CHAINS * LANES operations, as fast as they can be.
    """
    _chains(count, out)


@kernel
def read(buffer, passes, out):
    """Reads buffer (a multiple of BLOCK) int32 `passes` times over; out (LANES,) int32 is each column's exclusive or.

    Not a sum: some processors load two vectors a cycle and add but one. An exclusive or keeps up, and is exact.
    """
    _lines(buffer, buffer.shape[0], passes, out)
