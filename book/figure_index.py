"""figures/index.json: which item of the papers comes from which notebook, which results and which files.

An item `tsgl-fig-5` is what the notebooks save as tsgl/fig-5.svg, tsgl/fig-05.svg or tsgl/fig-05-anything.webp: the
first dash stands for the folder, and zeros before a number do not count.
"""

import re
from pathlib import Path

from inputs import declared, sha256
from layout import Layout, write_json

NOT_ITEMS = {"results", "index.json", "README.md"}


def plain(item: str) -> str:
    """The item's name with `/` and `_` as dashes, without zeros in front of numbers."""
    return re.sub(r"-0+(?=\d)", "-", item.replace("/", "-").replace("_", "-"))


def item_files(figures: Path) -> list[Path]:
    """Every file below `figures` that belongs to an item, not to the results or the index."""
    found = (p for p in figures.rglob("*") if p.is_file() and not p.name.startswith("."))
    return sorted(p for p in found if p.relative_to(figures).parts[0] not in NOT_ITEMS)


def belongs(path: Path, figures: Path, item: str) -> bool:
    """Whether the file is the item, or a part of it (its name and a dash)."""
    name = plain(path.relative_to(figures).with_suffix("").as_posix())
    return name == plain(item) or name.startswith(plain(item) + "-")


def own_files(layout: Layout, notebook: Path) -> list[Path]:
    """The files of the items that `notebook` declares."""
    items = declared(notebook)["items"]
    return [p for p in item_files(layout.figures) if any(belongs(p, layout.figures, item) for item in items)]


def products(layout: Layout, notebook: Path, out: Path) -> dict[str, str]:
    """Checksums of what a run of `notebook` left: the executed notebook and the files of its items."""
    return {layout.short(path): sha256(path) for path in [out, *own_files(layout, notebook)] if path.exists()}


def build_index(layout: Layout) -> tuple[dict, list[str]]:
    """The index, and one sentence for each item without a file or with two notebooks and each file without an item."""
    files, index, problems = item_files(layout.figures), {}, []
    for notebook in layout.notebooks:
        for item in map(plain, declared(notebook)["items"]):
            mine = [p for p in files if belongs(p, layout.figures, item)]
            if item in index:
                problems.append(f"{item} is declared by {index[item]['notebook']} and by {notebook.name}.")
            if not mine:
                problems.append(f"{notebook.name} declares {item} but saves no file for it.")
            index[item] = {
                "notebook": notebook.name,
                "groups": declared(notebook)["groups"],
                "files": {p.relative_to(layout.figures).as_posix(): sha256(p) for p in mine},
            }
    claimed = {name for entry in index.values() for name in entry["files"]}
    orphans = sorted({p.relative_to(layout.figures).as_posix() for p in files} - claimed)
    problems += [f"{name} belongs to no item that a notebook declares." for name in orphans]
    return dict(sorted(index.items())), problems


def write_index(layout: Layout) -> list[str]:
    """Write index.json beside the figures; returns the problems found."""
    index, problems = build_index(layout)
    write_json(layout.figures / "index.json", index)
    return problems
