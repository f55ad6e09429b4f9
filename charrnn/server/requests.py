"""Layer server: what a request for completions asks for, in the words of OpenAI's API, and the answers to it."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.errors import SettingsError
from charrnn.sampling.stopping import LENGTH
from charrnn.settings import SampleSettings, ServeSettings

_DEFAULT_LENGTH = 200
# The names of our settings that a request may have, where they differ from ours: theirs, and ours.
_RENAMED = {"temperature": "temp", "max_tokens": "length", "n": "samples"}
_SAME = ("top_p", "top_k", "min_p", "seed")
# Fields that clients send whether they matter or not.
_IGNORED = {"model", "user", "prompt", "stop", "stream", "stream_options", "suffix", "logprobs", "best_of",
            "presence_penalty", "frequency_penalty", "logit_bias", "echo"}


@dataclass(frozen=True)
class CompletionRequest:
    """A prompt, how it is to be continued, and whether piece by piece.

    text     what was asked to be repeated before each completion (echo)
    """

    prompt: str
    settings: SampleSettings
    stream: bool
    text: str

    @classmethod
    def of(cls, body: Any, limits: ServeSettings) -> "CompletionRequest":
        """From the JSON of a request; raises SettingsError for what is wrong or too much."""
        if not isinstance(body, Mapping):
            raise SettingsError("the request must be one JSON object")
        prompt = body.get("prompt") or ""
        if isinstance(prompt, list) and len(prompt) == 1:
            prompt = prompt[0]
        if not isinstance(prompt, str):
            raise SettingsError("prompt must be a text; several prompts are several requests")
        if len(prompt) > limits.most_prompt:
            raise SettingsError(f"the prompt has {len(prompt):,} characters; at most {limits.most_prompt:,} are read")
        if unknown := sorted(set(body) - _IGNORED - set(_RENAMED) - set(_SAME)):
            raise SettingsError(f"there is no {unknown[0]!r}; there are prompt, stop, stream, "
                                f"{', '.join((*_RENAMED, *_SAME))}")
        settings = SampleSettings(**{"length": _DEFAULT_LENGTH, **_values(body)}, stop=_stops(body.get("stop")))
        total = settings.length * settings.samples
        if not 0 < total <= limits.most_characters:
            raise SettingsError(f"max_tokens x n is {total:,}; it must be 1 to {limits.most_characters:,}")
        stream = bool(body.get("stream"))
        if stream and settings.samples > 1:
            raise SettingsError("stream and n contradict each other; leave one of them out")
        return cls(prompt, settings, stream, prompt if body.get("echo") else "")


def _values(body: Mapping[str, Any]) -> dict[str, Any]:
    """Our settings in a request; null is what is not there."""
    names = {**_RENAMED, **{name: name for name in _SAME}}
    return {ours: body[theirs] for theirs, ours in names.items() if body.get(theirs) is not None}


def _stops(value: Any) -> tuple[str, ...]:
    """The stop strings, as they are: only a command line reads \\n in them as a line end."""
    stops = [value] if isinstance(value, str) else value or []
    if not isinstance(stops, Sequence) or not all(isinstance(stop, str) for stop in stops):
        raise SettingsError("stop must be a text or a list of texts")
    return tuple(stop.replace("\\", "\\\\") for stop in stops)


class CompletionAnswer:
    """The answers to one request: all of it, or pieces that share its name and time."""

    def __init__(self, model: str) -> None:
        self._head = {"id": f"cmpl-{secrets.token_hex(12)}", "object": "text_completion",
                      "created": int(time.time()), "model": model}

    def whole(self, texts: Sequence[tuple[str, str]], prompt: int, written: int) -> dict[str, Any]:
        """texts             each with what ended it, as Sample has it
        prompt, written   units of the network that were read, and that were written in all texts together
        """
        return {**self._head, "choices": [_choice(number, *text) for number, text in enumerate(texts)],
                "usage": {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}}

    def piece(self, text: str, ending: str | None = None) -> dict[str, Any]:
        """A piece of a text; the last one says what ended it."""
        return {**self._head, "choices": [_choice(0, text, ending)]}


def _choice(number: int, text: str, ending: str | None) -> dict[str, Any]:
    reason = None if ending is None else "length" if ending == LENGTH else "stop"
    return {"text": text, "index": number, "logprobs": None, "finish_reason": reason}
