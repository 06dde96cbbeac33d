"""The frozen protocols: which photographs, crops, holes and bins a method is measured on, the same for every method."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from inpaintlib import layouts, masks
from inpaintlib.crops import positions
from inpaintlib.errors import InputError
from inpaintlib.files import checksum_arrays, sha256
from inpaintlib.photos import PhotoSet, bundled, dataset, prepared

COLUMNS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in masks.AREA_BINS},
    "10-30": ("10-20", "20-30"),
    "30-50": ("30-40", "40-50"),
    "0-20": ("1-10", "10-20"),
    "20-40": ("20-30", "30-40"),
    "40-60": ("40-50", "50-60"),
    **{name: (name,) for name in masks.RECIPES},
    "default": ("default",),
}
"""Columns of the papers' tables -> the bins of masks that they pool. The column "all" pools every bin of a protocol."""

OWN = "own"
"""As `Protocol.masks`: each photograph has its own mask, as in the Dunhuang challenge."""


@dataclass(frozen=True)
class Protocol:
    """What is measured on. Each crop is paired with one mask of every bin.

    photos: "bundled"; a data set layout of `photos.dataset`, whose folder lies in the one that INPAINTLIB_DATA names;
    or the path of one's own photographs, `photos.prepared`.
    split: train, val or test.  size: side of a crop, pixels.  fit: "crop" at native scale (smaller photographs are left
    out, none is enlarged), or "resize", the middle square reduced to `size`.  per_photo: crops a photograph.
    masks: a frozen set of that side, or "own".  bins: of its masks.  photographs: at most so many, the first in order.
    leak: priors from the ground truth, then masked.  views: names in `views.VIEWS` of what is compared.
    """

    name: str
    photos: str
    split: str
    size: int
    masks: str
    bins: tuple[str, ...]
    per_photo: int = 1
    fit: str = "crop"
    photographs: int | None = None
    leak: bool = False
    views: tuple[str, ...] = ("image",)

    def on(self, folder: str | os.PathLike, split: str = "test") -> "Protocol":
        """The same with one's own photographs, from a folder that `inpaintlib prepare` made; images alone are compared.
        Raises InputError where the folder is none of that kind, or this protocol's masks belong to its photographs."""
        if self.masks == OWN:
            raise InputError(f"The holes of {self.name} belong to its photographs; give another protocol.")
        prepared(folder, split)
        place = str(Path(folder).resolve())
        return replace(self, name=f"own-{self.size}", photos=place, split=split, views=("image",))

    def rows(self) -> "Rows":
        """The protocol's rows, drawn once a process. Raises InputError when its photographs are not on this machine."""
        return _rows(self)

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The columns of tables that these rows fill, with the bins that each pools."""
        pooled = {name: bins for name, bins in COLUMNS.items() if set(bins) <= set(self.bins)}
        return pooled | ({"all": self.bins} if len(self.bins) > 1 else {})

    def missing(self) -> str:
        """Why the rows cannot be drawn on this machine, in one sentence; empty when they can."""
        if self.photos == "bundled" or _is_own(self.photos) or _root(self.photos) is not None:
            return ""
        return (
            f"The protocol {self.name} needs {self.photos}, which is not shipped: name the folder that holds"
            f" {self.photos}/ in INPAINTLIB_DATA."
        )


_AREAS = tuple(masks.AREA_BINS)
_WIDTHS = tuple(masks.RECIPES)
_VIEWS = ("image", "edge", "residual")

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol("bundled-256", "bundled", "test", 256, "irregular-256", _AREAS, views=_VIEWS),
        Protocol("bundled-256-leak", "bundled", "test", 256, "irregular-256", _AREAS, leak=True),
        Protocol("bundled-512", "bundled", "test", 512, "lama-512", _WIDTHS),
        Protocol("validation-256", "bundled", "val", 256, "irregular-256", _AREAS),
        Protocol("diagnostics-256", "bundled", "test", 256, "irregular-256", ("20-30",), photographs=8),
        Protocol("diagnostics-256-wide", "bundled", "test", 256, "irregular-256", ("20-30",), photographs=5),
        Protocol("smoke-64", "bundled", "test", 64, "irregular-64", _AREAS, photographs=2, views=_VIEWS),
        Protocol("smoke-diagnostics-64", "bundled", "test", 64, "irregular-64", ("20-30",), photographs=2),
        Protocol("psv-256", "paris_streetview", "val", 256, "irregular-256", _AREAS, views=_VIEWS),
        Protocol("celeba-256", "celeba", "val", 256, "irregular-256", _AREAS, fit="resize", photographs=2_000),
        Protocol("celeba-test-256", "celeba", "test", 256, "irregular-256", _AREAS, fit="resize"),
        Protocol("places2-256", "places2", "val", 256, "irregular-256", _AREAS),
        Protocol("places2-30k-256", "places2", "test", 256, "irregular-256", _AREAS, fit="resize", photographs=30_000),
        Protocol("places2-512", "places2", "val", 512, "lama-512", _WIDTHS),
        Protocol("ade20k-256", "ade20k", "val", 256, "irregular-256", _AREAS),
        Protocol("dunhuang-256", "dunhuang", "test", 256, OWN, ("default",), fit="resize"),
    )
}


@dataclass(frozen=True)
class Table:
    """How a published table is measured here: columns (bins) and metrics in its order, the protocol that stands in for
    its data with the photographs that are shipped, and the one on its own data (part -> name)."""

    columns: tuple[str, ...]
    metrics: tuple[str, ...]
    here: str
    papers: dict[str, str]


_FOUR = ("10-20", "20-30", "30-40", "40-50")
_MISF = ("0-20", "20-40", "40-60")
_MISF_METRICS = ("psnr", "ssim", "l1", "lpips")
_MISF_DATA = {"Places2": "places2-30k-256", "CelebA": "celeba-test-256", "Dunhuang": "dunhuang-256"}

TABLES: dict[str, Table] = {
    "tsgl-table-1": Table(_FOUR, ("kd",), "bundled-256", {"": "celeba-256"}),
    "tsgl-table-2": Table(
        _FOUR, ("psnr", "ssim", "kd"), "bundled-256", {"CelebA": "celeba-256", "Places2": "places2-256"}
    ),
    "tsgl-table-3": Table(_WIDTHS, ("kd", "lpips"), "bundled-512", {"": "places2-512"}),
    "tsgl-table-4": Table(("10-30", "30-50"), ("psnr", "ssim", "kd"), "bundled-256", {"": "psv-256"}),
    "tsgl-table-6": Table(_WIDTHS, ("kd", "lpips"), "bundled-512", {"": "places2-512"}),
    "tsgl-table-7": Table(
        ("10-30", "30-50"),
        ("edge_psnr", "edge_ssim", "edge_kd", "residual_psnr", "residual_ssim", "residual_kd"),
        "bundled-256",
        {"": "psv-256"},
    ),
    "tsgl-table-8": Table(("20-30", "40-50"), ("psnr", "ssim", "kd"), "bundled-256", {"": "ade20k-256"}),
    "tsgl-fig-23": Table(_FOUR, ("psnr", "ssim", "kd"), "bundled-256", {"": "psv-256"}),
    "misf-table-2": Table(_MISF, _MISF_METRICS, "bundled-256", _MISF_DATA),
    "misf-table-3": Table(_MISF, _MISF_METRICS, "bundled-256", _MISF_DATA),
    "misf-table-4": Table(_MISF, _MISF_METRICS, "bundled-256", {"": "celeba-test-256"}),
}
"""Published table (or figure with numbers) -> how it is measured. kd is KD-AlexNet, in the place of the papers' FID."""


