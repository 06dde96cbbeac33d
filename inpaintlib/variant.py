"""The grammar of TSGL's Table IV: who guides whom, under which normalization, how many times.

    variant  = "Baseline" | guides "->" norms          "→" is accepted for "->", spaces are ignored
    guides   = term | term "(" term ")"                term = [times] Guide, Guide is Global, Local or Texture
    norms    = Name | Name "(" Name ")"                Name is Global, Local, or a registered normalization

The first guide goes with the first normalization, the bracketed guide with the bracketed normalization. "Global" on the
left is the structure encoder's map, "Local" the local residual structure, "Texture" the texture map itself.
"""

import re
from dataclasses import dataclass
from typing import Literal

from inpaintlib.errors import InputError
from inpaintlib.ops.normalize import NORMALIZATIONS

LONGEST = 100
"""Characters of the longest text that is read."""
Guide = Literal["structure", "residual", "texture"]
GUIDES: dict[str, Guide] = {"global": "structure", "local": "residual", "texture": "texture"}
GUIDE_WORDS = {guide: word.capitalize() for word, guide in GUIDES.items()}

_TERM = r"(\d*)([A-Za-z_]\w*)"
_VARIANT = re.compile(rf"{_TERM}(?:\({_TERM}\))?->([A-Za-z_]\w*)(?:\(([A-Za-z_]\w*)\))?")
_EXAMPLES = '"Baseline", "Global->Local", "2Global(Local)->Global(Local)"'


@dataclass(frozen=True)
class Branch:
    """One reconstruction of the texture map: its guide, its normalization, and how many times it is done in a row."""

    guide: Guide
    norm: str
    times: int = 1


@dataclass(frozen=True)
class Variant:
    """The branches whose results are added (none: the baseline, texture without a guide)."""

    branches: tuple[Branch, ...] = ()

    @classmethod
    def parse(cls, text: "str | Variant") -> "Variant":
        """Read a variant string. Raises InputError, with the grammar, on anything else."""
        if isinstance(text, Variant):
            return text
        if len(str(text)) > LONGEST:
            raise InputError(f"A variant is a text such as {_EXAMPLES}, not one of {len(str(text))} characters.")
        plain = re.sub(r"\s+", "", str(text)).replace("→", "->")
        if plain.lower() == "baseline":
            return cls()
        match = _VARIANT.fullmatch(plain)
        if match is None:
            raise InputError(
                f"{text!r} is not a variant: write [times]Guide([times]Guide)->Norm(Norm), as in {_EXAMPLES}."
            )
        times, guide, times2, guide2, norm, norm2 = match.groups()
        if (guide2 is None) != (norm2 is None):
            raise InputError(
                f"{text!r} pairs {1 + bool(guide2)} guide(s) with {1 + bool(norm2)} normalization(s);"
                f" give as many of one as of the other, as in {_EXAMPLES}."
            )
        branches = [_branch(text, times, guide, norm)]
        if guide2 is not None:
            branches.append(_branch(text, times2, guide2, norm2))
        return cls(tuple(branches))

    @property
    def guides(self) -> frozenset[str]:
        """The guides in use; without "structure" the network needs no structure encoder."""
        return frozenset(branch.guide for branch in self.branches)

    def __str__(self) -> str:
        if not self.branches:
            return "Baseline"
        left = [f"{b.times if b.times > 1 else ''}{GUIDE_WORDS[b.guide]}" for b in self.branches]
        right = [b.norm.capitalize() if b.norm in ("global", "local") else b.norm for b in self.branches]
        return "->".join(first + "".join(f"({other})" for other in others) for first, *others in (left, right))


def _branch(text: str, times: str, guide: str, norm: str) -> Branch:
    if guide.lower() not in GUIDES:
        raise InputError(f"{text!r} names the guide {guide!r}; a guide is Global, Local or Texture, as in {_EXAMPLES}.")
    if norm.lower() not in NORMALIZATIONS:
        known = ", ".join(sorted(NORMALIZATIONS))
        raise InputError(f"{text!r} names the normalization {norm!r}, which is not registered; there are {known}.")
    count = int(times or 1)
    if not 1 <= count <= 9:
        raise InputError(f"{text!r} repeats a guide {count} times; between 1 and 9 is possible, as in {_EXAMPLES}.")
    return Branch(GUIDES[guide.lower()], norm.lower(), count)


TABLE_IV: dict[str, Variant] = {
    label: Variant.parse(label)
    for label in (
        "Baseline",
        "Global->Global",
        "Global->Local",
        "Local->Global",
        "Local->Local",
        "Texture->Global",
        "Texture->Local",
        "2Global(Local)->Local(Global)",
        "2Global(Local)->Local(Local)",
        "Global(2Local)->Global(Local)",
        "2Global(Texture)->Global(Local)",
        "2Global(Local)->Global(Local)",
    )
}
"""The 12 rows of TSGL Table IV in the paper's order; the last is the paper's own."""
