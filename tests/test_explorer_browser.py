"""The page "Look for yourself" in Chromium: keys, mouse and touch do what they say, nothing comes from elsewhere."""

import io
import re
from contextlib import contextmanager

import numpy as np
import pytest
from browser import bytes_of, chromium_or_skip
from chromium import browser, served
from explored import write_page
from PIL import Image
from playwright.sync_api import expect

CONTRAST = """element => {
  const light = colour => {
    const linear = x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = colour.match(/[\\d.]+/g).map(x => linear(x / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let ground = element;
  while (/, 0\\)$|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  const [a, b] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor].map(light);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
"""Contrast of an element's text with the first ground under it that is not transparent, by WCAG's formula."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    chromium_or_skip()
    return write_page(tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="module")
def running():
    chromium_or_skip()
    with browser() as started:
        yield started


@contextmanager
def visited(running, address: str, **more):
    """A page that has loaded, with what it asked for, in a fresh profile; leaving it, it must have been silent."""
    context = running.new_context(**{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **more})
    page = context.new_page()
    said, page.asked = [], []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda asked: said.append(asked.url))
    page.on("requestfinished", lambda asked: page.asked.append(asked))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    yield page
    context.close()
    assert said == []
    home = address.partition("#")[0].removesuffix("index.html")
    assert [asked.url for asked in page.asked if not asked.url.startswith((home, "data:"))] == []


@pytest.fixture
def page(running, folder):
    """The page, opened as a file."""
    with visited(running, (folder / "index.html").as_uri()) as opened:
        yield opened


@pytest.fixture(params=["file", "http"])
def either(request, running, folder):
    """The page, opened as a file and from a server."""
    with served(folder) as base:
        address = base if request.param == "http" else (folder / "index.html").as_uri()
        with visited(running, address) as opened:
            yield opened


@pytest.fixture
def phone(running, folder):
    touch = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with visited(running, (folder / "index.html").as_uri(), **touch) as opened:
        yield opened


def drawn(locator) -> np.ndarray:
    """What is seen of an element, float [64, 64, 3]."""
    with Image.open(io.BytesIO(locator.screenshot())) as image:
        return np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX), float)


def tile(folder, locator) -> np.ndarray:
    """The cell that a tile says it shows, cut from its file, float [64, 64, 3]."""
    source, style = locator.locator("img").get_attribute("src"), locator.get_attribute("style")
    place = {name: int(value) for name, value in re.findall(r"--(\w+): (\d+)", style)}
    with Image.open(folder / source) as image:
        lines = np.split(np.asarray(image.convert("RGB")), place["lines"])
        cell = np.split(lines[place["line"]], place["columns"], axis=1)[place["column"]]
    return np.asarray(Image.fromarray(cell).resize((64, 64), Image.Resampling.BOX), float)


def chooser(page, name: str):
    return page.get_by_role("combobox", name=name, exact=True)


def column(page, number: int) -> list[str]:
    return page.locator(f"tbody tr > :nth-child({number})").all_inner_texts()


def test_keys_move_the_divider(page):
    divider = page.get_by_role("slider", name="Divider")
    divider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert divider.input_value() == "52"
    assert divider.get_attribute("aria-valuetext") == "52 % Hole as given, the rest Ours"
    view = page.locator(".slider-view")
    assert view.evaluate("view => view.style.getPropertyValue('--cut')") == "52%"
    page.keyboard.press("Home")
    assert divider.input_value() == "0"
    assert view.evaluate("view => view.style.getPropertyValue('--cut')") == "0%"


def test_each_side_of_the_divider_shows_its_own_answer(either, folder):
    page = either
    chooser(page, "Left").select_option(label="Original")
    chooser(page, "Right").select_option(label="Telea")
    chooser(page, "Hole").select_option(index=2)
    expect(page.locator(".slider-view img").first).to_have_attribute("alt", re.compile("30–40 % hole.*Telea"))
    page.wait_for_load_state("networkidle")
    page.add_style_tag(content=".slider-tag, .slider-divider { display: none } .slider-view { border-radius: 0 }")
    view, answers = page.locator(".slider-view"), {}
    for side, end in (("left", "End"), ("right", "Home")):
        page.get_by_role("slider", name="Divider").press(end)
        answers[side] = tile(folder, page.locator(f".slider-{side} .tile"))
        assert np.abs(drawn(view) - answers[side]).mean() < 2
    assert np.abs(answers["left"] - answers["right"]).mean() > 6


def test_the_mouse_drags_the_divider_and_lets_go(page):
    box = page.locator(".slider-view").bounding_box()
    divider, middle = page.get_by_role("slider", name="Divider"), box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=4)
    assert float(divider.input_value()) == pytest.approx(75, abs=1)
    page.mouse.move(box["x"] + box["width"] * 2, middle)
    assert float(divider.input_value()) == 100
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] / 4, middle)
    assert float(divider.input_value()) == 100
    expect(divider).to_be_focused()


def test_a_finger_drags_the_divider_and_still_scrolls_the_page(phone):
    phone.locator(".slider-view").scroll_into_view_if_needed()
    box = phone.locator(".slider-view").bounding_box()
    fingers = phone.context.new_cdp_session(phone)

    def touch(kind: str, share: float, down: float = 0) -> None:
        point = {"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2 + down}
        points = [] if kind == "touchEnd" else [point]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.5)
    for step in range(1, 6):
        touch("touchMove", 0.5 - 0.06 * step)
    touch("touchEnd", 0.2)
    value = float(phone.get_by_role("slider", name="Divider").input_value())
    assert value == pytest.approx(20, abs=2)
    before = phone.evaluate("scrollY")
    touch("touchStart", 0.2)
    for step in range(1, 9):
        touch("touchMove", 0.2, -20 * step)
    touch("touchEnd", 0.2)
    phone.wait_for_function(f"scrollY > {before} + 40")


def test_methods_that_did_not_fill_a_hole_cannot_be_chosen(page):
    chooser(page, "Right").select_option(label="Telea")
    chooser(page, "Hole").select_option(index=6)
    right = chooser(page, "Right")
    assert right.evaluate("select => select.selectedOptions[0].disabled") is False
    assert right.evaluate("select => [...select.options].find(one => one.text === 'Telea').disabled") is True
    assert "Telea" not in page.locator(".slider-right img").get_attribute("alt")
    expect(page.locator(".explore-note").first).to_contain_text("Left: Hole as given. Right: ")


def test_a_map_is_the_cell_that_was_asked_for(page, folder):
    page.get_by_role("group", name="Layer").get_by_label("3").check()
    page.get_by_role("group", name="Photograph").get_by_label("duck").check()
    page.wait_for_load_state("networkidle")
    cards = page.locator(".map-card:is(button)")
    assert cards.count() == 12
    for index in (0, 7, 11):
        shown = cards.nth(index).locator(".tile")
        style = shown.get_attribute("style")
        assert f"--column: 2; --columns: 5; --line: {index}; --lines: 12" in style
        assert "texture-1-shared" in shown.locator("img").get_attribute("src")
        assert np.abs(drawn(shown) - tile(folder, shown)).mean() < 8
    other = tile(folder, cards.nth(7).locator(".tile"))
    assert np.abs(drawn(cards.nth(0).locator(".tile")) - other).mean() > 12


def test_maps_are_kept_two_at_a_time_and_removed_by_keys(page):
    pressed, large = page.locator(".map-card[aria-pressed=true]"), page.locator(".map-large strong")
    assert large.all_inner_texts() == ["Baseline", "2Global(Local) → Global(Local)"]
    page.get_by_role("button", name="Global → Local mean").first.press("Enter")
    assert large.all_inner_texts() == ["2Global(Local) → Global(Local)", "Global → Local"]
    assert pressed.count() == 2
    chooser(page, "Kind of map").select_option(label="Spectrum of the local residual")
    assert pressed.count() == 0
    assert large.count() == 2
    for left in (1, 0):
        page.locator(".map-remove").first.press("Space")
        assert large.count() == left
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    expect(page.locator(".map-kept")).to_contain_text("Choose a map above")


