"""The evaluation masks: drawn once, stored as packed bits in data/masks.npz, checked at every reading.

They are never drawn again: random numbers and drawing routines change between versions and machines, bits do not.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inpaintlib.errors import InputError
from inpaintlib.files import atomic_path, checksum_arrays
from inpaintlib.masks.areas import AREA_BINS
from inpaintlib.masks.irregular import irregular
from inpaintlib.masks.lama import RECIPES, box, lama

STORE = Path(__file__).parent.parent / "data" / "masks.npz"

CHECKSUMS: dict[str, str] = {
    "irregular-64": "0f459402cbeb0eaf03463097592c6e9d75d95e6f234ccf703efd67e56628d228",
    "irregular-128": "4e69d217c690cacfaea8190bff0e9b0284bfd3abffbe0c6b6b0383d9523c657a",
    "irregular-256": "2c767cac19264d8ccea628ab02812d881248171ffeeae4b8f33c4eaa3799003a",
    "lama-256": "dd799ad0c1e58bfd89856c0b89455054127461e101fd1f56b98dd2607466d973",
    "large-256": "99c545a3f76ebef448ae7de6d81c8c44926eaed04a4d540053de224b3e4fcb80",
    "box-256": "e030de924b20af3c93c648c90b08723a31beff9843a497007745b732c57164a7",
    "lama-512": "5851ff1b66a06e0ce07a79bb11bb95ebc52f06b478bd534f74fb09682465ea8f",
}
"""Name of each set -> SHA-256 over its bits and bin labels. The name ends with the side in pixels."""

FROZEN = tuple(CHECKSUMS)


def frozen(name: str) -> Float[Tensor, "n 1 h w"]:
    """One frozen set as float32, 1 known, 0 hole; row i is of the bin `frozen_bins(name)[i]`.

    irregular-*: 8 masks for each of AREA_BINS, 4 near the border, then 4 in the interior; lama-256 and lama-512: 8
    each of narrow, medium, wide; large-256: the same kinds with more than half of the image as hole; box-256: 2 for
    each bin from 10 to 50 %. Raises InputError for an unknown name, or when the stored bits do not have their checksum.
    """
    bits, _ = _stored(name)
    side = int(name.rsplit("-", 1)[1])
    known = np.unpackbits(bits, axis=1, count=side * side)
    return torch.from_numpy(known.reshape(-1, 1, side, side).astype(np.float32))


def frozen_bins(name: str) -> list[str]:
    """The bin of each mask of a frozen set: a name of AREA_BINS, or narrow, medium, wide. Errors as `frozen`."""
    return _stored(name)[1].tolist()


def checksum() -> str:
    """The first 16 hex digits of the SHA-256 over the checksums of all frozen sets, as read from the stored bits."""
    digests = "".join(checksum_arrays(*_stored(name)) for name in FROZEN)
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def draw_frozen(path: str | os.PathLike, seed: int = 20260101) -> dict[str, str]:
    """How the stored sets were drawn: write a new such file and return its checksums.

    It is here as documentation and for sets of one's own; the package's file and CHECKSUMS stay as they are.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, masks, bins in _draw_all(torch.Generator().manual_seed(seed)):
        arrays[name] = np.packbits(masks.flatten(1).numpy().astype(np.uint8), axis=1)
        arrays[f"{name}.bins"] = np.array(bins)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    names = [name for name in arrays if not name.endswith(".bins")]
    return {name: checksum_arrays(arrays[name], arrays[f"{name}.bins"]) for name in names}


def _draw_all(generator: torch.Generator) -> Iterator[tuple[str, Tensor, list[str]]]:
    for side in (64, 128, 256):
        parts = [
            irregular(4, side, generator, area, place)
            for area in AREA_BINS.values()
            for place in ("border", "interior")
        ]
        yield f"irregular-{side}", torch.cat(parts), [name for name in AREA_BINS for _ in range(8)]
    kinds = [kind for kind in RECIPES for _ in range(8)]
    yield "lama-256", torch.cat([lama(8, 256, generator, kind) for kind in RECIPES]), kinds
    large = ["narrow", "narrow", "medium", "medium", "medium", "wide", "wide", "wide"]
    yield "large-256", torch.cat([lama(1, 256, generator, kind, min_area=0.5) for kind in large]), large
    bins = [name for name in ("10-20", "20-30", "30-40", "40-50") for _ in range(2)]
    yield "box-256", torch.cat([box(1, 256, generator, AREA_BINS[name]) for name in bins]), bins
    yield "lama-512", torch.cat([lama(8, 512, generator, kind) for kind in RECIPES]), kinds


def _stored(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name not in CHECKSUMS:
        raise InputError(f"frozen masks {name!r}: are unknown; give one of {', '.join(FROZEN)}.")
    with np.load(STORE, allow_pickle=False) as store:
        bits, bins = store[name], store[f"{name}.bins"]
    if checksum_arrays(bits, bins) != CHECKSUMS[name]:
        raise InputError(f"{STORE}: {name} does not have its checksum; install the package again.")
    return bits, bins
