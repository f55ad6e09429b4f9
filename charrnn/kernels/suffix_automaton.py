"""Layer kernels: which parts of a small text stand in a large one: the suffix automaton of the small one, and the
large one read through it once, block by block.

The automaton (Blumer et al. 1985) has a state for each set of substrings that end at the same places; a state's longest
substring has `length` characters, its `link` is the state of the longest suffix that ends at more places. Symbols are
numbers from 0. All that is kept grows with the small text; the large one may be of any size.
"""

import numpy as np

from charrnn.kernels.jit import inner, kernel

# Columns of `states` (2N + 2, 2) int32.
LENGTH, LINK = 0, 1
# Columns of `edges` (3N + 4, 2) int32: its symbol, the state's next edge.
SYMBOL, NEXT = 0, 1
# Columns of `reach` (S, 3) int64: longest match that ended in a state, where the first so long ended in the large
# text, and where the first match of any length did.
BEST, FIRST_BEST, FIRST = 0, 1, 2
# What the large text has in place of symbols: a character that the small one lacks, and the end of a document.
STRANGER, END = -1, -2

# Of an entry's 63 bits so many are the target's: enough for the states of so many symbols. The others are the key's,
# enough for that many states of so many different symbols.
TARGET_BITS = 22
LONGEST, WIDEST = 1 << TARGET_BITS - 1, 1 << 63 - 2 * TARGET_BITS

_MIXER = np.uint64(0x9E3779B97F4A7C15)


def automaton_of(symbols, width):
    """The automaton of symbols (N,) int32, all below `width`; N is at most LONGEST, `width` at most WIDEST.

    Returns states (S, 2); the packed hash table of the edges, int64, -1 where there is none, else the target in the
    lower bits and above them the key, state * width + symbol; the shift of its hash; and ends (N,) int32, the state of
    what ends with each symbol.
    """
    count = len(symbols)
    states, ends = np.zeros((2 * count + 2, 2), np.int32), np.empty(count, np.int32)
    edges, heads = np.empty((3 * count + 4, 2), np.int32), np.full(2 * count + 2, -1, np.int32)
    keys, shift = _slots(3 * count, 2)
    state_count, edge_count = build_suffixes(symbols, width, states, edges, heads, keys, shift, ends)
    del edges, heads
    table, shift = _slots(edge_count, 1)  # smaller, mostly, so that more of it is in the processor's cache
    pack_edges(keys, table.reshape(-1), shift)
    return states[:state_count], table.reshape(-1), shift, ends


def _slots(count, columns):
    """An empty hash table that `count` entries fill by half at most, and the shift of its hash."""
    bits = max(4, int(2 * count).bit_length())
    return np.full((1 << bits, columns), -1, np.int64), 64 - bits


@inner
def slot_of(table, key, shift):
    """Where `key` stands among the keys, or where it would: a slot that is empty has the key -1."""
    slot = np.int64((np.uint64(key) * _MIXER) >> np.uint64(shift))
    while table[slot, 0] != key and table[slot, 0] != -1:
        slot = (slot + 1) & (len(table) - 1)
    return slot


@inner
def target_of(table, key, shift):
    """The state that the edge `key` of a packed table leads to, or -1."""
    slot = np.int64((np.uint64(key) * _MIXER) >> np.uint64(shift))
    while table[slot] != -1 and table[slot] >> TARGET_BITS != key:
        slot = (slot + 1) & (len(table) - 1)
    return table[slot] if table[slot] == -1 else table[slot] & (1 << TARGET_BITS) - 1


@inner
def add_edge(state, symbol, target, width, edges, heads, table, shift, count):
    """Leads from `state` to `target`, as edge number `count`."""
    key = np.int64(state) * width + symbol
    slot = slot_of(table, key, shift)
    table[slot, 0], table[slot, 1] = key, target
    edges[count, SYMBOL], edges[count, NEXT] = symbol, heads[state]
    heads[state] = count


@kernel
def pack_edges(keys, table, shift):
    """Puts the keys and targets (2 columns) into the packed table, which is empty."""
    for i in range(len(keys)):
        if keys[i, 0] != -1:
            slot = np.int64((np.uint64(keys[i, 0]) * _MIXER) >> np.uint64(shift))
            while table[slot] != -1:
                slot = (slot + 1) & (len(table) - 1)
            table[slot] = keys[i, 0] << TARGET_BITS | keys[i, 1]


