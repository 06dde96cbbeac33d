"""Canny's edge detector on a batch of images, on any device, equal to scikit-image's pixel for pixel but for ties.

Everything is shifts, products and comparisons. No convolution or matrix product is called, so neither TF32 nor autocast
can round a gradient, and a pixel's result depends on nothing but its neighbourhood.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from inpaintlib.ops.gaussian import gaussian
from inpaintlib.ops.sobel import sobel

_TRUNCATE = 4.0  # The Gaussian ends at four standard deviations, as in scipy.ndimage.
_DILATIONS = 8  # Steps of the hysteresis between two looks at whether it has settled (each look waits for the GPU).


def canny(
    gray: Float[Tensor, "B 1 H W"],
    sigma: float = 2.0,
    low: float = 0.1,
    high: float = 0.2,
    mask: Float[Tensor, "B 1 H W"] | None = None,
) -> Float[Tensor, "B 1 H W"]:
    """Edges, 1 on an edge and 0 elsewhere, in the dtype of `gray`; the result carries no gradient.

    gray: [0, 1]. sigma: pixels. low, high: thresholds on the Sobel magnitude of the smoothed image, not normalized (an
    unsmoothed step of height one has magnitude 4). mask: 1 = known, 0 = hole; with it the result depends on known
    pixels only, and no edge is reported on a known pixel that touches the hole or the border. Equals
    `skimage.feature.canny(gray, sigma, low, high, mask=mask)` with its border rule (zeros beyond, renormalized).
    Raises ValueError when the shape is not [B, 1, H, W], when `high < low`, or when `low` or `sigma` is not positive.
    Source: Canny, IEEE TPAMI 8 (1986); interpolated non-maximum suppression as in scikit-image.
    """
    if gray.ndim != 4 or gray.shape[1] != 1:
        raise ValueError(f"canny takes gray images of shape [B, 1, H, W], not {list(gray.shape)}.")
    if not (0 < low <= high and sigma > 0):
        raise ValueError(f"canny needs 0 < low <= high and sigma > 0, not low={low}, high={high}, sigma={sigma}.")
    with torch.no_grad():
        known = torch.ones_like(gray[:, 0], dtype=torch.bool) if mask is None else mask[:, 0] > 0.5
        image = gray[:, 0].where(known, 0.0)
        smooth = _blur(image, sigma) / (_blur(known.to(image.dtype), sigma) + torch.finfo(image.dtype).eps)
        down, right = sobel(smooth)
        magnitude = (down * down + right * right).sqrt_()
        weak = _is_ridge(down, right, magnitude) & (magnitude >= low) & _erode(known)
        return _hysteresis(weak & (magnitude >= high), weak)[:, None].to(gray.dtype)


def _blur(image: Float[Tensor, "B H W"], sigma: float) -> Float[Tensor, "B H W"]:
    radius = int(_TRUNCATE * sigma + 0.5)
    return gaussian(F.pad(image, (radius, radius, radius, radius)), sigma, radius)


def _is_ridge(
    down: Float[Tensor, "B H W"], right: Float[Tensor, "B H W"], magnitude: Float[Tensor, "B H W"]
) -> Bool[Tensor, "B H W"]:
    """Whether the magnitude is at least that of both neighbours along the gradient, interpolated between two pixels."""
    height, width = magnitude.shape[1:]
    padded = F.pad(magnitude, (1, 1, 1, 1))

    def at(i: int, j: int) -> Tensor:
        return padded[:, 1 + i : 1 + i + height, 1 + j : 1 + j + width]

    same = down * right >= 0
    x, y = down.abs(), right.abs()
    steep = x > y
    share = torch.minimum(x, y) / torch.maximum(x, y).clamp_min(torch.finfo(x.dtype).tiny)
    ridge = torch.ones_like(same)
    for s in (1, -1):
        diagonal = torch.where(same, at(s, s), at(-s, s))
        straight = torch.where(steep, torch.where(same, at(s, 0), at(-s, 0)), at(0, s))
        ridge &= diagonal * share + straight * (1 - share) <= magnitude
    return ridge


def _erode(known: Bool[Tensor, "B H W"]) -> Bool[Tensor, "B H W"]:
    """Known pixels whose eight neighbours are known and inside the image."""
    padded = F.pad(known, (1, 1, 1, 1))
    rows = padded[:, :-2] & padded[:, 1:-1] & padded[:, 2:]
    return rows[:, :, :-2] & rows[:, :, 1:-1] & rows[:, :, 2:]


def _hysteresis(strong: Bool[Tensor, "B H W"], weak: Bool[Tensor, "B H W"]) -> Bool[Tensor, "B H W"]:
    """Weak pixels joined to a strong one by weak pixels (eight neighbours): dilation inside `weak` until stable."""
    height, width = weak.shape[1:]
    edges = F.pad(strong, (1, 1, 1, 1)).to(torch.uint8)
    inside = edges[:, 1 : 1 + height, 1 : 1 + width]
    allowed = weak.to(torch.uint8)
    while True:
        before = inside.clone()
        for _ in range(_DILATIONS):
            rows = edges[:, :-2] | edges[:, 1:-1] | edges[:, 2:]
            grown = rows[:, :, :-2] | rows[:, :, 1:-1] | rows[:, :, 2:]
            torch.bitwise_and(grown, allowed, out=inside)
        if torch.equal(before, inside):
            return inside.bool()
