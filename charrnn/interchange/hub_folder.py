"""Layer interchange: a network as a repository on the Hugging Face hub: numbers, settings, a model card."""

import json
import math

import charrnn
from charrnn.interchange.description import description
from charrnn.interchange.safetensors_file import safetensors_bytes
from charrnn.interchange.state_dict import TORCH_CELLS
from charrnn.runs.checkpoint import Checkpoint
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.history import History

_CARD = """---
library_name: charrnn
pipeline_tag: text-generation
tags: [charrnn, char-rnn, {cell}]
---

# {name}

A character-level recurrent network, trained with charrnn {version}. Say here what it may be used for, and add its
licence above.

- Network: {cell}, {layers} x {hidden} units, {parameters:,} parameters
- Text: {corpus}, {characters:,} characters, {different:,} different {kind}s
- Best loss: {loss}

## Use

    charrnn import model.safetensors --name {name}
    charrnn sample {name}

`model.safetensors` has {names}.
`config.json` has the network's settings and its vocabulary.
"""


def _names(cell: str, name: str) -> str:
    """What the card says of the tensors' names."""
    if cell in TORCH_CELLS:
        return f"the names of `torch.nn.{TORCH_CELLS[cell]}`; PyTorch loads it as it is"
    return f'the names of `torch.nn.GRU`; `charrnn.load("{name}").to_torch()` is a PyTorch module that has them'


def hub_files(checkpoint: Checkpoint, vocabulary: Vocabulary, name: str) -> dict[str, bytes]:
    """The content of each file by name; `name` is what the card calls the network.

    Raises SettingsError for a cell that has no state dict.
    """
    network, corpus = checkpoint.settings.network, checkpoint.corpus
    known = description(checkpoint, vocabulary)
    config = {"model_type": "charrnn", "architectures": [network.cell.upper()], "dtype": "float32",
              "vocab_size": len(vocabulary), **{part: json.loads(known[part]) for part in ("network", "text",
                                                                                          "vocabulary")}}
    parameters = sum(array.size for part, array in checkpoint.arrays.items() if "." not in part)
    best = History.from_dict(checkpoint.progress["history"]).best.loss
    loss = ("not measured" if math.isnan(best) else
            f"{best:.4f} nats ({best / math.log(2):.4f} bits) a {vocabulary.kind}")
    card = _CARD.format(name=name, version=charrnn.__version__, cell=network.cell, names=_names(network.cell, name),
                        layers=network.layers, hidden=network.hidden, parameters=parameters,
                        corpus=corpus.name or "a text", characters=corpus.characters, different=len(vocabulary),
                        kind=vocabulary.kind, loss=loss)
    return {"model.safetensors": safetensors_bytes(checkpoint, vocabulary),
            "config.json": (json.dumps(config, indent=1, ensure_ascii=False) + "\n").encode(errors="surrogatepass"),
            "README.md": card.encode(errors="replace")}
