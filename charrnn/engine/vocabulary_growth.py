"""Layer engine: the parameters of a trained network for a larger vocabulary."""

import numpy as np

# Which axis of a parameter counts the vocabulary; those of the first layer do so only where the input is one-hot.
_AXES = {"embedding": 0, "weight_ih_l0": 1, "weight_ih_encoder_l0": 1, "weight_out": 0, "bias_out": 0}


def grow_vocabulary(arrays: dict[str, np.ndarray], places: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """The arrays by name for a vocabulary of `size`, in which the old unit v has the id places[v].

    What belongs to an old unit stays the same, to the bit. As input a new unit is the mean of the old ones; as output
    it is as improbable as the rarest of them. Training then learns the rest.

    Raises ValueError for arrays whose vocabulary does not have len(places) units.
    """
    grown = dict(arrays)
    for name, axis in _AXES.items():
        if name not in arrays or (name.startswith("weight_ih") and "embedding" in arrays):
            continue
        old = arrays[name]
        if old.ndim <= axis or old.shape[axis] != len(places):  # one row alone would be spread over all
            raise ValueError(f"{name} of shape {old.shape} has no {len(places)} units along axis {axis}")
        fresh = old.min() if name == "bias_out" else old.mean(axis=axis, keepdims=True)
        shape = tuple(size if k == axis else width for k, width in enumerate(old.shape))
        grown[name] = np.broadcast_to(fresh, shape).astype(old.dtype)
        grown[name][(slice(None),) * axis + (places,)] = old
    return grown
