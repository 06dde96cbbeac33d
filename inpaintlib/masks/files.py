"""A reader's mask files, with the polarity stated and checked."""

import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inpaintlib.errors import InputError
from inpaintlib.image_io import flatten, list_images, read_rgba

Polarity = Literal["white", "black"]

LARGEST_HOLE = 0.8
"""A file with more hole than this is taken for one of the other polarity."""


def read_mask(
    path: str | os.PathLike,
    hole: Polarity = "white",
    *,
    size: int | tuple[int, int] | None = None,
    check: bool = True,
) -> Float[Tensor, "1 h w"]:
    """Read one mask file as float32, 1 known, 0 hole.

    A pixel is white when its brightest channel exceeds 127 (soft edges and JPEG noise are thus settled), else black;
    transparency is laid on black; a file that holds only 0 and 1 has 1 for white. `hole` says which of the two is the
    hole: NVIDIA's irregular test masks and most tools write white, NVIDIA's training masks write black. With `size`
    (side, or (H, W)) the mask is resized to it, nearest neighbour.

    Raises InputError for what `read_image` refuses, an unknown `hole`, and, with `check`, for a mask without hole or
    with more than 80 % hole: such a file most often has the other polarity.
    """
    if hole not in ("white", "black"):
        raise InputError(f"hole={hole!r}: is unknown; give hole='white' or hole='black'.")
    white = read_grey(path) > 0.5
    known = (white != (hole == "white")).astype(np.float32)
    if size is not None:
        height, width = (size, size) if isinstance(size, int) else size
        known = cv2.resize(known, (width, height), interpolation=cv2.INTER_NEAREST)
    share = 1 - float(known.mean(dtype=np.float64))
    if check and (share == 0 or share > LARGEST_HOLE):
        other = "black" if hole == "white" else "white"
        what = "marks no hole at all" if share == 0 else f"is {share:.0%} hole"
        raise InputError(
            f"{path}: {what} when {hole} marks the hole; give hole='{other}' if the file marks it in {other}, "
            "or check=False to take it as it is."
        )
    return torch.from_numpy(known)[None]


def read_grey(path: str | os.PathLike, most: int | None = None) -> Float[np.ndarray, "h w"]:
    """How white every pixel of a mask file is, 0..1: its brightest channel, transparency laid on black; a file that
    holds only 0 and 1 has 1 for white. Raises InputError for what `read_image` refuses, and, by the header, for
    more than `most` pixels."""
    grey = flatten(read_rgba(path, most), 0).max(axis=2)
    return grey.astype(np.float32) / (1 if grey.max() <= 1 else 255)


class MaskSet(Sequence):
    """Mask files in a fixed order: `masks[i]` is float32 [1, H, W], 1 known, 0 hole.

    `skipped` lists (path, sentence) of the files that were left out.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        hole: Polarity,
        size: int | tuple[int, int] | None,
        skipped: Iterable[tuple[Path, str]] = (),
    ) -> None:
        self.paths, self.hole, self.size, self.skipped = list(paths), hole, size, list(skipped)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Float[Tensor, "1 h w"]:
        return read_mask(self.paths[index], self.hole, size=self.size, check=False)

    def sample(self, n: int, generator: torch.Generator) -> Float[Tensor, "n 1 h w"]:
        """`n` masks, each uniform over the files and flipped left to right with probability 1/2.

        Raises InputError when the set was made without a size.
        """
        if self.size is None:
            raise InputError("masks of different sizes cannot be stacked; give mask_folder a size.")
        draws = torch.rand(n, 2, generator=generator, device=generator.device, dtype=torch.float64).tolist()
        masks = [(self[int(which * len(self))], flip < 0.5) for which, flip in draws]
        return torch.stack([mask.flip(-1) if flip else mask for mask, flip in masks])


def mask_folder(
    path: str | os.PathLike,
    hole: Polarity = "white",
    *,
    size: int | tuple[int, int] | None = None,
    check: bool = True,
) -> MaskSet:
    """All mask files below a folder, in order of their relative paths; polarity, threshold and size as in `read_mask`.

    With `check` each file is read once; unusable ones are left out, listed in `.skipped`, and their number is printed
    on stderr. Raises InputError when the folder holds no image, or when most of its files are unusable.
    """
    root = Path(path)
    paths = list_images(root)
    if not paths:
        raise InputError(f"{root}: holds no mask files; give a folder with PNG or JPEG files.")
    if not check:
        return MaskSet(paths, hole, size)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = list(pool.map(lambda file: _complaint(file, hole), paths))
    skipped = [(file, complaint) for file, complaint in zip(paths, complaints) if complaint]
    good = [file for file, complaint in zip(paths, complaints) if not complaint]
    if len(skipped) > len(good):
        raise InputError(f"{root}: {len(skipped)} of {len(paths)} masks are unusable, the first: {skipped[0][1]}")
    if skipped:
        print(f"{root}: {len(skipped)} of {len(paths)} masks skipped; the first: {skipped[0][1]}", file=sys.stderr)
    return MaskSet(good, hole, size, skipped)


def _complaint(path: Path, hole: Polarity) -> str | None:
    try:
        read_mask(path, hole)
    except InputError as error:
        return str(error)
    return None
