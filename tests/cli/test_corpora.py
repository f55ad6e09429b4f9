"""`charrnn corpora`: the list, and what fetching says."""

import json
from pathlib import Path

import pytest

from charrnn.text import builtin, classics, measures
from charrnn.text.builtin import Builtin
from charrnn.text.classics import CLASSICS
from tests.cli.conftest import Program
from tests.text import test_fetch

server, folder = test_fetch.server, test_fetch.folder


@pytest.fixture(autouse=True)
def few_texts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own texts are long, and the same in every test."""
    def missing() -> str:
        return builtin._shipped("nosuch.txt")()

    few = {"@fables": builtin.BUILTINS["@fables"], "@gone": Builtin("a text", "Python", missing),
           "@whale": Builtin("a whale", "fetched", lambda: classics.read_classic("whale"))}
    monkeypatch.setattr(measures, "BUILTINS", few)


def test_the_list(charrnn: Program) -> None:
    done = charrnn("corpora")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "        characters different  1-gram 2-gram 3-gram",
        "with charrnn:",
        "@fables    100,980        75   4.457  3.434  2.514  fifty short fables: prose, dialogue, verse",
        "with this Python:",
        "@gone            -                                  this installation lacks nosuch.txt, which comes with "
        "charrnn; install charrnn again",
        "to fetch, with `charrnn corpora fetch NAME`:",
        "@whale    340.0 kB                                  a whale"]


def test_fetch_and_list(charrnn: Program, folder: Path) -> None:
    done = charrnn("corpora", "fetch", "@whale", "whale")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"@whale is in {folder / 'whale.txt'}\nnext: charrnn train @whale\n"
    texts = {text["name"]: text for text in json.loads(charrnn("corpora", "--json").out)["texts"]}
    assert texts["@whale"]["origin"] == "fetched"
    assert texts["@whale"]["characters"] == len(test_fetch.TEXT)
    assert texts["@whale"]["different"] == len(set(test_fetch.TEXT))
    assert len(texts["@whale"]["entropies"]) == 3
    assert texts["@gone"]["trouble"].startswith("this installation lacks")


@pytest.mark.parametrize(("line", "code", "words"), [
    ("corpora fetch", 2, "missing argument 'NAME...'. Usage: charrnn corpora fetch --help"),
    ("corpora fetch dog", 1, "there is no classic called 'dog' to fetch; there are shakespeare, "),
    ("corpora fetch whale dog", 1, "there is no classic called 'dog' to fetch"),  # before anything is fetched
    ("corpora fetch fables", 1, "there is no classic called 'fables' to fetch"),
    ("corpora --json fetch whale", 2, "--json belongs to the list; leave it out."),
    ("corpora dog", 2, "no such command 'dog'."),
    ("train @alice", 1, "@alice is not on this machine yet; fetch it with: charrnn corpora fetch alice")])
def test_refusals(charrnn: Program, folder: Path, line: str, code: int, words: str) -> None:
    done = charrnn(*line.split())
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"charrnn: {words}")
    assert not list(folder.glob("*"))


def test_every_classic_has_a_name_to_train_on() -> None:
    assert {f"@{name}" for name in CLASSICS} - {"@whale", "@lost"} <= set(builtin.BUILTINS)