@dataclass(frozen=True, eq=False)
class Rows:
    """One row a pair of crop and hole, in the protocol's order.

    crop, hole: index of each row's crop and mask.  photo, group, bin: name of the photograph, its subject (photographs
    of one subject are never told apart as independent), and the bin of the hole.  checksum: of the setting, the
    photographs' files, the positions of crops and the bits of masks: it is stored with every result.
    """

    protocol: Protocol
    crop: np.ndarray
    hole: np.ndarray
    photo: np.ndarray
    group: np.ndarray
    bin: np.ndarray
    checksum: str
    read_crop: Callable[[int], np.ndarray]
    read_hole: Callable[[int], Tensor]

    def __len__(self) -> int:
        return len(self.crop)

    def part(self, index: Sequence[int] | np.ndarray) -> tuple[UInt8[Tensor, "n 3 s s"], Float[Tensor, "n 1 s s"]]:
        """Crops and masks of some rows."""
        images = np.stack([self.read_crop(int(self.crop[i])) for i in index])
        return torch.from_numpy(images).permute(0, 3, 1, 2), torch.stack(
            [self.read_hole(int(self.hole[i])) for i in index]
        )

    @cached_property
    def images(self) -> UInt8[Tensor, "n 3 s s"]:
        """Every row's crop, held in memory: for protocols of the bundled photographs."""
        return self.part(range(len(self)))[0]

    @cached_property
    def masks(self) -> Float[Tensor, "n 1 s s"]:
        """Every row's mask, held in memory."""
        return torch.stack([self.read_hole(int(i)) for i in self.hole])

    def column(self, name: str) -> np.ndarray:
        """Which rows a table's column pools, bool [N]. Raises InputError on a column that the protocol lacks."""
        columns = self.protocol.columns
        if name not in columns:
            raise InputError(f"{self.protocol.name} has no column {name!r}; it has {', '.join(columns)}.")
        return np.isin(self.bin, columns[name])

    def name(self, index: int) -> str:
        """A row's name, for files of other people's results: "00017-coffee-20-30"."""
        return f"{index:05d}-{Path(self.photo[index]).stem}-{self.bin[index]}"


