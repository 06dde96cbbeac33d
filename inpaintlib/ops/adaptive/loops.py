"""The loops of adaptive filtering on a CPU, compiled by Numba for one side k of the kernels; each does some rows.

A kernel tensor's columns lie side by side in memory, or its groups do; `rows` and `pixels` are for one of them each,
and the maps beside it lie as it does. Arrays are flat, each with its strides: maps (c, y, x), kernels (g, t, y, x).
`seen`, the map that is filtered, and `spread`, its gradient, come with their border: k - 1 more a side. shape: (groups,
channels of a group, height, width) of the kernels. Indices are unsigned, because Numba would let a negative one count
from the end, and a loop that may have to do that is not vectorized.
"""

from functools import cache
from types import SimpleNamespace

import numpy as np
from numba import njit

_at = np.uint64
_compiled = njit(nogil=True, cache=True, fastmath={"contract"})


@cache
def rows(k: int) -> SimpleNamespace:
    """`forward` and `to_features` do rows of channels, C * H in all; `to_kernels` rows of groups."""

    @_compiled
    def forward(out, os, seen, fs, w, ws, shape, begin, end):
        """out[p] = sum over t of K[p, t] F[p + t]."""
        _, share, height, width = shape
        for unit in range(begin, end):
            c, y = unit // height, unit % height
            o, f, weight = _at(c * os[0] + y * os[1]), c * fs[0] + y * fs[1], (c // share) * ws[0] + y * ws[2]
            for x in range(_at(width)):
                total = w.dtype.type(0)
                for i in range(k):
                    for j in range(k):
                        total += w[_at(weight + (i * k + j) * ws[1]) + x] * seen[_at(f + i * fs[1] + j) + x]
                out[o + x] = total

    @_compiled
    def to_kernels(dw, ws, g, gs, seen, fs, shape, begin, end):
        """dK[p, t] = sum over the channels of a group of g[p] F[p + t]."""
        _, share, height, width = shape
        for unit in range(begin, end):
            group, y = unit // height, unit % height
            for i in range(k):
                for j in range(k):
                    at = _at(group * ws[0] + (i * k + j) * ws[1] + y * ws[2])
                    for c in range(group * share, (group + 1) * share):
                        arriving, f = _at(c * gs[0] + y * gs[1]), _at(c * fs[0] + (y + i) * fs[1] + j)
                        if c == group * share:
                            for x in range(_at(width)):
                                dw[at + x] = g[arriving + x] * seen[f + x]
                        else:
                            for x in range(_at(width)):
                                dw[at + x] += g[arriving + x] * seen[f + x]

    @_compiled
    def to_features(spread, ss, g, gs, w, ws, shape, begin, end):
        """dF[q] = sum over t of K[q - t, t] g[q - t], a row of dF with its border at a time."""
        _, share, height, width = shape
        tall = height + k - 1
        for unit in range(begin, end):
            c, row = unit // tall, unit % tall
            s = c * ss[0] + row * ss[1]
            for x in range(_at(width + k - 1)):
                spread[_at(s) + x] = 0
            for i in range(max(0, row - height + 1), min(k, row + 1)):
                arriving, weight = _at(c * gs[0] + (row - i) * gs[1]), (c // share) * ws[0] + (row - i) * ws[2]
                for j in range(k):
                    to, at = _at(s + j), _at(weight + (i * k + j) * ws[1])
                    for x in range(_at(width)):
                        spread[to + x] += g[arriving + x] * w[at + x]

    return SimpleNamespace(forward=forward, to_kernels=to_kernels, to_features=to_features)


@cache
def pixels(k: int) -> SimpleNamespace:
    """Each does rows of all channels: `forward` and `to_kernels` H of them, `to_features` H + k - 1."""

    @_compiled
    def forward(out, os, seen, fs, w, ws, shape, begin, end):
        groups, share, _, width = shape
        for y in range(begin, end):
            for x in range(width):
                o, f, weight = _at(y * os[1] + x * os[2]), y * fs[1] + x * fs[2], y * ws[2] + x * ws[3]
                if share == 1:
                    for c in range(_at(groups)):
                        total = w.dtype.type(0)
                        for i in range(k):
                            for j in range(k):
                                at = _at(f + i * fs[1] + j * fs[2])
                                total += w[_at(weight + (i * k + j) * ws[1]) + c] * seen[at + c]
                        out[o + c] = total
                else:
                    for group in range(groups):
                        first = _at(group * share)
                        for c in range(_at(share)):
                            total = w.dtype.type(0)
                            for i in range(k):
                                for j in range(k):
                                    at = _at(f + i * fs[1] + j * fs[2])
                                    total += w[_at(weight + (i * k + j) * ws[1] + group)] * seen[at + first + c]
                            out[o + first + c] = total

    @_compiled
    def to_kernels(dw, ws, g, gs, seen, fs, shape, begin, end):
        groups, share, _, width = shape
        for y in range(begin, end):
            for x in range(width):
                arriving = _at(y * gs[1] + x * gs[2])
                for i in range(k):
                    for j in range(k):
                        f = _at((y + i) * fs[1] + (x + j) * fs[2])
                        at = _at((i * k + j) * ws[1] + y * ws[2] + x * ws[3])
                        if share == 1:
                            for c in range(_at(groups)):
                                dw[at + c] = g[arriving + c] * seen[f + c]
                        else:
                            for group in range(groups):
                                first, total = _at(group * share), dw.dtype.type(0)
                                for c in range(_at(share)):
                                    total += g[arriving + first + c] * seen[f + first + c]
                                dw[at + _at(group)] = total

    @_compiled
    def to_features(spread, ss, g, gs, w, ws, shape, begin, end):
        groups, share, height, width = shape
        for row in range(begin, end):
            for column in range(width + k - 1):
                s = _at(row * ss[1] + column * ss[2])
                for c in range(_at(groups * share)):
                    spread[s + c] = 0
                for i in range(max(0, row - height + 1), min(k, row + 1)):
                    for j in range(max(0, column - width + 1), min(k, column + 1)):
                        arriving = _at((row - i) * gs[1] + (column - j) * gs[2])
                        at = _at((i * k + j) * ws[1] + (row - i) * ws[2] + (column - j) * ws[3])
                        if share == 1:
                            for c in range(_at(groups)):
                                spread[s + c] += g[arriving + c] * w[at + c]
                        else:
                            for group in range(groups):
                                first = _at(group * share)
                                for c in range(_at(share)):
                                    spread[s + first + c] += g[arriving + first + c] * w[at + _at(group)]

    return SimpleNamespace(forward=forward, to_kernels=to_kernels, to_features=to_features)
