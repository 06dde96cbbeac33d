"""Exercises that check themselves: predict, run, compare.

A check is a function of an answer that says with `expect` why an answer is wrong, and returns why a right one is right:

    @exercise("Polarity", "easy", minutes=2)
    def polarity(answer):
        \"\"\"\\"the hole\\" or \\"the rest\\".\"\"\"
        expect(answer != "the hole", "White is the hole, and ~hole is white everywhere else.")
        return "Everything but the strokes was filled."

    polarity(...)                                        # not answered yet
    polarity.solved("the rest", wrong=["the hole"])      # holds the check to both
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

Difficulty = Literal["easy", "medium", "hard"]
HEADS = {True: "Right.", False: "Not yet.", None: "Not answered yet."}
DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "medium", "hard")


class Wrong(Exception):
    """Why an answer is wrong, in a sentence."""


@dataclass(frozen=True)
class Verdict:
    """What a check says of an answer; right is None where there is none yet."""

    right: bool | None
    says: str

    def __str__(self) -> str:
        return f"{HEADS[self.right]} {self.says}".rstrip()

    def _repr_markdown_(self) -> str:
        head, _, rest = str(self).partition(". ")
        return f"**{head}.** {rest}"


@dataclass(frozen=True)
class Solution:
    """A right answer's verdict, and those of answers that are often given instead."""

    verdict: Verdict
    refused: tuple[tuple[str, Verdict], ...]

    def _repr_markdown_(self) -> str:
        told = "".join(f"\n- {answer}: {verdict.says}" for answer, verdict in self.refused)
        return f"{self.verdict._repr_markdown_()}\n\nOther answers are told:\n{told}"


@dataclass(frozen=True)
class Exercise:
    """A task with a check. Called with an answer it gives a `Verdict`; with `...` it says what an answer looks like."""

    title: str
    difficulty: Difficulty
    minutes: int
    check: Callable[[Any], str | None]

    def __call__(self, answer: Any = ...) -> Verdict:
        if answer is ...:
            return Verdict(None, f"An answer is {inspect.getdoc(self.check)}")
        try:
            return Verdict(True, self.check(answer) or "")
        except Wrong as wrong:
            return Verdict(False, str(wrong))
        except Exception as error:  # whatever a student's own function raises is an answer of its own kind
            asked = f"an answer is {inspect.getdoc(self.check)}"
            return Verdict(False, f"Checking it raised {type(error).__name__} ({error}); {asked}")

    def solved(self, answer: Any, wrong: Iterable[Any]) -> Solution:
        """The solution, held to the check. wrong: answers that must be refused, each with a sentence.

        Raises AssertionError when the check refuses the solution, or takes a wrong answer, or only crashes on one.
        """
        verdict = self(answer)
        if not verdict.right:
            raise AssertionError(f"The check of {self.title!r} refuses its solution: {verdict.says}")
        refused = tuple((_name(other), self._refused(other)) for other in wrong)
        if not refused:
            raise AssertionError(f"{self.title!r} names no wrong answer that its check must refuse.")
        return Solution(verdict, refused)

    def _refused(self, answer: Any) -> Verdict:
        try:
            self.check(answer)
        except Wrong as wrong:
            return Verdict(False, str(wrong))
        raise AssertionError(f"The check of {self.title!r} takes the wrong answer {_name(answer)}.")


def exercise(title: str, difficulty: Difficulty, *, minutes: int) -> Callable[[Callable], Exercise]:
    """Make an `Exercise` of a check, a function of one answer whose docstring says what an answer looks like.

    minutes: that a reader needs who knows the chapter. Raises ValueError on another difficulty or a missing docstring.
    """
    if difficulty not in DIFFICULTIES:
        raise ValueError(f"The difficulty of {title!r} is {difficulty!r}; it is one of {', '.join(DIFFICULTIES)}.")

    def make(check: Callable[[Any], str | None]) -> Exercise:
        if not inspect.getdoc(check):
            raise ValueError(f"The check of {title!r} has no docstring; it says what an answer looks like.")
        return Exercise(title, difficulty, minutes, check)

    return make


def expect(condition: Any, why: str) -> None:
    """Refuse the answer with a sentence unless the condition holds."""
    if not condition:
        refuse(why)


def refuse(why: str) -> NoReturn:
    """Refuse the answer with a sentence."""
    raise Wrong(why)


def _name(answer: Any) -> str:
    """An answer as Markdown: a function's text, or the value."""
    if inspect.isfunction(answer):
        answer = answer.__doc__ or answer.__name__
        return f"a function that {answer}" if " " in answer else f"`{answer}`"
    text = repr(answer)
    return f"`{text if len(text) <= 60 else f'{text[:57]}...'}`"
