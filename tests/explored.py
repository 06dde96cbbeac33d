"""The parts of the page "Look for yourself", made from the committed results on a bare page with the theme's styles."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[1] / "book"))
import explored_maps
import explorer
from small_book import ROOT

FEW = ("texture", "decoder-input", "spectrum-residual")
"""Kinds of maps enough for a test: of photographs, of other networks, and a spectrum, which is of no photograph."""
THEME = {"pydata_sphinx_theme": "pydata-sphinx-theme.css", "sphinx_book_theme": "sphinx-book-theme.css"}
PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Parts</title>
<link rel="icon" href="_static/favicon.svg">
<meta name="viewport" content="width=device-width, initial-scale=1">
<script>document.documentElement.dataset.theme = location.hash.slice(1) || "light"</script>{styles}
<style>body {{ margin: 16px; background: var(--pst-color-background) }}</style>
</head><body><main class="bd-content"><article class="bd-article"><h1>Parts</h1>
<script src="_static/widgets.js" defer></script>
{slider}{maps}<section><h2>Numbers</h2><div class="cell_output">{table}</div></section></article></main>
<script src="_static/wide_tables.js" defer></script><script src="_static/sorting.js" defer></script></body></html>"""
TABLE = """<table class="dataframe sortable"><thead><tr><th>LPIPS ↓</th><th>all</th><th>all, published LPIPS</th>{more}
</tr></thead><tbody>
<tr><th>Nine</th><td>0.1000 ≈ <small>[0.01, 0.99]</small></td><td><span class="published">0.3</span></td>{cells}</tr>
<tr><th>Ten</th><td><b>0.0184</b> <small>[0.01, 0.02]</small></td><td>–</td>{cells}</tr>
<tr><th>Eleven</th><td>–</td><td><span class="published">0.25</span></td>{cells}</tr>
<tr><th>Two</th><td>−1.5 <small>[-2.00, 0.03]</small></td><td><span class="published">12</span></td>{cells}</tr>
</tbody></table>"""


def few_kinds() -> mock._patch_dict:
    """As long as it holds, only FEW kinds of maps are drawn."""
    return mock.patch.dict(explored_maps.KINDS, {name: explored_maps.KINDS[name] for name in FEW}, clear=True)


def write_page(folder: Path) -> Path:
    """Write index.html, with parts made from the laptop profile's results and a table of 24 columns, into `folder`."""
    with few_kinds():
        explorer.write(folder / "explorer", "laptop")
    static = folder / "_static"
    shutil.copytree(ROOT / "book" / "_static", static)
    (folder / "explorer" / "pictures").rename(static / "explorer")
    for package, name in THEME.items():
        theme = Path(find_spec(package).origin).parent / "theme" / package / "static" / "styles" / name
        shutil.copy(theme, static)
    links = [f'<link rel="stylesheet" href="_static/{name}">' for name in (*THEME.values(), "book.css", "explore.css")]
    parts = {name: (folder / "explorer" / "parts" / f"{name}.html").read_text("utf-8") for name in ("slider", "maps")}
    table = TABLE.format(more="<th>a wide column</th>" * 21, cells="<td>0</td>" * 21)
    (folder / "index.html").write_text(PAGE.format(styles="".join(links), table=table, **parts), "utf-8")
    return folder
