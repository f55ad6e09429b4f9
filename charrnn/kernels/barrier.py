"""Layer kernels: a barrier, at which threads wait for one another far more briefly than Python could make them.

It is one counter in shared memory. A thread that arrives counts it up and polls it until all have come. Polling keeps a
core busy, so it is for threads that run at the same time and are never late by much. A thread that has polled for long
lets the system run another one, perhaps the one that it waits for.
"""

import sys
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from charrnn.kernels.cpu import NEON, TARGET
from charrnn.kernels.jit import JIT, inner, kernel

# Polls, of some 10 to 40 nanoseconds each, before the core is offered to others.
_PATIENCE = 1000
_PAUSE = "llvm.aarch64.hint" if TARGET == NEON else "llvm.x86.sse2.pause"


def _place(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
    return context.make_array(sig.args[0])(context, builder, args[0]).data


@intrinsic
def _arrive(typing: Any, counter: Any) -> Any:
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", _place(context, builder, sig, args), one, "seq_cst")

    return types.int64(counter), codegen


@intrinsic
def _arrived(typing: Any, counter: Any) -> Any:
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.load_atomic(_place(context, builder, sig, args), "seq_cst", 8)

    return types.int64(counter), codegen


@intrinsic
def _pause(typing: Any) -> Any:
    """Tells the processor that this is a wait, so that it spends less power and leaves the wait sooner."""
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        hint = [ir.Constant(ir.IntType(32), 1)] if TARGET == NEON else []  # 1 is "yield"
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in hint])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, _PAUSE), hint)
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def _yield(typing: Any) -> Any:
    """Lets the system run another thread on this core; where its name for that is another one, only a pause."""
    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        kind = ir.FunctionType(ir.IntType(32), [])
        if sys.platform != "win32":
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), codegen


@inner
def _wait_compiled(counter, arrivals):
    _arrive(counter)
    polls = 0
    while _arrived(counter) < arrivals:
        _pause()
        polls += 1
        if polls % _PATIENCE == 0:
            _yield()


def _wait_alone(counter: Any, arrivals: int) -> None:
    """Without the JIT there is only one thread."""
    counter[0] += 1
    assert counter[0] == arrivals


wait = _wait_compiled if JIT else _wait_alone
"""wait(counter, arrivals): counts up counter[0], int64, and waits until it is `arrivals`."""


@kernel
def wait_in_python(counter, arrivals):
    """wait() for threads that come from Python, which do not hold its lock meanwhile."""
    wait(counter, arrivals)
