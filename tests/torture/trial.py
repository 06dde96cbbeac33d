"""What a trial is, and what comes of it."""

import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import small_book

ROOT = Path(__file__).parents[2]


@dataclass
class Outcome:
    """Of so many attempts, what happened how often; what broke the promise, in words; and what was measured."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)

    def expect(self, kept: bool, why: str) -> None:
        """Note why the promise is broken, unless it is kept."""
        if not kept:
            self.broken.append(why)


@dataclass(frozen=True)
class Trial:
    """Something done to the project `times` times, and what it promises then."""

    name: str
    promise: str
    times: int
    run: Callable[[int, random.Random, Path], Outcome]


def environment(**more: str) -> dict[str, str]:
    """The environment of a program under trial: nothing of an outer run, one thread, and this tree's library."""
    return small_book.environment() | {
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def inpaintlib(*words: object) -> list[str]:
    """A command line of the library."""
    return [sys.executable, "-m", "inpaintlib.cli", *map(str, words)]


def is_sentence(text: str) -> bool:
    """Whether a refusal is one sentence that a person can read: it ends, and it is no traceback."""
    return bool(re.fullmatch(r"\S.{9,600}[.?]", text, re.S)) and "Traceback" not in text and "\n  File" not in text
