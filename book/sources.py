"""What a person wrote for the book, read: where a file is not what it should be, one sentence names it."""

from pathlib import Path

import yaml


def text(path: Path) -> str:
    """What a file says. Raises ValueError, one sentence, when it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except ValueError as error:
        raise ValueError(f"book/{path.name} is no text in UTF-8 ({error}).") from None


def pages(book: Path) -> list[Path]:
    """The pages of prose. Raises ValueError, one sentence, when one of them is no text."""
    found = sorted(book.glob("*.md"))
    for page in found:
        text(page)
    return found


def bibliography(path: Path) -> Path:
    """The file of references. Raises ValueError, one sentence, when it is not BibTeX."""
    from pybtex.database import parse_string
    from pybtex.exceptions import PybtexError

    try:
        found = parse_string(text(path), "bibtex")
    except PybtexError as error:
        raise ValueError(f"book/{path.name} is no whole BibTeX file ({error}).") from None
    if not found.entries:
        raise ValueError(f"book/{path.name} holds no reference in BibTeX.")
    return path


def contents(path: Path) -> dict:
    """The table of contents: parts with chapters, each with its file. Raises ValueError, one sentence, on others."""
    wanted = _yaml(path)
    parts = wanted.get("parts")
    chapters = [_list(part, "chapters") for part in parts] if isinstance(parts, list) else []
    known = all(isinstance(c, dict) and isinstance(c.get("file"), str) for listed in chapters for c in listed)
    if not chapters or not all(chapters) or not known or "root" not in wanted:
        raise ValueError(f"book/{path.name} needs a root and parts with chapters, each of which names its file.")
    return wanted


def settings(path: Path) -> dict:
    """Jupyter Book's settings. Raises ValueError, one sentence, when the sections that a build adds to are missing."""
    wanted = _yaml(path)
    sections = [wanted.get(name) for name in ("html", "launch_buttons", "sphinx")]
    if not all(isinstance(section, dict) for section in sections):
        raise ValueError(f"book/{path.name} needs the sections html, launch_buttons and sphinx.")
    if not isinstance(wanted["sphinx"].get("config"), dict) or not _list(wanted["sphinx"]["config"], "html_css_files"):
        raise ValueError(f"book/{path.name} needs the list html_css_files in sphinx.config.")
    return wanted


def _yaml(path: Path) -> dict:
    try:
        value = yaml.safe_load(text(path))
    except yaml.YAMLError as error:
        raise ValueError(f"book/{path.name} is no YAML ({' '.join(str(error).split())}).") from None
    if not isinstance(value, dict):
        raise ValueError(f"book/{path.name} holds no YAML mapping.")
    return value


def _list(value: object, key: str) -> list:
    """The list of that name, or an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []
