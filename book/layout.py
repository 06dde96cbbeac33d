"""Where the book's machinery keeps things, for each profile, and how it writes files: whole or not at all.

The tools in this folder import nothing of inpaintlib, so that a build with nothing to do never waits for torch.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

PROFILES = ("smoke", "laptop", "gpu", "paper")
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layout:
    """The paths of one profile's book. Only the laptop book lies in book/; smoke never touches what is tracked."""

    profile: str
    root: Path = ROOT

    @property
    def build(self) -> Path:
        """Everything that can be thrown away."""
        return self.root / "build" / self.profile

    @property
    def chapters(self) -> Path:
        """Executed notebooks, each the last one that ran without an error."""
        return self.root / "book" / "chapters" if self.profile == "laptop" else self.build / "chapters"

    @property
    def methods(self) -> Path:
        """The pages of the compared methods, made from the code."""
        return self.build / "methods"

    @property
    def explorer(self) -> Path:
        """What the page "Look for yourself" shows of the results: its parts, and a folder of pictures."""
        return self.build / "explorer"

    @property
    def html(self) -> Path:
        """The built book."""
        return self.root / "book" / "_build" / "html" if self.profile == "laptop" else self.build / "html"

    @property
    def pdf(self) -> Path:
        """The built book as one file, beside its pages."""
        return self.html.parent / "inside-the-hole.pdf"

    @property
    def figures(self) -> Path:
        """The figures that the notebooks save."""
        return self.build / "figures" if self.profile == "smoke" else self.root / "figures"

    @property
    def results(self) -> Path:
        """The measured results that the notebooks read; what smoke needs of them, its notebooks make themselves."""
        return self.figures / "results" / self.profile

    @property
    def notebooks(self) -> list[Path]:
        """The notebooks of the repository, in the order of their names."""
        return sorted((self.root / "notebooks").glob("*.ipynb"))

    @property
    def finished(self) -> list[Path]:
        """The notebooks that ran: all of them when pages are made, but for one that was added in the meantime."""
        return [path for path in self.notebooks if self.stamp(path.stem).exists()]

    def record(self, name: str) -> Path:
        """What is known of the last run of notebook `name`, failed or not."""
        return self.build / "records" / f"{name}.json"

    def stamp(self, name: str) -> Path:
        """The file by which Snakemake knows that notebook `name` is up to date."""
        return self.build / "done" / f"{name}.json"

    def log(self, name: str) -> Path:
        """The notebook as far as its last run got."""
        return self.build / "logs" / f"{name}.ipynb"

    def depends(self, name: str) -> Path:
        """Checksums of all that notebook `name` depends on besides its own text."""
        return self.build / "inputs" / f"{name}.json"

    def short(self, path: Path) -> str:
        """`path` relative to the repository, for messages."""
        return os.path.relpath(path, self.root)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `content` under a temporary name, then rename it to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.replace(temporary, path)


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    write_whole(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict:
    """The JSON object in `path`. Raises ValueError, one sentence, when it holds none, or only a part of one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{os.path.relpath(path, ROOT)} is no whole JSON file ({error}).") from None
    if not isinstance(value, dict):
        raise ValueError(f"{os.path.relpath(path, ROOT)} holds no JSON object.")
    return value


def remembered(path: Path) -> dict:
    """The JSON object that a build wrote into `path`; {} where it is gone or spoiled, so that it is made anew."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}
