"""What the build does to the pages that Sphinx wrote."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "book"))
from finish import finish

PAGE = """<html><head>
  <!-- So that users can add custom icons -->
  <script defer src="../_static/scripts/fontawesome.js?digest=0"></script>
  <script>const THEBE_JS_URL = "https://unpkg.invalid/thebe"; const thebe_selector = ".thebe"</script>
  <script>DOCUMENTATION_OPTIONS.pagename = 'a';</script></head><body>
<li><a class="current reference internal" href="#">Methods &amp; more</a><details open="open"><summary><i></i></summary>
<p>a <a class="reference internal" href="b.html">link</a></p><details><summary>What is behind it</summary></details>
<i class="fa-solid fa-bars"></i><img alt="a photograph" src="../_images/photo.jpeg" style="width: 700px;" />
<a href="../_images/photo.jpeg">whole</a>
<img alt="a drawing" src="../_images/drawing.svg" /><img alt="small" src="../_images/flat.png" width="8" />
<img alt="inline" src="data:image/png;base64,AAAA" /><img alt="far" src="https://example.invalid/a.png" />
<dl><dt class="sig"><span class="sig-paren">(</span>
<dl><dd><em>x</em>,</dd><dd><em>y</em>,</dd></dl>
<span class="sig-paren">)</span></dt><dd>words</dd></dl>
<table><tr><th></th><th class="head">b</th><th class="blank">&nbsp;</th></tr></table></body></html>"""
STYLES = (
    '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-bee:before{content:"\\e0b2"}.fa-solid{font-weight:900}'
)


@pytest.fixture
def page(tmp_path) -> str:
    """The page of a small site, finished."""
    html = tmp_path / "html"
    for folder in ("_images", "_static/styles", "_static/scripts", "chapters"):
        (html / folder).mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((240, 160)).save(html / "_images" / "photo.jpeg", quality=95)
    Image.new("1", (8, 8)).save(html / "_images" / "flat.png")
    (html / "_images" / "drawing.svg").write_text('<svg width="72pt" height="36pt" viewBox="0 0 72 36"></svg>')
    (html / "_static" / "styles" / "theme.css").write_text(STYLES)
    (html / "_static" / "scripts" / "fontawesome.js").write_text('"fa-bee"')
    (html / "chapters" / "a.html").write_text(PAGE)
    finish(html, tmp_path / "kept")
    return (html / "chapters" / "a.html").read_text()


def picture(page: str, alternative: str) -> str:
    return re.search(rf'<img[^>]*alt="{alternative}"[^>]*>', page)[0]


def test_the_arguments_of_a_signature_are_no_list_of_definitions(page):
    assert page.count("<dl>") == page.count("</dl>") == 1
    assert '<span class="sig-params"><span><em>x</em>,</span><span><em>y</em>,</span></span>' in page
    assert "<dd>words</dd>" in page


def test_a_photograph_becomes_webp_with_its_size(page, tmp_path):
    shown = picture(page, "a photograph")
    assert 'src="../_images/photo.webp"' in shown
    assert 'width="240" height="160"' in shown
    assert 'loading="lazy"' in shown
    assert 'style="width: 700px;"' in shown
    with Image.open(tmp_path / "html" / "_images" / "photo.webp") as image:
        assert image.format == "WEBP"
    assert not (tmp_path / "html" / "_images" / "photo.jpeg").exists()
    assert '<a href="../_images/photo.webp">whole</a>' in page


def test_a_drawing_says_its_size_in_pixels_and_stays_a_drawing(page):
    shown = picture(page, "a drawing")
    assert 'src="../_images/drawing.svg"' in shown
    assert 'width="96" height="48"' in shown


def test_what_is_small_already_or_elsewhere_stays(page, tmp_path):
    suffix = re.search(r"flat\.(\w+)", picture(page, "small"))[1]
    assert (tmp_path / "html" / "_images" / f"flat.{suffix}").stat().st_size <= 100
    assert 'width="8"' in picture(page, "small")
    assert picture(page, "inline") == '<img alt="inline" src="data:image/png;base64,AAAA" />'
    assert picture(page, "far") == '<img alt="far" src="https://example.invalid/a.png" />'


def test_scripts_that_nothing_needs_are_gone_and_others_stay(page):
    assert not re.search("fontawesome|thebe|THEBE", page)
    assert "DOCUMENTATION_OPTIONS.pagename" in page


def test_arrows_of_the_contents_have_names_and_dropdowns_keep_theirs(page):
    assert '<summary aria-label="Pages below Methods &amp; more"><i>' in page
    assert "<summary>What is behind it</summary>" in page


def test_the_corner_of_a_table_heads_nothing(page):
    assert re.findall(r"<t[hd].*?>", page) == ["<td>", '<th class="head">', '<td class="blank">']


def test_only_icons_that_are_used_stay(page, tmp_path):
    styles = (tmp_path / "html" / "_static" / "styles" / "theme.css").read_text()
    assert styles == '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-solid{font-weight:900}'


def test_finishing_twice_changes_nothing(page, tmp_path):
    finish(tmp_path / "html", tmp_path / "kept")
    assert (tmp_path / "html" / "chapters" / "a.html").read_text() == page
