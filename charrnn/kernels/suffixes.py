"""Floor 2: which parts of a small text stand in a large one: the suffix automaton of the small one, and the large one
read through it once, block by block.

The automaton (Blumer et al. 1985) has a state for each set of substrings that end at the same places; a state's longest
substring has `length` characters, its `link` is the state of the longest suffix that ends at more places. Symbols are
numbers from 0. All that is kept grows with the small text; the large one may be of any size.
"""

import numpy as np

from charrnn.kernels.jit import inner, kernel

# Columns of `states` (2N + 2, 3) int32: of the longest substring, of its longest suffix elsewhere, first of its edges.
LENGTH, LINK, EDGES = 0, 1, 2
# Columns of `reach` (2N + 2, 3) int64: longest match that ended in a state, where the first so long ended in the large
# text, and where the first match of any length did.
BEST, FIRST_BEST, FIRST = 0, 1, 2
# What the large text has in place of symbols: a character that the small one lacks, and the end of a document.
STRANGER, END = -1, -2

_MIXER = np.uint64(0x9E3779B97F4A7C15)


def tables_for(count):
    """Empty states, edges and hash table for a small text of so many symbols, and the shift of the hash."""
    states = np.full((2 * count + 2, 3), -1, np.int32)
    states[:, LENGTH] = 0
    bits = max(4, int(6 * count).bit_length())  # at most half full: there are no more than 3N edges
    return states, np.empty((3 * count + 4, 2), np.int32), np.full((1 << bits, 2), -1, np.int64), 64 - bits


@inner
def slot_of(table, key, shift):
    """Where `key` stands in the hash table, or where it would: a slot that is empty has the key -1."""
    slot = np.int64((np.uint64(key) * _MIXER) >> np.uint64(shift))
    while table[slot, 0] != key and table[slot, 0] != -1:
        slot = (slot + 1) & (len(table) - 1)
    return slot


@inner
def add_edge(state, symbol, target, width, states, edges, table, shift, count):
    """Leads from `state` to `target`, as edge number `count`."""
    key = np.int64(state) * width + symbol
    slot = slot_of(table, key, shift)
    table[slot, 0], table[slot, 1] = key, target
    edges[count, 0], edges[count, 1] = symbol, states[state, EDGES]
    states[state, EDGES] = count


@kernel
def build_suffixes(symbols, width, states, edges, table, shift, ends):
    """Builds the automaton of symbols (N,) int32, all below `width`, in empty tables; returns its number of states.

    ends (N,) int32 gets the state of what ends with each symbol.
    """
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
            add_edge(before, symbol, new, width, states, edges, table, shift, edge_count)
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
            edge = states[target, EDGES]
            while edge != -1:
                slot = slot_of(table, np.int64(target) * width + edges[edge, 0], shift)
                add_edge(clone, edges[edge, 0], table[slot, 1], width, states, edges, table, shift, edge_count)
                edge_count += 1
                edge = edges[edge, 1]
            while before != -1:
                slot = slot_of(table, np.int64(before) * width + symbol, shift)
                if table[slot, 1] != target:
                    break
                table[slot, 1] = clone
                before = states[before, LINK]
            states[target, LINK] = states[new, LINK] = clone
        ends[i] = last = new
    return count


@kernel
def scan_suffixes(symbols, base, width, states, table, shift, reach, wholes, is_found, carried):
    """Reads symbols (T,) int32, a block of the large text that begins at its place `base`.

    wholes     (2N + 2,) int32, the length of the document of the small text that is one of a state's substrings, or 0
    is_found   (2N + 2,) bool, gets True where that is a document of the large text too
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
        slot = slot_of(table, state * width + symbol, shift)
        while table[slot, 0] == -1 and state != 0:
            state = np.int64(states[state, LINK])
            length = np.int64(states[state, LENGTH])
            slot = slot_of(table, state * width + symbol, shift)
        if table[slot, 0] == -1:
            continue
        state = table[slot, 1]
        length += 1
        if reach[state, FIRST] < 0:
            reach[state, FIRST] = base + j
        if length > reach[state, BEST]:
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
