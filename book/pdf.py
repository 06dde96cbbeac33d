"""The built book as one PDF: its pages are put together in reading order, and Chromium prints them.

One document, not one a page: so links between chapters stay links, and headings become the outline.
"""

import argparse
import io
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from posixpath import join, normpath
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from chromium import NoChromium, browser, open_page, served
from layout import PROFILES, Layout, write_whole
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

QUALITY = 80
"""Of the JPEGs in the PDF: it holds no WebP, and would keep its pixels at ten times the size."""
LEFT_OUT = "script, a.headerlink, details.hide, .toggle-details, button"
"""What paper has no use for, and code that the book folds away: the book shows it."""
FIT = """() => {
  for (const one of document.querySelectorAll("table, mjx-container[display='true'], pre")) {
    const room = one.closest("article, .sd-card-body, li, blockquote").clientWidth;
    if (one.scrollWidth > room) one.style.zoom = room / one.scrollWidth;
  }
}"""
FOOT = (
    '<div style="font-size: 8px; width: 100%; text-align: center; color: #555"><span class="pageNumber"></span></div>'
)


@dataclass(frozen=True)
class Entry:
    """A line of the book's contents: a part (no address) or a page, with its depth, 0 for parts and the first page."""

    title: str
    address: str
    depth: int


def reading_order(first: BeautifulSoup) -> Iterator[Entry]:
    """The parts and pages of the book, from the contents beside its first page."""
    for one in first.select("nav.bd-links p.caption, nav.bd-links a.reference.internal"):
        if one.name == "p":
            yield Entry(one.get_text(strip=True), "", 0)
        else:
            address = "intro.html" if one["href"] == "#" else one["href"]
            above = sum("has-children" in li.get("class", []) for li in one.find_parents("li")[1:])
            yield Entry(one.get_text(strip=True), address, 0 if address == "intro.html" else 1 + above)


def anchor(address: str, fragment: str = "") -> str:
    """The one id in the whole document of a page, or of a place in it."""
    return re.sub(r"[^\w-]", "-", address.removesuffix(".html")) + (f"--{fragment}" if fragment else "")


def article(page: BeautifulSoup, entry: Entry, pages: set[str]) -> Tag:
    """What the page says, with ids, links and levels of headings that suit the whole document."""
    said = page.select_one("article.bd-article")
    for one in said.select(LEFT_OUT):
        one.decompose()
    for one in said.select("noscript"):
        one.unwrap()
    for one in said.select("details"):
        one["open"] = ""
    for one in said.select("[id]"):
        one["id"] = anchor(entry.address, one["id"])
    for one in said.select("a[href]"):
        relink(one, entry.address, pages)
    for one in said.select("img[src]"):
        one["src"] = normpath(join(entry.address, "..", one["src"]))
        one["loading"] = "eager"
    for one in said.find_all(re.compile("^h[1-5]$")):
        one.name = f"h{min(6, int(one.name[1]) + entry.depth)}"
    said["id"] = anchor(entry.address)
    return said


def relink(link: Tag, address: str, pages: set[str]) -> None:
    """Lead a link of the page at `address` to its place in the document; one to a file of the site becomes words."""
    url = urlsplit(link["href"])
    if url.scheme:
        return
    target = normpath(join(address, "..", unquote(url.path))) if url.path else address
    if target in pages:
        link["href"] = f"#{anchor(target, unquote(url.fragment))}"
    else:
        del link["href"]


