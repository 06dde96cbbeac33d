"""The page on which a hole is drawn: who may ask it, what it reads, and a hole drawn with a real mouse in Chromium."""

import io
import socket
import sys
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvicorn
from browser import TOO_WIDE, chromium_or_skip, violations
from PIL import Image

from inpaintlib import cli
from inpaintlib.drawing import server
from inpaintlib.photos import bundled

sys.path.insert(0, str(Path(__file__).parents[1] / "book"))
from chromium import browser, open_page

BASE = f"http://{server.HOST}"
MODELS = ("tsgl", "misf")


@pytest.fixture(scope="module")
def address():
    """The page as a real program serves it, on a port of its own."""
    settings = uvicorn.Config(server.application(MODELS), host=server.HOST, port=0, log_level="warning")
    running = uvicorn.Server(settings)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    yield f"{BASE}:{running.servers[0].sockets[0].getsockname()[1]}/"
    running.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def client(address):
    with httpx.Client(base_url=address, timeout=60) as made:
        yield made


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def photo(h=80, w=100):
    whole = Image.fromarray(bundled("test")[0])
    return np.asarray(whole.resize((w, h)))


def hole(h=80, w=100):
    mask = np.zeros((h, w), np.uint8)
    mask[20:40, 30:60] = 255
    return mask


def parts(**other):
    return {"photo": png(photo()), "mask": png(hole()), **other}


def ask(client, path="/fill", headers=None, model="tsgl", **files):
    return client.post(path, files=files, data={"model": model}, headers=headers or {})


def test_it_fills_the_hole_and_nothing_else(client):
    answer = ask(client, **parts())
    assert answer.status_code == 200
    result = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert np.array_equal(result[hole() == 0], photo()[hole() == 0])
    assert not np.array_equal(result, photo())


@pytest.mark.parametrize("path", ["/", "/canvas.js", "/canvas.css", "/on_a_page.js", "/models"])
def test_what_the_page_is_made_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/server.py", "/../server.py", "/%2e%2e/cli.py", "/widget.py", "/data"])
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_a_host_that_is_not_this_machine_is_refused(client, host):
    assert ask(client, headers={"host": host}, **parts()).status_code == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_another_page_may_not_ask(client, origin):
    answer = ask(client, headers={"origin": origin}, **parts())
    assert answer.status_code == 403
    own = str(client.base_url).rstrip("/")
    assert ask(client, headers={"origin": own}, **parts()).status_code == 200


def test_a_request_is_bounded(client, monkeypatch):
    monkeypatch.setattr(server, "UPLOAD", 1000)
    assert ask(client, **parts()).status_code == 413
    assert client.post("/fill", content=iter([b"a" * 10])).status_code == 413


@pytest.mark.parametrize(
    "files,model,words",
    [
        ({"photo": b"no image"}, "tsgl", "The upload: is not an image"),
        ({"photo": b""}, "tsgl", "The upload: is empty"),
        ({"mask": png(hole(40, 40))}, "tsgl", "give a mask of the image's size"),
        ({"mask": png(np.zeros((80, 100), np.uint8))}, "tsgl", "marks no hole"),
        ({"photo": png(photo())[:200]}, "tsgl", "truncated or damaged"),
        ({}, "../../secret", "There is no network '../../secret' here; choose tsgl, misf."),
    ],
)
def test_bad_input_gets_a_sentence(client, files, model, words):
    answer = ask(client, model=model, **parts(**files))
    assert answer.status_code == 400
    assert words in answer.json()["refused"]
    assert "/" + "tmp" not in answer.text


def test_a_form_that_lacks_a_part(client):
    assert "form of photo, mask and model" in client.post("/fill", data={"model": "tsgl"}).json()["refused"]
    assert client.post("/fill", content=b"{}", headers={"content-type": "application/json"}).status_code == 400


def test_a_port_that_is_taken_and_a_network_that_is_not_there(capsys):
    with socket.socket() as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        assert cli.main(["serve", "--port", str(taken.getsockname()[1]), "--model", "tsgl"]) == 2
    assert "cannot be listened on; give another with --port" in capsys.readouterr().err
    assert cli.main(["serve", "--model", "nothing"]) == 2


