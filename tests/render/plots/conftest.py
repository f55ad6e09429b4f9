"""A run to draw."""

import shutil
from pathlib import Path

import pytest

from tests.cli.tiny import train_tiny


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(tmp_path_factory.mktemp("drawn"))


@pytest.fixture
def finished(trained: Path, tmp_path: Path) -> Path:
    """The folder of a finished run, for this test alone."""
    return Path(shutil.copytree(trained, tmp_path / "tiny"))
