"""Layer interchange: a network as a safetensors file with PyTorch's names: only parameters, and what they mean."""

import safetensors.numpy

from charrnn.interchange.description import description
from charrnn.interchange.state_dict import state_dict
from charrnn.runs.checkpoint import Checkpoint
from charrnn.text.vocabulary import Vocabulary


def safetensors_bytes(checkpoint: Checkpoint, vocabulary: Vocabulary) -> bytes:
    """The whole file; raises SettingsError for a cell that has no state dict."""
    arrays = state_dict(checkpoint.settings.network, checkpoint.arrays)
    return bytes(safetensors.numpy.save(arrays, {"format": "pt", **description(checkpoint, vocabulary)}))
