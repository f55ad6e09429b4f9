"""No command uses the network, but the one that fetches texts when it is told to."""

from pathlib import Path

import pytest

from charrnn.cli.group import COMMANDS
from tests.cli.tiny import OPTIONS, finish, start

# Runs command after command, each given as one line, with every use of a socket on record.
CODE = """
import sys
used = []
sys.addaudithook(lambda event, _: used.append(event) if event.startswith(("socket.", "urllib.", "http.")) else None)
from charrnn.cli.main import _exit_code, _run
for line in sys.argv[1:]:
    try:
        code = _run(line.split())
    except BaseException as error:
        code = _exit_code(error)
    print(f"used by {line}: {code} {sorted(set(used))}", flush=True)
    used.clear()
"""
CALLS = {
    "train": f"train text.txt {' '.join(OPTIONS)} --name new -q", "sample": "sample tiny --length 5 --output out.txt",
    "play": "play tiny", "complete": "complete tiny the", "score": "score tiny text.txt",
    "novelty": "novelty tiny text.txt", "info": "info tiny", "plot": "plot tiny",
    "inspect-cells": "inspect-cells tiny --html page.html",
    "bench": "bench --shape rnn-1x8-4x5 --seconds 0.001 --rounds 1",
    "corpora": "corpora", "export": "export tiny --to safetensors -o net.safetensors",
    "import": "import net.safetensors --name back", "serve": "serve --help", "classify": "classify labelled names.txt",
    "translate": "translate paired names.txt"}
# What the last two need.
LABELLED = f"train rows.txt --documents line --labels column {' '.join(OPTIONS)} --name labelled -q"
PAIRED = f"train rows.txt --documents line --pairs {' '.join(OPTIONS)} --name paired -q"


@pytest.mark.slow
def test_no_command_uses_the_network(run: Path, tmp_path: Path) -> None:
    assert [name for name in COMMANDS if name not in CALLS] == [], "a new command needs its line in CALLS"
    (tmp_path / "rows.txt").write_text("".join(f"{'ab'[n % 2]}\t{n}ab\n" for n in range(200)))
    (tmp_path / "names.txt").write_text("a\nb\n")
    calls = [LABELLED, PAIRED, *(CALLS[name] for name in COMMANDS)]
    _, out, err = finish(start("-c", CODE, *calls, folder=tmp_path), seconds=600)
    told = [line.removeprefix("used by ") for line in out.splitlines() if line.startswith("used by ")]
    assert [line for line in told if not line.endswith(": 0 []")] == [], err
    assert [line.partition(": 0")[0] for line in told] == calls
    assert (tmp_path / "page.html").is_file()


@pytest.mark.slow
@pytest.mark.skipif("corpora" not in COMMANDS, reason="nothing is fetched")
def test_the_one_that_fetches_does(tmp_path: Path) -> None:
    """So that the test above would see it."""
    pytest.importorskip("pooch")
    home = {name: str(tmp_path) for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA")}
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    _, out, _ = finish(start("-c", CODE, "corpora fetch alice", folder=tmp_path, env=home | nowhere))
    assert "'socket.connect'" in out
    assert ": 0" not in out
