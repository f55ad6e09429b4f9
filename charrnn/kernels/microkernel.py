"""Layer kernels: the micro-kernel. C (rows, columns) = or += A (rows, depth) @ B (depth, columns), all of C in
registers.

One tile holds up to `TARGET.rows` x `TARGET.vectors` accumulators; each step along the depth loads one line of B,
spreads one number of A over a vector for each row, and multiplies and adds. It is written as LLVM vector code because
no loop that a compiler vectorises by itself keeps this many accumulators in registers.

A may be read along its rows (lda = its row length, a_step = 1) or down its columns (lda = 1, a_step = its row length),
so that the same tile serves A and A transposed. Offsets and strides are in elements.

There are two kinds. In the bfloat16 kind an element of A and of B is a pair of bfloat16 numbers that follow one another
along the depth, the first in the lower half of 32 bits, so that everything else is as with float32; sums are float32.
Processors with AVX512_BF16 multiply and add both numbers of a pair at once, the others one after the other.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from charrnn.kernels.cpu import HAS_BF16, PAD, SSE, TARGET
from charrnn.kernels.flat import element_address
from charrnn.kernels.jit import JIT, kernel

# The kinds of tile: what an element of A and B is.
FLOAT32, BF16 = 0, 1

_F32, _I64, _I32, _I1 = ir.FloatType(), ir.IntType(64), ir.IntType(32), ir.IntType(1)
_FLOATS = _F32.as_pointer()
# Tiles of so few rows do little with each line of B and wait for it. A large B is in a cache far away, and what the
# processor fetches ahead by itself ends with each page of memory, so they ask for lines that are so many bytes ahead.
_FETCHING_ROWS, _AHEAD = 2, 3072
# Where there is no such instruction, llvm.fma would call the C library once for each number.
_MULTIPLY_ADD = "fmuladd" if TARGET == SSE else "fma"
# (a, lda, a_step, b, b_step, c, ldc, depth, accumulate)
_TILE = ir.FunctionType(ir.VoidType(), [_FLOATS, _I64, _I64, _FLOATS, _I64, _FLOATS, _I64, _I64, _I1])
# (rows, vectors) before the same
_ANY_TILE = ir.FunctionType(ir.VoidType(), [_I64, _I64, *_TILE.args])


def _const(number: int) -> ir.Constant:
    return ir.Constant(_I64, number)


def _shared(module: ir.Module, name: str, kind: ir.FunctionType) -> tuple[ir.Function, bool]:
    """The function `name` of this module, and whether its body is still to be written."""
    if name in module.globals:
        return module.globals[name], False
    function = ir.Function(module, kind, name)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    function.attributes.add("nounwind")
    return function, True


class _BFloat(ir.types.Type):
    """LLVM's bfloat, which llvmlite has no name for."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _BFloat)

    def __hash__(self) -> int:
        return hash(_BFloat)


_LINE = ir.VectorType(_F32, TARGET.lanes)
_BITS = ir.VectorType(_I32, TARGET.lanes)


def float32_sum(build: ir.IRBuilder, a: ir.Value, b: ir.Value, total: ir.Value) -> ir.Value:
    """total + a * b"""
    fma = cgutils.get_or_insert_function(
        build.module, ir.FunctionType(_LINE, [_LINE] * 3), f"llvm.{_MULTIPLY_ADD}.v{TARGET.lanes}f32")
    return build.call(fma, [a, b, total])


def bf16_sum(build: ir.IRBuilder, a: ir.Value, b: ir.Value, total: ir.Value) -> ir.Value:
    """total + the products of both numbers of the pairs in a and b"""
    if HAS_BF16:
        pairs = ir.VectorType(_BFloat(), 2 * TARGET.lanes)
        dot = cgutils.get_or_insert_function(
            build.module, ir.FunctionType(_LINE, [_LINE, pairs, pairs]),
            f"llvm.x86.avx512bf16.dpbf16ps.{32 * TARGET.lanes}")
        return build.call(dot, [total, build.bitcast(a, pairs), build.bitcast(b, pairs)])
    first, second = ([_half(build, x, of) for x in (a, b)] for of in (0, 1))
    return float32_sum(build, *second, float32_sum(build, *first, total))


