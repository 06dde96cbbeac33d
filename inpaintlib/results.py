"""Measured numbers with where they come from: run.json, and the per-image values beside it."""

import os
import resource
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from inpaintlib import forms, paths
from inpaintlib.errors import InputError
from inpaintlib.files import atomic_path, write_json
from inpaintlib.image_io import read_image

SCHEMA = 2
_UNREADABLE = (OSError, EOFError, ValueError, LookupError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What NumPy and zipfile raise on a damaged file of arrays (found by damaging them)."""


def peak_bytes(device: torch.device | str = "cpu") -> int:
    """Peak memory in bytes so far: of the process on a CPU, of torch's allocator on a GPU."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write_run(
    folder: str | os.PathLike,
    run: dict[str, Any],
    pictures: dict[str, np.ndarray] | None = None,
    **arrays: dict[str, np.ndarray],
) -> None:
    """Write `<name>.npz` for each dict of arrays (floating point as float16), `<name>.webp` for each picture (uint8,
    photographs [H,W,3] or maps [H,W]), and run.json last: it marks the result as whole."""
    folder = Path(folder)
    for name, picture in (pictures or {}).items():
        with atomic_path(folder / f"{name}.webp") as temporary:
            Image.fromarray(picture).convert("RGB").save(temporary, quality=80, method=6)
    for name, values in arrays.items():
        with atomic_path(folder / f"{name}.npz") as temporary:
            np.savez_compressed(temporary, **{k: _compact(v) for k, v in values.items()})
    write_json(folder / "run.json", {"schema": SCHEMA} | run)


def exists(experiment: str, profile: str) -> bool:
    """Whether an experiment has whole results."""
    return (paths.results(profile, experiment) / "run.json").is_file()


def has(experiment: str, profile: str, name: str) -> bool:
    """Whether an experiment's results have the arrays `<name>.npz`."""
    return (paths.results(profile, experiment) / f"{name}.npz").is_file()


def read_run(experiment: str, profile: str) -> dict[str, Any]:
    """run.json of an experiment. Raises InputError, naming the command that makes it, when there is none."""
    path = paths.results(profile, experiment) / "run.json"
    if not path.is_file():
        raise InputError(
            f"There are no results of {experiment} in the profile {profile}; make them with"
            f" `inpaintlib study run --profile {profile} --only {experiment}`."
        )
    run = forms.read(path, {"schema": int})
    if run["schema"] != SCHEMA:
        raise InputError(f"{path} has schema {run['schema']}, this library reads {SCHEMA}; make the result again.")
    return forms.required(path, run, forms.RUN)


def read_arrays(experiment: str, profile: str, name: str = "stats") -> dict[str, np.ndarray]:
    """The arrays of `<name>.npz` beside an experiment's run.json, floating point as float32."""
    path = paths.results(profile, experiment) / f"{name}.npz"
    if not path.is_file():
        raise InputError(f"There is no {path.name} among the results of {experiment} in the profile {profile}.")
    return dict(_loaded(path, path.stat().st_mtime_ns))


def picture_path(experiment: str, profile: str, name: str) -> Path:
    """Where `<name>.webp` lies beside an experiment's run.json, if it was kept."""
    return paths.results(profile, experiment) / f"{name}.webp"


def read_picture(experiment: str, profile: str, name: str) -> np.ndarray:
    """The picture `<name>.webp` beside an experiment's run.json: uint8 [H,W,3]. Raises InputError without it."""
    path = picture_path(experiment, profile, name)
    if not path.is_file():
        raise InputError(f"There is no {path.name} among the results of {experiment} in the profile {profile}.")
    return read_image(path)


@lru_cache(maxsize=512)
def _loaded(path: Path, _changed: int) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file) as arrays:  # NumPy leaves a damaged file open that it opened itself
            return {k: v.astype(np.float32) if v.dtype == np.float16 else v for k, v in arrays.items()}
    except _UNREADABLE as error:
        raise InputError(f"{path} is no whole file of arrays ({error}); make or fetch it again.") from None


def _compact(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values.astype(np.float16) if values.dtype.kind == "f" else values
