"""What every chapter of the book says of itself, as Markdown: its library code, the verdicts that it feeds, its footer.

A notebook declares what it makes in its metadata: `inpaintlib: {items, groups, claims}`. An item is a figure or table
of a paper, and every claim whose id begins with an item's belongs to the chapter that makes the item; `claims` names
those that belong to none.
"""

import inspect
import json
import re
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from inpaintlib import paths
from inpaintlib.claims import CLAIMS, Claim, Judged
from inpaintlib.claims.judging import judge, shipped
from inpaintlib.provenance import provenance


def declared() -> dict[str, dict[str, list[str]]]:
    """Notebook, without its ending -> what it declares, in the order of names; none where there is no checkout."""
    return dict(_declared(paths.home() / "notebooks"))


@cache
def _declared(folder: Path) -> tuple[tuple[str, dict[str, list[str]]], ...]:
    read = lambda path: json.loads(path.read_text(encoding="utf-8"))["metadata"]["inpaintlib"]  # noqa: E731
    return tuple((path.stem, read(path)) for path in sorted(folder.glob("*.ipynb")))


def chapter_of(claim: str) -> str:
    """The notebook that a claim (its id) belongs to; "" for none."""
    for chapter, made in declared().items():
        if claim in made.get("claims", ()) or any(claim.startswith(f"{item}-") for item in made["items"]):
            return chapter
    return ""


def claims_of(chapter: str) -> list[Claim]:
    """The claims that belong to a notebook, in the ledger's order."""
    return [claim for claim in CLAIMS if chapter_of(claim.id) == chapter]


def verdicts(chapter: str) -> str:
    """A line for each claim that belongs to a notebook: what it says, its verdict, and the number that decides."""
    lines = ["| Claim | Verdict | Measured |", "|---|---|---|"]
    for claim in judge(claims_of(chapter), shipped()):
        link = f"[{claim.place}](#{claim.id})"  # the ledger, wherever it is
        lines.append(f"| {plain(claim.says)} ({link}) | **{plain(claim.verdict)}** | {_short(claim)} |")
    return "\n".join(lines) if len(lines) > 2 else "No claim of the ledger rests on this chapter."


def source(*functions: Callable[..., Any]) -> str:
    """Functions of the library, as they stand there."""
    return "```python\n" + "\n\n".join(inspect.getsource(function).rstrip() for function in functions) + "\n```"


def footer(profile: str, seed: int, began: float) -> str:
    """Where the chapter's numbers come from: profile, seed, run time since `began` (of `time.monotonic`), device,
    commit and versions."""
    made = provenance()
    versions = ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    changed = " with uncommitted changes" if made["dirty"] else ""
    return (
        f"*Profile {profile}, seed {seed}; {time.monotonic() - began:.0f} s on {made['device']}; commit"
        f" {made['commit'][:7]}{changed}; {versions}.*"
    )


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>|$~^])", r"\\\1", text.replace("->", "→"))


def _short(claim: Judged) -> str:
    """The number of a claim, of several the one that decides, without the list of all."""
    return plain(claim.number.partition(";")[0]) if claim.number else "–"