@lru_cache(maxsize=8)
def _rows(protocol: Protocol) -> Rows:
    if protocol.missing():
        raise InputError(protocol.missing())
    pictures = photographs(protocol.photos, protocol.split)
    places = list(positions(pictures, protocol.size, protocol.per_photo)) if protocol.fit == "crop" else None
    sources = [i for i, *_ in places] if places else list(range(len(pictures)))
    if protocol.photographs is not None:
        sources = sources[: protocol.photographs * (protocol.per_photo if places else 1)]
    read_hole, labels, mask_sum = _holes(protocol)
    pairs = [(c, _mask_of(labels, name, c, protocol), name) for c in range(len(sources)) for name in protocol.bins]
    crop, hole, bins = (np.array(column) for column in zip(*pairs))
    names, groups = (np.array(values)[np.array(sources)[crop]] for values in (pictures.names, pictures.groups))
    said = asdict(protocol) | ({"photos": "own"} if _is_own(protocol.photos) else {})  # wherever the folder lies
    setting = np.frombuffer(repr(sorted(said.items())).encode(), np.uint8)
    used = "".join(f"{pictures.names[i]} {sha256(pictures.paths[i])}\n" for i in dict.fromkeys(sources))
    geometry = np.array(places[: len(sources)]) if places else np.array(sources)
    digest = checksum_arrays(setting, np.frombuffer((used + mask_sum).encode(), np.uint8), geometry, hole)[:16]

    @lru_cache(maxsize=64)
    def read_crop(index: int) -> np.ndarray:
        if places is None:
            return _middle(pictures[sources[index]], protocol.size)
        source, top, left = places[index]
        return pictures[source][top : top + protocol.size, left : left + protocol.size]

    return Rows(protocol, crop, hole, names, groups, bins, digest, read_crop, read_hole)


def _root(layout: str) -> Path | None:
    folder = os.environ.get("INPAINTLIB_DATA")
    return Path(folder) / layout if folder and (Path(folder) / layout).is_dir() else None


def _is_own(data: str) -> bool:
    return Path(data).is_absolute()


def photographs(data: str, split: str) -> PhotoSet:
    """A split of the bundled photographs, of one's own (an absolute path), or of a data set in the folder that
    INPAINTLIB_DATA names. Raises InputError when it is not on this machine."""
    if data == "bundled":
        return bundled(split)
    if _is_own(data):
        return prepared(data, split)
    root = _root(data)
    if root is None:
        raise InputError(f"The data set {data} is not shipped: name the folder that holds {data}/ in INPAINTLIB_DATA.")
    return dataset(data, root, split)


def _holes(protocol: Protocol) -> tuple[Callable[[int], Tensor], np.ndarray, str]:
    """How a mask is read, the bin of each, and what identifies them all."""
    if protocol.masks != OWN:
        frozen = masks.frozen(protocol.masks)
        return frozen.__getitem__, np.array(masks.frozen_bins(protocol.masks)), masks.CHECKSUMS[protocol.masks]
    files = layouts.dunhuang_masks(_root(protocol.photos), protocol.split)

    def read(index: int) -> Tensor:
        known = _square(masks.read_mask(files[index], hole="white")[0].numpy())
        return -torch.nn.functional.adaptive_max_pool2d(-torch.from_numpy(known)[None], protocol.size)

    return read, np.full(len(files), "default"), "".join(sha256(path) for path in files)


def _mask_of(labels: np.ndarray, name: str, crop: int, protocol: Protocol) -> int:
    candidates = np.flatnonzero(labels == name)
    return int(candidates[crop if protocol.masks == OWN else crop % len(candidates)])


def _square(image: np.ndarray) -> np.ndarray:
    """The square in the middle of a picture [h, w, ...], as large as it fits."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def _middle(image: UInt8[np.ndarray, "h w 3"], size: int) -> UInt8[np.ndarray, "s s 3"]:
    square = _square(image)
    how = cv2.INTER_AREA if len(square) >= size else cv2.INTER_CUBIC
    return cv2.resize(square, (size, size), interpolation=how)
