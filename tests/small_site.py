"""A small book with one of everything that chapters show, for the checks that look at pages in a browser.

Its chapter is written with its outputs: running notebooks is tested elsewhere, and takes longer than making pages.
"""

import os
import sys
from base64 import b64encode
from pathlib import Path
from unittest import mock

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
from explored import few_kinds
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from small_book import ROOT, small_tree

from inpaintlib import plotting

sys.path.insert(0, str(ROOT / "book"))
import assemble
import explorer
from layout import Layout, write_json, write_whole

NAME = "01_quickstart"
STAMP = plotting.Stamp("laptop", "1 image", (0,), "0123456")
TITLE = r"""# A chapter of everything

```{admonition} Key takeaways
:class: tip
- A photograph, a drawing, a table and a formula, after {cite}`tsgl`, and {numref}`fig-small-drawing` below.
```

```{math}
:label: small-eq
\hat F(i) = \frac{\sum_{j} s(i, j)\, g(i, j)\, \tilde F(j)}{\sum_{j} s(i, j)\, g(i, j)}, \qquad
s(i, j) = \mathbf W_g \tilde F(i) \cdot \tilde F(j), \quad \bar F(i) = \tilde F(i) - \hat F(i), \quad
G(i) = \gamma \hat F(i) + \beta \bar F(i) + \varepsilon
```

## What is shown

Equation {eq}`small-eq` is wider than a phone.
"""
END = "## What follows\n\nThe [drawing](#fig-small-drawing), and [what is written](../notation.md)."
DROPDOWN = """::::{dropdown} What is behind it
:name: small-dropdown

| a | b |
|---|---|
| 1 | 2 |
::::"""


def photographs(tree: Path) -> plotting.Picture:
    """A grid of the tree's three photographs, as a notebook shows it."""
    opened = [Image.open(path).convert("RGB") for path in sorted((tree / "inpaintlib/data/photos").iterdir())]
    pictures = [np.asarray(image.resize((384, 256))) for image in opened]
    figure = plotting.image_grid([pictures, pictures[::-1]], ["one", "two", "three"])
    return plotting.save(figure, "tsgl/fig-01", STAMP, photographs=True)


def drawing() -> plotting.Picture:
    """A line, as a notebook shows it."""
    figure, axes = plt.subplots()
    axes.plot(range(9), label="a line")
    axes.legend()
    return plotting.save(figure, "tsgl/fig-02", STAMP)


def table() -> dict[str, str]:
    """A table that is wider than a phone."""
    names = [f"a column with a long name {k}" for k in range(12)]
    shown = pd.DataFrame(np.arange(60).reshape(5, 12) / 7, columns=names)
    return {"text/html": shown.to_html(float_format="%.3f"), "text/plain": "a table"}


def cell(code: str, data: dict, shown: dict | None = None, **more):
    """A code cell that was run. data: its output by MIME type; shown: that output's metadata."""
    output = new_output("execute_result", data=data, metadata=shown or {}, execution_count=1)
    return new_code_cell(code, outputs=[output], execution_count=1, metadata={"tags": ["hide-input"], **more})


def picture(code: str, name: str, alternative: str, shown: plotting.Picture):
    """A code cell that was run and shows a picture with a number, a caption and a text in its place."""
    data, sizes = shown._repr_mimebundle_()
    if isinstance(shown.content, bytes):
        data[shown.kind] = b64encode(shown.content).decode()
    figure = {"name": name, "caption": f"{alternative} It stands for those of the chapters."}
    return cell(code, data, sizes, mystnb={"figure": figure, "image": {"alt": alternative}})


def chapter(tree: Path) -> nbformat.NotebookNode:
    """The chapter of everything, with outputs; what it draws lies in the tree's figures."""
    with mock.patch.dict(os.environ, INPAINTLIB_HOME=str(tree)):
        plotting.style()
        drawn = photographs(tree), drawing()
    cells = [
        new_markdown_cell(TITLE),
        picture("photographs()", "fig-small-photographs", "Three photographs, twice.", drawn[0]),
        picture("drawing()", "fig-small-drawing", "A line that rises.", drawn[1]),
        cell("table()", table()),
        cell("dropdown()", {"text/markdown": DROPDOWN}, mystnb={"markdown_format": "myst"}),
        new_markdown_cell(END),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    declared = {"items": ["tsgl-fig-1", "tsgl-fig-2"], "groups": []}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "inpaintlib": declared})


def small_site(folder: Path) -> Layout:
    """Build the small book in `folder`: pages of the book itself, and the chapter of everything."""
    layout = Layout("laptop", small_tree(folder))
    for path in (layout.root / "notebooks" / f"{NAME}.ipynb", layout.chapters / f"{NAME}.ipynb"):
        write_whole(path, nbformat.writes(chapter(layout.root)))
    run = {"notebook": f"{NAME}.ipynb", "parameters": {"profile": "laptop"}, "status": "complete", "seconds": 1.0}
    run |= {
        "peak_bytes": 2**30,
        "finished": "2026-01-01T00:00:00",
        "device": "CPU",
        "commit": "0123456",
        "dirty": False,
    }
    for place in (layout.record(NAME), layout.stamp(NAME)):
        write_json(place, {**run, "versions": {"python": "3"}})
    for name in ("index", "plain"):
        write_whole(layout.methods / f"{name}.md", f"# The {name} method\n")
    write_json(layout.stamp("methods"), {"pages": ["plain"]})
    with few_kinds():
        explorer.write(layout.explorer, "laptop")
    (layout.build / "logs").mkdir()
    warnings = assemble.jupyter_book(layout, assemble.stage(layout))
    assert not warnings, warnings
    return layout
