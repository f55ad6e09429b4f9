"""The commands and programs in the documentation run, page by page, in the order in which they stand.

Only their training is made short: networks are tiny, and read a fraction of a text.
"""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT, calls, command_lines, fences, text_of

pytestmark = pytest.mark.slow
# Pages whose every command needs nothing but what charrnn brings, and what commands before it made.
PAGES = ("tutorial", "guides/plot", "guides/documents", "guides/complete", "guides/score", "guides/novelty",
         "recipes/colours", "recipes/tunes", "recipes/classroom", "recipes/editor", "recipes/source")
PROGRAM = '''#!{python}
"""charrnn, whose training is short."""
import sys

if sys.argv[1] == "train":
    if "--minutes" in sys.argv:
        place = sys.argv.index("--minutes")
        del sys.argv[place:place + 2]
    small = "--epochs 0.05" if "@python-source" in sys.argv else "--epochs 0.5"
    sys.argv += f"{{small}} --hidden 96 --layers 1 --batch 16 --window 20 --validations 1".split()
if sys.argv[1] == "inspect-cells":
    sys.argv += ["--chars", "1500"]
from charrnn.cli.main import main

main()
'''


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the runs and files that pages take from others, and the short charrnn at the head of the path."""
    shutil.copytree(ROOT / "corpora", tmp_path / "corpora")
    names = (tmp_path / "corpora/colours.txt").read_text(encoding="utf-8").splitlines()
    lines = [f"{n % 11 / 10},{n % 7 / 6:.2f},{n % 5 / 4}\t{name}\n" for n, name in enumerate(names)]
    (tmp_path / "colours.tsv").write_text("".join(lines[:300]), encoding="utf-8")
    (tmp_path / "colours-new.tsv").write_text("".join(lines[300:320]), encoding="utf-8")
    program = tmp_path / "bin" / "charrnn"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", os.pathsep.join(
        (str(program.parent), str(Path(sys.executable).parent), os.environ["PATH"])))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(command: str) -> None:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stderr}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are written for bash")
@pytest.mark.parametrize("page", PAGES)
def test_commands_run(page: str, place: Path) -> None:
    text = text_of(ROOT / f"docs/{page}.md")
    trained = {words[words.index("--name") + 1] for line in command_lines(text) for words in calls(line, "charrnn")
               if words[0] == "train" and "--name" in words}
    for name, source in (("fables", "@fables"), ("colours", "@colours --documents line")):
        if name not in trained:
            shell(f"charrnn train {source} --name {name}")
    for fence in fences(text):
        if "parses.py" in text and "ast.parse" in fence.content:
            Path("parses.py").write_text(fence.content)
    script = "\n".join(command_lines(text)).replace("charrnn play first", "charrnn play first < /dev/null")
    shell(script)


def test_python_in_the_readme_runs(place: Path) -> None:
    """With a network as small, and a text that is there."""
    text = (ROOT / "corpora/fables.txt").read_text(encoding="utf-8")
    Path("alice.txt").write_text(text.replace("The ", "Alice said ")[:30_000])
    code = "".join(fence.content for fence in fences(text_of(ROOT / "README.md")) if fence.language == "python")
    assert "minutes=1)" in code
    names: dict[str, Any] = {}
    exec(code.replace("minutes=1)", "epochs=0.5, hidden=16, layers=1, batch=16, window=20, validations=1)"), names)
    assert names["model"].settings.network.hidden == 16
