"""Every page in Chromium: silent, light, as wide as its window, readable in the dark, and nothing that axe objects to.

The fast tests look at the book where it is built here, else at a small one; the slow tests at the smoke book.
"""

import contextlib
import fcntl
import time
from pathlib import Path

import pytest
from browser import WIDTHS, chromium_or_skip, visit_all
from small_book import ROOT, smoke_book
from small_site import small_site

import inpaintlib as il
from inpaintlib.files import read_json, write_json

MEGABYTE = 10**6
LIMIT = 2 * MEGABYTE
DARK = 0.2
PATIENCE = 120
"""Seconds that the last page of another test process may take."""
THEME = {
    "region": "sphinx-book-theme puts its title and its search field beside its landmarks",
    "label-content-name-mismatch": "sphinx-book-theme names its buttons by what they do, not by what they show",
}
"""Rules of axe that the theme's own frame breaks on every page."""
WRONG = """<!DOCTYPE html><html lang="en" data-theme="light"><title>Wrong</title><body style="margin: 0"><main>
<h1>Wrong</h1><script>console.error("a complaint"); matchMedia("(prefers-color-scheme: dark)").onchange = event =>
document.documentElement.dataset.theme = event.matches ? "dark" : "light"; throw new Error("an error")</script>
<script src="https://example.invalid/a.js"></script><script src="missing.js"></script>
<p style="color: #ccc; background: #fff">pale</p><div style="width: 2000px">wide</div>
<div class="bd-content"><figure><img src="data:," alt="nothing"></figure></div></main></body></html>"""


@pytest.fixture(scope="session", params=["here", pytest.param("smoke", marks=pytest.mark.slow)])
def site(request, tmp_path_factory):
    """The folder of a built book. Of several test processes the first builds the small one, for all."""
    chromium_or_skip()
    if request.param == "smoke":
        return smoke_book()
    if (ROOT / "book" / "_build" / "html" / "index.html").exists():
        return ROOT / "book" / "_build" / "html"
    shared = common(tmp_path_factory)
    with only_one(shared):
        tree = shared / "small-site"
        return tree / "book" / "_build" / "html" if tree.exists() else small_site(tree).html


@pytest.fixture(scope="session")
def visits(site, tmp_path_factory):
    """What was seen of each page. Several test processes share the pages, each takes the next one that none has."""
    name = "smoke" if site == ROOT / "build" / "smoke" / "html" else "book"
    kept, pages = common(tmp_path_factory) / f"visits-{name}", pages_of(site)
    kept.mkdir(exist_ok=True)
    for seen in visit_all(site, taken(kept, pages), ROOT / "build" / "screens" / name):
        write_json(kept / f"{slug(seen['page'])}.json", seen)
    end = time.monotonic() + PATIENCE
    while lacking := [page for page in pages if not (kept / f"{slug(page)}.json").exists()]:
        assert time.monotonic() < end, f"another test process has not come back from {lacking}"
        time.sleep(0.2)
    return [read_json(kept / f"{slug(page)}.json") for page in pages]


def taken(kept: Path, pages: list[str]):
    """The pages that no other process has taken, each marked as taken when it is asked for."""
    for page in pages:
        with contextlib.suppress(FileExistsError):
            (kept / f"{slug(page)}.taken").touch(exist_ok=False)
            yield page


def slug(page: str) -> str:
    return page.replace("/", "-")


def common(factory) -> Path:
    """A folder that all processes of this test run share."""
    base = factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


def only_one(folder: Path):
    """An open file that one process at a time holds locked."""
    file = (folder / "site.lock").open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def pages_of(site: Path) -> list[str]:
    """Every page but index.html of the top, which only leads to the first."""
    found = [path for path in site.rglob("*.html") if "_static" not in path.parts and path != site / "index.html"]
    return sorted(path.relative_to(site).as_posix() for path in found)


def of(visits: list[dict], what: str) -> dict[str, object]:
    """Page -> what was seen of it, where anything was."""
    return {visit["page"]: visit[what] for visit in visits if visit[what]}


def test_no_page_complains(visits):
    assert of(visits, "errors") == {}


def test_no_page_asks_elsewhere_or_for_what_is_not_there(visits):
    assert of(visits, "foreign") == {}
    assert of(visits, "failed") == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(visits, width):
    assert {visit["page"]: visit["wide"][str(width)] for visit in visits if str(width) in visit["wide"]} == {}


def test_axe_objects_to_nothing_but_the_frame_of_the_theme(visits):
    found = {visit["page"]: [one for one in visit["axe"] if one[0] not in THEME] for visit in visits}
    assert {page: objections for page, objections in found.items() if objections} == {}


def test_dark_pages_are_dark_and_figures_keep_their_white_ground(visits):
    assert {visit["page"]: visit["ground"] for visit in visits if visit["ground"] > DARK} == {}
    assert of(visits, "dimmed") == {}


def test_every_page_is_light(visits):
    weights = {visit["page"]: sum(bytes for bytes, _ in visit["responses"]) for visit in visits}
    heavy = {visit["page"]: visit["responses"][:8] for visit in visits if weights[visit["page"]] > LIMIT}
    assert heavy == {}, {page: weights[page] for page in heavy}
    assert min(weights.values()) > 0.1 * MEGABYTE


def test_all_pictures_are_there_when_they_are_looked_at(visits):
    assert of(visits, "broken") == {}


def test_every_item_of_the_papers_is_in_the_book(site):
    page = site / "chapters" / "00_items.html"
    if not page.exists():
        pytest.skip("the small book has no page of items: run make book for this test")
    text = page.read_text(encoding="utf-8")
    missing = [item.id for item in il.published.items() if f"{item.number}" not in text or item.title not in text]
    assert not missing


def test_what_is_wrong_with_a_page_is_seen(tmp_path):
    chromium_or_skip()
    (tmp_path / "wrong.html").write_text(WRONG)
    (seen,) = visit_all(tmp_path, ["wrong.html"], tmp_path / "screens")
    assert {"a complaint", "an error"} <= set(seen["errors"])
    assert seen["foreign"] == ["https://example.invalid/a.js"]
    assert any(address.endswith("missing.js") for address in seen["failed"])
    assert seen["wide"].keys() == set(WIDTHS)
    assert "2000px" in seen["wide"][390]
    assert {rule for rule, theme, _ in seen["axe"] if theme == "light"} >= {"color-contrast"}
    assert seen["ground"] > 0.9
    assert len(seen["dimmed"]) == len(seen["broken"]) == 1
    assert seen["responses"][0][1] == "wrong.html"
    assert (tmp_path / "screens" / "wrong.jpg").stat().st_size > 0
