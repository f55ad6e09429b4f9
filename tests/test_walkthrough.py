"""docs/walkthrough.md, run from top to bottom: what it prints is what the page shows.

After a change: `python -m tests.test_walkthrough` writes the page's outputs again.
"""

import contextlib
import io
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from tests.pages import ROOT, fences, text_of

PAGE = ROOT / "docs/walkthrough.md"


def outputs(text: str) -> Iterator[tuple[str, str]]:
    """(code, what it printed) of each block of Python, all in one namespace."""
    names: dict[str, Any] = {}
    for fence in fences(text):
        if fence.language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(fence.content, names)
            yield fence.content, printed.getvalue()


def renewed(text: str) -> str:
    """The page with the outputs as they are now: each stands as ```text right behind its code."""
    for code, printed in outputs(text):
        block = f"```python\n{code}```\n"
        end = text.index(block) + len(block)
        rest = re.sub(r"\A\n```text\n.*?```\n", "", text[end:], count=1, flags=re.DOTALL)
        text = text[:end] + (f"\n```text\n{printed}```\n" if printed else "") + rest
    return text


def test_outputs_are_those_shown() -> None:
    text = text_of(PAGE)
    assert renewed(text) == text, "run `python -m tests.test_walkthrough`"


def test_numbers_in_the_text_are_printed_somewhere() -> None:
    """Whatever has three decimals or more was computed, or is a sum that the page itself writes out."""
    text = text_of(PAGE)
    blocks = "".join(fence.content for fence in fences(text))
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    numbers = set(re.findall(r"\d+\.\d{3,}", prose))
    assert numbers
    assert {number for number in numbers if number not in blocks} == set()


NOTEBOOK = ROOT / "docs/walkthrough.ipynb"
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
NotebookClient(nbformat.read(sys.argv[1], 4), timeout=300).execute()
"""


def test_the_notebook_is_that_of_the_page() -> None:
    program = runpy.run_path(str(ROOT / "docs/notebook.py"))
    assert program["notebook"](text_of(PAGE)) == text_of(NOTEBOOK), "run `make notebook`"


@pytest.mark.slow
@pytest.mark.skipif(not (find_spec("nbclient") and find_spec("ipykernel")), reason="make docs installs nbclient")
def test_the_notebook_runs_from_top_to_bottom() -> None:
    done = subprocess.run([sys.executable, "-c", EXECUTE, str(NOTEBOOK)], cwd=ROOT, text=True, capture_output=True,
                          timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]


if __name__ == "__main__":
    PAGE.write_text(renewed(text_of(PAGE)), encoding="utf-8")
