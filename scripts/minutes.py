"""Train the twelve rows of Table IV for a minute each, and the row of the normalization that the laboratory's notebook
defines: python scripts/minutes.py

What was trained before is read, and a run that was stopped goes on.
"""

import json
import runpy
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inpaintlib.minute import minute, ship
from inpaintlib.variant import TABLE_IV

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "24_laboratory.ipynb"
IMPORTS = "import inpaintlib as il\nimport torch\nfrom torch.nn import functional as F\n\n"
OWN = "2Global(Local)->mine(Local)"


@contextmanager
def defined(notebook: Path) -> Iterator[None]:
    """Register the normalization of the notebook, from a file, in which its text can be looked up for as long."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    (cell,) = (cell for cell in cells if "normalization" in cell["metadata"].get("tags", ()))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.py"
        file.write_text(IMPORTS + "".join(cell["source"]), encoding="utf-8")
        runpy.run_path(str(file))
        yield


def main() -> None:
    """Train what is not there, row after row, and keep all of it with the results."""
    with defined(NOTEBOOK):
        found = {}
        for label in (*TABLE_IV, OWN):
            found[label] = minute(label, progress=False)
            print(f"{label:36} {found[label].seconds:6.0f} s", flush=True)
        print(ship(found))


if __name__ == "__main__":
    main()
