"""Results in a few files that travel: packed where a network was trained, merged where the book reads them."""

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from inpaintlib import paths, results
from inpaintlib.errors import InputError
from inpaintlib.experiments import SCALES, Experiment, select
from inpaintlib.files import atomic_path
from inpaintlib.provenance import commit
from inpaintlib.study import done, fingerprint

FILES, BYTES = 8, 15_000_000
"""Most files of a parcel, and the most bytes of each."""
NAME = re.compile(r"[a-z0-9-]+\.(?:npz|webp|json)")
"""What lies among an experiment's results."""
WEIGHTS = "weights.safetensors"
ENTRY = re.compile(rf"({'|'.join(SCALES)})/([a-z0-9-]+)/({NAME.pattern}|{re.escape(WEIGHTS)})")
"""An entry of a parcel: profile, experiment, and what belongs to it."""


def pack(folder: str | os.PathLike, experiments: Sequence[Experiment]) -> list[Path]:
    """Put the results that this commit made of these experiments into `folder`, as study-1.zip ... study-8.zip.

    The weights that are shipped (float16) follow, in order, as long as there is room for them. Each file is written
    under a temporary name and renamed. Raises InputError when the results themselves do not fit; none is written then.
    """
    folder, own = Path(folder), commit()
    made = [e for e in experiments if results.read_run(e.id, e.profile)["commit"] == own]
    boxes: list[list[tuple[str, bytes]]] = [[]]
    for experiment in made:
        _put(boxes, [*_results_of(experiment)])
        if len(boxes) > FILES:
            raise InputError(f"The results of {len(made)} experiments do not fit into {FILES} files; name fewer.")
    for experiment in (e for e in made if e.shipped):
        file = paths.runs(experiment.profile, experiment.id) / WEIGHTS
        if file.exists() and file.stat().st_size < BYTES - 10_000:
            tried = [list(box) for box in boxes]
            _put(tried, [(f"{experiment.profile}/{experiment.id}/{WEIGHTS}", file.read_bytes())])
            boxes = tried if len(tried) <= FILES else boxes
    return [_write(folder / f"study-{i}.zip", box) for i, box in enumerate(boxes, 1) if box]


def _results_of(experiment: Experiment) -> Iterator[tuple[str, bytes]]:
    """Every file of an experiment's results, run.json last."""
    files = sorted(paths.results(experiment.profile, experiment.id).iterdir(), key=lambda f: (f.suffix == ".json", f))
    for file in files:
        if NAME.fullmatch(file.name):
            yield f"{experiment.profile}/{experiment.id}/{file.name}", file.read_bytes()


def _put(boxes: list[list[tuple[str, bytes]]], entries: list[tuple[str, bytes]]) -> None:
    """Add entries that belong together to the last box, or to a new one where they do not fit."""
    size = _size(entries)
    if size > BYTES:
        raise InputError(
            f"{entries[0][0]} and what belongs to it take {size:,} bytes; a file of a parcel has {BYTES:,}."
        )
    if boxes[-1] and _size(boxes[-1]) + size > BYTES:
        boxes.append([])
    boxes[-1].extend(entries)


def _size(entries: Sequence[tuple[str, bytes]]) -> int:
    """Bytes in a zip file without compression: the entries are compressed themselves."""
    return sum(len(content) + 2 * len(name) + 200 for name, content in entries)


def _write(path: Path, entries: Sequence[tuple[str, bytes]]) -> Path:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as file:
        for name, data in entries:
            file.writestr(zipfile.ZipInfo(name), data)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getvalue())
    return path


def merge(folder: str | os.PathLike, *, anyway: bool = False) -> dict[str, str]:
    """Put a parcel's results where the book reads them, and its weights where `il.load` looks; id -> what was done.

    What is here already and answers today's study stays as it is, so merging twice does nothing. Results of another
    job or protocol than today's, or of a tree with uncommitted changes, are refused, unless `anyway`. run.json is
    written last: an interrupted merge leaves no result that looks whole, and is finished by merging again. Raises
    InputError when the folder has no parcel, or when a file is none.
    """
    files = sorted(Path(folder).glob("study-*.zip"))
    if not files:
        raise InputError(f"{folder} holds no study-*.zip; give the folder that `inpaintlib study run --out` wrote.")
    told: dict[str, str] = {}
    for file in files:
        content = _read(file)
        for (profile, id), entries in content.items():
            if "run.json" in entries:
                told[id] = _merge(file, profile, id, entries, anyway)
        for (profile, id), entries in content.items():
            if WEIGHTS in entries and id in told and not told[id].startswith("refused"):
                _keep_weights(profile, id, entries[WEIGHTS])
    return told


def _read(file: Path) -> dict[tuple[str, str], dict[str, bytes]]:
    """(profile, id) -> name -> content. Nothing is extracted, and no name but those of results is taken."""
    found: dict[tuple[str, str], dict[str, bytes]] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                parts = ENTRY.fullmatch(entry.filename)
                if parts is None or entry.file_size > BYTES:
                    raise InputError(f"{file} holds {entry.filename!r}, which is no part of a parcel; pack it again.")
                found.setdefault((parts[1], parts[2]), {})[parts[3]] = archive.read(entry)
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{file} is not a whole parcel ({error}); fetch it again.") from None
    return found


def _merge(file: Path, profile: str, id: str, entries: dict[str, bytes], anyway: bool) -> str:
    experiment = next((e for e in select(profile) if e.id == id), None)
    if experiment is None:
        raise InputError(f"{file} holds results of {id!r}, which the profile {profile} does not have.")
    if done(experiment):
        return "is here already"
    refused = _doubt(experiment, _parsed(file, entries["run.json"]))
    if refused and not anyway:
        return f"refused: {refused}"
    folder = paths.results(profile, id)
    (folder / "run.json").unlink(missing_ok=True)
    for old in folder.glob("*"):
        if NAME.fullmatch(old.name) and old.name not in entries:
            old.unlink()
    for name in sorted(entries, key=lambda name: (name == "run.json", name)):
        if name != WEIGHTS:
            with atomic_path(folder / name) as temporary:
                temporary.write_bytes(entries[name])
    return f"merged, although {refused}" if refused else "merged"


def _parsed(file: Path, text: bytes) -> dict[str, Any]:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{file} holds a run.json that is none ({error}); fetch it again.") from None


def _doubt(experiment: Experiment, run: dict[str, Any]) -> str:
    """Why a result is no answer to today's study; empty when it is one."""
    if run.get("experiment") != experiment.id or run.get("schema") != results.SCHEMA:
        return "it is another experiment's, or was written by another version of this library"
    if run.get("job") != fingerprint(experiment):
        return "it was trained or measured otherwise than today's study asks (job, photographs or protocol differ)"
    return "it was made with uncommitted changes" if run.get("dirty") else ""


def _keep_weights(profile: str, id: str, content: bytes) -> None:
    file = paths.runs(profile, id) / WEIGHTS
    if not file.exists():
        with atomic_path(file) as temporary:
            temporary.write_bytes(content)