SHOWN = """() => {
  const canvas = document.querySelector(".draw-a-hole canvas");
  return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
}"""


def pixels(page):
    """What the canvas shows, [H,W,3]."""
    w, h = page.evaluate(
        "() => { const c = document.querySelector('.draw-a-hole canvas'); return [c.width, c.height]; }"
    )
    return np.array(page.evaluate(SHOWN), np.uint8).reshape(h, w, 4)[..., :3]


def drag(page, *points):
    """Press at the first point, in shares of the canvas, go through the others, let go."""
    box = page.locator(".draw-a-hole canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def changed(before, after):
    return (before != after).any(axis=2)


@pytest.mark.slow
def test_draw_fill_undo_upload_and_compare(address, tmp_path):
    chromium_or_skip()
    Image.fromarray(photo(240, 320)).save(tmp_path / "photo.png")
    uploaded = np.zeros((240, 320), np.uint8)
    uploaded[100:140, 200:260] = 255
    Image.fromarray(uploaded).save(tmp_path / "mask.png")
    with browser() as running:
        page = running.new_page()
        complaints, foreign = [], []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda one: None if one.url.startswith((address, "blob:", "data:")) else foreign.append(one.url)
        )
        open_page(page, address)
        page.set_input_files("#photo", tmp_path / "photo.png")
        fill = page.get_by_role("button", name="Fill")
        fill.wait_for()
        assert np.array_equal(pixels(page), photo(240, 320))
        assert fill.is_disabled()

        drag(page, (0.2, 0.3), (0.4, 0.3))
        first = changed(pixels(page), photo(240, 320))
        assert first.any()
        drag(page, (0.6, 0.7), (0.8, 0.7))
        assert changed(pixels(page), photo(240, 320)).sum() > first.sum()
        page.get_by_role("button", name="Undo").click()
        assert np.array_equal(changed(pixels(page), photo(240, 320)), first)
        page.get_by_label("Erase").check()
        drag(page, (0.2, 0.3), (0.25, 0.3))
        hole = changed(pixels(page), photo(240, 320))
        assert 0 < hole.sum() < first.sum()

        page.get_by_label("misf").check()
        fill.click()
        page.get_by_text("Filled. Move").wait_for(timeout=60_000)
        one = pixels(page)
        assert not changed(one, photo(240, 320))[~hole].any(), "a known pixel changed"
        assert changed(one, photo(240, 320))[hole].mean() > 0.5
        page.get_by_role("radio", name="misf").check()
        other = pixels(page)
        assert changed(one, other)[hole].any()
        assert not changed(one, other)[~hole].any()
        page.get_by_label("before | after").fill("100")
        assert np.array_equal(pixels(page), photo(240, 320))

        page.get_by_label("Upload a mask").set_input_files(tmp_path / "mask.png")
        page.wait_for_function("() => document.querySelector('.comparison').hidden")
        assert np.array_equal(changed(pixels(page), photo(240, 320)), uploaded > 0)
        page.get_by_label("Upload a mask").set_input_files(tmp_path / "photo.png")
        Image.fromarray(uploaded[:50]).save(tmp_path / "small.png")
        page.get_by_label("Upload a mask").set_input_files(tmp_path / "small.png")
        page.get_by_text(
            "The mask has 320 x 50 pixels, the photograph 320 x 240; give one of the same size."
        ).wait_for()
        assert not complaints
        assert not foreign


def opened(running, address, folder, **context):
    """A page with a gray photograph of 320 x 240 pixels on it."""
    page = running.new_context(**context).new_page()
    open_page(page, address)
    Image.new("RGB", (320, 240), (90, 120, 90)).save(folder / "gray.png")
    page.set_input_files("#photo", folder / "gray.png")
    page.locator(".draw-a-hole canvas").wait_for()
    return page


def drawn(page):
    """Where the canvas is tinted, once the cross of the keys is gone."""
    page.locator("h1").click()
    page.evaluate("() => document.activeElement.blur()")
    return changed(pixels(page), np.full((240, 320, 3), (90, 120, 90), np.uint8))


