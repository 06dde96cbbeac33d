"""What a notebook's outputs depend on, by content: its results are never stale and a touched file rebuilds nothing."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from layout import Layout, read_json, remembered, write_json

METHODS_READ = ["classical", "comparison", "decoders", "hosts", "misf-ablation"]
"""The groups whose results stand on the pages of the methods."""
EXPLORER_READ = [*METHODS_READ, "direction", "priors", "table-iv"]
"""The groups whose results the page "Look for yourself" shows."""


OWN_DATA = "23_your_own_data"
"""The notebook that shows a reader's own data, where the build is given their folder."""


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(paths: Iterable[Path], root: Path) -> str:
    """One SHA-256 over the names and the contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(root)} {sha256(path)}\n".encode())
    return total.hexdigest()


def library_files(layout: Layout) -> list[Path]:
    """The package with its photographs, masks and weights, weights that were trained here, the locked environment."""
    package = [p for p in (layout.root / "inpaintlib").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    trained = (layout.root / "runs" / layout.profile).glob("*/weights.safetensors")
    return [*package, *trained, *layout.root.glob("requirements.lock")]


def result_files(layout: Layout, groups: list[str]) -> list[Path]:
    """Files of the experiments whose run.json names one of `groups`, or no group. Smoke makes what it reads: none."""
    if layout.profile == "smoke" or not groups:
        return []
    folders = [run.parent for run in layout.results.rglob("run.json") if read_json(run).get("group") in {*groups, None}]
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def declared(notebook: Path) -> dict:
    """The notebook's metadata `inpaintlib`: items (what it regenerates) and groups (the results it reads).

    Raises ValueError, one sentence, when the file is no notebook, or its metadata is none of these lists of names.
    """
    if not notebook.is_file():
        raise ValueError(f"There is no notebook {notebook.name} in notebooks/.")
    told = read_json(notebook)
    if not isinstance(told.get("cells"), list) or not isinstance(told.get("metadata"), dict):
        raise ValueError(f"notebooks/{notebook.name} is no notebook: it has no cells or no metadata.")
    mine = told["metadata"].get("inpaintlib", {"items": [], "groups": []})
    lists = [mine.get(key) for key in ("items", "groups")] if isinstance(mine, dict) else [None]
    if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists):
        raise ValueError(f"notebooks/{notebook.name} has no lists of names, items and groups, in metadata.inpaintlib.")
    return mine


def write_dependencies(layout: Layout, photos: str = "") -> None:
    """Write each notebook's checksums where they changed; withdraw the stamps of products that changed or are gone.
    photos: the folder of a reader's own data, "" for none."""
    library = digest(library_files(layout), layout.root)
    if layout.profile == "smoke":
        forget_other_library(layout, library)
    for notebook in layout.notebooks:
        own = photos if notebook.stem == OWN_DATA else ""
        write_changed(layout, notebook.stem, library, declared(notebook)["groups"], own)
        stamp = layout.stamp(notebook.stem)
        if stamp.exists() and not products_intact(layout, notebook.stem):
            stamp.unlink()
    write_changed(layout, "methods", library, METHODS_READ)
    if not layout.methods.is_dir() or not isinstance(remembered(layout.stamp("methods")).get("pages"), list):
        layout.stamp("methods").unlink(missing_ok=True)
    write_changed(layout, "explorer", library, EXPLORER_READ)
    if not layout.explorer.is_dir():
        layout.stamp("explorer").unlink(missing_ok=True)
    if not (layout.html / "index.html").exists() or not all(layout.stamp(n.stem).exists() for n in layout.notebooks):
        layout.stamp("book").unlink(missing_ok=True)


def write_changed(layout: Layout, name: str, library: str, groups: list[str], photos: str = "") -> None:
    """Write what `name` depends on, where that changed: the library, the results of some groups, a reader's own."""
    current = {"library": library, "results": digest(result_files(layout, groups), layout.root)}
    if photos:
        current["photos"] = digest((p for p in measured(Path(photos)).rglob("*") if p.is_file()), Path(photos))
    depends = layout.depends(name)
    if remembered(depends) != current:
        write_json(depends, current)


def measured(photos: Path) -> Path:
    """The results of a reader's own data, which `inpaintlib evaluate --out` wrote into their folder. Raises ValueError,
    one sentence, when they are not there."""
    if not (photos / "photos.json").is_file():
        raise ValueError(f"{photos} was not made by `inpaintlib prepare`; give PHOTOS the folder that it made.")
    if not (photos / "measured" / "table.csv").is_file():
        raise ValueError(
            f"{photos / 'measured'} holds no table of several methods; make it by `inpaintlib evaluate METHOD METHOD"
            f" --photos {photos} --out {photos / 'measured'}`."
        )
    return photos / "measured"


def forget_other_library(layout: Layout, library: str) -> None:
    """Remove what smoke's notebooks trained and measured with another library, so that they do it again."""
    note = layout.build / "library.json"
    if remembered(note) == {"library": library}:
        return
    shutil.rmtree(layout.build / "runs", ignore_errors=True)
    shutil.rmtree(layout.results, ignore_errors=True)
    write_json(note, {"library": library})


def products_intact(layout: Layout, name: str) -> bool:
    """Whether a notebook's record is what its stamp is a copy of, and every file that the run left is unchanged."""
    record, stamp = layout.record(name), layout.stamp(name)
    if not record.is_file() or record.read_bytes() != stamp.read_bytes():
        return False
    products = remembered(stamp).get("products", {})
    return all((layout.root / made).is_file() and sha256(layout.root / made) == was for made, was in products.items())
