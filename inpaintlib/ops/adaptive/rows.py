"""Adaptive filtering of maps whose columns lie side by side in memory; see `loop`."""

from functools import cache

from inpaintlib.ops.adaptive.loop import Loop, at, compiled


@cache
def forward(k: int) -> Loop:
    """out[p] = sum over t of K[p, t] F[p + t]; C * H rows of channels."""

    @compiled
    def loop(out, os, seen, fs, w, ws, shape, begin, end):
        _, share, height, width = shape
        for unit in range(begin, end):
            c, y = unit // height, unit % height
            o, f, weight = at(c * os[0] + y * os[1]), c * fs[0] + y * fs[1], (c // share) * ws[0] + y * ws[2]
            for x in range(at(width)):
                total = w.dtype.type(0)
                for i in range(k):
                    for j in range(k):
                        total += w[at(weight + (i * k + j) * ws[1]) + x] * seen[at(f + i * fs[1] + j) + x]
                out[o + x] = total

    return loop


@cache
def to_kernels(k: int) -> Loop:
    """dK[p, t] = sum over the channels of a group of g[p] F[p + t]; G * H rows of groups."""

    @compiled
    def loop(dw, ws, g, gs, seen, fs, shape, begin, end):
        _, share, height, width = shape
        for unit in range(begin, end):
            group, y = unit // height, unit % height
            for i in range(k):
                for j in range(k):
                    place = at(group * ws[0] + (i * k + j) * ws[1] + y * ws[2])
                    for c in range(group * share, (group + 1) * share):
                        arriving, f = at(c * gs[0] + y * gs[1]), at(c * fs[0] + (y + i) * fs[1] + j)
                        if c == group * share:
                            for x in range(at(width)):
                                dw[place + x] = g[arriving + x] * seen[f + x]
                        else:
                            for x in range(at(width)):
                                dw[place + x] += g[arriving + x] * seen[f + x]

    return loop


@cache
def to_features(k: int) -> Loop:
    """dF[q] = sum over t of K[q - t, t] g[q - t]; C * (H + k - 1) rows of channels, border included."""

    @compiled
    def loop(spread, ss, g, gs, w, ws, shape, begin, end):
        _, share, height, width = shape
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
