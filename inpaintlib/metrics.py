"""How close an answer is to the photograph: PSNR, SSIM and mean absolute error per image, whole or in the hole alone.

Every function takes images in [0, 1] and returns one float32 number per image; averaging over images is left to the
caller, so that a mean is always a mean of per-image values. LPIPS stands in its own file and is offered here too.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from inpaintlib.errors import InputError
from inpaintlib.lpips_distance import Lpips
from inpaintlib.ops.gaussian import gaussian

__all__ = ["PSNR_CAP", "Lpips", "l1", "psnr", "ssim", "ssim_whole_and_hole"]

PSNR_CAP = 100.0  # dB, what two identical images get instead of infinity.
_SIGMA, _RADIUS = 1.5, 5  # The 11 x 11 Gaussian window of Wang et al. 2004.
_C1, _C2 = 0.01**2, 0.03**2  # Their constants for a data range of 1.

Images = Float[Tensor, "B C H W"]
Mask = Float[Tensor, "B 1 H W"] | None


def psnr(a: Images, b: Images, hole: Mask = None) -> Float[Tensor, " B"]:
    """Peak signal-to-noise ratio in dB over all colours, data range 1, at most 100 dB.

    a, b: [0, 1]. hole: a mask, 1 = known, 0 = hole; with it only the pixels of the hole count.
    Raises InputError when the shapes do not fit, or when an image of the batch has no hole pixel.
    """
    hidden = _hidden(a, b, hole)
    error = _mean((a.float() - b.float()).square(), hidden)
    return -10 * error.clamp_min(10 ** (-PSNR_CAP / 10)).log10()


def l1(a: Images, b: Images, hole: Mask = None) -> Float[Tensor, " B"]:
    """Mean absolute difference over all colours, in [0, 1]; arguments and errors as in `psnr`."""
    hidden = _hidden(a, b, hole)
    return _mean((a.float() - b.float()).abs(), hidden)


def ssim(a: Images, b: Images, hole: Mask = None) -> Float[Tensor, " B"]:
    """Structural similarity: Gaussian window 11 x 11, sigma 1.5, data range 1, mean over colours and positions.

    a, b: [0, 1]. Without `hole`, positions are those whose window lies inside the image. With `hole` (a mask, 1 =
    known, 0 = hole), positions are the hole's pixels, and the image is mirrored at its border, as in scikit-image.
    Raises InputError as `psnr`, and for images of less than 11 pixels a side.
    Source: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment", 2004, Eq. 13.
    """
    hidden = _hidden(a, b, hole)
    _check_side(a)
    a, b = a.float(), b.float()
    return _mean(_similarity(a, b) if hole is None else _similarity(_mirrored(a), _mirrored(b)), hidden)


def ssim_whole_and_hole(a: Images, b: Images, hole: Float[Tensor, "B 1 H W"]) -> tuple[Tensor, Tensor]:
    """`ssim(a, b)` and `ssim(a, b, hole)` from one map, in the time of one: windows inside the image are the same.

    Arguments and errors as in `ssim`.
    """
    hidden = _hidden(a, b, hole)
    _check_side(a)
    similarity = _similarity(_mirrored(a.float()), _mirrored(b.float()))
    inside = similarity[..., _RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
    return _mean(inside, None), _mean(similarity, hidden)


def _check_side(image: Images) -> None:
    if min(image.shape[-2:]) <= 2 * _RADIUS:
        raise InputError(f"SSIM needs images of at least 11 x 11 pixels, not {image.shape[-2]} x {image.shape[-1]}.")


def _similarity(a: Images, b: Images) -> Float[Tensor, "B C h w"]:
    """The SSIM map, 5 pixels smaller on every side; moments about 1/2, which spares float32 some cancellation."""
    a, b = a - 0.5, b - 0.5
    mean_a, mean_b, square_a, square_b, product = gaussian(
        torch.stack([a, b, a * a, b * b, a * b]), _SIGMA, _RADIUS
    ).unbind()
    variances = (square_a - mean_a**2) + (square_b - mean_b**2)
    covariance = product - mean_a * mean_b
    mean_a, mean_b = mean_a + 0.5, mean_b + 0.5
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    return luminance * (2 * covariance + _C2) / (variances + _C2)


def _mirrored(image: Images) -> Float[Tensor, "B C H+10 W+10"]:
    """The image with five more pixels on every side, mirrored at the border, the border pixel included."""
    for dim in (-2, -1):
        index = torch.arange(image.shape[dim], device=image.device)
        image = image.index_select(dim, torch.cat([index[:_RADIUS].flip(0), index, index[-_RADIUS:].flip(0)]))
    return image


def _hidden(a: Tensor, b: Tensor, hole: Tensor | None) -> Float[Tensor, "B 1 H W"] | None:
    """1 in the hole, 0 elsewhere, after checking that all shapes fit and that every image has a hole."""
    if a.ndim != 4 or a.shape != b.shape:
        raise InputError(
            f"Metrics compare two batches of one shape [B, C, H, W], not {list(a.shape)} with {list(b.shape)}."
        )
    if hole is None:
        return None
    if hole.shape != (a.shape[0], 1, *a.shape[2:]):
        expected = [a.shape[0], 1, *a.shape[2:]]
        raise InputError(f"The mask for these images must have the shape {expected}, not {list(hole.shape)}.")
    hidden = (hole < 0.5).float()
    if not bool(hidden.flatten(1).any(1).all()):
        raise InputError("A metric over the hole needs a hole in every image of the batch, but a mask is all known.")
    return hidden


def _mean(values: Images, hidden: Float[Tensor, "B 1 H W"] | None) -> Float[Tensor, " B"]:
    if hidden is None:
        return values.flatten(1).mean(1)
    return (values * hidden).flatten(1).sum(1) / (hidden.flatten(1).sum(1) * values.shape[1])
