"""Files that are whole or absent: written under a temporary name, then renamed; and checksums of what they hold."""

import errno
import fcntl
import glob
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from inpaintlib.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no room: on the disk, for this user, or for a file of this size."""


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it replaces `path`, on failure it is removed and `path` stays.

    The folder is made when absent. The suffix is kept, because many writers choose the format by it. What a process
    that was killed in here has left is removed by the next that writes the same path. Raises InputError where the path
    cannot be written, or the disk is full.
    """
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        handle, temporary = _temporary(path)
    try:
        with writing(path, only=FULL):
            yield temporary
        with writing(path), temporary.open("rb") as written:
            os.fsync(written.fileno())
            temporary.chmod(0o666 & ~_umask())
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


@contextmanager
def writing(path: str | os.PathLike, only: tuple[int, ...] = ()) -> Iterator[None]:
    """Turn what the system says against writing `path` into an InputError; with `only`, errors of these numbers."""
    try:
        yield
    except OSError as error:
        if only and error.errno not in only:
            raise
        advice = "make room there and start again" if error.errno in FULL else "name a place that can be"
        raise InputError(f"{path} cannot be written ({error.strerror or error}); {advice}.") from None


def _temporary(path: Path) -> tuple[int, Path]:
    """An empty file beside `path`, locked as long as its handle is open: the dead hold no lock."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # another process took it for a leftover before it was locked


def _remove_leftovers(path: Path) -> None:
    for half in path.parent.glob(f".{glob.escape(path.stem)}-????????{glob.escape(path.suffix)}"):
        with suppress(FileNotFoundError, BlockingIOError), half.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            half.unlink()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


@contextmanager
def exclusive(path: str | os.PathLike, wait: bool = True) -> Iterator[bool]:
    """Hold a lock file: a second process waits here until the first has left, or has died. With wait=False it does not
    wait, and gets False."""
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def held(path: str | os.PathLike) -> bool:
    """Whether a process holds this lock file now."""
    try:
        with Path(path).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Write `value` as indented JSON, a list of plain values on one line, atomically. Raises ValueError on NaN: a
    result that is not a number is a bug."""
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False)
    flat = re.sub(r"\[\n([^\[\]{}]*)\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    write_text(path, flat + "\n")


def sha256(path: str | os.PathLike) -> str:
    """Hex SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksum_arrays(*arrays: np.ndarray) -> str:
    """Hex SHA-256 over the dtype, shape and bytes of the arrays, in order."""
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def read_json(path: str | os.PathLike) -> Any:
    """The value of a JSON file. Raises InputError when it is none, or only a part of one."""
    try:
        return json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no whole JSON file ({error}); make or fetch it again.") from None
