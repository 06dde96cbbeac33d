"""Square crops of photographs: random ones for training, fixed ones for evaluation."""

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from inpaintlib.errors import InputError


class Crops:
    """Random square crops: photograph, scale, position and horizontal flip, each uniform.

    Every photograph is decoded once and kept, with its reduced copies, as uint8 in a cache of `cache_bytes` that drops
    what was used longest ago. A scale at which a photograph is smaller than the crop is not drawn for it; one that is
    too small at every scale is enlarged so that its short side equals `size`. A file that cannot be read is passed
    over for the next one in order, and named once on stderr.

    photos: a sequence of uint8 [H, W, 3], e.g. a PhotoSet; size: side of the crops in pixels; scales: factors in
    (0, 1] (area-averaged). Raises InputError for an empty sequence, or a size or scale out of range.
    """

    def __init__(
        self,
        photos: Sequence,
        size: int,
        scales: Sequence[float] = (1.0, 0.7, 0.5),
        *,
        cache_bytes: int = 1 << 30,
    ) -> None:
        if len(photos) == 0:
            raise InputError("the sequence of photographs is empty; give at least one photograph")
        if size < 1 or not scales or not all(0 < scale <= 1 for scale in scales):
            raise InputError(f"crops of size {size} at scales {tuple(scales)}: give a size >= 1 and scales in (0, 1]")
        self.photos, self.size, self.scales = photos, size, tuple(scales)
        self._cache: OrderedDict[tuple[int, float], np.ndarray] = OrderedDict()
        self._cache_bytes, self._held = cache_bytes, 0
        self._bad: set[int] = set()

    def sample(self, n: int, generator: torch.Generator) -> UInt8[Tensor, "n 3 size size"]:
        """`n` crops, RGB 0..255. What comes out depends on nothing but the photographs and the generator's state."""
        draws = torch.rand(n, 5, generator=generator, dtype=torch.float64, device=generator.device).tolist()
        out = np.empty((n, self.size, self.size, 3), np.uint8)
        for crop, (photo, scale, y, x, flip) in zip(out, draws):
            image = self._scaled(int(photo * len(self.photos)), scale)
            top = int(y * (image.shape[0] - self.size + 1))
            left = int(x * (image.shape[1] - self.size + 1))
            window = image[top : top + self.size, left : left + self.size]
            crop[:] = window[:, ::-1] if flip < 0.5 else window
        return torch.from_numpy(out).permute(0, 3, 1, 2).contiguous()

    def _scaled(self, index: int, draw: float) -> UInt8[np.ndarray, "h w 3"]:
        index, photo = self._readable(index)
        short = min(photo.shape[:2])
        fitting = [scale for scale in self.scales if round(short * scale) >= self.size]
        factor = fitting[int(draw * len(fitting))] if fitting else self.size / short
        if factor == 1:
            return photo
        scaled = self._cached(index, factor)
        if scaled is None:
            height, width = (max(self.size, round(side * factor)) for side in photo.shape[:2])
            how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
            scaled = self._keep(index, factor, cv2.resize(photo, (width, height), interpolation=how))
        return scaled

    def _readable(self, index: int) -> tuple[int, UInt8[np.ndarray, "h w 3"]]:
        for offset in range(len(self.photos)):
            candidate = (index + offset) % len(self.photos)
            photo = self._cached(candidate, 1.0)
            if photo is None and candidate not in self._bad:
                try:
                    photo = self._keep(candidate, 1.0, self.photos[candidate])
                except InputError as error:
                    self._bad.add(candidate)
                    print(f"skipped ({len(self._bad)} so far): {error}", file=sys.stderr)
            if photo is not None:
                return candidate, photo
        raise InputError(f"none of the {len(self.photos)} photographs can be read; give at least one whole image file")

    def _cached(self, index: int, factor: float) -> np.ndarray | None:
        image = self._cache.get((index, factor))
        if image is not None:
            self._cache.move_to_end((index, factor))
        return image

    def _keep(self, index: int, factor: float, image: np.ndarray) -> np.ndarray:
        self._cache[index, factor] = image
        self._held += image.nbytes
        while self._held > self._cache_bytes and len(self._cache) > 1:
            self._held -= self._cache.popitem(last=False)[1].nbytes
        return image


def positions(photos: Sequence, size: int, per_photo: int = 1, seed: int = 0) -> Iterator[tuple[int, int, int]]:
    """Where fixed crops at native scale lie: (index of the photograph, top, left), `per_photo` of each.

    A position is a function of (seed, name, number of the crop) alone, through SHA-256: it is the same on every
    machine and does not change when other photographs come or go. Photographs whose short side is below `size` are
    left out. Raises InputError when none remains.

    photos: a PhotoSet, or any sequence of uint8 [H, W, 3] with `names`.
    """
    found = False
    for index, (image, name) in enumerate(zip(photos, photos.names)):
        if min(image.shape[:2]) < size:
            continue
        found = True
        for number in range(per_photo):
            digest = hashlib.sha256(f"{seed}/{name}/{number}".encode()).digest()
            top = int.from_bytes(digest[:8], "big") % (image.shape[0] - size + 1)
            left = int.from_bytes(digest[8:16], "big") % (image.shape[1] - size + 1)
            yield index, top, left
    if not found:
        raise InputError(
            f"no photograph is {size} pixels or more on its short side; give larger ones or a smaller crop"
        )


def evaluation_crops(
    photos: Sequence, size: int, per_photo: int = 1, seed: int = 0
) -> tuple[UInt8[Tensor, "n 3 size size"], list[str], list[str]]:
    """The crops at `positions`: (crops, the name of each one's photograph, its group). Errors as there."""
    places = list(positions(photos, size, per_photo, seed))
    crops = [photos[i][top : top + size, left : left + size] for i, top, left in places]
    names, groups = [photos.names[i] for i, *_ in places], [photos.groups[i] for i, *_ in places]
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).contiguous(), names, groups


def to_float(images: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """0..255 -> float32 in [-1, 1]."""
    return images.to(torch.float32) / 127.5 - 1


def to_uint8(images: Float[Tensor, "n 3 h w"]) -> UInt8[Tensor, "n 3 h w"]:
    """[-1, 1] (clamped) -> 0..255, rounded: the inverse of `to_float` for every one of the 256 values."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