def test_a_spectrum_is_of_no_photograph_and_scales_can_be_each_maps_own(page):
    chooser(page, "Kind of map").select_option(label="Spectrum of the local residual")
    expect(page.get_by_role("radio", name="duck")).to_be_disabled()
    assert page.locator(".map-given").count() == 0
    page.get_by_label("each map on a scale of its own").check()
    cards = page.locator(".map-card:is(button)")
    assert page.locator(".map-card .map-scale").count() == cards.count() > 1
    assert "-own.webp" in cards.first.locator("img").get_attribute("src")


def test_pictures_come_when_they_are_asked_for(either):
    page = either

    def names() -> set[str]:
        return {asked.url.rpartition("/")[2] for asked in page.asked if "/explorer/" in asked.url}

    first = {"given-bundled-256.webp", "tsgl-balance-s0.webp", "photographs.webp", "texture-0-shared.webp"}
    assert names() == first
    if page.url.startswith("http"):
        assert sum(map(bytes_of, page.asked)) < 10**6
    page.get_by_role("group", name="Photograph").get_by_label("duck").check()
    page.wait_for_function("[...document.images].every(one => one.complete)")
    page.wait_for_load_state("networkidle")
    assert names() == first | {"texture-1-shared.webp"}


def test_a_table_sorts_by_the_number_that_a_cell_begins_with(page):
    printed, head = column(page, 1), page.locator("thead th").nth(1)
    button = head.get_by_role("button", name="all")
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(page, 1) == ["Two", "Ten", "Nine", "Eleven"]
    button.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column(page, 1) == ["Nine", "Ten", "Two", "Eleven"]
    button.press("Space")
    assert head.get_attribute("aria-sort") is None
    assert column(page, 1) == printed
    page.get_by_role("button", name="all, published LPIPS").click()
    assert column(page, 3) == ["0.25", "0.3", "12", "–"]
    page.get_by_role("button", name="LPIPS ↓", exact=True).click()
    assert column(page, 1) == sorted(printed)
    assert page.locator("[aria-sort]").count() == 1


def test_a_wide_table_scrolls_in_a_region_and_keeps_its_first_column(phone):
    region = phone.get_by_role("region", name="Table: Numbers")
    region.focus()
    name = phone.locator("tbody th").first
    before = name.bounding_box()["x"]
    for _ in range(5):
        phone.keyboard.press("ArrowRight")
    phone.wait_for_function("document.querySelector('.table-scroll').scrollLeft > 50")
    assert name.bounding_box()["x"] == pytest.approx(before, abs=1)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_published_values_are_gray_and_readable(running, folder, theme):
    with visited(running, f"{(folder / 'index.html').as_uri()}#{theme}") as page:
        values = page.locator(".published")
        plain = page.locator("td").first.evaluate(CONTRAST)
        for index in range(values.count()):
            for hovered in (False, True):
                if hovered:
                    values.nth(index).hover()
                contrast = values.nth(index).evaluate(CONTRAST)
                assert contrast >= 4.5
                assert hovered or contrast < plain - 2


def test_what_has_the_focus_has_a_ring(page):
    for name in ("slider-range", "sort-button", "map-remove"):
        page.locator(f".{name}").first.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        look = page.locator(f".{name}").first.evaluate("one => getComputedStyle(one).outline")
        assert "solid 3px" in look, (name, look)


def test_without_scripts_pictures_and_the_table_are_there(running, folder):
    with visited(running, (folder / "index.html").as_uri(), java_script_enabled=False) as page:
        for part in ("slider", "maps"):
            place = page.locator(f"[data-explore={part}]")
            assert "needs JavaScript" in place.locator("p").inner_text()
            assert place.locator("img").count() >= 1
            assert place.locator("img").first.bounding_box()["width"] > 100
        assert column(page, 1) == ["Nine", "Ten", "Eleven", "Two"]
