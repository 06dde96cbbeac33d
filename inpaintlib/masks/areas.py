"""How much of an image a hole covers, the papers' bins of it, and the band along the border."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from inpaintlib.errors import InputError

AREA_BINS: dict[str, tuple[float, float]] = {
    "1-10": (0.01, 0.1),
    "10-20": (0.1, 0.2),
    "20-30": (0.2, 0.3),
    "30-40": (0.3, 0.4),
    "40-50": (0.4, 0.5),
    "50-60": (0.5, 0.6),
}
"""The six groups of TSGL App. C and of NVIDIA's irregular masks: (lo, hi], share of the image."""
MISF_BINS: dict[str, tuple[float, float]] = {"0-20": (0.0, 0.2), "20-40": (0.2, 0.4), "40-60": (0.4, 0.6)}
"""MISF Sec. 4.1, as (lo, hi]."""
TSGL_BINS: dict[str, tuple[float, float]] = {"10-30": (0.1, 0.3), "30-50": (0.3, 0.5)}
"""The two ranges of TSGL's ablations, as (lo, hi]."""

BORDER_BAND = 50 / 512
"""Width of the border band as a share of the short side: 50 px of the masks' own 512 (TSGL App. C)."""

_BINS = {**AREA_BINS, **MISF_BINS, **TSGL_BINS}


def hole_area(mask: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n"]:
    """Share of each mask (1 known, 0 hole) that is hole, in [0, 1], as float64."""
    return (mask == 0).flatten(1).sum(1).double() / mask[0].numel()


def in_bin(mask: Float[Tensor, "n 1 h w"], area: str | tuple[float, float]) -> Bool[Tensor, "n"]:
    """Whether each mask's hole area lies in (lo, hi]; `area` is a bin's name or the pair itself.

    Raises InputError for an unknown name.
    """
    if isinstance(area, str) and area not in _BINS:
        raise InputError(f"area bin {area!r}: is unknown; give one of {', '.join(_BINS)}.")
    low, high = _BINS[area] if isinstance(area, str) else area
    share = hole_area(mask)
    return (share > low) & (share <= high)


def border_band(height: int, width: int) -> Bool[Tensor, "h w"]:
    """True within 50/512 of the short side (rounded up to whole pixels) from the border."""
    margin = math.ceil(BORDER_BAND * min(height, width))
    band = torch.ones(height, width, dtype=torch.bool)
    band[margin : height - margin, margin : width - margin] = False
    return band


def touches_border(mask: Float[Tensor, "n 1 h w"]) -> Bool[Tensor, "n"]:
    """Whether each hole reaches into the border band: TSGL's "close to the border", else "distant from it"."""
    band = border_band(*mask.shape[-2:]).to(mask.device)
    return ((mask[:, 0] == 0) & band).flatten(1).any(1)


def pixel_range(area: tuple[float, float], pixels: int) -> tuple[int, int]:
    """The smallest and largest number of hole pixels whose share of `pixels` lies in (lo, hi].

    Raises InputError when `area` is no range within [0, 1], or no number of pixels lies in it.
    """
    low, high = area
    if not 0 <= low < high <= 1:
        raise InputError(f"hole area {area}: is no range; give (lo, hi) with 0 <= lo < hi <= 1.")
    fewest, most = math.floor(low * pixels), math.ceil(high * pixels)
    while fewest / pixels <= low:
        fewest += 1
    while most / pixels > high:
        most -= 1
    if fewest > most:
        raise InputError(f"hole area {area}: no whole number of {pixels} pixels lies in it; give a wider range.")
    return fewest, most


def as_height_width(size: int | tuple[int, int]) -> tuple[int, int]:
    """(H, W) of a size given as one side or as the pair; InputError when a side is below 8 pixels."""
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 8:
        raise InputError(f"mask size {height}x{width}: is too small; give at least 8 pixels a side.")
    return height, width