@kernel
def build_suffixes(symbols, width, states, edges, heads, table, shift, ends):
    """Builds the automaton of symbols (N,) int32 in empty tables; returns how many states and edges it has."""
    states[0, LINK] = -1
    last, count, edge_count = 0, 1, 0
    for i in range(len(symbols)):
        symbol = symbols[i]
        new = count
        count += 1
        states[new, LENGTH] = states[last, LENGTH] + 1
        before = last
        target = -1
        while before != -1:
            slot = slot_of(table, np.int64(before) * width + symbol, shift)
            if table[slot, 0] != -1:
                target = table[slot, 1]
                break
            add_edge(before, symbol, new, width, edges, heads, table, shift, edge_count)
            edge_count += 1
            before = states[before, LINK]
        if target == -1:
            states[new, LINK] = 0
        elif states[target, LENGTH] == states[before, LENGTH] + 1:
            states[new, LINK] = target
        else:  # the shorter substrings of `target` now end at more places than its longest: they get their own state
            clone = count
            count += 1
            states[clone, LENGTH] = states[before, LENGTH] + 1
            states[clone, LINK] = states[target, LINK]
            edge = heads[target]
            while edge != -1:
                slot = slot_of(table, np.int64(target) * width + edges[edge, SYMBOL], shift)
                add_edge(clone, edges[edge, SYMBOL], table[slot, 1], width, edges, heads, table, shift, edge_count)
                edge_count += 1
                edge = edges[edge, NEXT]
            while before != -1:
                slot = slot_of(table, np.int64(before) * width + symbol, shift)
                if table[slot, 1] != target:
                    break
                table[slot, 1] = clone
                before = states[before, LINK]
            states[target, LINK] = states[new, LINK] = clone
        ends[i] = last = new
    return count, edge_count


@kernel
def scan_suffixes(symbols, base, width, states, table, shift, reach, wholes, is_found, carried):
    """Reads symbols (T,) int32, a block of the large text that begins at its place `base`.

    wholes     (S,) int32, the length of the document of the small text that is one of a state's substrings, or 0
    is_found   (S,) bool, gets True where that is a document of the large text too
    carried    (3,) int64: state, length of the match, characters since the document began; 0 before the first block
    """
    state, length, since = carried[0], carried[1], carried[2]
    for j in range(len(symbols)):
        symbol = symbols[j]
        since += 1
        if symbol < 0:
            if symbol == END:
                if length == since - 1 and length > 0 and wholes[state] == length:
                    is_found[state] = True
                since = 0
            state = length = 0
            continue
        target = target_of(table, state * width + symbol, shift)
        while target == -1 and state != 0:
            state = np.int64(states[state, LINK])
            length = np.int64(states[state, LENGTH])
            target = target_of(table, state * width + symbol, shift)
        if target == -1:
            continue
        state = target
        length += 1
        if length > reach[state, BEST]:
            if reach[state, BEST] == 0:
                reach[state, FIRST] = base + j
            reach[state, BEST], reach[state, FIRST_BEST] = length, base + j
    carried[0], carried[1], carried[2] = state, length, since


@kernel
def settle_suffixes(order, states, reach):
    """Tells each state's suffixes what was met in it, and each state that was not met what was in its suffixes.

    order (S,) int64 are the states, the shortest first. Then reach[ends[i], :2] is the longest part of the large text
    that ends with symbol i, and where the first of them ends there.
    """
    for i in range(len(order) - 1, 0, -1):
        state = order[i]
        link = states[state, LINK]
        first = reach[state, FIRST]
        if first < 0 or link <= 0:
            continue
        if reach[link, FIRST] < 0 or first < reach[link, FIRST]:
            reach[link, FIRST] = first
        if reach[link, BEST] < states[link, LENGTH]:
            reach[link, BEST], reach[link, FIRST_BEST] = states[link, LENGTH], first
        elif first < reach[link, FIRST_BEST]:
            reach[link, FIRST_BEST] = first
    for i in range(1, len(order)):
        state = order[i]
        if reach[state, BEST] == 0:
            reach[state, 0], reach[state, 1] = reach[states[state, LINK], 0], reach[states[state, LINK], 1]
