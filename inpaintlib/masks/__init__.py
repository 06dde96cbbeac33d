"""Hole masks: drawn, read from files, or frozen for evaluation. float32 [N, 1, H, W], 1 = known, 0 = hole."""

from inpaintlib.masks.areas import (
    AREA_BINS,
    BORDER_BAND,
    MISF_BINS,
    TSGL_BINS,
    border_band,
    hole_area,
    in_bin,
    touches_border,
)
from inpaintlib.masks.irregular import irregular

__all__ = [
    "AREA_BINS",
    "BORDER_BAND",
    "MISF_BINS",
    "TSGL_BINS",
    "border_band",
    "hole_area",
    "in_bin",
    "irregular",
    "touches_border",
]
