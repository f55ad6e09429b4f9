"""The texts with a name of their own: those that come with Python, and with charrnn."""

import sys
import sysconfig
from pathlib import Path

import pytest

from charrnn.errors import CorpusError
from charrnn.text import builtin
from charrnn.text.builtin import BUILTINS, find_builtin


def test_docs_are_english_and_plenty() -> None:
    text = find_builtin("@python-docs").read()
    assert 200_000 < len(text) < 2_000_000
    assert len(set(text)) < 200
    assert text.count(" the ") > len(text) / 200
    assert "\r" not in text


def test_docs_end_in_nothing_told_before() -> None:
    text = find_builtin("@python-docs").read()
    cut = int(len(text) * 0.9)
    told = set(text[:cut].split("\n\n"))
    repeated = sum(len(part) for part in text[cut:].split("\n\n") if part in told)
    assert repeated < 0.02 * (len(text) - cut)


def test_topics_that_repeat_earlier_ones_are_left_out() -> None:
    long, other, new = "a" * 100, "b" * 120, "c" * 150
    topics = [f"{long}\n\n{other}", f"{new}\n\n{long}", f"title\n\n  {other}", "short", "short"]
    assert list(builtin._without_repeats(topics)) == [topics[0], topics[1], "short", "short"]


def test_source_is_python_and_the_same_twice() -> None:
    text = find_builtin("@python-source").read()
    assert 3_000_000 < len(text) <= builtin.SOURCE_LIMIT
    assert text.count("\n    def ") > 3_000
    assert text == find_builtin("@python-source").read()


def test_source_leaves_out_what_is_not_the_library_itself() -> None:
    library = Path(sysconfig.get_paths()["stdlib"])
    paths = [path.relative_to(library).as_posix() for path in builtin._source_files(library)]
    assert paths == sorted(paths)
    assert {"argparse.py", "json/decoder.py", "json/__init__.py"} <= set(paths)
    for left_out in ("site-packages", "test", "idlelib", "lib2to3", "__pycache__"):
        assert not [path for path in paths if left_out in path.split("/")]


def test_source_leaves_out_what_others_put_there(tmp_path: Path) -> None:
    for name in ("zipfile.py", "sitecustomize.py", "_private.py", "argparse.py", "argparse.txt"):
        (tmp_path / name).write_text("pass")
    assert [path.name for path in builtin._source_files(tmp_path)] == ["argparse.py", "zipfile.py"]


def test_source_stops_at_its_limit_between_two_files(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find_builtin("@python-source").read()
    monkeypatch.setattr(builtin, "SOURCE_LIMIT", 200_000)
    part = find_builtin("@python-source").read()
    assert 50_000 < len(part) <= 200_000
    assert whole.startswith(part)


def test_python_without_them_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(CorpusError, match="without pydoc_data"):
        find_builtin("@python-docs").read()
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path / "nowhere")})
    with pytest.raises(CorpusError, match="without the source of its standard library"):
        find_builtin("@python-source").read()


def test_unknown_name_is_told_the_nearest_and_all() -> None:
    with pytest.raises(CorpusError, match="'@python-doc'; did you mean @python-docs\\? there are ") as caught:
        find_builtin("@python-doc")
    assert all(name in str(caught.value) for name in BUILTINS)
    with pytest.raises(CorpusError, match="'@'; there are @fables, @harbour"):
        find_builtin("@")


def test_each_is_described_in_one_line() -> None:
    for name, text in BUILTINS.items():
        assert name.startswith("@")
        assert text.description
        assert "\n" not in text.description


def test_those_that_come_with_charrnn_are_the_files_of_the_folder() -> None:
    folder = Path(__file__).parents[2] / "corpora"
    shipped = {name: text for name, text in BUILTINS.items() if text.origin == "charrnn"}
    files = {f"@{path.stem}": path for path in folder.iterdir() if path.name not in ("README.md", "LICENSE")}
    assert files.keys() == shipped.keys()
    for name, path in files.items():
        assert shipped[name].read() == path.read_text(encoding="utf-8")


def test_a_lost_file_of_charrnn_is_said() -> None:
    with pytest.raises(CorpusError, match=r"this installation lacks nosuch\.txt"):
        builtin._shipped("nosuch.txt")()
