"""The widget in a real JupyterLab: a notebook is opened in Chromium, a hole is drawn with the mouse and filled."""

import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from browser import chromium_or_skip
from PIL import Image

import inpaintlib as il
from inpaintlib.drawing.widget import DrawHole
from inpaintlib.photos import bundled

sys.path.insert(0, str(Path(__file__).parents[1] / "book"))
from chromium import browser

SHOW = """from inpaintlib.drawing.widget import DrawHole
drawing = DrawHole("photo.png", models=("tsgl", "misf"))
drawing"""
KEEP = """import numpy as np
np.savez("kept.npz", hole=drawing.hole, **drawing.filled)"""


def photo():
    return np.asarray(Image.fromarray(bundled("test")[0]).resize((200, 160)))


def png(mask):
    file = io.BytesIO()
    Image.fromarray(mask).save(file, format="PNG")
    return memoryview(file.getvalue())


class Said:
    """What a widget sends to its page."""

    def __init__(self, widget):
        self.messages = []
        widget.send = lambda content, buffers=None: self.messages.append((content, buffers))


def test_a_request_of_the_page_is_answered_by_every_network_that_it_names():
    widget = DrawHole(photo(), models=("tsgl", "misf"))
    said = Said(widget)
    mask = np.zeros((160, 200), np.uint8)
    mask[40:60, 50:90] = 255
    widget._asked(widget, {"ask": 3, "models": ["misf", "tsgl"]}, [png(mask)])
    [(content, buffers)] = said.messages
    assert content == {"ask": 3, "names": ["misf", "tsgl"]}
    assert len(buffers) == 2
    assert np.array_equal(widget.hole, mask > 0)
    for answer in widget.filled.values():
        assert np.array_equal(answer[mask == 0], photo()[mask == 0])
    assert np.array_equal(widget.filled["tsgl"], il.inpaint(photo(), mask))


def test_what_cannot_be_filled_is_told_to_the_page():
    widget = DrawHole(photo())
    said = Said(widget)
    widget._asked(widget, {"ask": 0, "models": ["tsgl"]}, [png(np.full((160, 200), 255, np.uint8))])
    [(content, _)] = said.messages
    assert "nothing is known" in content["refused"]


def wait_for(found, seconds=90):
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)
    return value


@pytest.fixture
def lab(tmp_path):
    """A running JupyterLab in a folder with a photograph and a notebook; its address."""
    chromium_or_skip()
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for i, source in enumerate((SHOW, KEEP))
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "draw.ipynb").write_text(json.dumps(book))
    Image.fromarray(photo()).save(tmp_path / "photo.png")
    settings = {"JUPYTER_CONFIG_DIR": tmp_path / ".c", "JUPYTER_DATA_DIR": tmp_path / ".d", "HOME": tmp_path}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += ["--IdentityProvider.token=drawn", f"--notebook-dir={tmp_path}"]
    environment = os.environ | {key: str(value) for key, value in settings.items()} | {"PYTEST_CURRENT_TEST": ""}
    with (tmp_path / "lab.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=tmp_path)
    try:
        said = lambda: re.search(r"http://127\.0\.0\.1:\d+/", (tmp_path / "lab.log").read_text())  # noqa: E731
        yield wait_for(said)[0]
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
def test_draw_run_and_see_the_pixels_change_inside_the_hole_alone(lab, tmp_path):
    with browser() as running:
        page = running.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(120_000)
        page.goto(f"{lab}lab/tree/draw.ipynb?token=drawn")
        page.locator(".jp-Notebook .jp-CodeCell").first.click()
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
        page.keyboard.press("Shift+Enter")
        canvas = page.locator(".draw-a-hole canvas")
        canvas.wait_for()
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=10)
        page.mouse.up()
        before = page.locator(".draw-a-hole canvas").screenshot()
        page.keyboard.press("ArrowDown")  # JupyterLab has meanings of its own for these keys.
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.locator(".draw-a-hole canvas").screenshot() != before
        assert canvas.evaluate("one => one === document.activeElement"), "the keys went to the notebook"
        page.locator(".draw-a-hole .fill").click()
        page.get_by_text("Filled. Move").wait_for()
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(1).click()
        page.keyboard.press("Control+Enter")
        wait_for((tmp_path / "kept.npz").exists)
        time.sleep(0.5)
    with np.load(tmp_path / "kept.npz") as kept:
        hole, filled = kept["hole"], kept["tsgl"]
    assert 100 < hole.sum() < hole.size / 2
    assert np.array_equal(filled[~hole], photo()[~hole])
    assert (filled != photo()).any(axis=2)[hole].mean() > 0.5
    assert np.array_equal(filled, il.inpaint(photo(), hole))
