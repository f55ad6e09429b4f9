"""docs/promises.md: every promise has its tests. Every test and file that pages for contributors name exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROMISES = ROOT / "docs" / "promises.md"
PAGES = [PROMISES, *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md"))]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def functions_in(file: str) -> set[str]:
    return {node.name for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_and_file_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [f"{file}::{name}" for file, name in TEST.findall(text) if name not in functions_in(file)] == []
    files = re.findall(r"`((?:charrnn|tests|corpora|docs|packaging|\.github)/[\w./-]+)`", text)
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_every_promise_has_its_test() -> None:
    rows = [row.split(" | ") for row in PROMISES.read_text(encoding="utf-8").splitlines()
            if row.startswith("| ") and not row.startswith(("| promise |", "| --- |"))]
    assert len(rows) > 20
    assert [promise for promise, tests in rows if not TEST.findall(tests)] == []
