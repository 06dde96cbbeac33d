"""Pictures as the bytes of WebP files, the same for the same picture."""

import io

import numpy as np
from PIL import Image


def lossless(picture: np.ndarray) -> bytes:
    """A drawing, uint8 [H,W,3], whose colours mean numbers."""
    return _encoded(picture, lossless=True)


def photograph(picture: np.ndarray) -> bytes:
    """A photograph, uint8 [H,W,3]."""
    return _encoded(picture, quality=85)


def _encoded(picture: np.ndarray, **options: bool | int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "webp", method=6, **options)
    return buffer.getvalue()
