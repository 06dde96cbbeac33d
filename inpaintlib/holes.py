"""Masks at the public door, where white is hole: what can be meant in two ways is refused until a flag settles it."""

import os
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Bool, Float
from PIL import Image

from inpaintlib.errors import InputError
from inpaintlib.image_io import decoded, flatten
from inpaintlib.masks.files import LARGEST_HOLE, read_grey
from inpaintlib.pictures import LARGEST, Picture, kind

RIM = 3
"""Pixels from a white and from a black one within which gray is the smoothed rim of a shape."""
CLEAR = 0.2
"""A value this near to 0 is clearly black, one this near to 1 clearly white."""
SOFT = 0.01
"""Share of a mask's white above which gray that is no rim makes it a soft mask."""


@dataclass(frozen=True)
class Reading:
    """How a mask is read where it could be meant in two ways. Every field answers one refusal.

    hole: "white" or "black", the colour of the hole; None is white, unless that is more than 80 % of the image.
    threshold: brighter than this share of full white is white; None is half, unless the mask is soft.
    fit: whether a mask of another size is enlarged or reduced to the photograph's, by nearest neighbours.
    allow_empty: whether a mask without hole is taken, and the photograph given back as it is.
    """

    hole: Literal["white", "black"] | None = None
    threshold: float | None = None
    fit: bool = False
    allow_empty: bool = False

    def __post_init__(self) -> None:
        if self.hole not in ("white", "black", None):
            raise InputError(f"hole={self.hole!r} is no colour of a hole; it is 'white' or 'black'.")
        if self.threshold is not None and not 0 <= self.threshold < 1:
            raise InputError(f"threshold={self.threshold} is no share of full white; give 0 to below 1, such as 0.5.")


def hole_of(
    mask: Picture, shape: tuple[int, int], reading: Reading = Reading(), image: str = ""
) -> Bool[np.ndarray, "h w"]:
    """Where the hole of a photograph of this shape (H, W) is, True inside; `image` describes it in a refusal.

    mask: a path or PIL image, where a pixel is as white as its brightest channel and transparency is black, or an
    array [H,W] of numbers, where anything but zero is white. Raises InputError on what is no mask; and, where
    `reading` does not settle it, on a soft mask, one of another size, an empty one, and one of mostly hole.
    """
    name = str(mask) if isinstance(mask, (str, os.PathLike)) else "The mask"
    grey, nonzero = _grey(mask)
    threshold = reading.threshold if reading.threshold is not None else 0.0 if nonzero else 0.5
    white = grey > threshold
    if reading.threshold is None and _is_soft(grey):
        raise InputError(
            f"{name} is soft: {(np.abs(grey - 0.5) < 0.5 - CLEAR).mean():.1%} of it is gray, neither known nor hole;"
            " say from where on gray is white, as --threshold 0.5 (threshold=0.5) does."
        )
    if white.shape != shape:
        white = _fitted(white, shape, reading, image)
    hole = ~white if reading.hole == "black" else white
    share = hole.mean()
    if share == 0 and not reading.allow_empty:
        other = "white" if reading.hole == "black" else "black"
        raise InputError(
            f"{name} marks no hole: draw what is to be filled in white on black, without transparency; --hole {other}"
            f" (hole='{other}') takes {other} for the hole, --allow-empty (allow_empty=True) copies the photograph."
        )
    if share == 1:
        raise InputError(f"{name} marks the whole image as hole, so nothing is known; is it inverted? White is hole.")
    if share > LARGEST_HOLE and reading.hole is None:
        raise InputError(
            f"{name} marks {share:.1%} of the image as hole; is it inverted? --hole black (hole='black') takes black"
            " for the hole, --hole white (hole='white') takes it as it is."
        )
    return hole


def _grey(mask: Picture) -> tuple[Float[np.ndarray, "h w"], bool]:
    """How white every pixel is, 0..1, and whether anything above 0 is white."""
    if isinstance(mask, (str, os.PathLike)):
        return read_grey(mask, LARGEST), False
    if isinstance(mask, Image.Image):
        return flatten(decoded(mask, "The PIL image", LARGEST), 0).max(axis=2).astype(np.float32) / 255, False
    values = np.asarray(mask)
    if values.ndim != 2 or 0 in values.shape or values.dtype.kind not in "buif":
        given = kind(mask, values)
        raise InputError(f"A mask is a path, a PIL image or an array of numbers of shape [H, W], not {given}.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError("The mask array holds values that are not finite numbers; give 0 for known, nonzero for hole.")
    if values.dtype.kind in "if" and values.min() < 0:
        raise InputError(
            f"The mask array holds values down to {values.min():g}; give 0 for known and anything above for hole."
        )
    return values.astype(np.float32) / max(float(values.max()), 1e-12), True


def _is_soft(grey: Float[np.ndarray, "h w"]) -> bool:
    """Whether a mask has gray beyond the smoothed rims of its shapes."""
    between = np.abs(grey - 0.5) < 0.5 - CLEAR
    if not between.any():
        return False
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM + 1, 2 * RIM + 1))
    near_white = cv2.dilate((grey >= 1 - CLEAR).astype(np.uint8), disc)
    near_black = cv2.dilate((grey <= CLEAR).astype(np.uint8), disc)
    return np.count_nonzero(between & ~(near_white & near_black).astype(bool)) > SOFT * np.count_nonzero(grey > 0.5)


def _fitted(white: np.ndarray, shape: tuple[int, int], reading: Reading, image: str) -> np.ndarray:
    if not reading.fit:
        raise InputError(
            f"The image is {image or f'{shape[1]} x {shape[0]} pixels'} and the mask {white.shape[1]} x"
            f" {white.shape[0]} pixels; give a mask of the image's size, or --fit-mask (fit=True) to have it resized."
        )
    return cv2.resize(white.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
