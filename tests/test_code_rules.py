"""Rules for all code of the package, read from its syntax: names, argument lists, and whose attributes are set."""

import ast
from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

ROOT = Path(__file__).parents[1] / "charrnn"
FILES = sorted(ROOT.rglob("*.py"))
TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}
ENDINGS = {"s", "d", "r", "ed", "er", "es", "ing"}
MOST_ARGUMENTS = 8
# Their functions take arrays one by one where numba compiles or runs NamedTuples of them more slowly.
COMPILED = {"kernels", "cells"}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def long_argument_lists(tree: ast.AST) -> list[str]:
    """Functions that take more than MOST_ARGUMENTS arguments, `self` not counted."""
    found = []
    for function in functions(tree):
        names = [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
        if len([name for name in names if name not in ("self", "cls")]) > MOST_ARGUMENTS:
            found.append(f"{function.name} takes {len(names)}")
    return found


# numba gives no public way to replace the cache of a function.
NO_OTHER_WAY = {"compiled._cache"}


def foreign_attributes(tree: ast.AST) -> list[str]:
    """Private attributes that are set on something else than self or cls."""
    found = []
    for node in ast.walk(tree):
        targets = (node.targets if isinstance(node, ast.Assign)
                   else [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else [])
        for target in targets:
            for one in ast.walk(target):
                if (isinstance(one, ast.Attribute) and one.attr.startswith("_") and not one.attr.startswith("__")
                        and not (isinstance(one.value, ast.Name) and one.value.id in ("self", "cls"))
                        and ast.unparse(one) not in NO_OTHER_WAY):
                    found.append(f"line {one.lineno}: {ast.unparse(one)}")
    return found


def alike(stems: set[str]) -> list[tuple[str, str]]:
    """Pairs of file names of which one is the other with an ending."""
    return sorted((a, b) for a, b in permutations(stems, 2)
                  if any(b == a.removesuffix("e") + ending or b == a + ending for ending in ENDINGS))


def test_arguments_are_few() -> None:
    assert {name_of(file): found for file, tree in TREES.items() if name_of(file).split("/")[0] not in COMPILED
            and (found := long_argument_lists(tree))} == {}


def test_nobody_sets_the_internals_of_another() -> None:
    assert {name_of(file): found for file, tree in TREES.items() if (found := foreign_attributes(tree))} == {}


def test_no_two_classes_share_a_name() -> None:
    names = Counter(node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_two_files_of_a_folder_differ_only_in_an_ending() -> None:
    folders = {file.parent for file in FILES}
    assert {name_of(folder): pairs for folder in folders
            if (pairs := alike({file.stem for file in folder.glob("*.py")}))} == {}


def test_every_protocol_has_two_implementers() -> None:
    bases = Counter(ast.unparse(base).split(".")[-1] for tree in TREES.values() for node in ast.walk(tree)
                    if isinstance(node, ast.ClassDef) for base in node.bases)
    protocols = [node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
                 and any(ast.unparse(base).split("[")[0].split(".")[-1] in ("Protocol", "ABC") for base in node.bases)]
    assert [name for name in protocols if bases[name] < 2] == []


def test_what_breaks_a_rule_is_seen() -> None:
    assert long_argument_lists(ast.parse("def f(a, b, c, d, e, f, g, *, h, i): pass"))
    assert not long_argument_lists(ast.parse("def f(self, a, b, c, d, e, f, g, h): pass"))
    assert foreign_attributes(ast.parse("other._x = 1"))
    assert foreign_attributes(ast.parse("self.other._x[0] += 1"))
    assert not foreign_attributes(ast.parse("self._x, cls._y = 1, 2"))
    assert alike({"score", "scored"}) == [("score", "scored")]
    assert alike({"sample", "sampler", "stop"}) == [("sample", "sampler")]
    assert alike({"cell", "cells"})
    assert alike({"lstm", "rnn", "sampling"}) == []
