"""A prepared text comes out again as it was, and only where nothing has changed."""

import dataclasses
import errno
import io
import os
import sys
import threading
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charrnn.errors import SettingsError
from charrnn.render import reading
from charrnn.settings import TextSettings
from charrnn.storage import cache as store_module
from charrnn.storage.cache import Store
from charrnn.text import corpus_cache
from charrnn.text.corpus import Corpus, read_corpus
from tests.text.test_chunks import characters, chunks_of
from tests.text.test_corpus import write

TEXT = "Zwölf Boxkämpfer jagen Viktor\nquer über den Sylter Deich,\nquer über\nDeich\n" * 30


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where texts are kept, short and fresh ones too."""
    monkeypatch.setattr(corpus_cache, "LEAST", 1)
    monkeypatch.setattr(corpus_cache, "FRESH", -1e9)
    monkeypatch.setattr(store_module, "user_cache", lambda: tmp_path / "cache")
    monkeypatch.delenv(corpus_cache.LIMIT_NAME, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache" / "charrnn" / "texts"


def is_read(*sources: str, settings: TextSettings | None = None) -> bool:
    """Whether the sources had to be read."""
    told: list[int] = []
    read_corpus(sources, None, lambda done, *_: told.append(done), settings or TextSettings())
    return bool(told)


def same(one: Corpus, other: Corpus) -> bool:
    for spec in dataclasses.fields(Corpus):
        if spec.name not in ("ids", "marks"):
            assert getattr(one, spec.name) == getattr(other, spec.name)
    assert list(one.counts) == list(other.counts)
    assert one.ids.bytes_each == other.ids.bytes_each
    assert (one.marks is None) == (other.marks is None)
    assert one.marks is None or np.array_equal(one.marks, other.marks)
    assert list(one.ids.file_starts) == list(other.ids.file_starts)
    return np.array_equal(*(corpus.ids.take(np.arange(len(corpus.ids))) for corpus in (one, other)))


@pytest.mark.few(6)
@pytest.mark.parametrize("settings", [
    TextSettings(), TextSettings(documents="line"), TextSettings(documents="blank", unit="word", min_count=20),
    TextSettings(unit="byte", lowercase=True), TextSettings(unit="token", documents="Deich"),
    TextSettings(min_count=40), TextSettings(between="--", normalize="NFC")],
    ids=lambda settings: str(settings.documents) + settings.unit)
@pytest.mark.parametrize("extra", ["", characters(300), characters(70_000)], ids=len)
def test_it_comes_out_as_it_was(kept: Path, settings: TextSettings, extra: str) -> None:
    write(Path("notes/a.txt"), TEXT.encode())
    write(Path("notes/b.txt"), ("Ein Wort\n\nund noch eines\n\n\n" + extra).encode())
    write(Path("notes/c.bin"), b"no text \0")
    sources = ["notes", write(Path("z.txt"), TEXT[:101].encode())]
    first = read_corpus(sources, settings=settings)
    assert len(list(kept.iterdir())) == 1
    told: list[int] = []
    second = read_corpus(sources, None, lambda done, *_: told.append(done), settings)
    assert told == []
    assert same(first, second)
    assert second.skipped.keys() == {str(Path("notes/c.bin"))}
    assert len(first.content) == len(second.content)


def change_at_the_same_moment(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Viktor", b"Victor"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_another(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(other, path)


@pytest.mark.parametrize("change", [
    lambda path: path.write_bytes(path.read_bytes() + b"more"),
    lambda path: os.utime(path, ns=(1, 10**18)),
    lambda path: (path.parent / "new.txt").write_bytes(b"new"),
    lambda path: path.rename(path.with_name("renamed")),
    lambda path: path.unlink(),
    change_at_the_same_moment, replace_by_another,
], ids=["longer", "touched", "a new file", "renamed", "removed", "same size and time", "replaced"])
def test_every_change_is_noticed(change: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(write(Path("notes/b/a.txt"), TEXT.encode()))
    write(Path("notes/c.txt"), TEXT.encode())
    assert is_read("notes")
    assert not is_read("notes")
    change(path)
    told: list[int] = []
    fresh = read_corpus(["notes"], None, lambda done, *_: told.append(done))
    assert told
    assert not is_read("notes")
    monkeypatch.setenv(corpus_cache.LIMIT_NAME, "0")
    assert same(fresh, read_corpus(["notes"]))


def test_settings_code_and_order_make_another_text(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = write(Path("1"), TEXT.encode()), write(Path("2"), TEXT[:77].encode())
    settings = [TextSettings(), TextSettings(lowercase=True), TextSettings(normalize="NFKC"),
                TextSettings(documents="line"), TextSettings(between="x"), TextSettings(unit="word")]
    assert all(is_read(one, two, settings=each) for each in settings)
    assert not any(is_read(one, two, settings=each) for each in settings)
    assert is_read(two, one)
    assert is_read(one)
    assert not is_read(os.path.abspath(one))
    monkeypatch.setattr(corpus_cache, "_code", lambda: "new")
    assert is_read(one)


@pytest.mark.parametrize("place", [0, 1000, -1, -3, -9, -60, None, "cut", "empty", "longer"])
def test_damage_is_noticed_and_mended(kept: Path, place: int | str | None) -> None:
    source = write(Path("1"), TEXT.encode())
    assert is_read(source, settings=TextSettings(documents="line"))
    [file] = kept.iterdir()
    whole = file.read_bytes()
    damaged = bytearray(whole)
    if isinstance(place, int):
        damaged[place] ^= 1
    else:
        damaged = {"cut": damaged[:-100], "empty": bytearray(), "longer": damaged + b"1"}.get(str(place), bytearray(9))
    file.write_bytes(damaged)
    assert is_read(source, settings=TextSettings(documents="line"))
    assert file.read_bytes() == whole
    assert not is_read(source, settings=TextSettings(documents="line"))


def test_what_is_never_kept(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(Path("1"), TEXT.encode())
    read_corpus([source, "-"], io.BytesIO(b"text"))
    with open(source, "rb") as file:
        read_corpus(["-"], file)
    read_corpus([source, "@python-docs"])
    Corpus.of(TEXT)
    monkeypatch.setattr(corpus_cache, "LEAST", len(TEXT.encode()) + 1)
    read_corpus([source])
    assert not kept.exists()
    monkeypatch.setattr(corpus_cache, "LEAST", len(TEXT.encode()))
    read_corpus([source])
    assert kept.exists()


def test_a_file_that_just_changed_is_not_kept(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(Path("1"), TEXT.encode())
    monkeypatch.setattr(corpus_cache, "FRESH", 60.0)
    assert is_read(source)
    assert is_read(source)
    assert not kept.exists()


def test_a_file_that_changes_while_it_is_read_is_not_kept(kept: Path) -> None:
    source = write(Path("1"), TEXT.encode())

    def on_read(done: int, total: int | None, unpacked: int) -> None:
        os.utime(source, ns=(1, 10**18 + done))

    with chunks_of(100):
        read_corpus([source], None, on_read)
    assert not kept.exists()


def test_what_the_system_refused_may_be_read_later(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("notes/1"), TEXT.encode())
    write(Path("notes/2.zst"), b"\x28\xb5\x2f\xfdpacked")
    for name in ("compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)
    assert len(read_corpus(["notes"]).skipped) == 1
    assert not kept.exists()


def test_only_so_much_is_kept(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [write(Path(str(number)), TEXT.encode() + b"x" * 32 * number) for number in range(4)]
    assert is_read(sources[0])
    [first] = kept.iterdir()
    size = first.stat().st_size
    monkeypatch.setenv(corpus_cache.LIMIT_NAME, str(3.5 * size / 1e9))
    for source in sources[1:3]:
        assert is_read(source)
    for age, file in enumerate(sorted(kept.iterdir(), key=lambda file: file.stat().st_size)):
        os.utime(file, (1000 + age, 1000 + age))
    assert not is_read(sources[0])  # used again, and so the second is the oldest
    (kept / "killed.tmp").write_bytes(b"half")
    (kept / "writing.tmp").write_bytes(b"half")
    os.utime(kept / "killed.tmp", (1000, 1000))
    assert is_read(sources[3])
    assert len(list(kept.iterdir())) == 4
    assert not (kept / "killed.tmp").exists()
    assert [is_read(source) for source in (sources[0], sources[2], sources[3], sources[1])] == [
        False, False, False, True]
    monkeypatch.setenv(corpus_cache.LIMIT_NAME, str(0.9 * size / 1e9))
    kept_before = set(kept.iterdir())
    assert is_read(write(Path("large"), TEXT.encode() + b"y"))
    assert set(kept.iterdir()) == kept_before


def test_the_users_own_limit(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(Path("1"), TEXT.encode())
    monkeypatch.setenv(corpus_cache.LIMIT_NAME, "0")
    assert is_read(source)
    assert not kept.exists()
    for wrong in ("no", "-1", "nan", "inf", "1e30"):
        monkeypatch.setenv(corpus_cache.LIMIT_NAME, wrong)
        with pytest.raises(SettingsError, match=f"CHARRNN_CACHE_GB is '{wrong}'; it must be"):
            read_corpus([source])
    monkeypatch.setenv(corpus_cache.LIMIT_NAME, "")
    assert is_read(source)
    assert not is_read(source)


def test_a_disk_that_refuses_means_no_cache(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(Path("1"), TEXT.encode())
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"a file where the folder should be")
    assert is_read(source)
    kept.unlink()

    def full(file: Any, data: Any) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "_write_with_checksum", full)
        assert is_read(source)
        patch.setattr(store_module, "_write_with_checksum", interrupted)
        with pytest.raises(KeyboardInterrupt):
            read_corpus([source])
    usage = namedtuple("usage", "free")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda folder: usage(len(TEXT)))
        assert is_read(source)
    assert list(kept.iterdir()) == []
    assert is_read(source)

    def read_only(*arguments: Any, **named: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("os.utime", "os.replace"):
        monkeypatch.setattr(name, read_only)
    assert not is_read(source)
    [file] = kept.iterdir()
    file.write_bytes(b"damaged")
    monkeypatch.setattr(Path, "unlink", read_only)
    assert is_read(source)


def interrupted(file: Any, data: Any) -> None:
    file.write(b"half")
    raise KeyboardInterrupt


def test_no_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("could not determine home directory")

    monkeypatch.setattr(store_module, "user_cache", homeless)
    store = Store("texts", 100)
    store.put("key", 4, [b"text"])
    assert store.get("key") is None


def test_several_at_once(kept: Path) -> None:
    source = write(Path("1"), TEXT.encode() * 50)
    expected, wrong = Corpus.of(TEXT * 50).fingerprint, []

    def read() -> None:
        for _ in range(5):
            corpus = read_corpus([source])
            whole = corpus.vocabulary.decode(corpus.ids.take(np.arange(len(corpus))))
            if corpus.fingerprint != expected or whole != TEXT * 50:
                wrong.append(corpus)
            for file in kept.glob("[!.]*"):
                if file.suffix != ".tmp":
                    file.unlink(missing_ok=True)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not list(kept.glob("*.tmp"))


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_others_can_not_read_it(kept: Path) -> None:
    read_corpus([write(Path("1"), TEXT.encode())])
    [file] = kept.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_text_that_is_too_long_is_told(kept: Path, monkeypatch: pytest.MonkeyPatch,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 60.0)
    source = write(Path("1"), b"a" * 3_000_000)
    for limit, words in (("", ""), ("0", ""), ("0.001", "note: the text is too long for the cache, so each start reads "
                         "all of it again; CHARRNN_CACHE_GB=1 keeps it\n")):
        monkeypatch.setenv(corpus_cache.LIMIT_NAME, limit)
        reading.read([source], TextSettings())
        assert capsys.readouterr().err == words
