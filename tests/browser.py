"""A visit to a page in Chromium: weight, words, requests, width, its look in the dark, and what axe finds in it."""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "book"))
from chromium import NoChromium, browser, open_page, program, served

WIDTHS = (390, 1280)
QUICK = {"preload": False, "selectors": False, "resultTypes": ["violations"]}
"""Options of axe: nothing is fetched, and nothing is worked out that is not read."""
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"
OPEN_ONE_OF_EACH = """() => {
  const kinds = new Set(), kind = one => one.className + " of " + one.parentElement.className;
  document.querySelectorAll("details").forEach(one => { one.open = !kinds.has(kind(one)); kinds.add(kind(one)); });
}"""
LOAD_ALL = """async () => {
  const pictures = [...document.images];
  pictures.forEach(one => one.loading = "eager");
  await Promise.allSettled(pictures.map(one => one.decode()));
  return pictures.filter(one => one.naturalWidth === 0).map(one => one.outerHTML.slice(0, 160));
}"""
TOO_WIDE = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return null;
  const own = e => getComputedStyle(e).overflowX !== "visible";
  const scrolls = e => e && e !== document.body && (own(e) || scrolls(e.parentElement));
  const said = document.querySelector(".bd-article") ?? document.body;
  const wide = [...said.querySelectorAll("*")].filter(e => !scrolls(e.parentElement));
  const right = e => e.getBoundingClientRect().right;
  const widest = wide.reduce((a, b) => right(b) > right(a) ? b : a);
  return `${root.scrollWidth} of ${root.clientWidth} px: ${widest.outerHTML.slice(0, 160)}`;
}"""
DIMMED = """() => [...document.querySelectorAll(".bd-content :is(.cell_output, figure) img")].filter(picture => {
  const look = getComputedStyle(picture);
  const part = picture.closest(".tile"); // of a sheet of which one tile is shown: room around it would move that
  return (part ? look.padding !== "0px" : look.backgroundColor !== "rgb(255, 255, 255)") || look.filter !== "none";
}).map(picture => picture.outerHTML.slice(0, 160))"""


@dataclass
class Visit:
    """What was seen of one page."""

    page: str
    errors: list[str] = field(default_factory=list)
    """What the console and the page complained of."""
    foreign: list[str] = field(default_factory=list)
    """Addresses outside the book that were asked for."""
    failed: list[str] = field(default_factory=list)
    """Addresses of the book that could not be had."""
    responses: list[tuple[int, str]] = field(default_factory=list)
    """Bytes and address of all that came at first sight, heaviest first."""
    later: int = 0
    """Bytes of the pictures that came when all of the page was looked at."""
    wide: dict[int, str] = field(default_factory=dict)
    """Width of the window -> what was wider."""
    axe: list[tuple[str, str, str]] = field(default_factory=list)
    """Rule, theme and element of each violation."""
    broken: list[str] = field(default_factory=list)
    """Pictures that do not appear."""
    ground: float = 1.0
    """Median luminance of the dark page, 0 is black."""
    dimmed: list[str] = field(default_factory=list)
    """Figures that in the dark lie on another ground than white, lose their colours, or are moved."""


def chromium_or_skip() -> str:
    """The path of Chromium. The test is skipped where there is none, and says so; a CI has one."""
    try:
        return program()
    except NoChromium as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def visit_all(folder: Path, pages: Iterable[str], screens: Path) -> Iterator[dict]:
    """Visit pages of the built book in `folder`, one after the other; a picture of each in the dark is written to
    `screens`.

    Raises chromium.NoChromium where there is none.
    """
    with browser() as running, served(folder) as base:
        for page in pages:
            yield asdict(visit(running, base, page, screens))


def visit(running, base: str, name: str, screens: Path) -> Visit:
    """Visit one page at `base` in a fresh profile of the browser."""
    seen, finished = Visit(name), []
    context = running.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((base, "data:")) else seen.foreign.append(asked.url))
    page.on("requestfailed", lambda asked: seen.failed.append(asked.url))
    page.on("response", lambda got: seen.failed.append(got.url) if got.status >= 400 else None)
    page.on("requestfinished", lambda asked: finished.append(asked))
    open_page(page, base + name)
    page.wait_for_load_state("networkidle")
    seen.responses = sorted(((bytes_of(one), one.url.removeprefix(base)) for one in finished), reverse=True)
    page.evaluate(OPEN_ALL)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if words := page.evaluate(TOO_WIDE):
            seen.wide[width] = words
    page.evaluate(
        OPEN_ONE_OF_EACH
    )  # what is folded away is looked at by kind: axe takes minutes for thousands of words
    seen.axe += violations(page, "light")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    seen.axe += violations(page, "dark", {"runOnly": ["color-contrast"]})
    seen.dimmed = page.evaluate(DIMMED)
    before = len(finished)
    seen.broken = page.evaluate(LOAD_ALL)
    seen.later = sum(map(bytes_of, finished[before:]))
    seen.ground = shot(page, screens / f"{name.removesuffix('.html').replace('/', '-')}.jpg")
    context.close()
    return seen


def bytes_of(request) -> int:
    """Bytes of the body that answered a request, as sent."""
    return request.sizes()["responseBodySize"]


def violations(page, theme: str, options: dict | None = None) -> list[tuple[str, str, str]]:
    """Rule, theme and element of each violation that axe finds."""
    found = Axe().run(page, options={**QUICK, **(options or {})}).response["violations"]
    return [(rule["id"], theme, node["html"][:200]) for rule in found for node in rule["nodes"]]


def shot(page, path: Path) -> float:
    """Write a picture of the page, 8000 px of it at most; returns the median luminance of its ground."""
    height = min(page.evaluate("document.documentElement.scrollHeight"), 8000)
    part = {"x": 0, "y": 0, "width": WIDTHS[-1], "height": height}
    page.screenshot(path=path, type="jpeg", quality=60, full_page=True, clip=part)
    with Image.open(io.BytesIO(page.screenshot())) as image:
        return float(np.median(np.asarray(image.convert("L")))) / 255
