"""A real server on a port of its own, asked by a client of Python's library: whole answers, streams, limits."""

import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import charrnn as package
from charrnn.settings import ServeSettings
from tests.cli.conftest import Program, charrnn  # noqa: F401
from tests.cli.tiny import train_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> package.Model:
    return package.load(train_tiny(tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="module")
def port(model: package.Model) -> Iterator[int]:
    pytest.importorskip("starlette")
    uvicorn = pytest.importorskip("uvicorn")
    from charrnn.server.application import Server

    def page() -> bytes:
        return b"<p>page"

    limits = ServeSettings(most_characters=2000, most_prompt=1000)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Server(model, "tiny", limits, page).application(), log_level="warning",
                                           lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()
    listener.close()


def ask(port: int, body: Any, **headers: str) -> tuple[int, str]:
    """The status and the text of the answer to a request for completions."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", "/v1/completions", content, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def get(port: int, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_whole_answers(port: int, model: package.Model) -> None:
    status, text = ask(port, {"prompt": "the ", "max_tokens": 50, "seed": 3, "n": 2, "temperature": 0.7})
    assert status == 200
    answer = json.loads(text)
    assert [choice["text"] for choice in answer["choices"]] == model.samples(2, 50, prime="the ", seed=3, temp=0.7)
    assert answer["usage"] == {"prompt_tokens": 4, "completion_tokens": 100, "total_tokens": 104}


def test_only_what_was_read_and_written_counts(port: int) -> None:
    asked = {"prompt": "the\u2603 ", "max_tokens": 7, "seed": 3, "n": 3, "echo": True}  # it never saw a snowman
    assert json.loads(ask(port, asked)[1])["usage"] == {"prompt_tokens": 4, "completion_tokens": 21, "total_tokens": 25}


def test_a_stream_has_the_same_text(port: int, model: package.Model) -> None:
    asked = {"prompt": "the ", "max_tokens": 400, "seed": 3, "stop": ["\n"], "echo": True}
    status, text = ask(port, {**asked, "stream": True})
    assert status == 200
    *events, done = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert done == "[DONE]"
    choices = [json.loads(event)["choices"][0] for event in events]
    assert "".join(choice["text"] for choice in choices) == "the " + model.sample(400, prime="the ", seed=3, stop="\n")
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
    assert json.loads(ask(port, asked)[1])["choices"][0]["text"] == "".join(choice["text"] for choice in choices)


def test_several_at_once_each_get_their_own(port: int, model: package.Model) -> None:
    found: dict[int, str] = {}

    def one(seed: int) -> None:
        found[seed] = json.loads(ask(port, {"max_tokens": 500, "seed": seed})[1])["choices"][0]["text"]

    threads = [threading.Thread(target=one, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {seed: model.sample(500, seed=seed) for seed in range(6)}


def test_a_client_that_goes_away_leaves_the_turn_to_others(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/v1/completions", json.dumps({"max_tokens": 2000, "stream": True}).encode(),
                       {"Content-Type": "application/json"})
    connection.getresponse().read(10)
    connection.close()
    assert ask(port, {"max_tokens": 5})[0] == 200


def test_what_there_is(port: int) -> None:
    assert json.loads(get(port, "/v1/models")[1])["data"] == [{"id": "tiny", "object": "model", "owned_by": "charrnn"}]
    assert get(port, "/") == (200, "<p>page")
    assert get(port, "/nowhere")[0] == 404
    assert get(port, "/v1/completions")[0] == 405


@pytest.mark.parametrize(("body", "status", "words"), [
    (b"{", 400, "the request must be one JSON object"), (b"[" * 100_000, 400, "must be one JSON object"),
    (b'{"prompt": "' + b"x" * 30_000 + b'"}', 400, "must be one JSON object"), (b"\xff", 400, "one JSON object"),
    ({"prompt": "x" * 1001}, 400, "the prompt has 1,001 characters; at most 1,000 are read"),
    ({"max_tokens": 2001}, 400, "max_tokens x n is 2,001; it must be 1 to 2,000"),
    ({"temperature": -1}, 400, "temp is -1; it must be at least 0")])
def test_refusals(port: int, body: Any, status: int, words: str) -> None:
    found, text = ask(port, body)
    assert found == status
    assert words in json.loads(text)["error"]["message"]


def test_half_of_a_surrogate_pair_comes_back_as_it_was(port: int) -> None:
    status, text = ask(port, {"prompt": "\ud800", "echo": True, "max_tokens": 5})
    assert status == 200
    assert json.loads(text)["choices"][0]["text"].startswith("\ud800")


@pytest.mark.parametrize(("host", "is_open"), [
    ("127.0.0.1", False), ("localhost", False), ("127.0.0.2", False), ("::1", False), ("0.0.0.0", True), ("::", True),
    ("example.org", True)])
def test_only_this_machine_s_names_are_answered_at_its_own_addresses(model: package.Model, host: str,
                                                                     is_open: bool) -> None:
    pytest.importorskip("starlette")
    from charrnn.server.application import Server

    [names] = Server(model, "tiny", ServeSettings(host=host), None).application().user_middleware
    assert ("*" in names.kwargs["allowed_hosts"]) == is_open


def test_pages_from_elsewhere_are_not_answered(port: int) -> None:
    assert ask(port, {"prompt": "a"}, **{"Content-Type": "text/plain"})[0] == 415  # needs no leave of a browser
    assert ask(port, {"prompt": "a"}, Host="evil.example")[0] == 400  # a name that leads here
    assert get(port, "/v1/models", Host="evil.example")[0] == 400


def test_the_command_says_what_is_missing(charrnn: Program, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = charrnn("serve")
    assert (done.code, done.out) == (2, "")
    assert done.err == ("charrnn: charrnn serve needs starlette and uvicorn; install them with: "
                        "pip install 'charrnn-numba[serve]'\n")


def test_the_command_with_a_port_that_is_taken(
        charrnn: Program, port: int, model: package.Model, tmp_path: Path) -> None:  # noqa: F811
    model.save(tmp_path / "tiny.safetensors")
    done = charrnn("serve", "tiny.safetensors", "--port", str(port))
    assert done.code == 2
    assert done.err.startswith(f"charrnn: can't listen on 127.0.0.1 port {port}: address already in use; give another ")
