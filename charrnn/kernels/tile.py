"""Layer kernels: calls the micro-kernel. It is compiled once for each kind, and reached by its address."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from charrnn.kernels.jit import JIT, kernel
from charrnn.kernels.microkernel import ANY_TILE, any_tile
from charrnn.kernels.tile_reference import BF16, FLOAT32, tile_numpy

_I64, _I1 = ir.IntType(64), ir.IntType(1)


@intrinsic
def _float32_address(typing: Any) -> Any:
    return types.intp(), lambda context, builder, sig, args: builder.ptrtoint(any_tile(builder.module, FLOAT32), _I64)


@intrinsic
def _bf16_address(typing: Any) -> Any:
    return types.intp(), lambda context, builder, sig, args: builder.ptrtoint(any_tile(builder.module, BF16), _I64)


@kernel
def _float32_tiles():
    return _float32_address()


@kernel
def _bf16_tiles():
    return _bf16_address()


def tiles(kind: int = FLOAT32) -> int:
    """The address of the compiled tiles of a kind, which every kernel that multiplies takes as its first argument.

    The tiles are most of the machine code; compiled into each kernel they would make the first start four times as
    long. Without the JIT it is the kind itself.
    """
    if not JIT:
        return kind
    return int(_bf16_tiles() if kind == BF16 else _float32_tiles())


@intrinsic
def _tile_compiled(typing: Any, tiles: Any, rows: Any, vectors: Any, a: Any, a_at: Any, lda: Any, a_step: Any, b: Any,
                   b_at: Any, b_step: Any, c: Any, c_at: Any, ldc: Any, depth: Any, accumulate: Any) -> Any:
    index = types.intp
    signature = types.void(index, index, index, a, index, index, index, b, index, index, c, index, index, index,
                           types.boolean)

    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        tiles, rows, vectors, a, a_at, lda, a_step, b, b_at, b_step, c, c_at, ldc, depth, accumulate = args

        def address(position: int, array: ir.Value, at: ir.Value) -> ir.Value:
            data = context.make_array(sig.args[position])(context, builder, array).data
            return builder.gep(data, [at])

        builder.call(builder.inttoptr(tiles, ANY_TILE.as_pointer()), [
            rows, vectors, address(3, a, a_at), lda, a_step, address(7, b, b_at), b_step, address(10, c, c_at), ldc,
            depth, builder.trunc(accumulate, _I1)])
        return context.get_dummy_value()

    return signature, codegen


tile = _tile_compiled if JIT else tile_numpy
