"""What a claim is: a sentence of a paper, what it predicts here, where the evidence lies, and the rule that decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inpaintlib.statistics import Interval

REPRODUCED = "reproduced"
DIRECTION = "reproduced in direction only"
NOT_REPRODUCED = "not reproduced"


def not_testable(reason: str) -> str:
    """The verdict of a claim that nothing here can decide."""
    return f"not testable here ({reason})"


@dataclass(frozen=True)
class Evidence:
    """Where a claim is decided: a statistic of the measurements of a group on a protocol.

    of: the statistic's arguments, as {"pairs": (("Global->Local", "Global->Global"),), "columns": ("10-30",)}.
    """

    group: str
    protocol: str
    statistic: str
    of: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Claim:
    """One claim, fixed before results are read.

    paper: "TSGL", "MISF" or "beyond" (a question that neither paper asks).  place: where it stands.  says: what is
    claimed.  predicts: what has to be seen here if it holds.  rule: a name in RULES.  evidence: one or several; none
    only together with a reason, why it cannot be tested here.
    """

    id: str
    paper: str
    place: str
    says: str
    predicts: str
    rule: str
    evidence: tuple[Evidence, ...] | Evidence = ()
    reason: str = ""

    def __post_init__(self):
        if isinstance(self.evidence, Evidence):
            object.__setattr__(self, "evidence", (self.evidence,))


@dataclass(frozen=True)
class Finding:
    """One number that a rule looks at.

    estimate: an interval, or a plain number where it is exact.  predicted: the sign that the claim gives it, +1 or -1,
    or the number that it should be.  p: two-sided, against zero, None for exact numbers.  bound: what the rule compares
    with besides: critical value, margin, tolerance, or the last printed digit.  layer: of the encoder, None for the
    whole.  spec, unit: how it is printed.
    """

    label: str
    estimate: Interval | float
    predicted: float
    p: float | None = None
    bound: float = 0.0
    layer: int | None = None
    spec: str = ".3g"
    unit: str = ""

    @property
    def value(self) -> float:
        """The estimate, or the exact number."""
        return self.estimate.mean if isinstance(self.estimate, Interval) else self.estimate

    @property
    def agrees(self) -> bool:
        """Whether the estimate has the predicted sign; zero has none."""
        return self.value * self.predicted > 0

    @property
    def number(self) -> str:
        """The estimate with its interval and unit."""
        return f"{self.estimate:{self.spec}} {self.unit}".strip()

    def __str__(self) -> str:
        return f"{self.number} ({self.label})"


@dataclass(frozen=True)
class Judged(Claim):
    """A claim with its verdict, the findings behind it, the headline number, and at which scale it was tested.

    scale: profile, photographs, seeds and commits; empty for what is counted or read off the papers' own tables.
    """

    verdict: str = ""
    number: str = ""
    findings: tuple[Finding, ...] = ()
    scale: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        numbers = f"; {self.number}" if self.number else ""
        return f"{self.id}: {self.verdict}{numbers}{self.scale_words and f' [{self.scale_words}]'}"

    @property
    def scale_words(self) -> str:
        """The scale as the book prints it; empty when nothing was measured."""
        if not self.scale.get("photographs"):
            return ""
        counts = ((self.scale[name], name) for name in ("photographs", "seeds"))
        counted = (f"{n} {name if n > 1 else name.removesuffix('s')}" for n, name in counts)
        return ", ".join((f"profile {self.scale['profile']}", *counted))
