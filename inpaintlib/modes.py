"""Which way of looking at a large photograph fills it best: every mode on the test photographs at their native size."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import nn

from inpaintlib import metrics, paths
from inpaintlib.errors import InputError
from inpaintlib.files import read_json, write_json
from inpaintlib.inpainting import inpaint
from inpaintlib.masks import frozen, frozen_bins
from inpaintlib.photos import PhotoSet
from inpaintlib.provenance import provenance
from inpaintlib.statistics import Comparison, compare
from inpaintlib.windows import MODES, TILE

KINDS: dict[str, tuple[str, str, bool]] = {
    "narrow, all over": ("lama-512", "narrow", True),
    "wide, all over": ("lama-512", "wide", True),
    "strokes in one place": ("irregular-256", "20-30", False),
    "a box in one place": ("box-256", "20-30", False),
}
"""Kind of hole -> a frozen set, a bin of it, and whether its masks are enlarged to the photograph; else they lie in its
middle as they are, and all around is known."""
METRICS = ("psnr", "lpips")
"""PSNR of the hole's pixels in dB, and LPIPS of the whole photograph."""
DEFAULT = "crop"
"""The mode that others are compared with."""


def large(photographs: PhotoSet) -> PhotoSet:
    """Those that are larger than a tile, so that the modes differ."""
    chosen = [i for i in range(len(photographs)) if max(photographs[i].shape) > TILE]
    files, names, groups = (
        [values[i] for i in chosen] for values in (photographs.paths, photographs.names, photographs.groups)
    )
    return PhotoSet(photographs.name, files, names=names, groups=groups)


def hole(kind: str, shape: tuple[int, int], place: int) -> Bool[np.ndarray, "h w"]:
    """The hole of a kind for the photograph of this shape (H, W) at this place of the order, True inside."""
    name, label, enlarged = KINDS[kind]
    masks = [i for i, found in enumerate(frozen_bins(name)) if found == label]
    mask = (frozen(name)[masks[place % len(masks)], 0] == 0).numpy()
    if enlarged:
        return cv2.resize(mask.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    result = np.zeros(shape, bool)
    top, left = ((side - own) // 2 for side, own in zip(shape, mask.shape))
    result[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return result


def measured(network: nn.Module, photographs: PhotoSet, kind: str) -> Iterator[dict[str, dict[str, float]]]:
    """Mode -> psnr, lpips and seconds, for one photograph after the other."""
    lpips = metrics.Lpips()
    for place in range(len(photographs)):
        photo = photographs[place]
        inside = hole(kind, photo.shape[:2], place)
        row = {}
        for mode in MODES:
            began = time.perf_counter()
            answer = inpaint(photo, inside, network, mode=mode)
            seconds = time.perf_counter() - began
            row[mode] = {**_values(answer, photo, inside, lpips), "seconds": seconds}
        yield row


@torch.no_grad()
def _values(
    answer: UInt8[np.ndarray, "h w 3"], photo: UInt8[np.ndarray, "h w 3"], inside: np.ndarray, lpips: nn.Module
) -> dict[str, float]:
    one, other = (torch.from_numpy(x.copy()).permute(2, 0, 1)[None] / 255 for x in (answer, photo))
    known = 1 - torch.from_numpy(inside)[None, None].float()
    return {
        "psnr": float(metrics.psnr(one, other, hole=known)),
        "lpips": float(lpips(one * 2 - 1, other * 2 - 1)),
    }


def record(photographs: PhotoSet, rows: dict[str, list[dict[str, dict[str, float]]]], model: str) -> Path:
    """Keep what `measured` found for each kind of hole, with where it was; returns the file."""
    kept = provenance() | {"model": model, "photographs": photographs.names, "groups": photographs.groups}
    kept["kinds"] = {
        kind: {
            name: {mode: [round(one[mode][name], 4) for one in found] for mode in MODES}
            for name in (*METRICS, "seconds")
        }
        for kind, found in rows.items()
    }
    write_json(_file(), kept)
    return _file()


def recorded() -> dict[str, Any]:
    """What `record` kept: kinds[kind][metric][mode] is a list, a value for each of "photographs"; the photographs'
    subjects are "groups". Raises InputError where nothing was."""
    if not _file().is_file():
        raise InputError("No mode was measured; scripts/modes.py does.")
    return read_json(_file())


def differences(kept: dict[str, Any]) -> dict[tuple[str, str, str], Comparison]:
    """(kind, mode, metric) -> that mode minus DEFAULT on the same photographs and holes, with a 95 % interval."""
    return {
        (kind, mode, name): compare(values[name][mode], values[name][DEFAULT], kept["groups"])
        for kind, values in kept["kinds"].items()
        for mode in MODES
        if mode != DEFAULT
        for name in METRICS
    }


def _file() -> Path:
    return paths.results("laptop") / "modes.json"
