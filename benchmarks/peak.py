"""What this machine could do at most: chains of multiply-and-add in vector registers, on all threads at once.

No memory is touched and no result is waited for, so this is the ceiling of every product, not only of ours.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from charrnn.kernels.target import SSE, TARGET

# As many sums as a register tile keeps: enough to hide the latency, few enough to stay in registers.
CHAINS = TARGET.rows * TARGET.vectors
_LANES, _BURST = TARGET.lanes, 2_000_000


@intrinsic
def _chains(typing: Any, count: Any, factor: Any, addend: Any, out: Any) -> Any:
    """`count` times sum = sum * factor + addend in every chain; their total goes to out (lanes,)."""
    signature = types.void(types.intp, types.float32, types.float32, out)

    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        index, vector = ir.IntType(64), ir.VectorType(ir.FloatType(), _LANES)
        name = "fmuladd" if TARGET == SSE else "fma"
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.{name}.v{_LANES}f32")

        def spread(value: ir.Value) -> ir.Value:
            line = ir.Constant(vector, ir.Undefined)
            for lane in range(_LANES):
                line = builder.insert_element(line, value, ir.Constant(ir.IntType(32), lane))
            return line

        factors, addends = spread(args[1]), spread(args[2])
        before, loop = builder.block, builder.append_basic_block("loop")
        after = builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(index)
        sums = [builder.phi(vector) for _ in range(CHAINS)]
        following = [builder.call(fma, [one, factors, addends]) for one in sums]
        step_next = builder.add(step, ir.Constant(index, 1))
        step.add_incoming(ir.Constant(index, 0), before)
        step.add_incoming(step_next, loop)
        for chain, (one, new) in enumerate(zip(sums, following, strict=True)):
            # each starts elsewhere: equal chains would be computed once
            one.add_incoming(ir.Constant(vector, [float(chain)] * _LANES), before)
            one.add_incoming(new, loop)
        builder.cbranch(builder.icmp_signed("<", step_next, args[0]), loop, after)
        builder.position_at_end(after)
        total = following[0]
        for new in following[1:]:
            total = builder.fadd(total, new)
        data = context.make_array(sig.args[3])(context, builder, args[3]).data
        builder.store(total, builder.bitcast(data, vector.as_pointer())).align = 4
        return context.get_dummy_value()

    return signature, codegen


@numba.njit(nogil=True)
def _burst(count: int, out: np.ndarray) -> None:
    _chains(count, np.float32(0.999), np.float32(0.001), out)


def measure(threads: int, seconds: float) -> dict[str, float]:
    """The most GFLOP/s that `threads` threads reached together in a burst."""
    outs = [np.zeros(_LANES, np.float32) for _ in range(threads)]
    _burst(1, outs[0])
    best, end = 0.0, time.perf_counter() + seconds
    with ThreadPoolExecutor(threads) as pool:
        while best == 0.0 or time.perf_counter() < end:
            start = time.perf_counter()
            list(pool.map(_burst, [_BURST] * threads, outs))
            best = max(best, 2 * _BURST * CHAINS * _LANES * threads / (time.perf_counter() - start) / 1e9)
    return {"gflops": best}
