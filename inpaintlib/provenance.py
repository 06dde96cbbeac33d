"""What a number was made with: commit, clean or not, versions, device; without git, by a stamp of the files."""

import hashlib
import platform
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from inpaintlib import paths
from inpaintlib.errors import InputError
from inpaintlib.files import read_json, sha256, write_json

STAMP = "study-stamp.json"
"""The file that says, in a copy without git, which commit its files are from."""
MAKING = ("inpaintlib/", "pyproject.toml")
"""What numbers are made with: the library, its data, and the versions that it asks for."""
_VERSIONED = ("torch", "torchvision", "numpy", "lightning", "torchmetrics", "opencv", "lpips")


def provenance(device: torch.device | str = "cpu") -> dict[str, Any]:
    """What a number was made with: commit, dirty, versions, device.

    What lies under figures/ is what runs make, not what they are made with, and leaves a tree clean. Without git and
    without a stamp the commit is "unknown" and the tree counts as dirty.
    """
    made_by, dirty = _made_by()
    return {
        "commit": made_by,
        "dirty": dirty,
        "versions": {"python": platform.python_version()} | _versions(),
        "device": _device_name(torch.device(device)),
    }


def commit() -> str:
    """The commit that is checked out, or that the stamp names, or "unknown"."""
    return _made_by()[0]


def stamp() -> Path:
    """Write STAMP beside the library: the commit, whether the tree has changes that it lacks, and a checksum of every
    file that numbers are made with. Raises InputError outside a git checkout."""
    if not _git("rev-parse", "HEAD"):
        raise InputError(f"{paths.home()} is not a git checkout, so there is no commit to stamp it with.")
    made_by, dirty = _of_git()
    path = paths.home() / STAMP
    write_json(path, {"commit": made_by, "dirty": dirty, "tree": _tree(_files())})
    return path


def _made_by() -> tuple[str, bool]:
    if _git("rev-parse", "HEAD"):
        return _of_git()
    path = paths.home() / STAMP
    return _of_stamp(path, path.stat().st_mtime_ns) if path.exists() else ("unknown", True)


def _of_git() -> tuple[str, bool]:
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":!figures")
    return _git("rev-parse", "HEAD"), bool(changed)


@lru_cache(maxsize=1)
def _of_stamp(path: Path, _changed: int) -> tuple[str, bool]:
    """The stamp's commit, once a process: its files are compared with those that are here."""
    told = read_json(path)
    if told["tree"] != _tree(_files()):
        raise InputError(
            f"The files under {path.parent} are not those that {path.name} was written for; run `inpaintlib study"
            " stamp` in the checkout and copy it again."
        )
    return told["commit"], told["dirty"]


def _files() -> list[Path]:
    """Every file of MAKING that is here, but for what Python and training leave."""
    root, found = paths.home(), []
    for name in MAKING:
        below = [root / name] if not name.endswith("/") else sorted((root / name).rglob("*"))
        found += [p for p in below if p.is_file() and "__pycache__" not in p.parts]
    return found


def _tree(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(paths.home()).as_posix()}\0{sha256(file)}\n".encode())
    return digest.hexdigest()


def _git(*arguments: str) -> str:
    """What git says of the checkout at home; empty where that is none, a folder inside of another one included."""
    if not (paths.home() / ".git").exists():
        return ""
    command = ["git", "-C", str(paths.home()), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _versions() -> dict[str, str]:
    """Versions of what is installed of _VERSIONED; OpenCV comes under several names."""
    found = {}
    for name in _VERSIONED:
        try:
            found[name] = _opencv() if name == "opencv" else version(name)
        except PackageNotFoundError:
            continue
    return found


def _opencv() -> str:
    import cv2

    return cv2.__version__


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}"
