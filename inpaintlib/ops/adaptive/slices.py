"""Adaptive filtering in plain torch, a tap after the other, over parts of the maps that stay in a core's cache."""

from collections.abc import Iterator
from math import isqrt

import torch
from torch import Tensor

from inpaintlib.ops.adaptive.border import fold, pad

PART = 2**18
"""Elements of a map that are filtered at once, 1 MB in float32: they and their sums stay in the cache while the kernels
stream by."""
Part = tuple[slice, slice]
"""Groups and rows of one image."""


def forward(features: Tensor, kernels: Tensor, border: str) -> Tensor:
    """MISF Eq. 6: features [B,C,H,W], kernels [B,G,k*k,H,W] -> [B,C,H,W], laid out as the features are."""
    out = torch.empty_like(features)
    shape, margin = kernels.shape[1:], isqrt(kernels.shape[2]) // 2
    for image, weights, result in zip(features, kernels, out):
        image = _prepared(image, weights)
        padded = _grouped(pad(image[None], margin, border)[0], shape)
        direct = (result.dtype, result.stride()) == (image.dtype, image.stride())
        sums = result if direct else torch.empty_like(image)
        for groups, rows in _parts(image, weights):
            total = _grouped(sums, shape)[groups, :, rows]
            for tap, seen in enumerate(_taps(padded, shape, groups, rows)):
                weight = weights[groups, tap, rows].unsqueeze(1)
                if tap:
                    total.addcmul_(seen, weight)
                else:
                    torch.mul(seen, weight, out=total)
        if not direct:
            result.copy_(sums)
    return out


def backward(gradient: Tensor, features: Tensor, kernels: Tensor, border: str) -> tuple[Tensor, Tensor]:
    """The gradients of features and kernels, of their shapes, for that of the result [B,C,H,W]."""
    to_features, to_kernels = torch.empty_like(features), torch.empty_like(kernels)
    shape, margin = kernels.shape[1:], isqrt(kernels.shape[2]) // 2
    images = zip(gradient, features, kernels, to_features, to_kernels)
    for arriving, image, weights, to_image, to_weights in images:
        image, arriving = _prepared(image, weights), _prepared(arriving, weights)
        padded = _grouped(pad(image[None], margin, border)[0], shape)
        spread = torch.zeros_like(padded)
        for groups, rows in _parts(image, weights):
            part = _grouped(arriving, shape)[groups, :, rows]
            pairs = zip(_taps(padded, shape, groups, rows), _taps(spread, shape, groups, rows))
            for tap, (seen, sent) in enumerate(pairs):
                _product(part, seen, to_weights[groups, tap, rows])
                sent.addcmul_(part, weights[groups, tap, rows].unsqueeze(1))
        to_image.copy_(fold(spread.flatten(0, 1)[None], margin, border)[0])
    return to_features, to_kernels


def _prepared(image: Tensor, weights: Tensor) -> Tensor:
    """An image's map [C,H,W] in the precision of sums, at least float32, and laid out as its kernels [G,k*k,H,W]."""
    layout = torch.channels_last if _last(weights) else torch.contiguous_format
    dtype = torch.promote_types(image.dtype, torch.float32)
    return image[None].to(dtype).contiguous(memory_format=layout)[0]


def _last(weights: Tensor) -> bool:
    """Whether groups lie closer in memory than rows."""
    return weights.stride(0) < weights.stride(2)


def _product(gradient: Tensor, seen: Tensor, out: Tensor) -> None:
    """A tap's gradient [g,h,w]: the product of both [g,r,h,w], summed over the channels that share a kernel."""
    if gradient.shape[1] == 1:
        torch.mul(gradient[:, 0], seen[:, 0], out=out)
    else:
        torch.sum(gradient * seen, dim=1, out=out)


def _parts(image: Tensor, weights: Tensor) -> Iterator[Part]:
    """The image [C,H,W] in parts of about PART elements: some groups where channels lie first in memory, some rows
    where they lie last, so that a part is one stretch of memory."""
    groups, _, height, width = weights.shape
    channels = image.shape[0]
    if _last(weights):
        step = max(1, PART // (channels * width))
        yield from ((slice(None), slice(y, min(y + step, height))) for y in range(0, height, step))
    else:
        step = max(1, PART // (channels // groups * height * width))
        yield from ((slice(g, g + step), slice(0, height)) for g in range(0, groups, step))


def _taps(padded: Tensor, shape: torch.Size, groups: slice, rows: slice) -> Iterator[Tensor]:
    """What each tap sees of a padded map [G,r,H+k-1,W+k-1]: views [g,r,h,W] of a part's neighbours."""
    k, width = isqrt(shape[1]), shape[-1]
    for i in range(k):
        for j in range(k):
            yield padded[groups, :, rows.start + i : rows.stop + i, j : j + width]


def _grouped(maps: Tensor, shape: torch.Size) -> Tensor:
    """[C,h,w] as [G,r,h,w]; a view."""
    return maps.unflatten(0, (shape[0], maps.shape[0] // shape[0]))
