"""The exercises of all chapters: the page that lists them, and the student edition, the notebooks without solutions."""

import argparse
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from layout import Layout, write_whole

HEADING = re.compile(r"^### Exercise (\d+): (.+) \((easy|medium|hard), (\d+) minutes\)$")
SOLUTION = "solution"
"""The tag of a cell that students do not get."""
HIDDEN = " A solution is hidden under each."
"""What the heading of the exercises says of solutions, which students do not have."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""When every file of the archive was made, so that the same notebooks give the same archive."""


class Exercise(NamedTuple):
    """What the heading of an exercise says."""

    number: int
    title: str
    difficulty: str
    minutes: int


def exercises(notebook: dict[str, Any]) -> list[Exercise]:
    """The exercises of a notebook, in order."""
    first_lines = ("".join(cell["source"]).partition("\n")[0] for cell in notebook["cells"])
    found = (HEADING.match(line) for line in first_lines)
    return [Exercise(int(m[1]), m[2], m[3], int(m[4])) for m in found if m]


def without_solutions(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook as students get it: the cells of solutions are gone, and the word that they are there."""
    cells = [cell for cell in notebook["cells"] if SOLUTION not in cell["metadata"].get("tags", ())]
    plain = [cell | {"source": [line.replace(HIDDEN, "") for line in cell["source"]]} for cell in cells]
    return notebook | {"cells": plain}


def edition(layout: Layout) -> dict[str, str]:
    """File name -> text of every notebook of the student edition."""
    return {
        path.name: json.dumps(without_solutions(_read(path)), indent=1, ensure_ascii=False) + "\n"
        for path in layout.notebooks
    }


def archive(layout: Layout) -> bytes:
    """The student edition as a ZIP file with a folder of notebooks."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        for name, text in edition(layout).items():
            entry = zipfile.ZipInfo(f"student-edition/{name}", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            whole.writestr(entry, text)
    return file.getvalue()


def page(layout: Layout) -> str:
    """The page that lists every exercise with its chapter, difficulty and minutes, Markdown."""
    found = {path.stem: exercises(_read(path)) for path in layout.notebooks}
    every = [one for listed in found.values() for one in listed]
    hours = sum(one.minutes for one in every) / 60
    count = {name: sum(one.difficulty == name for one in every) for name in ("easy", "medium", "hard")}
    how_many = ", ".join(f"{number} {name}" for name, number in count.items())
    lines = [
        "# Exercises",
        "",
        f"{len(every)} exercises at the ends of {sum(map(bool, found.values()))} chapters ({how_many}), some"
        f" {hours:.0f} hours together. Each asks for a prediction first, then for a run, and checks what you answer: a"
        " right answer however it was found, a wrong one with the reason why. Solutions are hidden below them.",
        "",
        "{download}`The student edition <student-edition.zip>` is the same notebooks without the solutions; unpacked"
        " in a copy of the repository they run like the others. `make student` writes them to `build/student/`.",
        "",
        ":::{div} sortable",
        "| Chapter | Exercise | Difficulty | Minutes |",
        "|---|---|---|---|",
    ]
    for name, listed in found.items():
        lines += [f"| [](chapters/{name}.ipynb) | {one.title} | {one.difficulty} | {one.minutes} |" for one in listed]
    return "\n".join([*lines, ":::"]) + "\n"


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    layout = Layout("laptop")
    folder = layout.root / "build" / "student"
    for name, text in edition(layout).items():
        write_whole(folder / name, text)
    print(f"{len(layout.notebooks)} notebooks without solutions are in {layout.short(folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
