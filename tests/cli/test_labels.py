"""Labels and pairs from the command line: train, sample, classify, translate, resume, and what is refused."""

import json
import random
import re
import shutil
from pathlib import Path

import pytest

import charrnn
from charrnn.errors import CharrnnError
from charrnn.training.trainer import Trainer
from tests.cli.conftest import Program
from tests.live.test_document import payload_of

COLOURS = {"hot": "ab", "cold": "cd"}
TINY = ("--hidden", "12", "--cell", "gru", "--layers", "1", "--batch", "4", "--window", "8", "--lr", "0.02",
        "--dropout", "0", "--precision", "float32", "--epochs", "8", "--validations", "2", "--shards", "1")
PAIRS = [(word, word[::-1]) for word in (a + b for a in "abc" for b in "abc")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled words and pairs, and a network trained on each."""
    folder, rng = tmp_path_factory.mktemp("labels"), random.Random(3)
    rows = [(label, "".join(rng.choices(letters, k=6))) for label, letters in COLOURS.items() for _ in range(60)]
    (folder / "words.tsv").write_text("".join(f"{label}\t{word}\n" for label, word in rows))
    numbered = [(len(word), word) for word in ("a" * rng.randint(1, 9) for _ in range(99))]
    (folder / "numbers.tsv").write_text("".join(f"{count},{-count}\t{word}{number}\n"
                                                for number, (count, word) in enumerate(numbered)))
    (folder / "pairs.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS))
    options = {"hidden": 12, "cell": "gru", "layers": 1, "batch": 4, "window": 8, "lr": 0.02, "dropout": 0.0,
               "precision": "float32", "validations": 2, "shards": 1, "folder": folder / "checkpoints"}
    charrnn.train(folder / "words.tsv", labels="column", epochs=8, name="words", **options)
    charrnn.train(folder / "numbers.tsv", labels="numbers", epochs=8, name="numbers", **options)
    charrnn.train(folder / "pairs.tsv", pairs=True, epochs=150, name="pairs", val_fraction=0.0, **options)
    return folder


@pytest.fixture
def labels(charrnn: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Commands in the folder of these networks."""
    monkeypatch.chdir(folder)
    return charrnn


def test_what_is_written_depends_on_the_label(labels: Program) -> None:
    for label, letters in COLOURS.items():
        done = labels("sample", "words", "--label", label, "-n", "20", "--length", "0", "--seed", "1")
        assert done.code == 0
        assert "note:" not in done.err
        own = sum(letter in letters for letter in done.out)
        assert own > 0.9 * sum(letter in "abcd" for letter in done.out)
    mixed = labels("sample", "words", "--label", "hot:0.5,cold:0.5", "-n", "20", "--seed", "1").out
    assert set("abcd") <= set(mixed)
    done = labels("sample", "words", "--seed", "1")
    assert "note: this is the average of all labels; choose one with --label (hot, cold)\n" in done.err


@pytest.mark.parametrize("command", [("score", "words", "hot.txt"), ("complete", "words", "a"),
                                     ("inspect-cells", "words", "--horizon", "--text", "hot.txt")])
def test_commands_that_read_take_a_label(labels: Program, folder: Path, command: tuple[str, ...]) -> None:
    (folder / "hot.txt").write_text("abab\nbaab\n" * 20)
    hot, cold, none = (labels(*command, *label) for label in (("--label", "hot"), ("--label", "cold"), ()))
    assert (hot.code, cold.code, none.code) == (0, 0, 0)
    assert len({hot.out, cold.out, none.out}) == 3
    assert "average of all labels" in none.err
    assert "average" not in hot.err


def test_texts_are_classified(labels: Program) -> None:
    done = labels("classify", "words", "-", stdin=b"abba\ndcdd\nhot\tcc\n")
    found = [line.split("\t")[::2] for line in done.out.splitlines()]
    assert found == [["hot", "abba"], ["cold", "dcdd"], ["cold", "cc"]]
    done = labels("classify", "words", "-", "--json", stdin=b"abba\n")
    answer = json.loads(done.out)
    assert answer["label"] == "hot"
    assert answer["probability"] == answer["probabilities"]["hot"] > 0.9
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_classification_is_scored(labels: Program) -> None:
    done = labels("classify", "words", "words.tsv", "--score")
    assert done.code == 0
    assert done.out.startswith("accuracy     100.0% (120 of 120 texts;")
    done = labels("classify", "words", "-", "--score", "--json", stdin=b"hot\tab\nhot\tcd\ncold\tdc\ncold\tcc\n")
    found = json.loads(done.out)
    assert found["accuracy"] == 0.75
    assert found["texts"] == 4
    assert found["nats"] > 0
    assert {"true": "hot", "given": "cold", "texts": 1} in found["confusions"]


def test_numbers_are_given_with_their_deviation(labels: Program) -> None:
    done = labels("classify", "numbers", "-", "--json", stdin=b"aaaaaaaaa1\na1\n")
    long, short = (json.loads(line) for line in done.out.splitlines())
    assert long["values"][0] > short["values"][0]
    assert long["values"][1] < short["values"][1]
    assert all(deviation > 0 for deviation in long["deviations"])
    lines = [labels("sample", "numbers", "--label", label, "-n", "30", "--length", "0", "--seed", "2").out.split()
             for label in ("9,-9", "1,-1")]
    assert sum(map(len, lines[0])) > 1.3 * sum(map(len, lines[1]))
    scored = labels("classify", "numbers", "numbers.tsv", "--score")
    error, plain = map(float, scored.out.splitlines()[1].split()[2:])
    assert error < plain


def test_pairs_are_translated(labels: Program) -> None:
    done = labels("translate", "pairs", "-", stdin=b"ab\nca\tx\n")
    assert done.out == "ba\nac\n"
    assert done.code == 0
    done = labels("translate", "pairs", "-", "-k", "2", "--json", stdin=b"ab\n")
    answer = json.loads(done.out)
    assert answer["source"] == "ab"
    assert answer["targets"][0]["text"] == "ba"
    assert answer["targets"][0]["proven"] is True
    assert labels("translate", "pairs", "-", "-k", "2", stdin=b"ab\n").out.startswith("ab\tba\t0.")
    done = labels("translate", "pairs", "pairs.tsv", "--score")
    assert done.out == "right            100.00% (9 of 9 pairs)\ncharacter errors 0.00% (0 of 18 characters)\n"


def test_a_line_that_cannot_be_translated_does_not_stop_the_others(labels: Program) -> None:
    done = labels("translate", "pairs", "-", stdin=b"abz\nab\n")
    assert done.out == "ba\n"
    assert done.code == 1
    assert "'z'" in done.err


def test_a_source_longer_than_all_in_training_is_answered_with_a_note(labels: Program, folder: Path) -> None:
    done = labels("translate", "pairs", "-", stdin=b"ab\nabcab\n")
    assert done.code == 0
    assert done.out.startswith("ba\n")
    assert len(done.out.splitlines()) == 2
    assert done.err.count("note: longer than any source in training (2 characters), and so less certain: 'abcab'") == 1
    assert "'ab'" not in done.err
    (folder / "long.tsv").write_text("ab\tba\nabc\tcba\nabcc\tccba\n")
    done = labels("translate", "pairs", "long.tsv", "--score")
    assert done.code == 0
    assert "and so less certain: 2 of 3 sources\n" in done.err
    assert "pairs       source and target, sources of up to 2 characters" in labels("info", "pairs").out


def test_errors_are_drawn_by_the_length_of_the_source(labels: Program, folder: Path) -> None:
    (folder / "lengths.tsv").write_text("a\ta\n" * 20 + "ab\tba\n" * 25 + "ca\tac\n")
    done = labels("translate", "pairs", "lengths.tsv", "--score", "-o", "lengths.svg")
    assert done.code == 0, done.err
    picture = (folder / "lengths.svg").read_text(encoding="utf-8")
    assert "46 pairs" in picture
    assert "characters of the source" in picture
    for call, said in ((("-o", "x.svg"), "give --score too"), (("--score", "-o", "x.gif"), "should end in")):
        done = labels("translate", "pairs", "lengths.tsv", *call)
        assert done.code in (1, 2)
        assert said in done.err
        assert not done.out


@pytest.mark.parametrize(("text", "said"), [
    ("ab\tba\nac\n", "document 2, 'ac', is not source, tab and target: it has no tab with a target behind it"),
    ("ab\tba\nac\t\n", "document 2, 'ac', is not source, tab and target: it has no tab with a target behind it"),
    ("ab\tba\n\tca\n", r"document 2, '\tca', is not source, tab and target: it has nothing before its tab")])
def test_lines_that_are_no_pairs_are_one_line(labels: Program, folder: Path, text: str, said: str) -> None:
    (folder / "wrong.tsv").write_text(text)
    runs = sorted((folder / "checkpoints").iterdir())
    done = labels("train", "wrong.tsv", "--pairs", *TINY)
    assert done.code == 1
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not done.out
    assert sorted((folder / "checkpoints").iterdir()) == runs


def test_python_has_it_too(folder: Path) -> None:
    model = charrnn.load(folder / "checkpoints" / "words", label="cold")
    assert model.label == "cold"
    assert set(model.sample(0, seed=3)) <= set("cd")
    assert [found.label for found in model.classify(["ab", "dc"])] == ["hot", "cold"]
    [[best]] = charrnn.load(folder / "checkpoints" / "pairs").translate(["bc"])
    assert best.text == "cb"
    with pytest.raises(CharrnnError, match="without labels"):
        charrnn.load(folder / "checkpoints" / "pairs").classify(["a"])


@pytest.mark.parametrize(("options", "follows", "described"), [
    (("words.tsv", "--labels", "column"), "sample whole --label hot", "labels      2: hot 50%, cold 50%"),
    (("pairs.tsv", "--pairs"), "translate whole FILE", "pairs       source and target")])
def test_a_run_with_labels_or_pairs_resumes_to_the_byte(labels: Program, folder: Path, options: tuple[str, ...],
                                                        follows: str, described: str) -> None:
    for name in ("whole", "half"):
        shutil.rmtree(folder / "checkpoints" / name, ignore_errors=True)
    call = ("train", *options, *TINY)
    done = labels(*call, "--name", "whole")
    assert done.code == 0
    assert done.out.endswith(f"next: charrnn {follows}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_is_out_of_patience", property(lambda trainer: trainer.progress >= 0.5))
        assert labels(*call, "--name", "half").code == 0
    assert labels("train", "--resume", "half").code == 0
    whole, half = ((folder / "checkpoints" / name / "last.safetensors").read_bytes() for name in ("whole", "half"))
    assert whole == half
    assert described in labels("info", "whole").out


@pytest.mark.parametrize(("arguments", "said"), [
    (("sample", "words", "--label", "hott"), "label 'hott' was not in the training text; did you mean 'hot'"),
    (("sample", "numbers", "--label", "1"), "takes 2 numbers"),
    (("sample", "pairs", "--label", "hot"), "trained without labels"),
    (("export", "words", "--html", "page.html", "--label", "hott"), "was not in the training text; did you mean 'hot'"),
    (("export", "words", "--to", "safetensors", "--label", "hott"), "was not in the training text; did you mean 'hot'"),
    (("export", "pairs", "--to", "hf", "--label", "hot"), "trained without labels"),
    (("export", "pairs", "--html", "page.html", "--label", "hot"), "trained without labels"),
    (("classify", "pairs", "words.tsv"), "trained without labels"),
    (("classify", "words", "pairs.tsv", "--score"), "was not in the training text"),
    (("score", "words", "words.tsv"), "has tabs, which the network never saw; if labels stand in front"),
    (("translate", "words", "pairs.tsv"), "not trained on pairs"),
    (("train", "pairs.tsv", "--pairs", "--labels", "column"), "--labels and --pairs contradict each other"),
    (("translate", "pairs", "one.txt", "--score"), "has no tab"),
    (("train", "one.txt", "--labels", "column"), "is not label, tab and text"),
    (("train", "one.txt", "--pairs"), "is not source, tab and target")])
def test_what_does_not_fit_is_one_line(labels: Program, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    (folder / "one.txt").write_text("ab\nba\n")
    done = labels(*arguments)
    assert done.code in (1, 2)
    assert said in done.err
    assert "Traceback" not in done.err
    assert not done.out


def test_a_labelled_run_begins_from_one_without_and_the_other_way_round(labels: Program, folder: Path) -> None:
    done = labels("train", "words.tsv", "--labels", "column", "--init-from", "pairs", "--epochs", "1", "--name",
                  "from-pairs")
    assert done.code == 0, done.err
    assert labels("sample", "from-pairs", "--label", "hot", "--seed", "1").code == 0
    done = labels("train", "one.txt", "--documents", "line", "--init-from", "words", "--epochs", "1", "--name", "plain",
                  "--val-fraction", "0")
    assert done.code == 0, done.err
    assert labels("sample", "plain", "--label", "hot").code == 2


@pytest.mark.parametrize("label", ["hot", "hot:0.5,cold:0.5", None])
def test_the_network_of_one_label_is_exported(labels: Program, folder: Path, tmp_path: Path, label: str | None) -> None:
    chosen = ("--label", label) if label else ()
    done = labels("export", "words", "--to", "safetensors", "-o", str(tmp_path / "one.safetensors"), *chosen)
    assert (done.code, done.out) == (0, "")
    assert ("average of all labels" in done.err) == (label is None)
    assert labels("import", str(tmp_path / "one.safetensors"), "--name", f"one{len(label or '')}").code == 0
    ours, again = charrnn.load("words", label), charrnn.load(f"one{len(label or '')}")
    assert again.sample(40, seed=2) == ours.sample(40, seed=2)
    assert again.score("abcd").predictions.nats == pytest.approx(ours.score("abcd").predictions.nats, abs=1e-5)
    done = labels("export", "words", "--to", "hf", "-o", str(tmp_path / "hub"), *chosen)
    assert (done.code, (tmp_path / "hub/model.safetensors").exists()) == (0, True)


def test_the_page_has_all_labels(labels: Program, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = labels("export", "words", "--html", str(page), "--no-names")
    assert done.code == 0
    assert "all read as the average of all labels" in done.err
    found = payload_of(page.read_bytes())
    assert found["labels"] == {"names": ["hot", "cold"], "means": [], "scales": [], "chosen": ""}
    assert {"weight_label_l0", "label.average"} <= set(found["arrays"])
    assert labels("export", "words", "--html", str(page), "--no-names", "--label", "cold").code == 0
    assert payload_of(page.read_bytes())["labels"]["chosen"] == "cold"
    assert labels("export", "numbers", "--html", str(page), "--no-names").code == 0
    assert len(payload_of(page.read_bytes())["labels"]["means"]) == 2


def test_the_page_of_pairs_says_what_a_target_costs(labels: Program, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = labels("export", "pairs", "--html", str(page), "--no-names")
    assert done.code == 0
    found = payload_of(page.read_bytes())
    assert (found["labels"], found["text"]["pairs"]) == (None, True)
    assert found["loss"]["exact"] == pytest.approx(
        charrnn.load("pairs").loss("".join(f"{source}\t{target}\n" for source, target in PAIRS)), abs=1e-4)


@pytest.mark.parametrize("label", [None, "cold"])
def test_a_saved_model_keeps_all_labels_or_the_one_it_has(folder: Path, tmp_path: Path, label: str | None) -> None:
    model = charrnn.load(folder / "checkpoints" / "words", label=label)
    saved = charrnn.load(model.save(tmp_path / "saved.safetensors"))
    assert saved.samples(5, 0, seed=4) == model.samples(5, 0, seed=4)
    if label is None:
        assert set(saved.with_label("hot").sample(0, seed=3)) <= set("ab")
    else:
        with pytest.raises(CharrnnError, match="without labels"):
            saved.with_label("hot")


def test_a_text_of_two_documents_has_no_one_label(folder: Path) -> None:
    model = charrnn.load(folder / "checkpoints" / "words")
    with pytest.raises(CharrnnError, match="past the end of a document"):
        model.classify(["ab", "cd\ncc"])
    assert model.classify([]) == []
    assert [one.text for one in model.classify(["", "ab"])] == ["", "ab"]


def test_cells_that_carry_the_label_are_named(labels: Program) -> None:
    assert "documents: too few to be tested" in " ".join(labels("inspect-cells", "words").out.split())
    labels("train", "words.tsv", "--labels", "column", *TINY, "--val-fraction", "0.6", "--name", "tracked")
    done = labels("inspect-cells", "tracked", "--color", "never")
    assert done.code == 0
    found = re.search(r"TELL THE LABEL at the end of (\d+) documents: L1:\d+ (hot|cold) (\.\d\d|1\.00) \[\.\d\d\]",
                      " ".join(done.out.split()))
    assert found
    record = json.loads(labels("inspect-cells", "tracked", "--json", "-").out)["labels"]
    assert record["documents"] == int(found[1])
    scores = [cell["heldout"] for cell in record["cells"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > max(0.95, record["cells"][0]["null95"])
    assert {cell["feature"] for cell in record["cells"]} <= set(COLOURS)


def test_without_names_as_labels_no_cell_tells_one(labels: Program, folder: Path) -> None:
    (folder / "hot.txt").write_text("abab\nbaab\n" * 20)
    for arguments in (("pairs", "--text", "pairs.tsv"), ("numbers",), ("words", "--label", "hot", "--text", "hot.txt")):
        assert json.loads(labels("inspect-cells", *arguments, "--json", "-").out)["labels"] is None
        assert "TELL THE LABEL" not in labels("inspect-cells", *arguments).out


def test_without_their_text_pairs_have_a_page_that_was_not_measured(labels: Program, folder: Path,
                                                                    tmp_path: Path) -> None:
    charrnn.load("pairs").save(tmp_path / "alone.safetensors")
    page = tmp_path / "page.html"
    moved = (folder / "pairs.tsv").rename(tmp_path / "moved.tsv")
    try:
        done = labels("export", "pairs", "--html", str(page))
    finally:
        moved.rename(folder / "pairs.tsv")
    assert done.code == 0, done.err
    assert "what 8 bits for each weight cost was not measured, because the training text can't be read" in done.err
    assert (payload_of(page.read_bytes())["loss"], payload_of(page.read_bytes())["cells"]) == (None, [])


def test_the_loss_a_character_is_that_of_the_targets(labels: Program) -> None:
    done = labels("score", "pairs", "pairs.tsv", "--json")
    found = json.loads(done.out)
    assert found["characters"] == sum(len(target) + 1 for _, target in PAIRS)
    assert found["bits_per_character"] == pytest.approx(found["bits"])


def test_targets_and_labels_are_compared_as_training_had_them(labels: Program, folder: Path, tmp_path: Path) -> None:
    options = {"hidden": 12, "cell": "gru", "layers": 1, "batch": 4, "window": 8, "lr": 0.02, "dropout": 0.0,
               "precision": "float32", "validations": 1, "shards": 1, "lowercase": True}
    pairs = "".join(f"{source}\t{target}\n" for source, target in PAIRS)
    capitals = "".join(f"{source}\t{target.upper()} \n" for source, target in PAIRS)
    (tmp_path / "pairs.tsv").write_text(pairs)
    (tmp_path / "capitals.tsv").write_text(capitals)
    charrnn.train(tmp_path / "capitals.tsv", pairs=True, epochs=150, val_fraction=0.0, name="low", folder=tmp_path,
                  **options)
    low, high = (labels("translate", tmp_path / "low", tmp_path / name, "--score")
                 for name in ("pairs.tsv", "capitals.tsv"))
    assert low == high
    assert low.code == 0
    words = (folder / "words.tsv").read_text().replace("hot", "Hot")
    (tmp_path / "Words.tsv").write_text(words)
    charrnn.train(tmp_path / "Words.tsv", labels="column", epochs=1, name="words", folder=tmp_path, **options)
    assert labels("classify", tmp_path / "words", tmp_path / "Words.tsv", "--score").code == 0


def test_lines_end_at_line_feeds_alone_and_a_byte_order_mark_is_no_part_of_them(labels: Program, folder: Path) -> None:
    content = "\ufeffab\r\na\u2028b\n"
    (folder / "odd.tsv").write_bytes(content.encode())
    for given in (("odd.tsv",), ("-",)):
        done = labels("translate", "pairs", *given, stdin=content.encode())
        assert done.out.splitlines() == ["ba"], given
        assert done.err.count("'\\u2028' (U+2028)") == done.err.count("charrnn: ") == 1
