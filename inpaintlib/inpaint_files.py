"""Photographs and masks as files: which belong together, what is written where, and what is done already."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import nn

from inpaintlib.comparison_strip import strip
from inpaintlib.errors import InputError
from inpaintlib.files import atomic_path, checksum_arrays, exclusive, read_json, write_json
from inpaintlib.image_io import ORIENTATION, list_images, orientation, read_rgba, stored
from inpaintlib.inpainting import inpaint
from inpaintlib.windows import Shown

WRITTEN = ("PNG", "TIFF", "WEBP", "JPEG", "AVIF", "BMP", "PPM", "GIF")
"""Formats of results: those of Pillow's that hold any photograph, in its size and its colours."""
TAGGED = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
"""Formats that say how they are turned."""
LOSSY = ("JPEG", "WEBP", "GIF", "AVIF")
"""Formats that Pillow writes with losses."""
NO_ALPHA = ("JPEG", "BMP", "PPM")
"""Formats that Pillow writes without transparency."""
SETTINGS = "inpaint-settings.json"
"""The file beside a folder's results that says how they were made."""
COMPARED = "compared"
"""What pictures of several answers beside each other are called."""


@dataclass(frozen=True)
class Job:
    """One photograph with its mask, the file that its result is to be, for each model that is asked, and the one that
    shows them side by side where there are several."""

    image: Path
    mask: Path
    outs: dict[str, Path]
    compared: Path | None = None

    @property
    def written(self) -> list[Path]:
        """Every file that is to be."""
        return [*self.outs.values(), *([self.compared] if self.compared else [])]

    def done(self) -> bool:
        """Whether every result is there, and none is older than the photograph or the mask."""
        given = max(path.stat().st_mtime_ns if path.exists() else 0 for path in (self.image, self.mask))
        return all(out.exists() and out.stat().st_mtime_ns >= given for out in self.written)


def kind_of(out: Path) -> str:
    """The image format that a file name asks for. Raises InputError when it is none that can be written."""
    kind = Image.registered_extensions().get(out.suffix.lower())
    if kind not in WRITTEN:
        raise InputError(
            f"{out} does not end in the suffix of an image format that holds any photograph; name the result .png,"
            " .tif, .webp or .jpg."
        )
    return kind


def single(image: Path, mask: Path, out: Path, models: Sequence[str]) -> Job:
    """One photograph, into `out`; of several models each into a file named after it beside `out`, and one of all."""
    if out.is_dir():
        raise InputError(f"{out} is a folder; name the file of the result, such as {out / 'filled.png'}.")
    kind_of(out)
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent} to write {out.name} into; make it, or name another.")
    job = _job_of(image, mask, out, models)
    given = {path.resolve() for path in (image, mask)}
    for place in job.written:
        if place.resolve() in given:
            raise InputError(f"{place} would be written over itself; name another file for the result.")
    return job


def _job_of(image: Path, mask: Path, out: Path, models: Sequence[str]) -> Job:
    if len(models) == 1:
        return Job(image, mask, {models[0]: out})
    names = _names(models)
    outs = {model: out.with_name(f"{out.stem}.{names[model]}{out.suffix}") for model in models}
    return Job(image, mask, outs, out.with_name(f"{out.stem}.{COMPARED}.png"))


