"""How much is tested: kernels take their time in plain Python."""

from charrnn.kernels.jit import JIT


def many(count: int, slower: int = 100) -> int:
    """So many numbers; without the JIT `slower` times fewer."""
    return count if JIT else count // slower
