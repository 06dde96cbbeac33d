"""Adaptive filtering on a GPU: one Triton kernel forward, two backward, each reading the kernels' tensor once.

A program filters a stretch of one image's elements, in the order in which the features lie in memory. Sums are at least
float32.
"""

from math import isqrt

import torch
import triton
import triton.language as tl
from torch import Tensor

from inpaintlib.ops.adaptive.border import CODES, fold

STRETCH = 512
"""Elements of a program."""


@triton.jit
def _place(stretch, channels, height, width, LAST: tl.constexpr, SIZE: tl.constexpr):
    """Channel, row and column of a program's elements, and which of them exist."""
    at = stretch * SIZE + tl.arange(0, SIZE)
    exists = at < channels * height * width
    if LAST:
        channel, pixel = at % channels, at // channels
    else:
        channel, pixel = at // (height * width), at % (height * width)
    return channel, pixel // width, pixel % width, exists


@triton.jit
def _inside(y, size, BORDER: tl.constexpr):
    """The coordinate that a coordinate beyond the border stands for; with zeros beyond it, itself."""
    if BORDER == 1:
        y = tl.where(y < 0, -y, y)
        y = tl.where(y >= size, 2 * (size - 1) - y, y)
    if BORDER == 2:
        y = tl.minimum(tl.maximum(y, 0), size - 1)
    return y