def paired(images: Path, masks: Path, out: Path, models: Sequence[str]) -> list[Job]:
    """Every photograph of a folder, with the mask of the same name (whatever its suffix) in another, or with one mask
    for all; results are PNG files under the same names in `out`, in a folder for each model and one of all side by side
    where there are several.

    Raises InputError when there is no photograph, when one has no mask, when `out` is a file or inside one of the
    others, and when two networks would share a name.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; results of a folder need a folder, so name another place.")
    photographs = list_images(images)
    if not photographs:
        raise InputError(f"{images}: holds no photographs; give a folder of images.")
    for given in (images, masks):
        if out.resolve() == given.resolve() or (given.is_dir() and out.resolve().is_relative_to(given.resolve())):
            raise InputError(f"{out} is in {given}, so that results would count as input; name another folder.")
    if any(path.resolve().is_relative_to(out.resolve()) for path in photographs):
        raise InputError(f"A link in {images} leads to {out}, so that results would count as input; remove the link.")
    relative = [path.relative_to(images) for path in photographs]
    names, found = _result_names(relative), _masks(masks, relative)
    places = {model: out / name if len(models) > 1 else out for model, name in _names(models).items()}
    return [
        Job(
            path,
            mask,
            {model: place / name for model, place in places.items()},
            out / COMPARED / name if len(models) > 1 else None,
        )
        for path, mask, name in zip(photographs, found, names)
    ]


def _result_names(relative: list[Path]) -> list[Path]:
    """PNG names; photographs whose names differ in the suffix alone keep it."""
    bare = [path.with_suffix("") for path in relative]
    return [Path(f"{path if bare.count(stem) > 1 else stem}.png") for path, stem in zip(relative, bare)]


def _masks(masks: Path, relative: list[Path]) -> list[Path]:
    if not masks.is_dir():
        return [masks] * len(relative)
    exact = {path.relative_to(masks): path for path in list_images(masks)}
    by_stem: dict[Path, list[Path]] = {}
    for name, path in exact.items():
        by_stem.setdefault(name.with_suffix(""), []).append(path)
    found, lacking = [], []
    for name in relative:
        fitting = [exact[name]] if name in exact else by_stem.get(name.with_suffix(""), [])
        if len(fitting) > 1:
            raise InputError(f"{name} has {len(fitting)} masks in {masks} ({fitting[0].name}, ...); leave one of them.")
        found += fitting
        lacking += [] if fitting else [name]
    if lacking:
        raise InputError(
            f"{len(lacking)} of {len(relative)} photographs have no mask of their name in {masks}, the first: "
            f"{lacking[0]}; add them, or give one mask file for all."
        )
    return found


def _names(models: Sequence[str]) -> dict[str, str]:
    """What results of each network are called: its name, or that of the folder that its weights lie in."""
    names = {model: Path(model).parent.name if os.sep in model else Path(model).stem for model in models}
    if len({*names.values(), COMPARED}) <= len(models):
        raise InputError(
            f"Two of the networks {', '.join(models)} would share a name, or be called {COMPARED!r};"
            " ask them one after the other."
        )
    return names


def write(out: Path, result: np.ndarray, source: Path | None = None) -> None:
    """Write a picture, turned and tagged as the photograph `source` is, whole or not at all.

    Raises InputError where the place cannot be written, or the format has no transparency and the picture has.
    """
    kind = kind_of(out)
    if result.shape[2] == 4 and kind in NO_ALPHA:
        raise InputError(f"The photograph has transparency, which {kind} cannot keep; name the result .png or .webp.")
    turn = orientation(source) if source and kind in TAGGED else 1
    image, told = Image.fromarray(np.ascontiguousarray(stored(result, turn))), {}
    if turn != 1:
        exif = Image.Exif()
        exif[ORIENTATION] = turn
        told["exif"] = exif.tobytes()
    if kind in ("JPEG", "WEBP"):
        told["quality"] = 95
    with atomic_path(out) as temporary:
        image.save(temporary, format=kind, **told)


Bars = Callable[[str], Shown]
"""For a network's name, what goes through the pieces of a photograph and shows how far it has come."""


def fill_one(
    job: Job, networks: dict[str, nn.Module], settings: dict[str, Any], bars: Bars = lambda name: iter
) -> None:
    """Fill one photograph with every network and write the results, each when it is there."""
    drawn = {}
    for model, name in _names([*networks]).items():
        drawn[name] = inpaint(job.image, job.mask, networks[model], shown=bars(name), **settings)
        write(job.outs[model], drawn[name], job.image)
    if job.compared:
        write(job.compared, strip({"photograph": read_rgba(job.image), **drawn}))


def fill_many(
    jobs: Sequence[Job], networks: dict[str, nn.Module], settings: dict[str, Any], out: Path, shown: Shown, bars: Bars
) -> Iterator[str]:
    """Fill every photograph whose results are not there yet; yields a sentence for each that could not be.

    How results are made is kept beside them. Raises InputError where a folder's results were made otherwise, and where
    another process is at work in it.
    """
    with exclusive(out / ".lock", wait=False) as mine:
        if not mine:
            raise InputError(f"Another process fills photographs into {out}; wait for it, or name another folder.")
        weights = {name: checksum_arrays(*_numbers(network)) for name, network in networks.items()}
        _agree(out / SETTINGS, {"weights": weights, **settings})
        for job in shown([job for job in jobs if not job.done()]):
            try:
                fill_one(job, networks, settings, bars)
            except InputError as error:
                named = any(str(path) in str(error) for path in (job.image, job.mask, *job.written))
                yield str(error) if named else f"{job.image} with {job.mask}: {error}"


def _numbers(network: nn.Module) -> Iterator[np.ndarray]:
    """The weights that answer; those that only training uses are no part of a weights file."""
    for name, value in network.state_dict().items():
        if name.partition(".")[0] not in network.training_only:
            yield value.cpu().numpy()


def _agree(record: Path, made: dict[str, Any]) -> None:
    before = read_json(record) if record.exists() else made
    if before != made:
        differing = ", ".join(sorted(key for key in made if before.get(key) != made[key]))
        raise InputError(
            f"{record.parent} holds results of other settings ({differing}); give the same ones, or another folder."
        )
    write_json(record, made)
