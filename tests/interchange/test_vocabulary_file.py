"""The vocabulary of another program's network, in the forms that such programs keep it in."""

import json

import pytest

from charrnn.errors import CorpusError, VocabularyError
from charrnn.interchange.vocabulary_file import read_vocabulary

WANTED = ["b", "\n", "a", "é"]


@pytest.mark.parametrize("content", [
    WANTED, "b\naé", {"b": 0, "\n": 1, "a": 2, "é": 3}, {"é": 3, "a": 2, "b": 0, "\n": 1},
    {"0": "b", "1": "\n", "3": "é", "2": "a"}], ids=str)
def test_json(content, tmp_path):
    path = tmp_path / "v.json"
    path.write_text(json.dumps(content))
    assert read_vocabulary(path, 4) == WANTED


def test_json_of_digits(tmp_path):
    """Characters that are digits, by which the ids stand."""
    path = tmp_path / "v.json"
    path.write_text('{"1": 1, "0": 0, "7": 2}')
    assert read_vocabulary(path, 3) == ["0", "1", "7"]


@pytest.mark.parametrize(("text", "wanted"), [
    ("b\naé", WANTED), ("b\naé\n", WANTED), ("baéc\n", ["b", "a", "é", "c"]), ("éb\nab\n", sorted("éb\na")),
    ("a banana\n", ["\n", " ", "a", "b", "n"])])
def test_text(text, wanted, tmp_path):
    path = tmp_path / "v.txt"
    path.write_text(text, encoding="utf-8")
    assert read_vocabulary(path, len(wanted)) == wanted


@pytest.mark.parametrize(("name", "content", "message"), [
    ("v.json", '["a", "b"]', "has 2 characters, and the network has 4"),
    ("v.json", '["a", "b", "a", "c"]', "has 'a' twice"),
    ("v.json", '["a", "b", "<unk>", "c"]', "entry 2 is '<unk>'"),
    ("v.json", '["a", "b", 3, "c"]', "entry 2 is 3"),
    ("v.json", '{"a": 0, "b": 2, "c": 3, "d": 4}', "ids are not 0 to 3"),
    ("v.json", '{"a": [0]}', "holds no vocabulary"), ("v.json", "17", "holds no vocabulary"),
    ("v.json", "{", "is not JSON"), ("v.json", "[" * 200_000, "is not JSON"), ("v.json", '["\\ud800"]', "entry 0"),
    ("v.txt", "", "has 0 characters"), ("v.txt", "abcabcabd", None), ("v.txt", "abc", "has 3 characters")])
def test_what_is_no_vocabulary(name, content, message, tmp_path):
    path = tmp_path / name
    path.write_text(content)
    if message is None:
        assert read_vocabulary(path, 4) == list("abcd")
        return
    with pytest.raises(VocabularyError, match=message) as error:
        read_vocabulary(path, 4)
    assert "\n" not in str(error.value)


def test_files_that_can_not_be_read(tmp_path):
    with pytest.raises(CorpusError, match="cannot read"):
        read_vocabulary(tmp_path / "none.txt", 4)
    (tmp_path / "v.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(CorpusError, match="not UTF-8"):
        read_vocabulary(tmp_path / "v.txt", 4)
