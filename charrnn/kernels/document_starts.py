"""Layer kernels: documents that start inside a window: the state before their first character is the initial one.

Every document starts with the character `start`. Where there are no documents, start is -1 and nothing here costs
anything. Row t of h is two things: the output after character t-1 and the state before character t. At the start of a
document these differ. The forward pass leaves the row as it is and multiplies a copy. The backward pass, which no
longer needs the output, puts the initial state in its place.
"""

from charrnn.kernels.flat import flat
from charrnn.kernels.jit import inner


@inner
def put_initial(tokens, start, state, initial):
    """initial (H) in place of the rows of state (N, H) whose character, of tokens (N,), starts a document."""
    if start >= 0:
        for n in range(state.shape[0]):
            if tokens[n] == start:
                row = state[n]
                for j in range(row.shape[0]):
                    row[j] = initial[j]


@inner
def state_before(tokens, t, start, h, h0, before):
    """h before character t of every sequence, as a line of numbers and where in it: in h, or in before (N, H)."""
    N, H = h.shape[1], h.shape[2]
    begins = False
    if start >= 0:
        for n in range(N):
            begins = begins or tokens[t, n] == start
    if not begins:
        return flat(h), t * N * H
    source, target = flat(h[t]), flat(before)
    for i in range(N * H):
        target[i] = source[i]
    put_initial(tokens[t], start, before, h0)
    return target, 0


@inner
def take_initial(tokens, start, dstate, dinitial):
    """Where a document starts, the gradient in dstate (N, H) is that of the initial state and goes back no further.

    It is added to dinitial (H).
    """
    if start >= 0:
        for n in range(dstate.shape[0]):
            if tokens[n] == start:
                row = dstate[n]
                for j in range(row.shape[0]):
                    dinitial[j] += row[j]
                    row[j] = 0
