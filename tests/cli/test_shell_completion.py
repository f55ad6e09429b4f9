"""What a shell offers: runs and the model that comes along for a checkpoint, texts with a name, classics."""

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from charrnn.cli.group import charrnn as group
from tests.cli.conftest import Program


def offered(*typed: str) -> set[str]:
    """What stands for the last of the words that are typed; "FILE" for files."""
    found = ShellComplete(group, {}, "charrnn", "_CHARRNN_COMPLETE").get_completions(list(typed[:-1]), typed[-1])
    return {"FILE" if item.type == "file" else item.value for item in found}


@pytest.mark.parametrize("command", ["sample", "info", "play", "inspect-cells", "export", "serve", "score", "novelty",
                                     "classify", "translate", "plot"])
def test_checkpoints(charrnn: Program, run: Path, command: str) -> None:
    assert offered(command, "") == {"tiny", "@shakespeare", "FILE"}
    assert offered(command, "ti") == {"tiny", "FILE"}


def test_texts(charrnn: Program, run: Path) -> None:
    assert offered("train", "@f") == {"@fables", "FILE"}
    assert {"@shakespeare", "@python-docs"} <= offered("train", "")
    assert offered("train", "--init-from", "@") == {"@shakespeare", "FILE"}
    assert offered("corpora", "fetch", "sh") == {"shakespeare", "sherlock"}
    assert "all" in offered("corpora", "fetch", "")
