"""Group `widths`: how near the tiles of each vector width come to that width's peak, in the products of a step.

Narrower processors are emulated: the same machine, told to be an older one.
"""

import platform
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench import limits
from charrnn.bench.clock import median_seconds
from charrnn.bench.processes import Job
from charrnn.bench.results import Row
from charrnn.cells.recurrence import CHUNK_ROWS
from charrnn.kernels.cpu import HAS_BF16, zeros
from charrnn.settings.bounded import PRECISIONS

# Without a word about features numba would add this machine's own to the processor that was named.
WIDTHS = {"this processor": {}, "AVX2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""},
          "128 bits": {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": ""}}
GOALS = {"AVX2": 0.85}
# Rows of a shard in a step of 64 sequences, and hidden units.
ROWS, HIDDEN = 32, (128, 256, 512)


def measure(options: Options) -> Iterator[Table]:
    """A table of products a width, on one thread."""
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    for name, variables, precision in ((*width, precision) for width in WIDTHS.items() for precision in PRECISIONS):
        # narrower processors are those of x86, and have no bf16 of their own
        if (variables and not is_x86) or (precision == "bf16" and (variables or not HAS_BF16)):
            continue
        [results] = options.turns(f"widths, {name}, {precision}", [
            Job("benchmarks.widths:products", {"seconds": options.seconds / 10, "precision": precision}, variables)])
        yield Table(f"Products with the tile of {name}, {precision}, 1 thread", [
            Row(what, "GFLOP/s", [result[what]["gflops"] for result in results],
                {"peak": [result[what]["peak"] for result in results]}, GOALS.get(name)) for what in results[0]])


def products(seconds: float, precision: str) -> dict[str, dict[str, float]]:
    """GFLOP/s of an LSTM step's products, and of this width's peak right after, by name."""
    found = {}
    for H in HIDDEN:
        for name, (rows, work) in works(H, precision).items():
            gflops = 2 * rows * 4 * H * H / median_seconds(lambda _, work=work: work(), seconds) / 1e9
            found[f"{name}, {H} units"] = {"gflops": gflops, "peak": limits.gflops(1, seconds / 2, precision)}
    return found


def works(H: int, precision: str) -> dict[str, tuple[int, Callable[[], None]]]:
    """The three products of a layer of H units, by name: their rows, and a call that makes them once."""
    from charrnn.kernels import matmul as products_of
    from charrnn.kernels.jit import as_kernel
    from charrnn.kernels.microkernel import BF16, FLOAT32, tiles
    from charrnn.kernels.packing import pack

    matmul, add_transposed_product = as_kernel(products_of.matmul), as_kernel(products_of.add_transposed_product)
    is_bf16, random = precision == "bf16", np.random.default_rng(1)
    address = tiles(BF16 if is_bf16 else FLOAT32)

    def filled(*shape: int) -> np.ndarray:
        array = zeros(shape)
        array[...] = random.standard_normal(shape)
        return array

    def packed(transposed: bool) -> np.ndarray:
        out = zeros(4 * H * H >> is_bf16)
        pack(filled(4 * H, H), transposed, out, 0, is_bf16, 0, 1)
        return out

    weights, weights_back = packed(True), packed(False)
    h, gates, many_h, many_gates, gradient = (
        filled(rows, columns).reshape(-1) for rows, columns in (
            (ROWS, H), (ROWS, 4 * H), (CHUNK_ROWS, H), (CHUNK_ROWS, 4 * H), (4 * H, H)))
    rounded, copied = zeros(CHUNK_ROWS * 5 * H // 2 if is_bf16 else 0), zeros(products_of.copied_size(H))
    return {
        "gates": (ROWS, lambda: matmul(
            address, h, 0, H, ROWS, weights, 0, H, 4 * H, gates, 0, 4 * H, False, rounded)),
        "gradient of h": (ROWS, lambda: matmul(
            address, gates, 0, 4 * H, ROWS, weights_back, 0, 4 * H, H, h, 0, H, False, rounded)),
        "gradient of the weights": (CHUNK_ROWS, lambda: add_transposed_product(
            address, many_gates, 0, 4 * H, many_h, 0, H, CHUNK_ROWS, 4 * H, H, gradient, 0, H, rounded, copied))}
