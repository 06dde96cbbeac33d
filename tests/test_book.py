"""The built book, read as a browser would read it. Where this tree's smoke book is out of date it is built first."""

import json
import re
import subprocess
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import chromium_or_skip
from small_book import ROOT, smoke_book

pytestmark = pytest.mark.slow
RESOURCES = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href", "video": "src"}
LOADING = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "manifest"}


class Page(HTMLParser):
    """What a page points at, what it loads and what can be pointed at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors, self.links, self.loads, self.images = set(), [], [], []
        self.headings = self.searches = 0
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = dict(pairs)
        self.anchors |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        self.headings += tag == "h1"
        self.searches += "search-button-field" in (attributes.get("class") or "").split()
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes)
        rel = set((attributes.get("rel") or "").split())
        if tag in RESOURCES and attributes.get(RESOURCES[tag]) and (tag != "link" or rel & LOADING):
            self.loads.append(attributes[RESOURCES[tag]])


@cache
def read(path: Path) -> Page:
    return Page(path)


@pytest.fixture(scope="session")
def html() -> Path:
    return smoke_book()


@pytest.fixture(scope="session")
def pages(html) -> list[Path]:
    """Every page but index.html, which only leads to the first."""
    return sorted(path for path in html.rglob("*.html") if path.name != "index.html" and "_static" not in path.parts)


def test_every_notebook_has_its_chapter(html):
    chapters = {path.stem for path in (html / "chapters").glob("*.html")}
    assert chapters == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


def test_internal_links_and_anchors_lead_somewhere(html, pages):
    broken = []
    for path in [*pages, html / "index.html"]:
        for link in read(path).links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            anchor = unquote(url.fragment) if target.suffix == ".html" else ""
            if not target.is_file() or (anchor and anchor not in read(target).anchors):
                broken.append((path.name, link))
    assert not broken


def test_no_reference_is_left_unresolved(pages):
    assert not [path.name for path in pages if re.search(r'class="[^"]*(problematic|system-message)', read(path).text)]
    assert not [path.name for path in pages if re.search(r"\{(cite|numref|eq|ref|doc)\}`", read(path).text)]


def test_every_image_is_there_and_has_a_text_in_its_place(pages):
    for path in pages:
        for image in read(path).images:
            assert (image.get("alt") or "").strip(), f"{path.name}: {image}"
            assert not re.search(r"_images/.*\.(png|svg|webp|jpe?g)$", image["alt"]), f"{path.name}: {image}"
            inline = image["src"].startswith("data:image/")
            assert inline or (path.parent / unquote(image["src"])).is_file(), f"{path.name}: {image}"


def test_pages_load_nothing_from_elsewhere(html, pages):
    loads = {(path.name, url) for path in pages for url in read(path).loads if urlsplit(url).netloc}
    assert not loads
    styles = html.rglob("*.css")
    assert not [p.name for p in styles if re.search(r"(@import|url\()\s*[\"']?(https?:)?//", p.read_text())]
    assert not [p.name for p in pages if re.search(r"require(\.min)?\.js|embed-amd\.js", read(p).text)]


def test_every_page_has_one_title_and_one_search_field(pages):
    assert {path.name: read(path).headings for path in pages if read(path).headings != 1} == {}
    assert {path.name: read(path).searches for path in pages if read(path).searches > 1} == {}


def test_every_page_says_that_smoke_is_no_result(pages):
    for path in pages:
        assert "No number and no picture here is a result" in read(path).text, path.name
        assert "smoke.css" in read(path).text, path.name


def test_every_photograph_is_attributed(html):
    text = read(html / "attribution.html").text
    rows = (ROOT / "inpaintlib" / "data" / "photos.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert text.count('alt="Thumbnail of the photograph') == len(rows)


def test_the_run_table_names_every_notebook(html):
    text = read(html / "runs.html").text
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"{path.stem}.html" in text
        items = json.loads(path.read_text(encoding="utf-8"))["metadata"]["inpaintlib"]["items"]
        assert all(item in text for item in items)


def opened(page: Path, scratch: Path) -> tuple[str, set[str]]:
    """The page as Chromium made it of its source, and the addresses that the page, not the browser, asked for."""
    log = scratch / "net.json"
    quiet = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
    command = [chromium_or_skip(), "--headless", *(f"--{flag}" for flag in [*quiet.split(), "disable-sync"])]
    command += [f"--user-data-dir={scratch / 'user'}", f"--log-net-log={log}", "--virtual-time-budget=8000"]
    run = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120)
    by_page = [line for line in log.read_text().splitlines() if '"network_isolation_key":"file://' in line]
    return run.stdout, {url for line in by_page for url in re.findall(r'"url":"(https?://[^"]+)"', line)}


@pytest.mark.parametrize("name", ["intro.html", "notation.html", "attribution.html"])
def test_a_browser_shows_the_page_and_asks_the_network_for_nothing(html, tmp_path, name):
    shown, asked = opened(html / name, tmp_path)
    assert "<h1" in shown
    assert asked == set()
    if name == "notation.html":
        assert shown.count("<mjx-container") > 20
        assert "<mjx-merror" not in shown


def test_a_request_to_elsewhere_would_be_seen(tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<h1>Page</h1><script src="https://example.invalid/a.js"></script>')
    assert opened(page, tmp_path)[1] == {"https://example.invalid/a.js"}