@triton.jit
def _forward(
    f, w, out, channels, share, height, width,
    fb, fc, fy, fx, wb, wg, wt, wy, wx, ob, oc, oy, ox,
    K: tl.constexpr, BORDER: tl.constexpr, LAST: tl.constexpr, SIZE: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    c, y, x, exists = _place(tl.program_id(0), channels, height, width, LAST, SIZE)
    b = tl.program_id(1).to(tl.int64)
    weights = w + b * wb + (c // share) * wg + y * wy + x * wx
    total = tl.zeros((SIZE,), ACC)
    for tap in tl.static_range(K * K):
        row = _inside(y + (tap // K - K // 2), height, BORDER)
        column = _inside(x + (tap % K - K // 2), width, BORDER)
        seen = exists & (row >= 0) & (row < height) & (column >= 0) & (column < width)
        value = tl.load(f + b * fb + c * fc + row * fy + column * fx, mask=seen, other=0.0)
        total += value.to(ACC) * tl.load(weights + tap * wt, mask=exists, other=0.0).to(ACC)
    tl.store(out + b * ob + c * oc + y * oy + x * ox, total.to(out.dtype.element_ty), mask=exists)


@triton.jit
def _to_kernels(
    g, f, dw, groups, share, height, width,
    gb, gc, gy, gx, fb, fc, fy, fx, wb, wg, wt, wy, wx,
    K: tl.constexpr, BORDER: tl.constexpr, LAST: tl.constexpr, SIZE: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """dK[p, t] = sum over the channels that share a kernel of g[p] F[p + t]; a program owns elements of a group."""
    group, y, x, exists = _place(tl.program_id(0), groups, height, width, LAST, SIZE)
    b = tl.program_id(1).to(tl.int64)
    for tap in tl.static_range(K * K):
        row = _inside(y + (tap // K - K // 2), height, BORDER)
        column = _inside(x + (tap % K - K // 2), width, BORDER)
        seen = exists & (row >= 0) & (row < height) & (column >= 0) & (column < width)
        total = tl.zeros((SIZE,), ACC)
        for member in range(share):
            c = group * share + member
            value = tl.load(f + b * fb + c * fc + row * fy + column * fx, mask=seen, other=0.0).to(ACC)
            arriving = tl.load(g + b * gb + c * gc + y * gy + x * gx, mask=exists, other=0.0).to(ACC)
            total += value * arriving
        at = dw + b * wb + group * wg + tap * wt + y * wy + x * wx
        tl.store(at, total.to(dw.dtype.element_ty), mask=exists)


@triton.jit
def _to_features(
    g, w, df, channels, share, height, width, margin,
    gb, gc, gy, gx, wb, wg, wt, wy, wx, fb, fc, fy, fx,
    K: tl.constexpr, LAST: tl.constexpr, SIZE: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """dF[q] = sum over taps of K[q - t, t] g[q - t]. df may reach `margin` pixels beyond the border on each side."""
    c, y, x, exists = _place(tl.program_id(0), channels, height + 2 * margin, width + 2 * margin, LAST, SIZE)
    b = tl.program_id(1).to(tl.int64)
    total = tl.zeros((SIZE,), ACC)
    for tap in tl.static_range(K * K):
        row = y - margin - (tap // K - K // 2)
        column = x - margin - (tap % K - K // 2)
        sent = exists & (row >= 0) & (row < height) & (column >= 0) & (column < width)
        weight = tl.load(w + b * wb + (c // share) * wg + tap * wt + row * wy + column * wx, mask=sent, other=0.0)
        arriving = tl.load(g + b * gb + c * gc + row * gy + column * gx, mask=sent, other=0.0)
        total += weight.to(ACC) * arriving.to(ACC)
    tl.store(df + b * fb + c * fc + y * fy + x * fx, total.to(df.dtype.element_ty), mask=exists)


def forward(features: Tensor, kernels: Tensor, border: str) -> Tensor:
    """MISF Eq. 6: features [B,C,H,W], kernels [B,G,k*k,H,W] -> [B,C,H,W]."""
    out = torch.empty_like(features)
    channels, height, width = features.shape[1:]
    _forward[_grid(features)](
        features, kernels, out, channels, channels // kernels.shape[1], height, width,
        *features.stride(), *kernels.stride(), *out.stride(),
        K=isqrt(kernels.shape[2]), BORDER=CODES[border], LAST=_last(features), SIZE=STRETCH, ACC=_sums(features),
    )  # fmt: skip
    return out


def backward(gradient: Tensor, features: Tensor, kernels: Tensor, border: str) -> tuple[Tensor, Tensor]:
    """The gradients of features and kernels, of their shapes, for that of the result [B,C,H,W]."""
    (channels, height, width), (groups, taps) = features.shape[1:], kernels.shape[1:3]
    share, k = channels // groups, isqrt(taps)
    to_kernels = torch.empty_like(kernels)
    _to_kernels[_grid(kernels[:, :, 0])](
        gradient, features, to_kernels, groups, share, height, width,
        *gradient.stride(), *features.stride(), *to_kernels.stride(),
        K=k, BORDER=CODES[border], LAST=_last(features), SIZE=STRETCH, ACC=_sums(features),
    )  # fmt: skip
    margin = 0 if border == "zero" else k // 2
    spread = _grown(features, margin)
    _to_features[_grid(spread)](
        gradient, kernels, spread, channels, share, height, width, margin,
        *gradient.stride(), *kernels.stride(), *spread.stride(),
        K=k, LAST=_last(features), SIZE=STRETCH, ACC=_sums(features),
    )  # fmt: skip
    return fold(spread, margin, border).to(features.dtype), to_kernels


def _grown(features: Tensor, margin: int) -> Tensor:
    """Room for a gradient that reaches beyond the border, in the features' layout; of the precision of sums where it is
    folded back."""
    if margin == 0:
        return torch.empty_like(features)
    height, width = (side + 2 * margin for side in features.shape[2:])
    layout = torch.channels_last if _last(features) else torch.contiguous_format
    return torch.empty(
        *features.shape[:2],
        height,
        width,
        dtype=torch.promote_types(features.dtype, torch.float32),
        device=features.device,
        memory_format=layout,
    )


def _grid(maps: Tensor) -> tuple[int, int]:
    return triton.cdiv(maps[0].numel(), STRETCH), maps.shape[0]


def _sums(features: Tensor) -> tl.dtype:
    """The precision of sums."""
    return tl.float64 if features.dtype == torch.float64 else tl.float32


def _last(features: Tensor) -> bool:
    """Whether channels lie last in memory."""
    return features.stride(1) == 1 and features.shape[1] > 1
