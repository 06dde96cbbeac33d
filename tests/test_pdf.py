"""The book as one PDF: made of the small book, with every page's words, an outline, and links that lead somewhere."""

import re
import subprocess
import sys
import unicodedata
from html import unescape

import pytest
from browser import chromium_or_skip
from small_book import ROOT, environment
from small_site import small_site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    chromium_or_skip()
    return small_site(tmp_path_factory.mktemp("pdf") / "tree")


@pytest.fixture(scope="module")
def printed(layout):
    from pdf import print_book
    from pypdf import PdfReader

    return PdfReader(print_book(layout))


def titles(outline: list, depth: int = 0) -> list[tuple[int, str]]:
    """Depth and title of each entry of an outline."""
    found = []
    for entry in outline:
        found += titles(entry, depth + 1) if isinstance(entry, list) else [(depth, entry.title)]
    return found


def test_the_outline_holds_parts_chapters_and_sections_in_their_order(printed):
    found = titles(printed.outline)
    wanted = [
        (0, "Inside the Hole"),
        (0, "Start"),
        (1, "A chapter of everything"),
        (2, "What is shown"),
        (1, "Notation"),
    ]
    assert [entry for entry in found if entry in wanted] == wanted
    assert (2, "The plain method") in found
    numbers = [printed.get_destination_page_number(entry) for entry in flat(printed.outline)]
    assert numbers == sorted(numbers)
    assert numbers[0] >= 0


def flat(outline: list) -> list:
    return [one for entry in outline for one in (flat(entry) if isinstance(entry, list) else [entry])]


def test_every_page_of_the_book_is_in_it(printed, layout):
    text = re.sub(r"\s+", "", words(printed))
    for path in layout.html.rglob("*.html"):
        heading = re.search(r"<h1>(.*?)<a", path.read_text(encoding="utf-8"))
        if heading and path.name not in ("genindex.html", "search.html"):
            assert re.sub(r"<[^>]+>|\s+", "", unescape(heading[1])) in text, path.name


def words(printed) -> str:
    """The text of the PDF, ligatures as letters."""
    return unicodedata.normalize("NFKC", "".join(page.extract_text() for page in printed.pages))


def test_links_lead_to_places_in_it(printed):
    leads = [note.get_object() for page in printed.pages for note in page.get("/Annots", [])]
    inside = [str(note.get("/Dest", note.get("/A", {}).get("/D"))) for note in leads]
    inside = [name for name in inside if name != "None"]
    assert len(inside) > 20
    assert {name.lstrip("/") for name in inside} <= {name.lstrip("/") for name in printed.named_destinations}


def test_pictures_stay_small_and_formulas_are_set(printed, layout):
    assert layout.pdf.stat().st_size < 3_000_000
    assert any(page.images for page in printed.pages)
    assert "\\frac" not in words(printed)
    assert "/Type3" in {kind for page in printed.pages for kind in kinds_of_fonts(page)}
    assert printed.metadata.title.startswith("Inside the Hole")


def kinds_of_fonts(page) -> list[str]:
    """Chromium draws the letters of formulas, whose fonts come with the page, as glyphs of their own."""
    return [font.get_object()["/Subtype"] for font in page["/Resources"].get("/Font", {}).values()]


def test_without_chromium_there_is_one_sentence(layout):
    command = [sys.executable, str(ROOT / "book" / "pdf.py")]
    run = subprocess.run(command, env={**environment(), "PATH": ""}, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert "run make book" in run.stderr or "apt-get install chromium" in run.stderr
