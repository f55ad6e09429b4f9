"""Layer kernels: tanh, the logistic sigmoid and exp as rational or polynomial functions that the compiler can
vectorise.

numba finds no vector exp or tanh on its own; a call a number would cost more than the matrix products.
"""

import numpy as np

from charrnn.kernels.jit import inner

# A literal 1 is a 64-bit integer and would turn the arithmetic around it into float64.
ONE = np.float32(1)

_f = np.float32
_i = np.int32


@inner
def tanh(x):
    """tanh(x) to 4e-7: odd polynomial of degree 13 over an even one of degree 6, the minimax pair Eigen publishes.

    Beyond +-7.99 float32 has no number left between tanh and +-1 that matters; the clamps are conditional
    expressions because those stay vector code.
    """
    x = _f(-7.99) if x < _f(-7.99) else x
    x = _f(7.99) if x > _f(7.99) else x
    y = x * x
    odd = y * _f(-2.76076847742355e-16) + _f(2.00018790482477e-13)
    odd = y * odd + _f(-8.60467152213735e-11)
    odd = y * odd + _f(5.12229709037114e-08)
    odd = y * odd + _f(1.48572235717979e-05)
    odd = y * odd + _f(6.37261928875436e-04)
    odd = y * odd + _f(4.89352455891786e-03)
    even = y * _f(1.19825839466702e-06) + _f(1.18534705686654e-04)
    even = y * even + _f(2.26843463243900e-03)
    even = y * even + _f(4.89352518554385e-03)
    return x * odd / even


@inner
def sigmoid(x):
    """1 / (1 + exp(-x)), by way of tanh."""
    return _f(0.5) * tanh(_f(0.5) * x) + _f(0.5)


@inner
def exp_nonpositive(x):
    """exp(x) for x <= 0, to 5e-7 relative (5e-6 without fused multiplication); 0 below -87, as good as the truth."""
    is_zero = x < _f(-87.0)
    x = _f(-87.0) if is_zero else x
    # exp(x) = 2^k * exp(r), |r| <= ln(2)/2; ln(2) is subtracted in two parts so that no digit is lost
    k = _i(x * _f(1.44269504) - _f(0.5))
    r = x - _f(k) * _f(0.693359375)
    r = r - _f(k) * _f(-2.12194440e-4)
    p = r * _f(1.0 / 720.0) + _f(1.0 / 120.0)
    p = r * p + _f(1.0 / 24.0)
    p = r * p + _f(1.0 / 6.0)
    p = r * p + _f(0.5)
    p = r * p + _f(1.0)
    p = r * p + _f(1.0)
    # a float32 whose exponent bits are k + 127 is 2^k
    power = p * _i((k + _i(127)) << _i(23)).view(np.float32)
    return _f(0.0) if is_zero else power
