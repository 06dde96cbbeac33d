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
from inpaintlib.masks.files import MaskSet, mask_folder, read_mask
from inpaintlib.masks.frozen import CHECKSUMS, FROZEN, checksum, draw_frozen, frozen, frozen_bins
from inpaintlib.masks.irregular import irregular
from inpaintlib.masks.lama import RECIPES, Recipe, box, lama

__all__ = [
    "AREA_BINS",
    "BORDER_BAND",
    "CHECKSUMS",
    "FROZEN",
    "MISF_BINS",
    "RECIPES",
    "TSGL_BINS",
    "MaskSet",
    "Recipe",
    "border_band",
    "box",
    "checksum",
    "draw_frozen",
    "frozen",
    "frozen_bins",
    "hole_area",
    "in_bin",
    "irregular",
    "lama",
    "mask_folder",
    "read_mask",
    "touches_border",
]