def document(html: Path) -> str:
    """The whole book in `html` as one page, whose addresses are relative to `html`."""
    first = BeautifulSoup((html / "intro.html").read_text(encoding="utf-8"), "html.parser")
    entries = list(reading_order(first))
    pages = {entry.address for entry in entries if entry.address}
    parts, formulas = [], ""
    for entry in entries:
        if not entry.address:
            parts.append(f'<h1 class="part">{entry.title}</h1>')
            continue
        page = BeautifulSoup((html / entry.address).read_text(encoding="utf-8"), "html.parser")
        formulas = formulas or mathjax(page)
        parts.append(str(article(page, entry, pages)))
    title = first.title.get_text(strip=True).partition(" — ")[2]
    styles = (
        "".join(map(str, first.select("link[rel=stylesheet]"))) + '<link rel="stylesheet" href="_static/print.css">'
    )
    head = f'<meta charset="utf-8"><title>{title}</title>{styles}{formulas}'
    cover = f'<header class="cover"><p>{title}</p>{first.select_one(".extra_footer p")}</header>'
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light"><head>{head}</head>'
        f'<body><main class="bd-content">{cover}{"".join(parts)}</main></body></html>'
    )


def mathjax(page: BeautifulSoup) -> str:
    """The scripts with which a page sets its formulas, as they read in the first folder; "" where it has none."""
    found = [one for one in page.find_all("script") if "MathJax" in one.text or "mathjax/" in one.get("src", "")]
    for one in found:
        if one.get("src"):
            one["src"] = one["src"][one["src"].index("_static/") :]
    return "".join(map(str, found))


def lay_out(html: Path, folder: Path) -> None:
    """Write the document with what it shows to `folder`, whose pictures are drawings and JPEGs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "_static").symlink_to(html / "_static")
    whole = document(html)
    for name in sorted(set(re.findall(r'src="(_images/[^"]+)"', whole))):
        picture, copy = html / unquote(name), folder / unquote(name)
        copy.parent.mkdir(exist_ok=True)
        if picture.suffix == ".svg":
            shutil.copy(picture, copy)
        else:
            with Image.open(picture) as image:
                image.convert("RGB").save(copy.with_suffix(".jpg"), quality=QUALITY)
            whole = whole.replace(f'"{name}"', f'"{name.rpartition(".")[0]}.jpg"')
    write_whole(folder / "book.html", whole)


def print_book(layout: Layout) -> Path:
    """Print the built book of a profile as one PDF; returns its path. Raises NoChromium where there is none."""
    folder = layout.build / "pdf"
    with browser() as running:
        lay_out(layout.html, folder)
        page = running.new_page(viewport={"width": 680, "height": 960})
        page.set_default_timeout(0)
        with served(folder) as base:
            page.emulate_media(media="print")
            open_page(page, f"{base}book.html")
            page.evaluate(FIT)
            margins = {"top": "15mm", "bottom": "18mm", "left": "15mm", "right": "15mm"}
            shown = {"display_header_footer": True, "header_template": "<span></span>", "footer_template": FOOT}
            content = page.pdf(format="A4", margin=margins, print_background=True, outline=True, tagged=True, **shown)
    write_whole(layout.pdf, settled(content))
    return layout.pdf


def settled(content: bytes) -> bytes:
    """The printed book with a sound outline: Chromium writes a heading that begins a page down twice."""
    writer = PdfWriter(clone_from=io.BytesIO(content))
    for entry in entries_below(writer.root_object["/Outlines"]):
        title = str(entry["/Title"])
        half = title[: len(title) // 2]
        entry[NameObject("/Title")] = TextStringObject(half if title == 2 * half else title)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def entries_below(entry: DictionaryObject) -> Iterator[DictionaryObject]:
    """All entries of an outline below one of them."""
    below = entry.get("/First")
    while below is not None:
        below = below.get_object()
        yield below
        yield from entries_below(below)
        below = below.get("/Next")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default="laptop")
    layout, start = Layout(parser.parse_args().profile), time.monotonic()
    if not (layout.html / "intro.html").exists():
        print("The book is not built yet: run make book first.", file=sys.stderr)
        return 1
    try:
        path = print_book(layout)
    except NoChromium as error:
        print(f"The book was not printed. {error}", file=sys.stderr)
        return 1
    size = path.stat().st_size / 10**6
    print(f"Done in {time.monotonic() - start:.0f} s. The book is at {layout.short(path)} ({size:.0f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
