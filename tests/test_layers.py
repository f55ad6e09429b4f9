"""A file imports only from its own layer and those below; the import statements prove it, and docstrings agree."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the bottom up: a file imports from its own layer and from those that stand before it here.
LAYERS = ("errors", "settings", "storage", "text", "kernels", "cells", "engine", "training", "runs", "interchange",
          "sampling", "completion", "scoring", "novelty", "play", "live", "inspection", "render", "bench", "model",
          "server", "cli", "__main__")
FILES = sorted({*(ROOT / "charrnn").rglob("*.py")} - {ROOT / "charrnn/__init__.py"})
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
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


def layer_of(module: str) -> str | None:
    """The layer of a module of ours: the name right under the package; None for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (parts[1] in LAYERS or len(parts) > 2) else None


def wrong_imports(module: str, tree: ast.AST, package: bool = False) -> list[str]:
    """What is wrong with the imports of `module`, one line each."""
    own = layer_of(module)
    if own not in LAYERS:
        return [f"{module} has no layer; give it one in LAYERS and in docs/architecture.md"]
    wrong = []
    for name in imports(tree, module, package):
        top = name.split(".")[0]
        if top == "charrnn":
            layer = layer_of(name)
            if layer is None:
                if name not in ("charrnn", "charrnn.__version__"):
                    wrong.append(f"{module} imports {name} from the package itself")
            elif layer not in LAYERS:
                wrong.append(f"{module} imports {name}, which has no layer")
            elif LAYERS.index(layer) > LAYERS.index(own):
                wrong.append(f"{module} (layer {own}) imports {name} (layer {layer}, above it)")
        elif top not in sys.stdlib_module_names and own in ("errors", "settings"):
            wrong.append(f"{module} (layer {own}) imports {name}, which is not in the standard library")
        elif top not in sys.stdlib_module_names | KERNEL_LIBRARIES and own == "kernels":
            wrong.append(f"{module} (kernels) imports {name}")
        if top == "charrnn" and own == "kernels" and layer_of(name) not in ("kernels", "errors", "storage"):
            wrong.append(f"{module} (kernels) imports {name}; of ours it may import only kernels, errors and storage")
    return wrong


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


def test_every_file_imports_from_below() -> None:
    assert [found for path, tree in TREES.items()
            for found in wrong_imports(module_of(path), tree, path.name == "__init__.py")] == []


def test_only_jit_compiles() -> None:
    assert [found for path, tree in TREES.items() for found in wrong_compiling(module_of(path), tree)] == []


def test_docstrings_name_the_layer() -> None:
    assert [module_of(path) for path, tree in TREES.items() if path.name not in ("__init__.py", "__main__.py")
            and not (ast.get_docstring(tree) or "").startswith(f"Layer {layer_of(module_of(path))}: ")] == []


def test_imports_inside_text_form_no_cycle() -> None:
    files = {module_of(path): path for path in FILES if layer_of(module_of(path)) == "text"}
    needs = {module: {name.rpartition(".")[0] if name not in files else name
                      for name in imports(TREES[path], module)} & files.keys()
             for module, path in files.items()}
    assert needs["charrnn.text.windows"] >= {"charrnn.text.documents", "charrnn.text.validation_split"}
    assert cycle(needs) == []


def cycle(needs: dict[str, set[str]]) -> list[str]:
    """The modules that need one another, however indirectly; none of them can be imported first."""
    left = dict(needs)
    while free := [module for module, others in left.items() if not others & left.keys()]:
        for module in free:
            del left[module]
    return sorted(left)


def test_a_cycle_is_seen() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}) == ["a", "b", "c"]


def test_architecture_lists_the_layers_in_order() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", text.partition("## Layers")[2].partition("\n## ")[0], re.MULTILINE)
    assert listed == [layer for layer in LAYERS if layer != "__main__"]


@pytest.mark.parametrize(("module", "line"), [
    ("charrnn.storage.files", "import charrnn.text.corpus"),
    ("charrnn.settings.text", "import numpy"),
    ("charrnn.text.corpus", "from charrnn.kernels import matmul"),
    ("charrnn.text.corpus", "def f():\n    from charrnn import training"),
    ("charrnn.text.corpus", "from ..training import trainer"),
    ("charrnn.text.corpus", "from charrnn import load"),
    ("charrnn.storage.cache", "from charrnn.text import ids"),
    ("charrnn.kernels.matmul", "import scipy"),
    ("charrnn.kernels.matmul", "from charrnn.settings import Settings"),
    ("charrnn.kernels.matmul", "from charrnn.cells import lstm"),
    ("charrnn.cells.lstm", "from charrnn.engine import interface"),
    ("charrnn.sampling.sampler", "from charrnn.inspection import find"),
    ("charrnn.sampling.sampler", "from charrnn.model import Model"),
    ("charrnn.bench.ours", "from charrnn.cli.main import main"),
    ("charrnn.runs.checkpoint", "from charrnn.cli.main import main"),
    ("charrnn.nowhere", ""),
    ("charrnn.text.corpus", "from charrnn.nowhere import thing"),
])
def test_a_wrong_import_is_seen(module: str, line: str) -> None:
    assert wrong_imports(module, ast.parse(line))


@pytest.mark.parametrize(("module", "line"), [
    ("charrnn.storage.files", "import os\nfrom charrnn.errors import StorageError"),
    ("charrnn.text.corpus", "from .vocabulary import Vocabulary\nfrom charrnn import errors"),
    ("charrnn.kernels.matmul", "import numpy as np\nfrom llvmlite import ir\nfrom charrnn.kernels import jit"),
    ("charrnn.kernels.jit", "from charrnn.storage.cache import user_cache"),
    ("charrnn.cells.lstm", "from charrnn.kernels import matmul"),
    ("charrnn.runs.run", "from charrnn.runs.checkpoint import Checkpoint"),
    ("charrnn.model", "from charrnn.sampling import sampler"),
    ("charrnn.cli.main", "import click\nfrom charrnn import __version__\nfrom charrnn.cli import group"),
])
def test_a_right_import_is_not_blamed(module: str, line: str) -> None:
    assert wrong_imports(module, ast.parse(line)) == []


@pytest.mark.parametrize("line", [
    "from numba import njit", "from numba import jit as fast", "import numba\n@numba.njit\ndef f(): pass",
    "kernel(parallel=True)", "kernel(fastmath=True)", "J = {'fastmath': True}", "J = dict(parallel=True)"])
def test_wrong_compiling_is_seen(line: str) -> None:
    assert wrong_compiling("charrnn.kernels.matmul", ast.parse(line))


def test_kernels_jit_may_compile() -> None:
    tree = ast.parse("import numba\nkernel = numba.njit(fastmath=FAST)")
    assert wrong_compiling("charrnn.kernels.jit", tree) == []


def test_importing_the_package_loads_neither_numpy_nor_numba() -> None:
    code = ("import sys, charrnn; charrnn.Settings(); charrnn.CorpusError; dir(charrnn)\n"
            "sys.exit(bool({'numpy', 'numba', 'click'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_public_name_is_there() -> None:
    import charrnn
    assert set(charrnn.__all__) == set(dir(charrnn))
    for name in charrnn.__all__:
        assert getattr(charrnn, name) is getattr(charrnn, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        charrnn.nothing  # noqa: B018


def test_tests_lie_where_the_package_has_what_they_test() -> None:
    """A folder of tests is named after a layer, or holds what belongs to none."""
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= {*LAYERS, "browser", "corpora", "golden", "torch", "torture"}
