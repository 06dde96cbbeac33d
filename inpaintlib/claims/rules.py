"""The rules that turn findings into a verdict, each with the words that the book prints. None knows its claim.

A finding counts as separated when its 95 % interval excludes zero and its p-value, after Holm's correction over all the
findings that the rule weighs together, is below 0.05.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inpaintlib.claims.claim import DIRECTION, NOT_REPRODUCED, REPRODUCED, Finding
from inpaintlib.statistics import holm

LEVEL = 0.05
NEAR = 0.1
"""How far off a number or an exponent may be to count as reproduced in direction."""

Findings = Sequence[Finding]


@dataclass(frozen=True)
class Rule:
    """words: the rule as printed.  decide: findings, at least one -> verdict.  headline: what a row shows."""

    name: str
    words: str
    decide: Callable[[Findings], str]
    headline: Callable[[Findings], str]


def separated(findings: Findings) -> list[int]:
    """+1 or -1 for a finding that is separated from zero on that side, else 0. They carry intervals and p-values."""
    signs = []
    for finding, p in zip(findings, holm([f.p for f in findings])):
        side = (finding.estimate.low > 0) - (finding.estimate.high < 0)
        signs.append(side if p < LEVEL else 0)
    return signs


def _verdict(reproduced: bool, direction: bool) -> str:
    return REPRODUCED if reproduced else DIRECTION if direction else NOT_REPRODUCED


def _signed(findings: Findings) -> str:
    right = all(side == f.predicted for side, f in zip(separated(findings), findings))
    return _verdict(right, all(f.agrees for f in findings))


def _throughout(findings: Findings) -> str:
    whole = [f for f in findings if f.layer is None]
    layers = [f for f in findings if f.layer is not None]
    against = any(side == -f.predicted for side, f in zip(separated(layers), layers))
    right = all(side == f.predicted for side, f in zip(separated(whole), whole))
    return _verdict(right and not against, all(f.agrees for f in whole))


def _crossing(findings: Findings) -> str:
    sides = [[f.value * f.predicted for f in findings if f.predicted == sign] for sign in (-1, 1)]
    right = all(side == f.predicted for side, f in zip(separated(findings), findings))
    return _verdict(right, all(math.fsum(side) > 0 for side in sides))


def _order(findings: Findings) -> str:
    ordered = all(f.estimate.low > 0 and f.value > 0 for f in findings)
    return _verdict(ordered and all(f.value >= f.bound for f in findings), ordered)


def _count_steps(findings: Findings) -> tuple[int, int]:
    outcome = [side * f.predicted for side, f in zip(separated(findings), findings)]
    return outcome.count(1), outcome.count(-1)


def _steps(findings: Findings) -> str:
    confirmed, contradicted = _count_steps(findings)
    return _verdict(contradicted == 0 and 2 * confirmed > len(findings), confirmed > contradicted)


def _number(findings: Findings) -> str:
    off = [abs(f.value / f.predicted - 1) for f in findings]
    return _verdict(all(o <= f.bound for o, f in zip(off, findings)), all(o <= NEAR for o in off))


def _linear(findings: Findings) -> str:
    off = [abs(f.value - f.predicted) for f in findings]
    return _verdict(all(o <= f.bound for o, f in zip(off, findings)), all(o <= NEAR for o in off))


def _same_level(findings: Findings) -> str:
    inside = all(-f.bound < f.estimate.low and f.estimate.high < f.bound for f in findings)
    return _verdict(inside, all(abs(f.value) < f.bound for f in findings))


def _arithmetic(findings: Findings) -> str:
    digits = [(f.value / f.bound, round(f.predicted / f.bound)) for f in findings]
    rounded = [math.floor(value + 0.5) == stated for value, stated in digits]
    cut = [math.floor(value) == stated for value, stated in digits]
    return _verdict(all(rounded), all(r or c for r, c in zip(rounded, cut)))


def _printed(findings: Findings) -> str:
    holds = sum(f.agrees for f in findings)
    return _verdict(holds == len(findings), 2 * holds > len(findings))


def _weakest(findings: Findings) -> str:
    """The finding that supports the claim least: the smallest predicted effect in widths of its own interval."""

    def support(f: Finding) -> float:
        return f.value * f.predicted / max(f.estimate.high - f.estimate.low, 1e-300)

    least = min(findings, key=support)
    return f"{least}" + (f", the weakest of {len(findings)}" if len(findings) > 1 else "")


def _every(findings: Findings) -> str:
    return "; ".join(map(str, findings))


def _whole(findings: Findings) -> str:
    return _every([f for f in findings if f.layer is None])


def _steps_counted(findings: Findings) -> str:
    confirmed, contradicted = _count_steps(findings)
    left = len(findings) - confirmed - contradicted
    return f"{confirmed} of {len(findings)} pairs confirmed, {contradicted} contradicted, {left} open"


def _against_print(findings: Findings) -> str:
    return "; ".join(f"{f.number}, printed {f.predicted:g} {f.unit} ({f.label})" for f in findings)


def _holding(findings: Findings) -> str:
    return f"{sum(f.agrees for f in findings)} of {len(findings)} printed comparisons hold"


_SEPARATED = "a 95 % interval that excludes zero and p < 0.05 after Holm's correction over the claim's findings"
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "signed",
            f"Reproduced when every difference (or slope) has the predicted sign with {_SEPARATED}; in direction only"
            " when all estimates have the predicted sign but not all are separated; otherwise not reproduced.",
            _signed,
            _weakest,
        ),
        Rule(
            "best",
            f"One row against each other row, in every column. Reproduced when it is ahead every time with"
            f" {_SEPARATED}; in direction only when its estimate is ahead every time; otherwise not reproduced.",
            _signed,
            _weakest,
        ),
        Rule(
            "throughout",
            "The mean over the encoder's layers decides, the single layers can object. Reproduced when the mean has the"
            f" predicted sign with {_SEPARATED}, corrected among the means and among the layers, and no"
            " layer is separated on the other side; in direction only when the"
            " mean's estimate has the predicted sign; otherwise not reproduced.",
            _throughout,
            _whole,
        ),
        Rule(
            "crossing",
            "One sign is predicted for the early layers and the other for the late ones. Reproduced when every layer"
            f" has its sign with {_SEPARATED}; in direction only when the mean of the early and the mean of the late"
            " estimates have theirs; otherwise not reproduced.",
            _crossing,
            _every,
        ),
        Rule(
            "order",
            "Spearman's rho between our means and the published ones, with a 95 % interval over photographs and seeds."
            " Reproduced when in every column rho reaches the value that random orders of so many rows reach in at most"
            " 5 % of cases and its interval lies above zero; in direction only when the interval lies above zero;"
            " otherwise not reproduced.",
            _order,
            _every,
        ),
        Rule(
            "steps",
            "Every two rows whose published numbers differ, in every column. A pair is confirmed or contradicted by"
            f" {_SEPARATED}, and open otherwise. Reproduced when none is contradicted and more than half are confirmed;"
            " in direction only when more are confirmed than contradicted; otherwise not reproduced.",
            _steps,
            _steps_counted,
        ),
        Rule(
            "same level",
            "The margin within which two levels count as the same is part of the claim. Reproduced when the whole 95 %"
            " interval lies within it (a stricter form of two one-sided tests at 5 %); in direction only when the"
            " estimate does; otherwise not reproduced.",
            _same_level,
            _every,
        ),
        Rule(
            "number",
            "Reproduced when the number is the published one within the claim's tolerance (1 % for counts); in"
            f" direction only within {NEAR:.0%}; otherwise not reproduced.",
            _number,
            _against_print,
        ),
        Rule(
            "linear",
            "The exponent of the power law through the counts at several sizes. Reproduced when it is the predicted one"
            f" within the claim's tolerance; in direction only within {NEAR}; otherwise not reproduced.",
            _linear,
            _every,
        ),
        Rule(
            "arithmetic",
            "A stated percentage against the paper's own printed numbers. Reproduced when each follows by rounding to"
            " the stated digits; in direction only when some follow by cutting digits off instead; otherwise not"
            " reproduced.",
            _arithmetic,
            _against_print,
        ),
        Rule(
            "printed",
            "A comparison that the text draws, against the paper's own printed numbers; a tie does not hold. Reproduced"
            " when it holds in every column of the tables named; in direction only in more than half of them; otherwise"
            " not reproduced.",
            _printed,
            _holding,
        ),
    )
}
