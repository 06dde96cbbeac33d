"""Where in a large photograph a network looks: at all of it reduced, around each hole, or at tiles of full size.

Beyond pieces at most one colour is ever held as floating point numbers, so memory is bounded by the photograph's own
bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import nn

from inpaintlib.errors import InputError
from inpaintlib.inference import LONGEST_SIDE, fill

Mode = Literal["resize", "crop", "tile"]

CELL = 32
"""Pixels. Holes in neighbouring cells of this grid count as one hole."""
CONTEXT = 64
"""Pixels around a hole that a crop shows at least; it shows half the hole's extent where that is more."""
VIEW = 512
"""Pixels that a crop has at least on each side, where the photograph has as many: what the protocols measure at."""
TILE, OVERLAP = 512, 64
"""Pixels: a tile's side, and how much of it is blended into its neighbour."""
LEAST_KNOWN = 0.05
"""Share of a tile that must be known; with less it is filled as part of the whole, reduced."""

Shown = Callable[[Sequence[Any]], Iterable[Any]]
"""Goes through pieces of work and may show how far it has come."""


def filled(
    pixels: UInt8[np.ndarray, "h w 3"],
    hole: Bool[np.ndarray, "h w"],
    network: nn.Module,
    mode: Mode = "resize",
    shown: Shown = iter,
) -> UInt8[np.ndarray, "h w 3"]:
    """The photograph with its hole filled by a network; known pixels are the photograph's. What the hole hides is not
    read.

    resize: the network sees the whole photograph, reduced to 1024 pixels where a side is longer.  crop: it sees every
    hole with its surroundings, each at the scale that suits it.  tile: it sees overlapping squares of full size, whose
    answers are blended; where next to nothing of a square is known, the answer of `resize` stands.
    Raises InputError on another mode.
    """
    if mode not in MODES:
        raise InputError(f"mode={mode!r} is no way to look at a photograph; give {', '.join(MODES)}.")
    result = pixels.copy()
    MODES[mode](result, hole, network, shown)
    return result


def _resize(result: np.ndarray, hole: np.ndarray, network: nn.Module, shown: Shown) -> None:
    for _ in shown([None]):
        np.copyto(result, whole(result, hole, network), where=hole[:, :, None])


def _crop(result: np.ndarray, hole: np.ndarray, network: nn.Module, shown: Shown) -> None:
    pixels = result.copy()
    for window, own in shown(around_holes(hole)):
        drawn = whole(pixels[window], hole[window], network)
        np.copyto(result[window], drawn, where=own[:, :, None])


def _tile(result: np.ndarray, hole: np.ndarray, network: nn.Module, shown: Shown) -> None:
    pixels, reduced = result.copy(), None
    total = _Strips(result, hole)
    for window in shown(tiles(hole)):
        total.advance(window[0].start)
        if hole[window].mean() > 1 - LEAST_KNOWN:
            reduced = whole(pixels, hole, network) if reduced is None else reduced
            total.add(window, reduced[window])
        else:
            total.add(window, whole(pixels[window], hole[window], network))
    total.advance(hole.shape[0])


MODES: dict[str, Callable[[np.ndarray, np.ndarray, nn.Module, Shown], None]] = {
    "resize": _resize,
    "crop": _crop,
    "tile": _tile,
}


