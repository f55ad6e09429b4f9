"""Layer runs: a network that was trained with labels, with one label for good: a network without any.

What a label adds to the input is the same at every step, so it goes into the first layer's bias. All that reads or
writes texts then needs to know nothing of labels.
"""

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from charrnn.errors import CheckpointError, SettingsError
from charrnn.runs.checkpoint import Checkpoint
from charrnn.text.labels import LabelScheme

WEIGHT, BIAS = "weight_label_l0", "bias_l0"


@dataclass(frozen=True, eq=False)
class LabelWeights:
    """What labels do to a network: for a label with a vector, the first layer's bias is bias + weight @ vector.

    scheme         which labels there are, and their vectors
    weight, bias   (gates * hidden, width) and (gates * hidden,)
    label          the one that was chosen; None is the average of all
    """

    scheme: LabelScheme
    weight: np.ndarray = field(repr=False)
    bias: np.ndarray = field(repr=False)
    label: str | None = None


def label_weights(checkpoint: Checkpoint, label: str | None = None) -> LabelWeights | None:
    """The weights of a checkpoint's labels, of which `label` was chosen; None for a network without labels."""
    scheme = checkpoint.corpus.labels
    if scheme is None:
        return None
    return LabelWeights(scheme, checkpoint.arrays[WEIGHT], checkpoint.arrays[BIAS], label)


def with_label(checkpoint: Checkpoint, label: str | None = None) -> Checkpoint:
    """The network of a checkpoint for texts with a label; without one for the average of all labels.

    A checkpoint without labels stays what it is. Raises SettingsError for a label that it does not have.
    """
    network, scheme = checkpoint.settings.network, checkpoint.corpus.labels
    if not network.label_width and scheme is None:
        if label is not None:
            raise SettingsError("this network was trained without labels; leave the label out, or train with --labels")
        return checkpoint
    if scheme is None or scheme.width != network.label_width:
        raise CheckpointError(f"it has {scheme.width if scheme else 0:,} labels for a network that reads "
                              f"{network.label_width:,}; use another copy")
    return with_vector(checkpoint, scheme.average if label is None else scheme.vector(label))


def with_vector(checkpoint: Checkpoint, vector: np.ndarray) -> Checkpoint:
    """The network of a checkpoint for the label with a vector (label_width,); of other labels it knows nothing more."""
    arrays = {name: array for name, array in checkpoint.arrays.items() if name != WEIGHT}
    weight = checkpoint.arrays[WEIGHT]
    arrays[BIAS] = arrays[BIAS] + weight @ vector.astype(weight.dtype)
    network = dataclasses.replace(checkpoint.settings.network, label_width=0)
    settings = dataclasses.replace(checkpoint.settings, network=network)
    corpus = dataclasses.replace(checkpoint.corpus, labels=None)
    return dataclasses.replace(checkpoint, settings=settings, corpus=corpus, arrays=arrays)
