"""Adaptive filtering of maps whose columns lie side by side in memory; see `loop`.

What a channel looks like with its border is made a channel at a time, in a `plane` that stays in the cache.
"""

from functools import cache

import numpy as np

from inpaintlib.ops.adaptive.loop import Loop, at, compiled


@compiled
def _source(i, size, border):
    """The coordinate that `i` stands for, -1 for a zero; border: as in `border.CODES`."""
    if 0 <= i < size:
        return i
    if border == 0:
        return -1
    if border == 1:
        return -i if i < 0 else 2 * (size - 1) - i
    return min(max(i, 0), size - 1)


@compiled
def _surround(plane, f, fs, c, frame, margin, top, bottom):
    """Rows top to bottom of channel c with its border, at their places in the plane."""
    _, _, height, width, border = frame
    side = width + 2 * margin
    for row in range(top, bottom):
        y, to = _source(row - margin, height, border), row * side
        if y < 0:
            for x in range(at(side)):
                plane[at(to) + x] = 0
            continue
        start = c * fs[0] + y * fs[1]
        for x in range(at(width)):
            plane[at(to + margin) + x] = f[at(start) + x]
        for x in range(margin):
            for column in (x, side - 1 - x):
                source = _source(column - margin, width, border)
                plane[to + column] = 0 if source < 0 else f[start + source]


@cache
def forward(k: int) -> Loop:
    """out[p] = sum over t of K[p, t] F[p + t]; C * H rows of channels."""

    @compiled
    def loop(out, os, f, fs, w, ws, frame, begin, end):
        _, share, height, width, _ = frame
        side, unit = width + k - 1, begin
        plane = np.empty(side * (height + k - 1), w.dtype)
        while unit < end:
            c, top = unit // height, unit % height
            bottom = min(height, top + end - unit)
            _surround(plane, f, fs, c, frame, k // 2, top, bottom + k - 1)
            for y in range(top, bottom):
                o, seen, weight = at(c * os[0] + y * os[1]), y * side, (c // share) * ws[0] + y * ws[2]
                for x in range(at(width)):
                    total = w.dtype.type(0)
                    for i in range(k):
                        for j in range(k):
                            total += w[at(weight + (i * k + j) * ws[1]) + x] * plane[at(seen + i * side + j) + x]
                    out[o + x] = total
            unit += bottom - top

    return loop


@cache
def to_kernels(k: int) -> Loop:
    """dK[p, t] = sum over the channels of a group of g[p] F[p + t]; G * H rows of groups."""

    @compiled
    def loop(dw, ws, g, gs, f, fs, frame, begin, end):
        _, share, height, width, _ = frame
        side, unit = width + k - 1, begin
        plane = np.empty(side * (height + k - 1), dw.dtype)
        while unit < end:
            group, top = unit // height, unit % height
            bottom = min(height, top + end - unit)
            for c in range(group * share, (group + 1) * share):
                _surround(plane, f, fs, c, frame, k // 2, top, bottom + k - 1)
                for y in range(top, bottom):
                    for tap in range(k * k):
                        place = at(group * ws[0] + tap * ws[1] + y * ws[2])
                        arriving, seen = at(c * gs[0] + y * gs[1]), at((y + tap // k) * side + tap % k)
                        if c == group * share:
                            for x in range(at(width)):
                                dw[place + x] = g[arriving + x] * plane[seen + x]
                        else:
                            for x in range(at(width)):
                                dw[place + x] += g[arriving + x] * plane[seen + x]
            unit += bottom - top

    return loop


@cache
def to_features(k: int) -> Loop:
    """dF[q] = sum over t of K[q - t, t] g[q - t]; C * (H + k - 1) rows of channels, border included."""

    @compiled
    def loop(spread, ss, g, gs, w, ws, frame, begin, end):
        _, share, height, width, _ = frame
        tall = height + k - 1
        for unit in range(begin, end):
            c, row = unit // tall, unit % tall
            s = c * ss[0] + row * ss[1]
            for x in range(at(width + k - 1)):
                spread[at(s) + x] = 0
            for i in range(max(0, row - height + 1), min(k, row + 1)):
                arriving, weight = at(c * gs[0] + (row - i) * gs[1]), (c // share) * ws[0] + (row - i) * ws[2]
                for j in range(k):
                    to, place = at(s + j), at(weight + (i * k + j) * ws[1])
                    for x in range(at(width)):
                        spread[to + x] += g[arriving + x] * w[place + x]

    return loop
