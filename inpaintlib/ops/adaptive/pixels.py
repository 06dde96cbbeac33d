"""Adaptive filtering of maps whose channels lie side by side in memory; see `loop`.

`seen` is the map that is filtered, with its border.
"""

from functools import cache

from inpaintlib.ops.adaptive.loop import Loop, at, compiled


@cache
def forward(k: int) -> Loop:
    """out[p] = sum over t of K[p, t] F[p + t]; H rows."""

    @compiled
    def loop(out, os, seen, fs, w, ws, frame, begin, end):
        groups, share, _, width, _ = frame
        for y in range(begin, end):
            for x in range(width):
                o, f, weight = at(y * os[1] + x * os[2]), y * fs[1] + x * fs[2], y * ws[2] + x * ws[3]
                if share == 1:
                    for c in range(at(groups)):
                        total = w.dtype.type(0)
                        for i in range(k):
                            for j in range(k):
                                place = at(f + i * fs[1] + j * fs[2])
                                total += w[at(weight + (i * k + j) * ws[1]) + c] * seen[place + c]
                        out[o + c] = total
                else:
                    for group in range(groups):
                        first = at(group * share)
                        for c in range(at(share)):
                            total = w.dtype.type(0)
                            for i in range(k):
                                for j in range(k):
                                    place = at(f + i * fs[1] + j * fs[2])
                                    total += w[at(weight + (i * k + j) * ws[1] + group)] * seen[place + first + c]
                            out[o + first + c] = total

    return loop


@cache
def to_kernels(k: int) -> Loop:
    """dK[p, t] = sum over the channels of a group of g[p] F[p + t]; H rows."""

    @compiled
    def loop(dw, ws, g, gs, seen, fs, frame, begin, end):
        groups, share, _, width, _ = frame
        for y in range(begin, end):
            for x in range(width):
                arriving = at(y * gs[1] + x * gs[2])
                for i in range(k):
                    for j in range(k):
                        f = at((y + i) * fs[1] + (x + j) * fs[2])
                        place = at((i * k + j) * ws[1] + y * ws[2] + x * ws[3])
                        if share == 1:
                            for c in range(at(groups)):
                                dw[place + c] = g[arriving + c] * seen[f + c]
                        else:
                            for group in range(groups):
                                first, total = at(group * share), dw.dtype.type(0)
                                for c in range(at(share)):
                                    total += g[arriving + first + c] * seen[f + first + c]
                                dw[place + at(group)] = total

    return loop


@cache
def to_features(k: int) -> Loop:
    """dF[q] = sum over t of K[q - t, t] g[q - t]; H + k - 1 rows, border included."""

    @compiled
    def loop(spread, ss, g, gs, w, ws, frame, begin, end):
        groups, share, height, width, _ = frame
        for row in range(begin, end):
            for column in range(width + k - 1):
                s = at(row * ss[1] + column * ss[2])
                for c in range(at(groups * share)):
                    spread[s + c] = 0
                for i in range(max(0, row - height + 1), min(k, row + 1)):
                    for j in range(max(0, column - width + 1), min(k, column + 1)):
                        arriving = at((row - i) * gs[1] + (column - j) * gs[2])
                        place = at((i * k + j) * ws[1] + (row - i) * ws[2] + (column - j) * ws[3])
                        if share == 1:
                            for c in range(at(groups)):
                                spread[s + c] += g[arriving + c] * w[place + c]
                        else:
                            for group in range(groups):
                                first = at(group * share)
                                for c in range(at(share)):
                                    spread[s + first + c] += g[arriving + first + c] * w[place + at(group)]

    return loop
