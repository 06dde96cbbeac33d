"""The widget in a real JupyterLab: a notebook is opened in Chromium, a hole is drawn with the mouse and filled."""

import io
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from browser import chromium_or_skip
from jupyter_lab import jupyter_lab, opened, wait_for
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


@pytest.mark.slow
def test_draw_run_and_see_the_pixels_change_inside_the_hole_alone(tmp_path):
    chromium_or_skip()
    Image.fromarray(photo()).save(tmp_path / "photo.png")
    with jupyter_lab(tmp_path, (SHOW, KEEP)) as address, browser() as running:
        page = opened(running, address)
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
