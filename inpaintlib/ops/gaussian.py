"""A Gaussian window as shifts and sums, so that no reduced precision of a convolution (TF32, autocast) reaches it."""

import math

from jaxtyping import Float
from torch import Tensor


def gaussian(padded: Float[Tensor, "*B H W"], sigma: float, radius: int) -> Float[Tensor, "*B h w"]:
    """Separable Gaussian average without padding: h = H - 2 radius, w = W - 2 radius, weights summing to one.

    sigma, radius: pixels. What lies beyond the border is the caller's choice. The window is that of
    `scipy.ndimage.gaussian_filter`.
    """
    weights = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(radius + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    for dim in (-2, -1):
        size = padded.shape[dim] - 2 * radius
        blurred = padded.narrow(dim, radius, size) * (weights[0] / total)
        for k in range(radius, 0, -1):
            pair = padded.narrow(dim, radius - k, size) + padded.narrow(dim, radius + k, size)
            blurred.add_(pair, alpha=weights[k] / total)
        padded = blurred
    return padded
