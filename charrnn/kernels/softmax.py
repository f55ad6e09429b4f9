"""Layer kernels: the output layer of one window of one shard: logits, softmax, cross-entropy, and their backward pass.

    logits = x @ weight_out^T + bias_out      loss = -log softmax(logits)[target]      dlogits = softmax - one_hot

Padding columns of the logits have a bias so low that their probability is exactly 0, so that nothing needs a mask.
"""

from typing import NamedTuple

import numpy as np

from charrnn.kernels.activations import ONE, exp_nonpositive
from charrnn.kernels.cpu import PAD, padded
from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner, kernel
from charrnn.kernels.matmul import add_transposed_product, matmul

# Places handled together: their logits stay in the first- or second-level cache.
BLOCK_ROWS = 64
# The bias of a column that is only padding.
NEVER = np.float32(-1e30)


class OutputLayer(NamedTuple):
    """The output layer as the kernels read it, with the tiles that multiply it."""

    tiles: int
    weight: np.ndarray  # weight_out^T (H, V padded), packed
    weight_back: np.ndarray  # weight_out (V rounded up to an even number, H), packed
    bias: np.ndarray  # (V padded)


def output_rounded_size(V: int, H: int) -> int:
    """Numbers of scratch memory that bfloat16 products of the output layer need: a block's dlogits and its x."""
    return BLOCK_ROWS // 2 * (padded(V) + H)


@inner
def softmax_row(logits, lanes, sharpness):
    """Turns a row of logits into exp((logit - largest) * sharpness); gives back (largest, sum).

    lanes (PAD) is scratch.
    """
    width = logits.shape[0]
    # The largest of each lane first: a running scalar maximum would not be vector code.
    for j in range(PAD):
        lanes[j] = logits[j]
    for start in range(PAD, width, PAD):
        part = logits[start:start + PAD]
        for j in range(PAD):
            lanes[j] = part[j] if part[j] > lanes[j] else lanes[j]
    largest = lanes[0]
    for j in range(1, PAD):
        largest = max(largest, lanes[j])
    total = np.float32(0)
    for j in range(width):
        e = exp_nonpositive((logits[j] - largest) * sharpness)
        logits[j] = e
        total += e
    return largest, total


@inner
def loss_row(logits, target, scale, lanes):
    """The loss in nats of one place; its logits become dlogits * scale. A target of -1 costs and teaches nothing."""
    if target < 0:
        for j in range(logits.shape[0]):
            logits[j] = np.float32(0)
        return 0.0
    picked = logits[target]
    largest, total = softmax_row(logits, lanes, ONE)
    factor = scale / total
    for j in range(logits.shape[0]):
        logits[j] *= factor
    logits[target] -= scale
    return np.float64(largest) + np.log(np.float64(total)) - np.float64(picked)


@inner
def output_logits(output, x, x_at, rows, H, logits, rounded):
    """Sets the first `rows` of logits (any number, V padded) to those of as many lines of H numbers of x from x_at on.

    rounded   empty with float32 tiles, else rows * H / 2 numbers of scratch memory
    """
    width = output.bias.shape[0]
    for row in range(rows):
        line = logits[row]
        for j in range(width):
            line[j] = output.bias[j]
    matmul(output.tiles, x, x_at, H, rows, output.weight, 0, H, width, flat(logits), 0, width, True, rounded)


@kernel
def output_loss(output, x, targets, scale, logits, rounded, dout, dweight_out, dbias_out):
    """The sum of the losses in nats of targets (T, N) for x (T, N, H); with scale > 0 also the backward pass.

    logits (BLOCK_ROWS + 1, V padded) is scratch, and so is rounded, empty with float32 tiles, else as long as
    output_rounded_size(). scale is what one place's loss weighs in the mean; then dout (T, N, H) is set to the
    gradient of x, and dweight_out (V, H) and dbias_out (V padded) are added to.
    """
    T, N, H = x.shape
    V, width = dweight_out.shape[0], output.bias.shape[0]
    # the tiles and the panels of bfloat16 take numbers in pairs
    even = V + V % 2
    lanes, exact = logits[BLOCK_ROWS], rounded[:0]
    loss = 0.0
    for first in range(0, T * N, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, T * N - first)
        output_logits(output, flat(x), first * H, rows, H, logits, rounded)
        for row in range(rows):
            place = first + row
            loss += loss_row(logits[row], targets[place // N, place % N], scale, lanes)
        if scale > 0:
            matmul(output.tiles, flat(logits), 0, width, rows, output.weight_back, 0, even, H, flat(dout), first * H,
                   H, False, rounded)
            add_transposed_product(output.tiles, flat(logits), 0, width, flat(x), first * H, H, rows, V, H,
                                   flat(dweight_out), 0, H, rounded, exact)
            for row in range(rows):
                line = logits[row]
                for j in range(width):
                    dbias_out[j] += line[j]
    return loss
