"""A tree with the book's machinery, three photographs and notebooks of a few lines: tests build it and break it."""

import csv
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[1]
SMOKE = 2400
"""Seconds that the smoke book may take beside other tests."""
DRAW = """from pathlib import Path
folder = Path("..") / ("build/smoke/figures" if profile == "smoke" else "figures") / "tsgl"
folder.mkdir(parents=True, exist_ok=True)
(folder / "{name}").write_text("drawn with {word}")"""

METHODS = """import sys
from pathlib import Path
from layout import Layout, write_json, write_whole
profile, stamp = sys.argv[2], Path(sys.argv[4])
for name in ("index", "plain"):
    write_whole(Layout(profile).methods / f"{name}.md", f"# The {name} method")
write_json(stamp, {"pages": ["plain"]})
"""
"""In the place of the pages of the methods, which take minutes."""
EXPLORER = """import sys
from pathlib import Path
from layout import Layout, write_json, write_whole
folder = Layout(sys.argv[2]).explorer
(folder / "pictures").mkdir(parents=True, exist_ok=True)
for name in ("slider.html", "maps.html", "table.md"):
    write_whole(folder / "parts" / name, "Nothing to look at.")
write_json(Path(sys.argv[4]), {})
"""
"""In the place of the page of results to look at, which a small tree has none of."""


def small_tree(folder: Path) -> Path:
    """Copy the machinery and three photographs into `folder`."""
    skipped = shutil.ignore_patterns("_build", "chapters", "__pycache__")
    shutil.copytree(ROOT / "book", folder / "book", ignore=skipped)
    for page in (folder / "book").glob("*.md"):  # its notebooks are others: links to the real chapters become words
        page.write_text(re.sub(r"\[([^\]]*)\]\(chapters/[^)]*\)", r"\1 a chapter", page.read_text(encoding="utf-8")))
    for page in (folder / "book" / "api").glob("*.md"):  # Sphinx would read all of the library for them
        page.write_text("# A page of the reference\n")
    (folder / "book" / "method_pages.py").write_text(METHODS)
    (folder / "book" / "explorer.py").write_text(EXPLORER)
    for rules in ("Snakefile", "study.smk"):
        shutil.copy(ROOT / rules, folder)
    (folder / "notebooks").mkdir()
    data, target = ROOT / "inpaintlib" / "data", folder / "inpaintlib" / "data"
    (target / "photos").mkdir(parents=True)
    shutil.copy(data / "ATTRIBUTION.md", target)
    with (data / "photos.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:3]
    with (target / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        shutil.copy(data / "photos" / row["file"], target / "photos")
    return folder


def write_notebook(tree: Path, name: str, item: str, *code: str, word: str = "ink") -> Path:
    """A notebook that saves `item` (such as fig-05.svg of tsgl) and then runs each of `code` as a cell."""
    parameters = new_code_cell('profile = "laptop"\nseed = 0', metadata={"tags": ["parameters"]})
    title = new_markdown_cell(f"# Chapter {name}\n\nAfter {{cite}}`tsgl`: $\\tilde F$.")
    cells = [title, parameters, *map(new_code_cell, [DRAW.format(name=item, word=word), *code])]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "inpaintlib": {"items": [f"tsgl-{Path(item).stem}"], "groups": []},
    }
    path = tree / "notebooks" / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


def build(tree: Path, profile: str = "laptop", seconds: float = 600) -> subprocess.CompletedProcess:
    """Run the tree's build.py to its end, which comes within so many seconds."""
    command = [sys.executable, "book/build.py", "--profile", profile]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, env=environment(), timeout=seconds)


def smoke_book() -> Path:
    """The pages of this tree's smoke book, up to date. Another process may be building them: it is waited for.

    After `make smoke` that takes seconds; beside other tests, which want the same processors, several times its time.
    """
    deadline = time.monotonic() + SMOKE
    while (run := build(ROOT, "smoke", SMOKE)).returncode and "Another build is running" in run.stderr:
        assert time.monotonic() < deadline, run.stderr
        time.sleep(5)
    assert run.returncode == 0, run.stdout + run.stderr
    return ROOT / "build" / "smoke" / "html"


def environment() -> dict[str, str]:
    """The environment without what an outer build would have set."""
    return {name: value for name, value in os.environ.items() if not name.startswith("INPAINTLIB_")}
