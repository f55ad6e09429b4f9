"""What is released: one version, claims that CI proves, pinned tools, and distributions that anyone can build again."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RECIPE = ROOT / "packaging" / "conda-forge" / "recipe.yaml"
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
LOCK = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")


def loaded(path: Path) -> dict:
    return pytest.importorskip("yaml").safe_load(path.read_text(encoding="utf-8"))


def name_of(requirement: str) -> str:
    """`pytest-xdist` of `pytest-xdist[psutil]>=3.6`."""
    return re.split(r"[\[<>=;! ]", requirement, maxsplit=1)[0].lower()


def test_one_version() -> None:
    assert loaded(ROOT / "CITATION.cff")["version"] == __version__
    assert loaded(RECIPE)["context"]["version"] == __version__
    versions = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert next(version for version in versions if version != "Unreleased") == __version__


def test_claimed_pythons_are_tested() -> None:
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    matrix = loaded(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == claimed
    assert PROJECT["project"]["requires-python"] == f">={claimed[0]}"


def test_every_dependency_has_a_lower_bound() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    for requirement in [*PROJECT["project"]["dependencies"], *(each for extra in extras.values() for each in extra)]:
        assert re.match(r"[\w-]+>=\d", requirement), requirement
    groups = [each for group in PROJECT["dependency-groups"].values() for each in group if isinstance(each, str)]
    assert [each for each in groups if not re.match(r"[\w-]+(\[\w+\])?[>=]=\d", each)] == []


def test_extras_are_for_users() -> None:
    """What only work on the code needs is in groups, which no installation brings."""
    tools = {name_of(each) for group in ("test", "dev", "browser") for each in PROJECT["dependency-groups"][group]
             if isinstance(each, str)}
    users = {name_of(each) for extra in PROJECT["project"]["optional-dependencies"].values() for each in extra}
    assert not tools & users


def test_the_lock_is_whole() -> None:
    """Every direct dependency is pinned, every pin has its checksums, and no registry is named."""
    pinned = dict(re.findall(r"^([\w.-]+)==\S+(?: ;[^\\]*)? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", LOCK,
                             re.MULTILINE))
    assert len(re.findall(r"^[\w.-]+==", LOCK, re.MULTILINE)) == len(re.findall(r"^\S", LOCK, re.MULTILINE))
    groups = PROJECT["dependency-groups"]
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *groups["test"], *groups["dev"],
              *(each for extra in ("plot", "zst", "serve", "tensorboard") for each in extras[extra])]
    assert {name_of(each) for each in wanted if isinstance(each, str)} <= set(pinned)
    assert "://" not in LOCK
    assert "--index" not in LOCK


def test_the_recipe_asks_for_what_the_project_asks_for() -> None:
    wanted = {name_of(each): re.sub(r"^[\w-]+|;.*", "", each).strip() for each in PROJECT["project"]["dependencies"]}
    recipe = dict(each.split(" ", 1) for each in loaded(RECIPE)["requirements"]["run"])
    assert recipe.pop("python") == PROJECT["project"]["requires-python"]
    assert recipe == wanted
    [entry] = loaded(RECIPE)["build"]["python"]["entry_points"]
    assert entry == f"charrnn = {PROJECT['project']['scripts']['charrnn']}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows(path: Path) -> None:
    """They may do no more than they say, end in time, and use actions as they were when they were read."""
    workflow = loaded(path)
    assert workflow["permissions"] == {"contents": "read"}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"])
            for target in re.findall(r"^make ([a-z-]+)$", step.get("run", ""), re.MULTILINE):
                assert target in targets


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_forms(path: Path) -> None:
    form = loaded(path)
    if path.name != "config.yml":
        assert {"name", "description", "body"} <= form.keys()
        assert len({part["id"] for part in form["body"]}) == len(form["body"])


def test_what_docker_gets() -> None:
    """.dockerignore lets in what a wheel is built of, and nothing else."""
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    forced = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"].get("force-include", {})
    assert {*let_in} == {"charrnn", "pyproject.toml", "README.md", "LICENSE", *forced}


@pytest.mark.slow
def test_two_builds_are_equal(tmp_path: Path) -> None:
    """In two places, at two times, under two umasks; and the index would take them."""
    pytest.importorskip("build")
    sums = []
    for number, umask in enumerate((0o022, 0o077)):
        source, dist = tmp_path / f"source{number}", tmp_path / f"dist{number}"
        before = os.umask(umask)
        try:
            shutil.copytree(ROOT, source, copy_function=shutil.copyfile,
                            ignore=shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", "dist"))
            for path in source.rglob("*"):
                os.utime(path, (10**9 * (number + 1), 10**9 * (number + 1)))
            subprocess.run([sys.executable, "-m", "build", "--outdir", dist, source], check=True, timeout=600,
                           stdout=subprocess.DEVNULL)
        finally:
            os.umask(before)
        sums.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in dist.iterdir()})
    assert sums[0] == sums[1]
    assert {name.rpartition(".")[2] for name in sums[0]} == {"whl", "gz"}
    pytest.importorskip("twine")
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *dist.iterdir()], check=True, timeout=600)
