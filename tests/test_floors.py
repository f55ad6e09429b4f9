"""A file imports only from floors below its own, or from its own room; the import statements prove it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = [
    {"errors", "settings", "presets", "files", "locks", "cache", "drafts"},
    {"text", "colour"},
    {"kernels"},
    {"network"},
    {"training"},
    {"checkpoint", "metrics", "origin", "runs"},
    {"sampling", "play", "scoring", "novelty", "inspection", "plot", "model", "bench"},
    {"cli", "__main__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FLOOR["errors"] = -1  # the ground: what any room may raise
FILES = sorted({*(ROOT / "charrnn").rglob("*.py")} - {ROOT / "charrnn/__init__.py"})
KERNEL_LIBRARIES = {"numpy", "numba", "llvmlite"}
COMPILERS = {"jit", "njit", "vectorize", "guvectorize", "generated_jit", "cfunc", "stencil", "jit_module"}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST, module: str, package: bool = False) -> Iterator[str]:
    """The full names of all that `tree` imports, wherever the statement stands; `from a import b` is a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[:len(module.split(".")) - node.level + package] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str | None:
    """The room of a module of ours: the name right under the package; None for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (parts[1] in FLOOR or len(parts) > 2) else None


def wrong_imports(module: str, tree: ast.AST, package: bool = False) -> list[str]:
    """What is wrong with the imports of `module`, one line each."""
    own = room_of(module)
    if own not in FLOOR:
        return [f"{module} has no floor; give it one in FLOORS and in the design"]
    wrong = []
    for name in imports(tree, module, package):
        top = name.split(".")[0]
        if top == "charrnn":
            room = room_of(name)
            if room is None:
                if name not in ("charrnn", "charrnn.__version__"):
                    wrong.append(f"{module} imports {name} from the package itself")
            elif room not in FLOOR:
                wrong.append(f"{module} imports {name}, which has no floor")
            elif room != own and FLOOR[room] >= FLOOR[own] + is_face(own):
                wrong.append(f"{module} (floor {FLOOR[own]}) imports {name} (floor {FLOOR[room]})")
        elif top not in sys.stdlib_module_names and FLOOR[own] == 0:
            wrong.append(f"{module} (floor 0) imports {name}, which is not in the standard library")
        elif top not in sys.stdlib_module_names | KERNEL_LIBRARIES and own == "kernels":
            wrong.append(f"{module} (kernels) imports {name}")
        if top == "charrnn" and own == "kernels" and room_of(name) not in ("kernels", "errors", "cache"):
            wrong.append(f"{module} (kernels) imports {name}; of ours it may import only kernels, errors and cache")
    return wrong


def is_face(room: str) -> bool:
    """Whether `room` may use the rooms on its floor, and they may not use it: a single file, or the bench, which
    measures them."""
    return room == "bench" or not (ROOT / "charrnn" / room).is_dir()


def wrong_compiling(module: str, tree: ast.AST) -> list[str]:
    """Where `module` compiles other than through kernels/jit.py, or with an option that is not for us."""
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("parallel", "fastmath"):
            if isinstance(node.value, ast.Constant) and node.value.value is True:
                wrong.append(f"{module}:{node.value.lineno} has {node.arg}=True")
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if (isinstance(key, ast.Constant) and key.value in ("parallel", "fastmath")
                        and isinstance(value, ast.Constant) and value.value is True):
                    wrong.append(f"{module}:{value.lineno} has {key.value}=True")
        elif module != "charrnn.kernels.jit":
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numba":
                wrong += [f"{module}:{node.lineno} imports numba's {alias.name}" for alias in node.names
                          if alias.name in COMPILERS]
            if (isinstance(node, ast.Attribute) and node.attr in COMPILERS
                    and isinstance(node.value, ast.Name) and node.value.id in ("numba", "nb")):
                wrong.append(f"{module}:{node.lineno} uses numba.{node.attr}")
    return wrong


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_file(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = module_of(path)
    assert wrong_imports(module, tree, path.name == "__init__.py") == []
    assert wrong_compiling(module, tree) == []


@pytest.mark.parametrize(("module", "line"), [
    ("charrnn.files", "import charrnn.text.corpus"),
    ("charrnn.files", "import numpy"),
    ("charrnn.text.corpus", "from charrnn.kernels import lstm"),
    ("charrnn.text.corpus", "def f():\n    from charrnn import training"),
    ("charrnn.text.corpus", "from ..training import trainer"),
    ("charrnn.text.corpus", "from charrnn import load"),
    ("charrnn.cache", "from charrnn.text import ids"),
    ("charrnn.kernels.lstm", "import scipy"),
    ("charrnn.kernels.lstm", "from charrnn.settings import Settings"),
    ("charrnn.kernels.lstm", "from charrnn.text import vocabulary"),
    ("charrnn.sampling.choose", "from charrnn.inspection import report"),
    ("charrnn.sampling.choose", "from charrnn.model import Model"),
    ("charrnn.sampling.choose", "from charrnn.bench import clock"),
    ("charrnn.bench.ours", "from charrnn.cli.main import main"),
    ("charrnn.checkpoint", "from charrnn.cli.main import main"),
    ("charrnn.nowhere", ""),
    ("charrnn.text.corpus", "from charrnn.nowhere import thing"),
])
def test_a_wrong_import_is_seen(module: str, line: str) -> None:
    assert wrong_imports(module, ast.parse(line))


@pytest.mark.parametrize(("module", "line"), [
    ("charrnn.files", "import os\nfrom charrnn.errors import StorageError"),
    ("charrnn.text.corpus", "from .vocabulary import Vocabulary\nfrom charrnn import errors"),
    ("charrnn.kernels.lstm", "import numpy as np\nfrom llvmlite import ir\nfrom charrnn.kernels import jit"),
    ("charrnn.kernels.jit", "from charrnn.cache import user_cache"),
    ("charrnn.runs", "from charrnn.checkpoint import Checkpoint"),
    ("charrnn.model", "from charrnn.sampling import choose"),
    ("charrnn.bench.ours", "from charrnn.sampling.sampler import Sampler"),
    ("charrnn.cli.main", "import click\nfrom charrnn import __version__\nfrom charrnn.cli import group"),
])
def test_a_right_import_is_not_blamed(module: str, line: str) -> None:
    assert wrong_imports(module, ast.parse(line)) == []


@pytest.mark.parametrize("line", [
    "from numba import njit", "from numba import jit as fast", "import numba\n@numba.njit\ndef f(): pass",
    "kernel(parallel=True)", "kernel(fastmath=True)", "J = {'fastmath': True}", "J = dict(parallel=True)"])
def test_wrong_compiling_is_seen(line: str) -> None:
    assert wrong_compiling("charrnn.kernels.lstm", ast.parse(line))


def test_kernels_jit_may_compile() -> None:
    tree = ast.parse("import numba\nkernel = numba.njit(fastmath=FAST)")
    assert wrong_compiling("charrnn.kernels.jit", tree) == []


def test_importing_the_package_loads_neither_numpy_nor_numba() -> None:
    code = ("import sys, charrnn; charrnn.Settings(); charrnn.CorpusError; dir(charrnn)\n"
            "sys.exit(bool({'numpy', 'numba', 'click'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_public_name_is_there() -> None:
    import charrnn
    assert set(charrnn.__all__) <= set(dir(charrnn))
    for name in charrnn.__all__:
        assert getattr(charrnn, name) is getattr(charrnn, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        charrnn.nothing  # noqa: B018
