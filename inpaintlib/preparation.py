"""A folder of one's own photographs, made ready: looked through, reduced, and split by photograph, once and for all."""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8
from scipy.sparse.csgraph import connected_components

from inpaintlib.errors import InputError
from inpaintlib.files import sha256, write_json, writing
from inpaintlib.image_io import list_images, png, read_image
from inpaintlib.photos import PREPARED

SHORT = 768
"""Pixels of a photograph's short side at most, as of most bundled ones: a crop at a camera's own scale shows little."""
SMALLEST = 256
"""Pixels of the short side at least, for the crops that are tested."""
FEWEST = 20
"""Different photographs at least, so that a test has some."""
NEAR = 12
"""Of the 64 bits of OpenCV's pHash: photographs that differ in at most so many are taken to show the same. Any two of
the bundled ones differ in 16 and more; their reduced, re-saved and brightened copies differ from them in at most 6."""
SHARES = {"test": 0.2, "val": 0.1}
"""Of the photographs; the others are for training."""
FOREIGN = (".heic", ".heif", ".dng", ".arw", ".cr2", ".cr3", ".nef")
"""File names of cameras and telephones that `image_io` does not read."""


@dataclass(frozen=True)
class Photograph:
    """One that is used. source, sha256: the file it was made of, below the folder that was given.  file: below the
    folder made ready.  width, height: there, in pixels.  group: the first of the photographs that show the same."""

    source: str
    sha256: str
    file: str
    width: int
    height: int
    group: str = ""
    split: str = ""


@dataclass(frozen=True)
class _Look:
    photograph: Photograph
    pixels: str
    bits: UInt8[np.ndarray, "64"]


def prepare(source: str | os.PathLike, out: str | os.PathLike, seed: int = 0) -> dict[str, Any]:
    """Make the photographs below a folder ready for training and testing; they themselves are only read.

    Upright, in sRGB and with a short side of SHORT pixels at most they are written below `out` as PNG, in train/, val/
    and test/. photos.json there says of every file where it went, or why it was left out, and by which seed. Those that
    show the same have one group, which lies in one split. `out` is whole or absent. Returns what photos.json holds.

    Raises InputError when `source` is no folder, or was made by this function, when `out` exists, lies in it or cannot
    be written, and below FEWEST photographs.
    """
    source, out = Path(source), Path(out)
    files = list_images(source)
    if (source / PREPARED).is_file():
        raise InputError(f"{source}: was made by `prepare` itself, and is split already; give the photographs' folder.")
    if out.exists():
        raise InputError(f"{out}: exists already, and a split is never changed; give another name, or remove it.")
    if out.resolve().is_relative_to(source.resolve()):
        raise InputError(f"{out}: lies in {source}, where its pictures would be taken for yours; give one elsewhere.")
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with writing(out):
            looks, left_out = _look_through(files, source, partial / "all")
            photographs = _split(_grouped(looks), seed)
            if len({one.group for one in photographs}) < FEWEST:
                raise InputError(_too_few(source, len(photographs), left_out))
            for one in photographs:
                place = partial / one.split / one.file
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(partial / "all" / one.file, place)
            shutil.rmtree(partial / "all")
            record = {
                "source": source.resolve().name,
                "seed": seed,
                "photographs": [asdict(one) | {"file": f"{one.split}/{one.file}"} for one in photographs],
                "left_out": [{"source": name, "why": left_out[name]} for name in sorted(left_out)],
            }
            write_json(partial / PREPARED, record)
            os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return record


def _look_through(files: list[Path], source: Path, folder: Path) -> tuple[list[_Look], dict[str, str]]:
    """Every photograph that is used, reduced and written to `folder`, and why the other files are left out."""
    jobs = list(zip(files, _names(files, source)))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda job: _look(job[0], source, folder, job[1]), jobs))
    left_out = {name: f"is a {Path(name).suffix[1:].upper()} file; export it as JPEG." for name in _foreign(source)}
    looks: dict[str, _Look] = {}
    for file, look in zip(files, found):
        name = file.relative_to(source).as_posix()
        if isinstance(look, str):
            left_out[name] = look
        elif look.pixels in looks:
            left_out[name] = f"is the same picture as {looks[look.pixels].photograph.source}."
        else:
            looks[look.pixels] = look
    return list(looks.values()), left_out


def _look(path: Path, source: Path, folder: Path, name: str) -> _Look | str:
    """Read, reduce and write one; or the sentence, without the file's name, that says why it is not used."""
    try:
        image = read_image(path)
    except InputError as error:
        return str(error).removeprefix(f"{path}: ")
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        return f"has {width} x {height} pixels; give one of {SMALLEST} or more on its short side."
    factor = min(1.0, SHORT / min(height, width))
    if factor < 1:
        size = round(width * factor), round(height * factor)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(png(image))
    bits = np.unpackbits(cv2.img_hash.pHash(image[:, :, ::-1].copy())[0])
    height, width = image.shape[:2]
    photograph = Photograph(path.relative_to(source).as_posix(), sha256(path), name, width, height)
    return _Look(photograph, hashlib.sha256(image.tobytes() + bytes(str(image.shape), "ascii")).hexdigest(), bits)


def _names(files: list[Path], source: Path) -> list[str]:
    """The name of each photograph's PNG; where two differ in their suffix alone, with that suffix."""
    taken: set[str] = set()
    names = []
    for file in files:
        relative = file.relative_to(source)
        name = relative.with_suffix(".png").as_posix()
        names.append(name if name not in taken else f"{relative.as_posix()}.png")
        taken.add(names[-1])
    return names


def _foreign(source: Path) -> Iterable[str]:
    found = (path for path in source.rglob("*") if path.suffix.lower() in FOREIGN and not path.name.startswith("."))
    return (path.relative_to(source).as_posix() for path in found)


def _grouped(looks: list[_Look]) -> list[Photograph]:
    """The photographs with their groups: whatever a chain of pairs within NEAR bits joins is one."""
    if not looks:
        return []
    bits = np.stack([look.bits for look in looks]).astype(np.int32)
    apart = bits @ (1 - bits).T
    _, labels = connected_components(apart + apart.T <= NEAR, directed=False)
    first = {label: look.photograph.source for label, look in reversed(list(zip(labels, looks)))}
    return [replace(look.photograph, group=first[label]) for label, look in zip(labels, looks)]


def _split(photographs: list[Photograph], seed: int) -> list[Photograph]:
    """The photographs with their splits: groups in an order that the seed decides fill the test, then validation, as
    far as they fit; the others are for training."""
    members = Counter(one.group for one in photographs)
    left = {split: round(share * len(photographs)) for split, share in SHARES.items()}
    chosen = {}
    for group in sorted(members, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest()):
        chosen[group] = next((split for split, room in left.items() if members[group] <= room), "train")
        if chosen[group] in left:
            left[chosen[group]] -= members[group]
    return [replace(one, split=chosen[one.group]) for one in photographs]


def _too_few(source: Path, count: int, left_out: dict[str, str]) -> str:
    told = f"{source}: has {count} photographs that can be used; give {FEWEST} or more that differ"
    if not left_out:
        return f"{told}."
    name = min(left_out)
    return f"{told}. Left out: {len(left_out)}, the first of them, {name}, because it {left_out[name]}"
