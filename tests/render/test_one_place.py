"""What is decided or done in one place: colours, character widths, the progress bar."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "charrnn"


@pytest.mark.parametrize(("pattern", "places"), [
    (r"(from|import) tqdm", {"render/progress.py", "render/training_bar.py"}),  # of commands; of train() in a notebook
    (r"east_asian_width|(from|import) wcwidth", {"render/colour/glyphs.py"}),
    (r"NO_COLOR\"|FORCE_COLOR\"|COLORTERM", {"render/screen.py"})])
def test_one_place(pattern: str, places: set[str]) -> None:
    found = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py")
             if re.search(pattern, path.read_text(encoding="utf-8"))}
    assert found == places
