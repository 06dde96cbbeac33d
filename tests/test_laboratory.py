"""The laboratory of normalizations: its tiles in Chromium, and its lists and sliders in JupyterLab."""

import base64
import io
import json
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest
from browser import chromium_or_skip
from chromium import browser
from jupyter_lab import jupyter_lab, opened, wait_for
from PIL import Image

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "24_laboratory.ipynb"
NORMS, TIMES, LAYERS, SIDE = ("global", "local", "mine"), (1, 2), (1, 2), 8
LINES = 1 + len(NORMS) * len(TIMES)
PAGE = """<!doctype html><meta charset="utf-8"><title>Tiles</title><link rel="stylesheet" href="explore.css">
<div class="explore" data-explore="laboratory"><script type="application/json">{told}</script></div>
<script src="widgets.js" defer></script><script src="laboratory.js" defer></script>"""
SHOWN = """() => [...document.querySelectorAll(".laboratory-row .tile")].map(tile => {
  const look = getComputedStyle(tile);
  return [look.getPropertyValue("--line"), look.getPropertyValue("--column")].map(Number);
})"""


def told():
    """Two photographs, guides and layers; the number at a place says which place it is."""

    def sheet(photograph, guide):
        grays = np.arange(LINES * len(LAYERS) * 3, dtype=np.uint8).reshape(LINES, -1)
        file = io.BytesIO()
        Image.fromarray(np.kron(grays, np.ones((SIDE, SIDE), np.uint8))).save(file, "PNG")
        said = [[[f"{photograph}{guide}{line}{layer}", "0"] for layer in LAYERS] for line in range(LINES)]
        return {"src": "data:image/png;base64," + base64.b64encode(file.getvalue()).decode(), "said": said}

    return {
        "photographs": ["crab", "duck"],
        "guides": ["Global", "Local"],
        "norms": NORMS,
        "times": TIMES,
        "layers": LAYERS,
        "panels": ["map", "entropy", "spectrum"],
        "numbers": ["mean", "deviation"],
        "sheets": [[sheet(photograph, guide) for guide in range(2)] for photograph in range(2)],
        "stamp": "made up",
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("tiles")
    for name in ("explore.css", "widgets.js", "laboratory.js"):
        shutil.copy(ROOT / "book" / "_static" / name, place)
    (place / "index.html").write_text(PAGE.format(told=json.dumps(told())), "utf-8")
    return place


def test_a_choice_shows_its_tiles_and_its_numbers(folder):
    chromium_or_skip()
    with browser() as started:
        page, complaints = started.new_page(), []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((folder / "index.html").as_uri())
        numbers = lambda: page.locator("tbody tr").first.locator("td").all_inner_texts()  # noqa: E731
        assert page.evaluate(SHOWN) == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
        assert numbers() == ["0001", "0011"]
        for title, label in (("Photograph", "duck"), ("Layer", "2"), ("Guide", "Local"), ("Normalization", "mine")):
            page.get_by_role("group", name=title).get_by_label(label, exact=True).check()
        page.get_by_role("group", name="Times").get_by_label("1", exact=True).focus()
        page.keyboard.press("ArrowRight")  # the keyboard chooses as the mouse does
        assert page.evaluate(SHOWN) == [[0, 3], [0, 4], [0, 5], [6, 3], [6, 4], [6, 5]]
        assert numbers() == ["1102", "1162"]
        assert page.locator(".laboratory-row strong").all_inner_texts() == ["before", "after Local → mine, 2 times"]
        assert complaints == []


@pytest.mark.slow
def test_lists_and_sliders_draw_what_is_chosen(tmp_path):
    """In JupyterLab: a button of the toggle is pressed, and another figure with other numbers stands there."""
    chromium_or_skip()
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    end = next(i for i, cell in enumerate(cells) if "def by_hand" in cell.source)
    source = "\n\n".join(cell.source for cell in cells[: end + 1] if not cell.source.startswith(("figure", "numbers")))
    with jupyter_lab(tmp_path, [f"{source}\n\nby_hand()"]) as address, browser() as started:
        page = opened(started, address)
        page.keyboard.press("Shift+Enter")
        drawn = page.locator(".jp-OutputArea img")
        drawn.wait_for()
        numbers = page.locator(".jp-OutputArea tbody")
        seen = [(drawn.get_attribute("src"), numbers.inner_text())]
        for label in ("local", "Local"):
            page.get_by_role("button", name=label, exact=True).click()
            wait_for(lambda: drawn.count() == numbers.count() == 1 and drawn.get_attribute("src") != seen[-1][0])
            seen.append((drawn.get_attribute("src"), numbers.inner_text()))
        assert len({told for _, told in seen}) == 3
