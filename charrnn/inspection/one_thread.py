"""Layer inspection: NumPy's matrix products on one thread.

An inspection makes thousands of small products one after the other. Threads of NumPy's library would spin for each
other, and on a machine that does something else too take several times as long.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

Given = ParamSpec("Given")
Result = TypeVar("Result")


def one_blas_thread(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """The same function, with products on one thread while it runs; for functions that are called from one thread."""

    @functools.wraps(function)
    def limited(*arguments: Given.args, **options: Given.kwargs) -> Result:
        with threadpool_limits(1, user_api="blas"):
            return function(*arguments, **options)

    return limited