def around_holes(hole: Bool[np.ndarray, "h w"]) -> list[tuple[tuple[slice, slice], Bool[np.ndarray, "a b"]]]:
    """For the holes of a mask, windows that show each with its surroundings, and which pixels of a window are its own.
    Every hole pixel is some window's own, and no other's."""
    h, w = hole.shape
    cells = np.zeros((-(-h // CELL), CELL, -(-w // CELL), CELL), bool)
    cells.reshape(cells.shape[0] * CELL, -1)[:h, :w] = hole
    count, labels = cv2.connectedComponents(cells.any(axis=(1, 3)).astype(np.uint8), connectivity=8)
    owners: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for label in range(1, count):
        spans = [np.flatnonzero((labels == label).any(axis=axis)) for axis in (1, 0)]
        reach = max(CONTEXT, CELL * max(np.ptp(span) + 1 for span in spans) // 2)
        window = tuple(
            _wide(span[0] * CELL - reach, (span[-1] + 1) * CELL + reach, side) for span, side in zip(spans, (h, w))
        )
        owners.setdefault(window, []).append(label)
    found = []
    for (rows, columns), own in owners.items():
        window = np.s_[slice(*rows), slice(*columns)]
        inside = labels[np.ix_(np.arange(*rows) // CELL, np.arange(*columns) // CELL)]
        found.append((window, np.isin(inside, own) & hole[window]))
    return found


def _wide(start: int, stop: int, side: int) -> tuple[int, int]:
    """A stretch of a side that is at least VIEW long, as far as the side allows."""
    lack = max(0, VIEW - (stop - start))
    start = max(0, min(start - lack // 2, side - VIEW))
    return int(start), int(min(side, max(stop + lack - lack // 2, start + VIEW)))


def whole(
    pixels: UInt8[np.ndarray, "h w 3"], hole: Bool[np.ndarray, "h w"], network: nn.Module
) -> UInt8[np.ndarray, "h w 3"]:
    """A network's answer for all of a picture, which it sees at no more than 1024 pixels a side."""
    h, w = hole.shape
    factor = max(h, w) / LONGEST_SIDE
    if factor <= 1:
        return _answer(pixels, hole, network)
    size = max(1, round(w / factor)), max(1, round(h / factor))
    known = np.ascontiguousarray(~hole, np.float32)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    small = [cv2.resize(pixels[..., i] * known, size, interpolation=cv2.INTER_AREA) for i in range(3)]
    image = (np.dstack(small) / np.maximum(share, 1e-6)[:, :, None]).round().clip(0, 255).astype(np.uint8)
    drawn = _answer(image, share <= 0, network)
    large = [cv2.resize(drawn[..., i], (w, h), interpolation=cv2.INTER_CUBIC) for i in range(3)]
    return np.dstack(large)


def _answer(pixels: np.ndarray, hole: np.ndarray, network: nn.Module) -> UInt8[np.ndarray, "h w 3"]:
    if not hole.any():  # A hole of few pixels has gone where every reduced pixel covers a known one.
        return pixels
    device = next(network.parameters()).device
    image = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float().to(device) / 127.5 - 1
    drawn = fill(network, image, 1 - torch.from_numpy(hole)[None, None].float().to(device))
    return ((drawn[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def tiles(hole: Bool[np.ndarray, "h w"]) -> list[tuple[slice, slice]]:
    """Overlapping squares that show every hole pixel, from top to bottom. The middle of an overlap divides what is each
    neighbour's own. A tile whose own part has no hole is left out: what it shows of one at its border is another's,
    which sees OVERLAP / 2 pixels or more beyond it."""
    rows, columns = (_stretches(side) for side in hole.shape)
    return [
        (slice(top, top + TILE), slice(left, left + TILE))
        for top, own_rows in rows
        for left, own_columns in columns
        if hole[own_rows, own_columns].any()
    ]


def _stretches(side: int) -> list[tuple[int, slice]]:
    """Where tiles begin along a side, and which part of it is each one's own: evenly, overlapping by OVERLAP or more,
    the last one ending with the side."""
    count = max(1, -(-(side - OVERLAP) // (TILE - OVERLAP)))
    starts = [round(i * (side - TILE) / (count - 1)) for i in range(count)] if count > 1 else [0]
    middles = [(left + TILE + right) // 2 for left, right in pairwise(starts)]
    return [(start, slice(*own)) for start, own in zip(starts, pairwise([0, *middles, side]))]


@dataclass
class _Strips:
    """Weighted sums of tiles' answers, over as many rows as tiles still reach; the rest is written to the result."""

    result: UInt8[np.ndarray, "h w 3"]
    hole: Bool[np.ndarray, "h w"]

    def __post_init__(self) -> None:
        self.top = 0
        self.sums: Float[np.ndarray, "t w 4"] = np.zeros((TILE, self.hole.shape[1], 4), np.float32)

    def add(self, window: tuple[slice, slice], drawn: UInt8[np.ndarray, "a b 3"]) -> None:
        """Add a tile's answer, which counts less towards its border."""
        rows, columns = (_ramp(side) for side in drawn.shape[:2])
        weight = (rows[:, None] * columns)[:, :, None]
        place = self.sums[: len(rows), window[1]]
        place[..., :3] += drawn * weight
        place[..., 3:] += weight

    def advance(self, top: int) -> None:
        """Write the rows above `top`, which no further tile reaches."""
        done = min(top - self.top, len(self.sums))
        if done == 0:
            return
        rows = np.s_[self.top : self.top + done]
        inside = self.hole[rows]
        sums = self.sums[: len(inside)][inside]
        self.result[rows][inside] = (sums[:, :3] / sums[:, 3:]).round()
        self.sums = np.concatenate([self.sums[done:], np.zeros_like(self.sums[:done])])
        self.top = top


def _ramp(side: int) -> Float[np.ndarray, "side"]:
    """Weights of a tile's pixels along a side: rising over OVERLAP pixels from either end."""
    distance = np.minimum(np.arange(side), np.arange(side)[::-1])
    return (np.minimum(distance + 1, OVERLAP) / OVERLAP).astype(np.float32)
