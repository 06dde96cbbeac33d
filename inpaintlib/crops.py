"""Square crops of photographs: random ones for training, fixed ones for evaluation."""

import hashlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from inpaintlib.errors import InputError


@dataclass(frozen=True)
class Place:
    """Where a crop lies: index of the photograph, factor by which it is reduced, top left corner in the reduced
    photograph, and whether it is mirrored."""

    photo: int
    factor: float
    top: int
    left: int
    mirrored: bool


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
            raise InputError("the sequence of photographs is empty; give at least one photograph.")
        if size < 1 or not scales or not all(0 < scale <= 1 for scale in scales):
            raise InputError(f"crops of size {size} at scales {tuple(scales)}: give a size >= 1 and scales in (0, 1].")
        self.photos, self.size, self.scales = photos, size, tuple(scales)
        self._cache: OrderedDict[tuple[int, float], np.ndarray] = OrderedDict()
        self._cache_bytes, self._held = cache_bytes, 0
        self._bad: set[int] = set()
        self._lock = threading.Lock()  # of the cache: `feed.Feed` cuts crops in several threads

    def sample(self, n: int, generator: torch.Generator) -> UInt8[Tensor, "n 3 size size"]:
        """`n` crops, RGB 0..255. What comes out depends on nothing but the photographs and the generator's state."""
        return self.cut(self.places(n, generator))

    def places(self, n: int, generator: torch.Generator) -> list[Place]:
        """Where `n` crops lie, by the same draws as `sample`."""
        draws = torch.rand(n, 5, generator=generator, dtype=torch.float64, device=generator.device).tolist()
        found = []
        for photo, scale, y, x, flip in draws:
            index, factor = self._factor(int(photo * len(self.photos)), scale)
            height, width = self.scaled(index, factor).shape[:2]
            top, left = int(y * (height - self.size + 1)), int(x * (width - self.size + 1))
            found.append(Place(index, factor, top, left, flip < 0.5))
        return found

    def cut(self, places: Sequence[Place]) -> UInt8[Tensor, "n 3 size size"]:
        """The crops at these places, RGB 0..255."""
        out = np.empty((len(places), self.size, self.size, 3), np.uint8)
        for crop, at in zip(out, places):
            image = self.scaled(at.photo, at.factor)
            window = image[at.top : at.top + self.size, at.left : at.left + self.size]
            crop[:] = window[:, ::-1] if at.mirrored else window
        return torch.from_numpy(out).permute(0, 3, 1, 2).contiguous()

    def names(self, places: Sequence[Place]) -> list[str]:
        """The photographs of these places by name, where the sequence has names, or else by number."""
        named = getattr(self.photos, "names", None)
        return [named[at.photo] if named else f"photograph {at.photo}" for at in places]

    def factors(self, index: int) -> list[float]:
        """The factors by which crops of a photograph may be reduced (or, of a small one, enlarged)."""
        _, photo = self._readable(index)
        short = min(photo.shape[:2])
        return [s for s in self.scales if round(short * s) >= self.size] or [self.size / short]

    def scaled(self, index: int, factor: float) -> UInt8[np.ndarray, "h w 3"]:
        """A photograph reduced by one of its `factors`, from the cache where it holds it."""
        index, photo = self._readable(index)
        if factor == 1:
            return photo
        scaled = self._cached(index, factor)
        if scaled is None:
            height, width = (max(self.size, round(side * factor)) for side in photo.shape[:2])
            how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
            scaled = self._keep(index, factor, cv2.resize(photo, (width, height), interpolation=how))
        return scaled

    def _factor(self, index: int, draw: float) -> tuple[int, float]:
        index, _ = self._readable(index)
        fitting = self.factors(index)
        return index, fitting[int(draw * len(fitting))]

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
        raise InputError(f"none of the {len(self.photos)} photographs can be read; give at least one whole image file.")

    def _cached(self, index: int, factor: float) -> np.ndarray | None:
        with self._lock:
            image = self._cache.get((index, factor))
            if image is not None:
                self._cache.move_to_end((index, factor))
        return image

    def _keep(self, index: int, factor: float, image: np.ndarray) -> np.ndarray:
        with self._lock:
            before = self._cache.get((index, factor))
            self._cache[index, factor] = image
            self._held += image.nbytes - (0 if before is None else before.nbytes)
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
            f"no photograph is {size} pixels or more on its short side; give larger ones or a smaller crop."
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
