"""Two hosts that train together: two network namespaces, which share a cable and nothing else."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("torch")

from tests.cli.tiny import ROOT, TEXT
from tests.torch.several import RUN, finish, together
from tests.torch.test_processes import OPTIONS, ROUNDING, assert_same, last

pytestmark = [pytest.mark.torch, pytest.mark.slow]
PORT = 29500  # in a network of our own every port is free


class Host(NamedTuple):
    """A network namespace with its address, the end of the cable in it, and a folder of its own."""

    namespace: str
    address: str
    cable: str
    folder: Path

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Python on this host, with nothing of torchrun's in the environment but what is given."""
        kept = {name: value for name, value in os.environ.items() if "RANK" not in name and "MASTER" not in name}
        own = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(self.folder / "cache"), "OMP_NUM_THREADS": "1",
               "COLUMNS": "200", "GLOO_SOCKET_IFNAME": self.cable}
        return subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, sys.executable, *arguments], cwd=self.folder, text=True,
            env=kept | own | environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[Host]]:
    if shutil.which("ip") is None:
        pytest.skip("there is no program ip (iproute2) here")
    made = []
    for number in (1, 2):
        folder = tmp_path / f"host{number}"
        folder.mkdir()
        (folder / "text.txt").write_text(TEXT, encoding="utf-8")
        made.append(Host(f"charrnn-{os.getpid()}-{number}", f"10.213.7.{number}", f"cn{number}", folder))
    try:
        try:
            for host in made:
                ip("netns", "add", host.namespace)
            first, second = made
            ip("-n", first.namespace, "link", "add", first.cable, "type", "veth", "peer", "name", second.cable, "netns",
               second.namespace)
            for host in made:
                ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", host.cable)
                for device in ("lo", host.cable):
                    ip("-n", host.namespace, "link", "set", device, "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces may be made here: {error.stderr.strip()}")
        yield made
    finally:
        for host in made:
            subprocess.run(["ip", "netns", "delete", host.namespace], check=False, capture_output=True)


def test_torchrun_on_two_hosts_reaches_what_one_process_reaches(hosts: list[Host], tmp_path: Path) -> None:
    """Two processes on each; each host has its own copy of the text, and the first alone keeps the run."""
    train = ("train", "text.txt", *OPTIONS, "--epochs", "1", "--name")
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    [one] = together(1, *train, "one", folder=tmp_path)
    assert one[0] == 0, one
    # by address: no name server knows these hosts
    done = finish([host.start("-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "2", "--node-rank",
                              str(number), "--master-addr", hosts[0].address, "--master-port", str(PORT), "-m",
                              "charrnn", *train, "several") for number, host in enumerate(hosts)])
    assert [code for code, *_ in done] == [0, 0], done
    assert sum("best validation loss" in out for _, out, _ in done) == 1
    kept = [host.folder for host in hosts if (host.folder / "checkpoints").exists()]
    assert len(kept) == 1
    assert_same(last(tmp_path, "one"), last(kept[0], "several"), **ROUNDING)


def test_a_cable_that_breaks_ends_both(hosts: list[Host]) -> None:
    """Each says so in one line or is silent, and the run goes on from its last checkpoint on one host."""
    first, second = hosts
    processes = [host.start("-c", RUN, "train", "text.txt", *OPTIONS, "--epochs", "100000", "--name", "a",
                            RANK=str(rank), WORLD_SIZE="2", LOCAL_RANK="0", LOCAL_WORLD_SIZE="1",
                            MASTER_ADDR=first.address, MASTER_PORT=str(PORT)) for rank, host in enumerate(hosts)]
    saved = first.folder / "checkpoints/a/last.safetensors"
    for _ in range(3000):
        if saved.exists() or any(process.poll() is not None for process in processes):
            break
        time.sleep(0.1)
    time.sleep(1)
    ip("-n", second.namespace, "link", "set", second.cable, "down")
    done = finish(processes)
    assert [code for code, *_ in done] == [1, 1], done
    assert "another of the processes that train together has ended or does not answer" in done[0][2]
    assert done[0][2].count("charrnn:") == 1
    assert not any("Traceback" in err for *_, err in done)
    assert done[1][1:] == ("", "")
    resumed = together(1, "train", "--resume", "a", "--epochs", "1", "--engine", "torch", folder=first.folder)
    assert resumed[0][0] == 0, resumed
