"""Photographs at the public door: a path, a PIL image or an array, with its transparency and the way it is turned."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from inpaintlib.errors import InputError
from inpaintlib.image_io import decoded, flatten, orientation, read_rgba, require_size

Picture = str | os.PathLike | Image.Image | np.ndarray

LARGEST = 40_000_000
"""Pixels of the largest photograph that is filled."""


@dataclass(frozen=True)
class Photograph:
    """What `il.inpaint` was given as photograph.

    given: as it came.  pixels: uint8 [H,W,3] RGB, upright where a file says how it is turned.  alpha: uint8 [H,W,1],
    or None where nothing is transparent.
    """

    given: Picture
    pixels: UInt8[np.ndarray, "h w 3"]
    alpha: UInt8[np.ndarray, "h w 1"] | None = None

    @classmethod
    def of(cls, image: Picture) -> "Photograph":
        """Raises InputError on what is no photograph, and on more than 40 million pixels."""
        rgba = _values(image)
        return cls(image, rgba[..., :3], rgba[..., 3:] if rgba.shape[2] == 4 else None)

    @property
    def seen(self) -> UInt8[np.ndarray, "h w 3"]:
        """What a network sees: the photograph laid on white where it is transparent."""
        return self.pixels if self.alpha is None else flatten(np.dstack([self.pixels, self.alpha]), 255)

    @property
    def size(self) -> str:
        """In words, with what turned it."""
        told = f"{self.pixels.shape[1]} x {self.pixels.shape[0]} pixels"
        turned = isinstance(self.given, (str, os.PathLike)) and orientation(self.given) in (5, 6, 7, 8)
        return told + " (turned as its EXIF data says)" * turned

    def like_given(self, filled: UInt8[np.ndarray, "h w 3"]) -> np.ndarray | Image.Image:
        """A filled photograph with this one's transparency: as a PIL image, with its metadata, where one was given."""
        result = filled if self.alpha is None else np.dstack([filled, self.alpha])
        if not isinstance(self.given, Image.Image):
            return result
        image = Image.fromarray(result)
        image.info = {key: self.given.info[key] for key in ("exif", "icc_profile", "dpi") if key in self.given.info}
        return image


def _values(image: Picture) -> UInt8[np.ndarray, "h w c"]:
    if isinstance(image, (str, os.PathLike)):
        return read_rgba(Path(image), LARGEST)
    if isinstance(image, Image.Image):
        return decoded(image, "The PIL image", LARGEST)
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
        raise InputError(
            "An image is a path, a PIL image or an array, uint8 of shape [H, W, 3] or [H, W, 4],"
            f" not {kind(image, pixels)}."
        )
    require_size("The image array", pixels.shape[1::-1], LARGEST)
    return pixels


def kind(given: object, array: np.ndarray) -> str:
    """What somebody gave for a picture, in words."""
    return type(given).__name__ if array.dtype == object else f"{array.dtype} {list(array.shape)}"
