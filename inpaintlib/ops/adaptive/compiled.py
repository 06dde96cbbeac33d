"""Adaptive filtering on a CPU: the memory of the kernels is passed once, in the order in which it lies, by all threads.

Sums are at least float32. Kernels of half precision are widened some groups at a time; those that lie neither in rows
nor in pixels are copied first.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache
from math import isqrt
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from inpaintlib.ops.adaptive import pixels, rows
from inpaintlib.ops.adaptive.border import CODES, fold, pad

ALONE = 2**21
"""Elements of an image's kernels below which a second thread costs more than it saves."""
WIDENED = 2**18
"""Elements of half precision kernels that are widened at once."""


class _Part(NamedTuple):
    """An image, or some groups of its channels.

    maps, kernels: its place in maps [B,C,H,W] and in kernels [B,G,k*k,H,W].  weights: its kernels [G,k*k,H,W] in the
    precision of sums.  pixels: whether their groups lie side by side in memory, in place of their columns.  share:
    channels of a group.  border: as in `border.CODES`.
    """

    maps: tuple[int, slice]
    kernels: tuple[int, slice]
    weights: Tensor
    pixels: bool
    share: int
    border: str

    def prepared(self, maps: Tensor) -> Tensor:
        """Maps [C,h,w] in the precision of sums, laid out as the kernels are; they themselves where they are so."""
        if maps.dtype == self.weights.dtype and maps.stride(0 if self.pixels else 2) == 1:
            return maps
        layout = torch.channels_last if self.pixels else torch.contiguous_format
        return maps[None].to(self.weights.dtype).contiguous(memory_format=layout)[0]

    def seen(self, maps: Tensor) -> Tensor:
        """The same for a loop: `rows` look beyond the border themselves, `pixels` are given what lies there."""
        return self.prepared(pad(maps[None], self.k // 2, self.border)[0] if self.pixels else maps)

    def room(self) -> Tensor:
        """For the gradient of the channels with their border, laid out as the kernels are."""
        groups, _, height, width = self.weights.shape
        sides = (side + self.k - 1 for side in (height, width))
        return self.prepared(torch.empty(groups * self.share, *sides, dtype=self.weights.dtype))

    @property
    def k(self) -> int:
        return isqrt(self.weights.shape[1])

    def run(self, name: str, *tensors: Tensor) -> None:
        """A loop of `rows` or `pixels`, over all of its rows."""
        groups, _, height, width = self.weights.shape
        loop = getattr(pixels if self.pixels else rows, name)(self.k)
        tall = height + self.k - 1 if name == "to_features" else height
        units = tall if self.pixels else tall * groups * (1 if name == "to_kernels" else self.share)
        arguments = [value for tensor in tensors for value in (_flat(tensor), tensor.stride())]
        frame = groups, self.share, height, width, CODES[self.border]
        threads = torch.get_num_threads() if self.weights.numel() >= ALONE else 1
        edges = [units * i // threads for i in range(threads + 1)]
        apply: Callable = map if threads == 1 else _pool(threads).map
        list(apply(lambda begin, end: loop(*arguments, frame, begin, end), edges[:-1], edges[1:]))


def forward(features: Tensor, kernels: Tensor, border: str) -> Tensor:
    """MISF Eq. 6: features [B,C,H,W], kernels [B,G,k*k,H,W] -> [B,C,H,W], laid out as the features are."""
    out = torch.empty_like(features)
    for part in _parts(features, kernels, border):
        result = out[part.maps]
        sums = part.prepared(result)
        part.run("forward", sums, part.seen(features[part.maps]), part.weights)
        if sums is not result:
            result.copy_(sums)
    return out


def backward(gradient: Tensor, features: Tensor, kernels: Tensor, border: str) -> tuple[Tensor, Tensor]:
    """The gradients of features and kernels, of their shapes, for that of the result [B,C,H,W]."""
    to_features, to_kernels = torch.empty_like(features), torch.empty_like(kernels)
    for part in _parts(features, kernels, border):
        arriving, spread = part.prepared(gradient[part.maps]), part.room()
        place = to_kernels[part.kernels]
        same = (place.dtype, place.stride()) == (part.weights.dtype, part.weights.stride())
        sums = place if same else torch.empty_like(part.weights)
        part.run("to_kernels", sums, arriving, part.seen(features[part.maps]))
        if not same:
            place.copy_(sums)
        part.run("to_features", spread, arriving, part.weights)
        to_features[part.maps].copy_(fold(spread[None], part.k // 2, border)[0])
    return to_features, to_kernels


@cache
def _pool(threads: int) -> Executor:
    """Threads that live on from call to call."""
    return ThreadPoolExecutor(threads)


os.register_at_fork(after_in_child=_pool.cache_clear)  # A child has none of its parent's threads.


def _parts(features: Tensor, kernels: Tensor, border: str) -> Iterator[_Part]:
    """Each image, in parts of some groups where its kernels are widened."""
    groups, taps, height, width = kernels.shape[1:]
    share = features.shape[1] // groups
    half = kernels.dtype.itemsize < 4
    step = max(1, WIDENED // (taps * height * width)) if half else groups
    for image in range(len(kernels)):
        for first in range(0, groups, step):
            some = slice(first, first + step)
            weights = kernels[image, some].float() if half else kernels[image]
            pixels = weights.stride(0) == 1 and weights.stride(3) != 1
            if half or not (pixels or weights.stride(3) == 1):
                weights, pixels = weights.contiguous(), False
            channels = slice(first * share, (first + step) * share)
            yield _Part((image, channels), (image, some), weights, pixels, share, border)


def _flat(tensor: Tensor) -> np.ndarray:
    """The memory that a tensor spans, as one row."""
    length = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))
    return tensor.as_strided((length,), (1,)).numpy()