def press(page, *keys):
    page.locator(".draw-a-hole canvas").focus()
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.slow
def test_a_hole_is_drawn_by_keys_alone(address, tmp_path):
    chromium_or_skip()
    with browser() as running:
        page = opened(running, address, tmp_path)
        assert not violations(page, "light")
        page.get_by_label("Brush").focus()
        for _ in range(8):
            if page.evaluate("() => document.activeElement.tagName") == "CANVAS":
                break
            page.keyboard.press("Tab")
        canvas = page.get_by_role("application", name="The photograph, with the hole that is drawn on it")
        assert canvas.evaluate("one => one === document.activeElement"), "Tab never comes to the photograph"
        assert "Space paints there" in page.locator(f"#{canvas.get_attribute('aria-describedby')}").text_content()

        page.keyboard.press("ArrowRight")
        assert changed(pixels(page), np.full((240, 320, 3), (90, 120, 90), np.uint8)).any(), "no cross is seen"
        assert not drawn(page).any(), "the cross was drawn"
        press(page, " ")
        one = drawn(page)
        y, x = np.argwhere(one).mean(axis=0)
        assert abs(y - 119.5) < 1
        assert 160 < x < 170
        press(page, "+", "+", " ")
        assert drawn(page).sum() > 1.3 * one.sum()
        press(page, "u")
        assert np.array_equal(drawn(page), one)
        press(page, "-", "-")

        press(page, "Enter", *["ArrowLeft"] * 8, "Enter", *["ArrowDown"] * 8)
        way = drawn(page)
        assert np.ptp(np.flatnonzero(way.any(axis=0))) > np.ptp(np.flatnonzero(one.any(axis=0))) + 30
        assert np.array_equal(way.any(axis=1), one.any(axis=1)), "it painted after Enter had lifted the brush"
        press(page, "u")
        assert np.array_equal(drawn(page), one), "one way is one step"
        press(page, *["ArrowUp"] * 8, *["ArrowRight"] * 8, "e", "Shift+ArrowRight", " ")
        assert page.get_by_label("Erase").is_checked()
        assert drawn(page).sum() < one.sum() / 2
        press(page, "u", "e", "Control+u")
        assert np.array_equal(drawn(page), one), "Ctrl with a key is the browser's"
        assert page.get_by_role("button", name="Fill").is_enabled()
        page.get_by_role("button", name="Clear").click()
        drag(page, (0.5, 0.5))
        assert 300 < drawn(page).sum() < 600, "a click is a disc of 24 pixels"


@pytest.mark.slow
def test_a_finger_draws_and_a_second_one_zooms(address, tmp_path):
    chromium_or_skip()
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    with browser() as running:
        page = opened(running, address, tmp_path, **phone)
        assert not page.evaluate(TOO_WIDE)
        box = page.locator(".draw-a-hole canvas").bounding_box()
        assert box["width"] <= 390
        screen = page.context.new_cdp_session(page)

        def touch(kind, *points):
            places = [
                {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": i}
                for i, (x, y) in enumerate(points)
            ]
            screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        touch("touchStart", (0.2, 0.5))
        for x in np.linspace(0.2, 0.7, 8):
            touch("touchMove", (x, 0.5))
        touch("touchEnd")
        first = drawn(page)
        columns = np.flatnonzero(first.any(axis=0))
        assert columns[0] < 0.2 * 320
        assert columns[-1] > 0.65 * 320
        assert not first[:60].any()
        assert not first[180:].any()

        touch("touchStart", (0.4, 0.1), (0.6, 0.1))
        for step in np.linspace(0, 0.2, 6):
            touch("touchMove", (0.4 - step, 0.1), (0.6 + step, 0.1))
        touch("touchEnd")
        assert not (drawn(page) & ~first)[:, 200:].any(), "the second finger draws"
        page.emulate_media(color_scheme="dark")
        assert not violations(page, "dark", {"runOnly": ["color-contrast"]})
