"""Layer kernels: what happens to the flat parameter buffer between two windows. Each call does one part of
the buffer, so that several threads can share the work; sums are of pieces of a fixed length, so that they do not depend
on how many do."""

import numpy as np

from charrnn.kernels.jit import inner, kernel


@kernel
def sum_gradients(gradients, bounds, squares):
    """gradients[0] += the other shards' gradients (shards, P), in order; squares[i] = the sum of the squares of
    [bounds[i]:bounds[i + 1])"""
    for i in range(squares.shape[0]):
        total = gradients[0, bounds[i]:bounds[i + 1]]
        for shard in range(1, gradients.shape[0]):
            part = gradients[shard, bounds[i]:bounds[i + 1]]
            for p in range(total.shape[0]):
                total[p] += part[p]
        squares[i] = 0
        # Sums of a line at a time in float32, their total in float64: exact enough for a norm, and vector code.
        for line in range(0, total.shape[0], 1024):
            square = np.float32(0)
            part = total[line:line + 1024]
            for p in range(part.shape[0]):
                square += part[p] * part[p]
            squares[i] += np.float64(square)


@inner
def clipped(slope, scale, limit):
    """A gradient's number as the rules take it: times `scale`, and no further than `limit` from 0."""
    slope *= scale
    slope = limit if slope > limit else slope
    return -limit if slope < -limit else slope


@kernel
def adam(parameters, gradient, mean, square, start, stop, scale, limit, lr, beta1, beta2, epsilon, correction1,
         correction2, decay):
    """One Adam step (Kingma & Ba 2015) on [start:stop) of flat buffers (P); numbers are float32.

    correction1, correction2 are 1 - beta1^step and 1 - beta2^step. decay is what a parameter loses of itself in a
    step, beside its gradient (AdamW, Loshchilov & Hutter 2019); 0 is plain Adam.
    """
    one = np.float32(1)
    rate = lr / correction1
    inverse_root = one / np.sqrt(correction2)
    p, g, m, v = parameters[start:stop], gradient[start:stop], mean[start:stop], square[start:stop]
    for k in range(p.shape[0]):
        slope = clipped(g[k], scale, limit)
        m[k] = beta1 * m[k] + (one - beta1) * slope
        v[k] = beta2 * v[k] + (one - beta2) * slope * slope
        p[k] -= decay * p[k] + rate * m[k] / (np.sqrt(v[k]) * inverse_root + epsilon)


@kernel
def average(mean, parameters, start, stop, share):
    """[start:stop) of mean (P) moves by `share` (float32) of the way to the parameters (P)."""
    m, p = mean[start:stop], parameters[start:stop]
    for k in range(p.shape[0]):
        m[k] += share * (p[k] - m[k])


@kernel
def rmsprop(parameters, gradient, square, start, stop, scale, limit, lr, smoothing, epsilon):
    """One step along the gradient over the root of its running mean square (Tieleman & Hinton 2012), as adam() does."""
    one = np.float32(1)
    p, g, v = parameters[start:stop], gradient[start:stop], square[start:stop]
    for k in range(p.shape[0]):
        slope = clipped(g[k], scale, limit)
        v[k] = smoothing * v[k] + (one - smoothing) * slope * slope
        p[k] -= lr * slope / (np.sqrt(v[k]) + epsilon)


@kernel
def adagrad(parameters, gradient, total, start, stop, scale, limit, lr, epsilon):
    """One step along the gradient over the root of the sum of all its squares so far (Duchi et al. 2011)."""
    p, g, v = parameters[start:stop], gradient[start:stop], total[start:stop]
    for k in range(p.shape[0]):
        slope = clipped(g[k], scale, limit)
        v[k] += slope * slope
        p[k] -= lr * slope / (np.sqrt(v[k]) + epsilon)


@kernel
def sgd(parameters, gradient, velocity, start, stop, scale, limit, lr, momentum):
    """One step of gradient descent with momentum: the velocity keeps `momentum` of itself and gains the gradient."""
    p, g, v = parameters[start:stop], gradient[start:stop], velocity[start:stop]
    for k in range(p.shape[0]):
        v[k] = momentum * v[k] + clipped(g[k], scale, limit)
        p[k] -= lr * v[k]
