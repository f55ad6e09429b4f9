"""Layer kernels: a contiguous array of any shape as one line of numbers, and where its numbers lie.

NumPy's reshape does the same as flat(), but takes numba so long to compile that it would double the first start.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from charrnn.kernels.jit import JIT


@intrinsic
def _flat_compiled(typing: Any, array: Any) -> Any:
    line = array.copy(ndim=1)

    def codegen(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        whole = context.make_array(sig.args[0])(context, builder, args[0])
        flat = context.make_array(line)(context, builder)
        context.populate_array(flat, data=whole.data, shape=[whole.nitems], strides=[whole.itemsize],
                               itemsize=whole.itemsize, meminfo=whole.meminfo, parent=whole.parent)
        return impl_ret_borrowed(context, builder, line, flat._getvalue())

    return line(array), codegen


def _flat_numpy(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1)


flat = _flat_compiled if JIT else _flat_numpy


def element_address(context: Any, builder: ir.IRBuilder, kind: Any, array: ir.Value, at: ir.Value) -> ir.Value:
    """The address of element `at` of an array of this numba type, for intrinsics."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])
