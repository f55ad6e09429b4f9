"""What requests for completions ask for, and what is refused."""

from typing import Any

import pytest

from charrnn.errors import SettingsError
from charrnn.sampling.stopping import LENGTH
from charrnn.server.requests import CompletionAnswer, CompletionRequest
from charrnn.settings import SampleSettings, ServeSettings

LIMITS = ServeSettings(most_characters=1000, most_prompt=20)


def test_nothing_but_a_prompt() -> None:
    asked = CompletionRequest.of({"model": "any", "prompt": "ROMEO:"}, LIMITS)
    assert asked == CompletionRequest("ROMEO:", SampleSettings(length=200), False, "")
    assert CompletionRequest.of({}, LIMITS).prompt == ""


def test_everything() -> None:
    asked = CompletionRequest.of(
        {"prompt": ["ROMEO:"], "max_tokens": 50, "temperature": 0.5, "top_p": 0.9, "top_k": 3, "min_p": 0.01, "seed": 7,
         "n": 4, "stop": ["\n\n", "a\\n"], "echo": True, "logprobs": None, "user": "me"}, LIMITS)
    assert asked.settings == SampleSettings(length=50, temp=0.5, top_p=0.9, top_k=3, min_p=0.01, seed=7, samples=4,
                                            stop=("\n\n", "a\\\\n"))
    assert (asked.text, asked.stream) == ("ROMEO:", False)
    assert CompletionRequest.of({"stop": "END", "stream": True}, LIMITS).settings.stop == ("END",)


@pytest.mark.parametrize(("body", "words"), [
    (None, "must be one JSON object"), ([], "must be one JSON object"),
    ({"prompt": ["a", "b"]}, "prompt must be a text"), ({"prompt": [1, 2]}, "prompt must be a text"),
    ({"prompt": "x" * 21}, "the prompt has 21 characters; at most 20 are read"),
    ({"max_tokens": 1001}, "max_tokens x n is 1,001; it must be 1 to 1,000"),
    ({"max_tokens": 501, "n": 2}, "max_tokens x n is 1,002"),
    ({"max_tokens": 0}, "max_tokens x n is 0"),  # it would never end
    ({"max_tokens": -5}, "length is -5"), ({"max_tokens": "all"}, "length is 'all'; it must be a number"),
    ({"temperature": 1e9}, "temp is "), ({"seed": -1}, "seed is -1"), ({"n": 2, "stream": True}, "contradict"),
    ({"stop": 3}, "stop must be a text or a list of texts"), ({"stop": [3]}, "stop must be"),
    ({"messages": []}, "there is no 'messages'; there are prompt, stop, stream, temperature, ")])
def test_refusals(body: Any, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        CompletionRequest.of(body, LIMITS)
    assert words in str(caught.value)


def test_an_empty_address_is_none() -> None:
    with pytest.raises(SettingsError, match="--host needs an address; an empty one would let every machine in"):
        ServeSettings(host="")


def test_answers() -> None:
    answer = CompletionAnswer("alice")
    whole = answer.whole([("one", LENGTH), ("four", "stop"), ("", "document")], 6, 5)
    assert [choice["finish_reason"] for choice in whole["choices"]] == ["length", "stop", "stop"]
    assert [choice["index"] for choice in whole["choices"]] == [0, 1, 2]
    assert whole["usage"] == {"prompt_tokens": 6, "completion_tokens": 5, "total_tokens": 11}
    piece = answer.piece("one")
    assert (piece["id"], piece["model"]) == (whole["id"], "alice")
    assert piece["choices"] == [{"text": "one", "index": 0, "logprobs": None, "finish_reason": None}]
