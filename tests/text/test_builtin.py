"""The texts with a name of their own: those that come with Python, and with charrnn."""

import sys
import sysconfig
from pathlib import Path

import pytest

from charrnn.errors import CorpusError
from charrnn.text import builtin
from charrnn.text.builtin import BUILTINS, find_builtin
from charrnn.text.toys import GAP_LINES, SYMBOLS


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


def test_gaps_are_as_long_as_the_name_says() -> None:
    for name, longest in (("@gap", 20), ("@gap:1", 1), ("@gap:50", 50)):
        lines = find_builtin(name).read().splitlines()
        assert len(lines) == GAP_LINES
        assert {line[0] for line in lines} == set(SYMBOLS)
        assert {len(line) - 3 for line in lines} == set(range(1, longest + 1))
        assert all(line[-2:] == "\t" + line[0] for line in lines)
    assert find_builtin("@gap:50").read() == find_builtin("@gap:50").read()


@pytest.mark.parametrize("length", ["", "0", "1001", "-1", "2.5", "x", "²", "9" * 5000])
def test_a_gap_of_no_length_is_refused(length: str) -> None:
    with pytest.raises(CorpusError, match="give a whole number from 1 to 1,000, as in @gap:20"):
        find_builtin(f"@gap:{length}")


def test_no_other_text_has_a_size() -> None:
    with pytest.raises(CorpusError, match="'@hello:3'; did you mean @hello"):
        find_builtin("@hello:3")


def test_averages_are_those_of_the_digits_so_far() -> None:
    for line in find_builtin("@average").read().splitlines()[:50]:
        steps = [(int(step[0]), step[1], int(step[2])) for step in line.split(" ")]
        for n in range(1, len(steps) + 1):
            mean = sum(digit for digit, _, _ in steps[:n]) / n
            assert steps[n - 1][1:] == ("=", int(mean + 0.5))
