"""Photographs: the bundled set, any folder, and the usual data set layouts, all as one kind of sequence."""

import csv
import hashlib
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8

from inpaintlib import forms
from inpaintlib.crops import Crops, evaluation_crops, to_float, to_uint8
from inpaintlib.errors import InputError
from inpaintlib.files import sha256
from inpaintlib.image_io import list_images, read_image
from inpaintlib.layouts import LAYOUTS

__all__ = [
    "Crops",
    "PhotoSet",
    "bundled",
    "dataset",
    "evaluation_crops",
    "folder",
    "originals",
    "prepared",
    "to_float",
    "to_uint8",
    "verify",
]

DATA = Path(__file__).parent / "data"
PREPARED = "photos.json"
"""In a folder of one's own photographs that `preparation.prepare` made ready: what it holds, and by which split."""
Split = Literal["train", "val", "test"]


class PhotoSet(Sequence):
    """Photographs in a fixed order, read from their files when they are asked for.

    `photos[i]` is uint8 [H, W, 3] RGB, 0..255 (InputError when the file is bad). `names` are the paths below the
    set's root, `groups` the subject of each photograph: two photographs of one group never lie in two splits.
    `skipped` lists (path, sentence) of the files that were left out.
    """

    def __init__(
        self,
        name: str,
        paths: Iterable[str | os.PathLike],
        *,
        names: Iterable[str] | None = None,
        groups: Iterable[str] | None = None,
        skipped: Iterable[tuple[Path, str]] = (),
    ) -> None:
        self.name = name
        self.paths = [Path(path) for path in paths]
        self.names = [path.name for path in self.paths] if names is None else list(names)
        self.groups = list(self.names) if groups is None else list(groups)
        self.skipped = list(skipped)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int | slice) -> "UInt8[np.ndarray, 'h w 3'] | PhotoSet":
        if isinstance(index, slice):
            return PhotoSet(self.name, self.paths[index], names=self.names[index], groups=self.groups[index])
        return read_image(self.paths[index])

    def __repr__(self) -> str:
        return f"PhotoSet({self.name!r}, {len(self)} photographs)"

    def checksum(self) -> str:
        """The first 16 hex digits of the SHA-256 over every name and the SHA-256 of its file, in order."""
        digest = hashlib.sha256()
        for name, path in zip(self.names, self.paths):
            digest.update(f"{name}\0{sha256(path)}\n".encode())
        return digest.hexdigest()[:16]


def bundled(split: Literal["train", "val", "test", "all"] = "all") -> PhotoSet:
    """The photographs that come with the package; the split is by subject (inpaintlib/data/photos.csv).

    Raises InputError for a split of another name. Authors and licences: inpaintlib/data/ATTRIBUTION.md.
    """
    if split not in ("train", "val", "test", "all"):
        raise InputError(f"split {split!r}: is unknown; give train, val, test or all.")
    rows = [row for row in catalogue() if split in ("all", row["split"])]
    paths = [DATA / "photos" / row["file"] for row in rows]
    return PhotoSet(f"bundled-{split}", paths, groups=[row["group"] for row in rows])


def catalogue() -> list[dict[str, str]]:
    """photos.csv as rows: file, subject, group, split, width, height, licence, licence_url, author, source_url,
    origin_package, sha256."""
    with (DATA / "photos.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def verify() -> list[str]:
    """Problems of the bundled photographs, one sentence each; empty when all are there with the right checksum."""
    problems = []
    for row in catalogue():
        path = DATA / "photos" / row["file"]
        if not path.is_file():
            problems.append(f"{path}: is missing; install the package again.")
        elif sha256(path) != row["sha256"]:
            problems.append(f"{path}: does not have the checksum of photos.csv; install the package again.")
    return problems


def folder(path: str | os.PathLike, *, check: bool = True) -> PhotoSet:
    """All images below a folder, in order of their relative paths.

    With `check` every file is read once: bad ones are left out and listed in `.skipped`, and one line on stderr tells
    their number and the first of them. Without, files are read only when asked for (`Crops` then passes over bad ones).

    Raises InputError when `path` is not a folder, or holds no image that can be read.
    """
    root = Path(path)
    paths = list_images(root)
    skipped: list[tuple[Path, str]] = []
    if check:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            complaints = list(pool.map(_complaint, paths))
        skipped = [(p, complaint) for p, complaint in zip(paths, complaints) if complaint]
        paths = [p for p, complaint in zip(paths, complaints) if not complaint]
    if skipped:
        total = len(paths) + len(skipped)
        print(f"{root}: {len(skipped)} of {total} files skipped; the first: {skipped[0][1]}", file=sys.stderr)
    if not paths:
        raise InputError(f"{root}: holds no image that can be read; give a folder with JPEG, PNG or WebP files.")
    names = [p.relative_to(root).as_posix() for p in paths]
    return PhotoSet(root.name, paths, names=names, skipped=skipped)


def prepared(root: str | os.PathLike, split: Split) -> PhotoSet:
    """A split of one's own photographs, from the folder that `inpaintlib prepare` made; its groups are of those that
    show the same. Raises InputError when the folder is none of that kind, or a split of another name.
    """
    root, rows = Path(root), _prepared(root, split)
    files, groups = ([row[key] for row in rows] for key in ("file", "group"))
    return PhotoSet(f"{root.name}-{split}", [root / file for file in files], names=files, groups=groups)


def originals(root: str | os.PathLike, split: Split) -> dict[str, str]:
    """What tells the photographs of `prepared` apart wherever they lie: the first 12 hex digits of the SHA-256 of the
    file that each was made of -> that file's name. Errors as there."""
    return {row["sha256"][:12]: row["source"] for row in _prepared(root, split)}


def _prepared(root: str | os.PathLike, split: str) -> list[dict[str, Any]]:
    if split not in ("train", "val", "test"):
        raise InputError(f"split {split!r}: is unknown; give train, val or test.")
    record = Path(root) / PREPARED
    if not record.is_file():
        raise InputError(f"{root}: holds no {PREPARED}; make it by `inpaintlib prepare PHOTOGRAPHS --out {root}`.")
    return [row for row in forms.read(record, forms.PHOTOGRAPHS)["photographs"] if row["split"] == split]


def dataset(layout: str, root: str | os.PathLike, split: Split) -> PhotoSet:
    """A research data set from its own folder layout: celeba, places2, paris_streetview, dunhuang or ade20k.

    `inpaintlib.layouts` says for each what is expected below `root` and how the split is made. Files are read when
    asked for. Raises InputError for an unknown layout or split, or when `root` does not hold what is expected.
    """
    if layout not in LAYOUTS:
        raise InputError(f"layout {layout!r}: is unknown; give one of {', '.join(LAYOUTS)}.")
    if split not in ("train", "val", "test"):
        raise InputError(f"split {split!r}: is unknown; give train, val or test.")
    root = Path(root)
    paths = LAYOUTS[layout](root, split)
    names = [os.path.relpath(path, root).replace(os.sep, "/") for path in paths]
    return PhotoSet(f"{layout}-{split}", paths, names=names)


def _complaint(path: Path) -> str | None:
    try:
        read_image(path)
    except InputError as error:
        return str(error)
    return None
