"""Layer engine: what logits in PyTorch say of targets, as arrays."""

import numpy as np
import torch
from torch import Tensor

from charrnn.engine.predictions import Predictions


def predictions_of(logits: Tensor, targets: np.ndarray, K: int) -> Predictions:
    """The predictions of targets (T, N) in logits (T, N, V), with the K most probable characters."""
    log_probabilities = torch.log_softmax(logits, -1)
    wanted = torch.from_numpy(np.maximum(targets, 0)).to(logits.device).long()[..., None]
    nats = -log_probabilities.gather(-1, wanted)[..., 0]
    above = (logits > logits.gather(-1, wanted)).sum(-1)
    entropies = -(log_probabilities.exp() * log_probabilities).sum(-1)
    top, ids = torch.sort(log_probabilities, dim=-1, descending=True, stable=True)
    nats, above, entropies, ids, probabilities = (
        tensor.cpu().numpy() for tensor in (nats, above, entropies, ids[..., :K], top[..., :K].exp()))
    predicted = targets >= 0
    each = predicted[..., None]
    return Predictions(float(nats[predicted].sum(dtype=np.float64)),
                       np.where(predicted, nats, np.nan).astype(np.float32),
                       np.where(predicted, 1 + above, 0).astype(np.int32),
                       np.where(predicted, entropies, np.nan).astype(np.float32),
                       np.where(each, ids, -1).astype(np.int32),
                       np.where(each, probabilities, np.nan).astype(np.float32))
