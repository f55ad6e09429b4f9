"""Layer kernels: how kernels are compiled: every option, and the folder their machine code is kept in.

A kernel is a plain function under `@kernel`. It is compiled at its first call, for one signature, releases the
interpreter lock, and is kept in a folder named by everything that could make old machine code wrong.
"""

import contextlib
import gc
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import config
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import cpu_target
from numba.core.types.misc import unliteral

from charrnn.kernels.cpu import HAS_BF16, TARGET
from charrnn.storage.cache import user_cache

# The whole of fastmath but `nnan` and `ninf`: a NaN must stay visible to the checks outside.
FASTMATH = {"nsz", "arcp", "contract", "afn", "reassoc"}
JIT = not config.DISABLE_JIT
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": FASTMATH, "boundscheck": False}

# The folders whose code numba compiles.
SOURCES = ("kernels", "cells")

# Seconds without a use after which a build's machine code goes.
_UNUSED = 60 * 86_400.0

_kernels: list[Any] = []


def kernel(function: Callable[..., Any]) -> Any:
    """`function`, compiled, and cached on disk where that is possible."""
    compiled = numba.njit(**_OPTIONS, no_cfunc_wrapper=True)(function)
    if JIT:
        if CACHE_FOLDER is not None:
            _enable_cache(compiled, CACHE_FOLDER)
        compiled.compile = _without_collecting(compiled.compile)
        _kernels.append(compiled)
    return compiled


def _without_collecting(compile_for: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same without the garbage collector: compiling makes many objects and little garbage, and looking for it takes
    a tenth of the time."""
    def compile_quickly(signature: Any) -> Any:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return compile_for(signature)
        finally:
            if was_enabled:
                gc.enable()

    return compile_quickly


class _InlinedLibrary(JITCodeLibrary):
    """The code of a function that only becomes part of others: optimized, but not made into machine code."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


class _InlinedCompiler(Compiler):
    """numba's compiler, which keeps what it compiles in such a library."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        self.state.flags.no_compile = True
        self.state.library = _InlinedLibrary(self.state.targetctx.codegen(), func.__qualname__)
        return super().compile_extra(func)


def inner(function: Callable[..., Any]) -> Any:
    """A compiled function that only kernels call: it becomes part of theirs and is not cached by itself.

    Always inlined: left to the compiler, the choice differs between a fresh compile and a load from the cache, and
    with it the last bits of a result, so that a run could not be resumed exactly.

    Python cannot call it, only as_kernel() of it: the wrappers for that would take a tenth of the time of compiling,
    and machine code of its own another tenth.
    """
    compiled = numba.njit(**_OPTIONS, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True,
                          pipeline_class=_InlinedCompiler)(function)
    if not JIT:
        return compiled
    template, compile_for = compiled.get_call_template, compiled.compile

    def of_plain_types(args: Any, kws: Any) -> Any:
        return template(tuple(map(unliteral, args)), {name: unliteral(kws[name]) for name in kws})

    def refuse(*args: Any, **kws: Any) -> Any:
        raise TypeError(f"only kernels can call {function.__name__}()")

    def add_overload(result: Any) -> None:
        # numba finds a function's code by its entry point, and no_compile leaves that empty
        cpu_target.target_context.insert_user_function(refuse, result.fndesc, [result.library])
        compiled.overloads[tuple(result.signature.args)] = result._replace(entry_point=refuse)

    def compile_and_refuse(signature: Any) -> Any:
        compile_for(signature)
        return refuse

    # numba would compile a function anew for each constant that it is called with
    compiled.get_call_template = of_plain_types
    # it would also let calls from Python begin where there is no wrapper: at once, or with what compile() gives back
    compiled.add_overload, compiled.compile = add_overload, compile_and_refuse
    return compiled


def as_kernel(function: Callable[..., Any]) -> Any:
    """A kernel that does nothing but call an inner function, for tests and benchmarks; it is not cached."""
    return numba.njit(nogil=True)(lambda *arguments: function(*arguments))


def kernels() -> list[Any]:
    """Every kernel that has been defined so far (none when the JIT is off)."""
    return list(_kernels)


class _Cache(FunctionCache):
    """numba's cache, in which a damaged file counts as none and a full disk as no cache."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever half a file makes of unpickling and of machine code
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        # The index may be what is damaged: then a second try, with an empty one.
        for prepare in (lambda: None, self.flush):
            with contextlib.suppress(Exception):
                prepare()
                super().save_overload(sig, data)
                return


def _enable_cache(compiled: Any, folder: Path) -> None:
    # numba reads the folder once, when caching is enabled; a setting of the user's own is put back.
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        compiled._cache = _Cache(compiled.py_func)
    finally:
        config.CACHE_DIR = before


def fingerprint() -> str:
    """A name for everything that decides the machine code: kernel sources, numba, Python, register tile.

    numba itself sees changes in the file of the function, not in a file that it imports (numba issue 1833).
    """
    digest = hashlib.sha256(f"{numba.__version__} {sys.version_info[:2]} {TARGET} {HAS_BF16}".encode())
    for folder in SOURCES:
        for path in sorted((Path(__file__).parents[1] / folder).glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """The folder for this build's machine code, or None where nothing can be written."""
    try:
        parent = Path(config.CACHE_DIR) if config.CACHE_DIR else user_cache()
        folder = parent / "charrnn" / f"kernels-{fingerprint()}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)  # it is used
        _remove_unused(folder)
        return folder
    except (OSError, RuntimeError):  # RuntimeError: no home folder can be found
        return None


def _remove_unused(folder: Path) -> None:
    """Removes the machine code of builds that nobody has used for long."""
    for other in folder.parent.glob("kernels-*"):
        if other != folder and time.time() - other.stat().st_mtime > _UNUSED:
            shutil.rmtree(other, ignore_errors=True)


CACHE_FOLDER = _cache_folder() if JIT else None
logging.getLogger(__name__).debug("machine code is kept in %s", CACHE_FOLDER)


def is_compiled(name: str) -> bool:
    """True if kernel `name` of this build has been compiled on this machine before: no wait has to be announced."""
    try:
        return not JIT or (CACHE_FOLDER is not None and any(CACHE_FOLDER.rglob(f"*.{name}-*.nbc")))
    except OSError:  # a folder that may not be read any more
        return False
