"""Finish the pages that Sphinx wrote, so that they are light and can be read aloud.

Pictures become WebP, which MyST-NB cannot show by itself; they say their size, so that text stays in its place while
they load, and load when they are looked at. What no page uses is left out: scripts, since icons come from a font and
thebe would ask the network for a server, and the style sheet's list of two thousand icons but for a few.
"""

import re
import shutil
from functools import cache
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from layout import write_whole
from PIL import Image

RASTER = {".png", ".jpg", ".jpeg", ".webp", ".gif"}
CONVERTED = {".png", ".jpg", ".jpeg"}
QUALITY = 75
PICTURE = re.compile(r"<img\b[^>]*>")
SOURCE = re.compile(r'\bsrc="([^"]+)"')
WHOLE = re.compile(r'\bhref="((?:\.\./)*_images/[^"]+)"')
"""The address of a whole picture, to which its smaller view in a page leads."""
UNUSED = re.compile(
    r"\s*<!-- So that users can add custom icons -->"
    r"|\s*<script[^>]*\b(?:fontawesome|sphinx-thebe)\.js[^>]*></script>"
    r"|\s*<script>const THEBE_JS_URL.*?</script>"
    r'|\s*<script type="text/x-thebe-config">.*?</script>'
    r"|\s*<script>kernelName = .*?</script>",
    re.S,
)
DRAWING = re.compile(r'<svg\b[^>]*?\bwidth="([\d.]+)(pt|px|)" height="([\d.]+)(pt|px|)"')
ICON = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"[^"]*"\}')
SIGNATURE = re.compile(r'(<span class="sig-paren">[(\[]</span>\s*)<dl>(.*?)</dl>', re.S)
"""A signature of several lines, for whose arguments Sphinx makes a list of definitions without terms."""
EMPTY_HEAD = re.compile(r"<th\b([^>]*)>((?:\s|&nbsp;|&#160;|\u00a0|<p>|</p>)*)</th>")
"""The corner of a table, which heads nothing."""
BRANCH = re.compile(r'(<a class="(?:current )?reference internal" href="[^"]*">([^<]*)</a><details[^>]*><summary)>')
"""An entry of the contents with its arrow, which opens what lies below it."""
LAUNCHED = re.compile(
    r'(href="https://(?:mybinder\.org|colab\.research\.google\.com)/[^"]*/)chapters/(?=[^"/]*\.ipynb")'
)
"""The address behind a launch button, where the theme names the executed notebook, which the repository lacks."""


def finish(html: Path, cache_folder: Path) -> None:
    """Finish every page of the built book in `html`. Pictures that were converted before are taken from a folder."""
    converted = {path: webp(path, cache_folder) for path in (html / "_images").glob("*") if path.suffix in CONVERTED}
    for page in html.rglob("*.html"):
        if "_static" not in page.parts:
            write_whole(page, finished(page.read_text(encoding="utf-8"), page.parent, converted))
    for old, new in converted.items():
        if new != old:
            old.unlink()
    few_icons(html)


def few_icons(html: Path) -> None:
    """Take the icons that no page and no script names out of the theme's style sheet."""
    texts = [path.read_text(encoding="utf-8") for path in html.rglob("*.html")]
    texts += [path.read_text(encoding="utf-8") for path in html.rglob("*.js") if path.name != "fontawesome.js"]
    used = set(re.findall(r"\bfa-[\w-]+", "\n".join(texts)))
    for sheet in (html / "_static").rglob("*theme*.css"):
        styles = sheet.read_text(encoding="utf-8")
        kept = ICON.sub(lambda rule: rule[0] if used & set(re.findall(r"fa-[\w-]+", rule[1])) else "", styles)
        write_whole(sheet, kept)


def finished(text: str, folder: Path, converted: dict[Path, Path]) -> str:
    """The text of a page in `folder`, with what `converted` says in the place of pictures."""
    text = EMPTY_HEAD.sub(r"<td\1>\2</td>", text).replace('role="doc-biblioentry"', 'role="listitem"')
    text = SIGNATURE.sub(lambda match: f'{match[1]}<span class="sig-params">{arguments(match[2])}</span>', text)
    text = BRANCH.sub(lambda match: f'{match[1]} aria-label="{escape(f"Pages below {unescape(match[2])}")}">', text)
    text = LAUNCHED.sub(r"\1notebooks/", text)
    text = WHOLE.sub(lambda match: f'href="{address(match[1], folder, converted)}"', UNUSED.sub("", text))
    return PICTURE.sub(lambda match: picture(match[0], folder, converted), text)


def address(old: str, folder: Path, converted: dict[Path, Path]) -> str:
    """Where the picture at an address of a page in `folder` lies now."""
    path = (folder / unquote(unescape(old))).resolve()
    return f"{old.rpartition('/')[0]}/{quote(converted[path].name)}" if converted.get(path, path) != path else old


def arguments(lines: str) -> str:
    """The lines of a signature, <dd> each, as lines of one text."""
    return lines.replace("<dd>", "<span>").replace("</dd>", "</span>")


def picture(tag: str, folder: Path, converted: dict[Path, Path]) -> str:
    """The <img> of a page in `folder`: lighter, with its size, and loaded when it is looked at."""
    source = SOURCE.search(tag)
    if source is None or urlsplit(unescape(source[1])).scheme or "_static/images/" in source[1]:
        return tag  # a logo of the theme's is as high as its button's text, and as wide as that makes it
    old = (folder / unquote(unescape(source[1]))).resolve()
    new = converted.get(old, old)
    tag = tag.replace(source[0], f'src="{address(source[1], folder, converted)}"')
    if "loading=" in tag or not new.is_file():
        return tag
    width, height = size(new)
    said = "" if re.search(r"\b(width|height)=", tag) or not width else f' width="{width}" height="{height}"'
    return f'<img loading="lazy" decoding="async"{said}{tag.removeprefix("<img")}'


@cache
def size(path: Path) -> tuple[int, int]:
    """Width and height in pixels as a browser takes them; (0, 0) where the picture does not say them."""
    if path.suffix in RASTER:
        with Image.open(path) as image:
            return image.size
    said = DRAWING.search(path.read_text(encoding="utf-8", errors="replace"))
    pixels = {"pt": 4 / 3, "px": 1, "": 1}
    return (round(float(said[1]) * pixels[said[2]]), round(float(said[3]) * pixels[said[4]])) if said else (0, 0)


def webp(path: Path, cache_folder: Path) -> Path:
    """The picture as WebP beside it; the picture itself where WebP would not be smaller. Names are checksums."""
    new, known = path.with_suffix(".webp"), cache_folder / f"{path.stem}-{QUALITY}.webp"
    if not known.exists():
        cache_folder.mkdir(parents=True, exist_ok=True)
        temporary = known.with_suffix(".part")
        with Image.open(path) as image:
            image.save(temporary, "webp", quality=QUALITY, method=6)
        temporary.rename(known)
    if known.stat().st_size >= path.stat().st_size:
        return path
    shutil.copy(known, new)
    return new