def _half(build: ir.IRBuilder, pairs: ir.Value, of: int) -> ir.Value:
    """The first or second numbers of pairs, as float32: a bfloat16 is a float32 without its lower bits."""
    bits = build.bitcast(pairs, _BITS)
    if of == 0:
        bits = build.shl(bits, ir.Constant(_BITS, [16] * TARGET.lanes))
    else:
        bits = build.and_(bits, ir.Constant(_BITS, [0xFFFF0000] * TARGET.lanes))
    return build.bitcast(bits, _LINE)


def _tile(module: ir.Module, kind: int, rows: int, vectors: int) -> ir.Function:
    lanes = TARGET.lanes
    function, new = _shared(module, f"charrnn_tile_{kind}_{rows}x{vectors}x{lanes}", _TILE)
    if not new:
        return function
    a, lda, a_step, b, b_step, c, ldc, depth, accumulate = function.args
    multiply_add = bf16_sum if kind == BF16 else float32_sum
    zero = ir.Constant(_LINE, [0.0] * lanes)
    undefined = ir.Constant(_LINE, ir.Undefined)
    first = ir.Constant(_BITS, [0] * lanes)
    entry, loop, end, add, store = (function.append_basic_block(name) for name in ("entry", "k", "end", "add", "put"))

    def fetch(builder: ir.IRBuilder, pointer: ir.Value) -> None:
        kind = ir.FunctionType(ir.VoidType(), [_FLOATS, _I32, _I32, _I32])
        to_read, to_nearest, of_data = (ir.Constant(_I32, number) for number in (0, 3, 1))
        builder.call(module.declare_intrinsic("llvm.prefetch", (_FLOATS,), kind),
                     [builder.gep(pointer, [_const(_AHEAD // 4)]), to_read, to_nearest, of_data])

    def load(builder: ir.IRBuilder, pointer: ir.Value) -> ir.Value:
        value = builder.load(builder.bitcast(pointer, _LINE.as_pointer()))
        value.align = 4
        return value

    build = ir.IRBuilder(entry)
    cells = [[build.gep(c, [build.add(build.mul(_const(r), ldc), _const(v * lanes))]) for v in range(vectors)]
             for r in range(rows)]
    offsets = [build.mul(_const(r), lda) for r in range(rows)]
    build.branch(loop)

    build = ir.IRBuilder(loop)
    k, a_k, b_k = build.phi(_I64), build.phi(_FLOATS), build.phi(_FLOATS)
    totals = [[build.phi(_LINE) for _ in range(vectors)] for _ in range(rows)]
    line = [load(build, build.gep(b_k, [_const(v * lanes)])) for v in range(vectors)]
    if rows <= _FETCHING_ROWS:
        for v in range(0, vectors * lanes, PAD):
            fetch(build, build.gep(b_k, [_const(v)]))
    sums = []
    for r in range(rows):
        one = build.load(build.gep(a_k, [offsets[r]]))
        spread = build.shuffle_vector(build.insert_element(undefined, one, ir.Constant(_I32, 0)), undefined, first)
        sums.append([multiply_add(build, spread, line[v], totals[r][v]) for v in range(vectors)])
    k_next = build.add(k, _const(1))
    for phi, start, following in ((k, _const(0), k_next), (a_k, a, build.gep(a_k, [a_step])),
                                  (b_k, b, build.gep(b_k, [b_step]))):
        phi.add_incoming(start, entry)
        phi.add_incoming(following, loop)
    for r in range(rows):
        for v in range(vectors):
            totals[r][v].add_incoming(zero, entry)
            totals[r][v].add_incoming(sums[r][v], loop)
    build.cbranch(build.icmp_signed("<", k_next, depth), loop, end)

    ir.IRBuilder(end).cbranch(accumulate, add, store)
    build = ir.IRBuilder(add)
    added = [[build.fadd(load(build, cells[r][v]), sums[r][v]) for v in range(vectors)] for r in range(rows)]
    build.branch(store)
    build = ir.IRBuilder(store)
    results = [[build.phi(_LINE) for _ in range(vectors)] for _ in range(rows)]
    for r in range(rows):
        for v in range(vectors):
            results[r][v].add_incoming(sums[r][v], end)
            results[r][v].add_incoming(added[r][v], add)
            build.store(results[r][v], build.bitcast(cells[r][v], _LINE.as_pointer())).align = 4
    build.ret_void()
    return function


def _any_tile(module: ir.Module, kind: int) -> ir.Function:
    """One function that picks the tile for a number of rows and vectors known only at run time."""
    function, new = _shared(module, f"charrnn_tile_{kind}_any_x{TARGET.lanes}", _ANY_TILE)
    if not new:
        return function
    rows, vectors, *rest = function.args
    done = function.append_basic_block("done")
    entry = function.append_basic_block("entry")
    function.blocks.reverse()
    build = ir.IRBuilder(entry)
    switch = build.switch(build.add(build.mul(rows, _const(16)), vectors), done)
    for r in range(1, TARGET.rows + 1):
        for v in range(1, TARGET.vectors + 1):
            block = function.append_basic_block(f"tile_{r}x{v}")
            switch.add_case(_const(r * 16 + v), block)
            build = ir.IRBuilder(block)
            build.call(_tile(module, kind, r, v), rest)
            build.branch(done)
    ir.IRBuilder(done).ret_void()
    return function


@intrinsic
def _float32_address(typing: Any) -> Any:
    return types.intp(), lambda context, builder, sig, args: builder.ptrtoint(_any_tile(builder.module, FLOAT32), _I64)


@intrinsic
def _bf16_address(typing: Any) -> Any:
    return types.intp(), lambda context, builder, sig, args: builder.ptrtoint(_any_tile(builder.module, BF16), _I64)


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
            return element_address(context, builder, sig.args[position], array, at)

        builder.call(builder.inttoptr(tiles, _ANY_TILE.as_pointer()), [
            rows, vectors, address(3, a, a_at), lda, a_step, address(7, b, b_at), b_step, address(10, c, c_at), ldc,
            depth, builder.trunc(accumulate, _I1)])
        return context.get_dummy_value()

    return signature, codegen


def tile_numpy(tiles: int, rows: int, vectors: int, a: np.ndarray, a_at: int, lda: int, a_step: int, b: np.ndarray,
               b_at: int, b_step: int, c: np.ndarray, c_at: int, ldc: int, depth: int, accumulate: bool) -> None:
    """The tile of the kind `tiles` in NumPy: it runs without the JIT, and tests compare the compiled one with it."""
    columns = vectors * TARGET.lanes

    def block(array: np.ndarray, at: int, shape: tuple[int, int], strides: tuple[int, int]) -> np.ndarray:
        assert 0 <= at + (shape[0] - 1) * strides[0] + (shape[1] - 1) * strides[1] < array.size
        return np.lib.stride_tricks.as_strided(array.reshape(-1)[at:], shape, [4 * stride for stride in strides])

    left, right = block(a, a_at, (rows, depth), (lda, a_step)), block(b, b_at, (depth, columns), (b_step, 1))
    if tiles == BF16:
        product = _first(left) @ _first(right) + _second(left) @ _second(right)
    else:
        product = left @ right
    out = block(c, c_at, (rows, columns), (ldc, 1))
    out[...] = out + product if accumulate else product


def _first(pairs: np.ndarray) -> np.ndarray:
    """The first numbers of bfloat16 pairs as float32."""
    return (pairs.view(np.uint32) << np.uint32(16)).view(np.float32)


def _second(pairs: np.ndarray) -> np.ndarray:
    return (pairs.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


tile = _tile_compiled if JIT else tile_numpy
