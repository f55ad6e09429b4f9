"""Layer interchange: what an exported file says of its network beside the numbers, as text by name."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import charrnn
from charrnn.errors import CheckpointError
from charrnn.runs.checkpoint import MALFORMED, Checkpoint
from charrnn.settings import NetworkSettings, TextSettings
from charrnn.text.tokenizers import vocabulary_of
from charrnn.text.vocabulary import Vocabulary


def description(checkpoint: Checkpoint, vocabulary: Vocabulary) -> dict[str, str]:
    """JSON by name.

    program      who wrote it
    network      the settings of its shape
    text         how its text is read, as far as that is not the default
    vocabulary   the units in the order of their ids
    """
    plain = TextSettings().to_dict()
    text = {name: value for name, value in checkpoint.settings.text.to_dict().items() if value != plain[name]}
    return {"program": f"charrnn {charrnn.__version__}", "network": json.dumps(checkpoint.settings.network.to_dict()),
            "text": json.dumps(text), "vocabulary": json.dumps(list(vocabulary.units))}


def described(metadata: Mapping[str, str]) -> "tuple[NetworkSettings, TextSettings, Sequence[str]] | None":
    """What description() wrote; None where a file has none of ours. Raises CheckpointError for what can't be read."""
    if not metadata.get("program", "").startswith("charrnn "):
        return None
    try:
        network = NetworkSettings.from_dict(_object(metadata["network"]))
        text = TextSettings.from_dict(_object(metadata["text"]))
        units = json.loads(metadata["vocabulary"])
        if not isinstance(units, list) or not all(isinstance(unit, str) and unit for unit in units):
            raise TypeError("vocabulary is not a list of strings")
        if tuple(vocabulary_of(text, units).units) != tuple(units):
            raise ValueError("vocabulary is not in the order of its ids")
    except MALFORMED as error:
        raise CheckpointError(f"has a description by charrnn that can't be read ({error}); export it again") from error
    return network, text, units


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("it is not an object")
    return value
