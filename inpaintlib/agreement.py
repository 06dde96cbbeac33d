"""Does a conclusion outlive another definition? The order of networks and the ledger's verdicts, reading by reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import kendalltau

from inpaintlib.claims import CLAIMS
from inpaintlib.claims.claim import Claim, Finding
from inpaintlib.claims.differences import per_photograph
from inpaintlib.claims.judging import STATISTICS, at_most
from inpaintlib.claims.orders import DRAWS, rho
from inpaintlib.claims.rules import RULES
from inpaintlib.measurements import NotRun
from inpaintlib.readings import PREVIOUS, Diagnostic, Read, Reading
from inpaintlib.statistics import Interval, bootstrap

FEWEST = 3
"""Networks without which there is no order to speak of."""
Variants = Float[np.ndarray, "variants seeds photographs"]


@dataclass(frozen=True)
class Order:
    """How two readings order the same networks.

    rho, tau: Spearman's, with a 95 % interval over photographs and seeds, and Kendall's.  separated: pairs of networks
    whose difference has a 95 % interval without zero under the first reading.  reversed: those of them that the second
    reading separates the other way round.  pairs: all there are.
    """

    rho: Interval
    tau: float
    separated: int
    reversed: int
    pairs: int


@dataclass(frozen=True)
class Outcome:
    """A claim judged by its own rule: its verdict, and the finding that supports it least (over all layers where a rule
    weighs those)."""

    verdict: str
    deciding: Finding

    @property
    def side(self) -> int:
        """Where the finding's 95 % interval excludes zero, 1 with the predicted sign and -1 against it, else 0; of a
        predicted level, the sign of the difference."""
        return _side(self.deciding.estimate) * int(self.deciding.predicted or 1)


@dataclass(frozen=True)
class Line:
    """A reading beside the book's own (`book`), on the same photographs and seeds.

    outcomes: claim (its id) -> what is judged under the reading; a claim without results is left out.
    """

    reading: Reading
    photographs: int
    seeds: int
    order: Order
    outcomes: Mapping[str, Outcome]
    book: Mapping[str, Outcome]

    @property
    def kept(self) -> list[str]:
        """Claims with the verdict that they have under the book's definition."""
        return [claim for claim, found in self.outcomes.items() if found.verdict == self.book[claim].verdict]

    @property
    def reversed(self) -> list[str]:
        """Claims whose deciding difference is separated from zero under both definitions, on opposite sides."""
        return [claim for claim, found in self.outcomes.items() if found.side * self.book[claim].side < 0]


def lines(diagnostic: Diagnostic, profile: str) -> list[Line]:
    """Every reading of a diagnostic, the book's own first, once more for the few photographs of alternatives.npz where
    another reading needs it. Empty with results of fewer than FEWEST networks; a reading that compares trainings of
    several seeds is left out where there is one."""
    first, *others = diagnostic.readings
    few = [reading for reading in others if reading.arrays]
    many = [reading for reading in others if not reading.arrays]
    found = [] if first.arrays else _compared(Read(diagnostic, profile, first), many)
    return found + (_compared(Read(diagnostic, profile, first, brief=True), few) if few else [])


def _compared(own: Read, others: Sequence[Reading]) -> list[Line]:
    """The book's own reading, then others on the same photographs and seeds."""
    labels = measured(own)
    if len(labels) < FEWEST:
        return []
    values, book = variants(own, labels), judged(own)
    told = sides(values)
    several = values.shape[1] > 1
    found = [Line(own.reading, values.shape[2], values.shape[1], order(values, values, told, told), book, book)]
    for read in (own.under(reading) for reading in others if several or not reading.shifted):
        theirs = variants(read, labels)
        same = order(values, theirs, told, sides(theirs))
        found.append(Line(read.reading, values.shape[2], values.shape[1], same, judged(read), book))
    return found


def measured(read: Read) -> list[str]:
    """The labels of the group with the results that the diagnostic needs."""
    return [label for label in read.labels if _has(read, label)]


def _has(read: Read, label: str) -> bool:
    try:
        return bool(len(read.diagnostic.quantity(read, label, read.seeds(label))))
    except NotRun:
        return False


def variants(read: Read, labels: Sequence[str]) -> Variants:
    """The diagnostic's quantity of these networks, of the seeds that all have."""
    seeds = read.seeds(*labels)
    return np.stack([per_photograph(read.diagnostic.quantity(read, label, seeds), read.units) for label in labels])


def judged(read: Read) -> dict[str, Outcome]:
    """The diagnostic's claims under a reading; one whose results are not there is left out."""
    found = {}
    for claim in CLAIMS:
        if claim.id in read.diagnostic.claims:
            try:
                found[claim.id] = outcome(claim, read)
            except NotRun:
                continue
    return found


def outcome(claim: Claim, read: Read) -> Outcome:
    """A claim judged by its own statistic and rule, with what a reading measures. Raises NotRun without results."""
    findings: list[Finding] = []
    for evidence in claim.evidence:
        statistic = STATISTICS[evidence.statistic]
        of = statistic.arguments(evidence.of)
        instead = {"baseline": PREVIOUS} if "baseline" in of else {}
        instead |= {"metrics": (read.reading.metric,)} if "metrics" in of else {}
        findings += statistic.compute(read, **of | instead)
    verdict = RULES[claim.rule].decide(findings)
    seeds = min(finding.estimate.seeds for finding in findings)
    weighed = [f for f in findings if f.layer is None] or findings
    return Outcome(at_most(verdict, {"seeds": seeds}), min(weighed, key=_support))


def order(one: Variants, other: Variants, of_one: np.ndarray, of_other: np.ndarray) -> Order:
    """How alike two readings of the same networks, seeds and photographs order them; with the `sides` of both."""
    _, seeds, photographs = one.shape
    generator = np.random.default_rng(0)
    of_seeds, of_photographs = (generator.multinomial(n, [1 / n] * n, size=DRAWS) / n for n in (seeds, photographs))
    drawn = (np.einsum("ds,rsg,dg->dr", of_seeds, values, of_photographs, optimize=True) for values in (one, other))
    low, high = np.percentile(rho(*drawn), [2.5, 97.5])
    means = [values.mean(axis=(1, 2)) for values in (one, other)]
    middle = float(rho(*means))
    interval = Interval(middle, min(float(low), middle), max(float(high), middle), photographs, seeds)
    opposed = int((of_one * of_other < 0).sum())
    return Order(interval, float(kendalltau(*means).statistic), int((of_one != 0).sum()), opposed, len(of_one))


def sides(values: Variants) -> Int[np.ndarray, " pairs"]:
    """Of every two networks -1 or 1 where the 95 % interval of their difference excludes zero, else 0."""
    photographs = np.arange(values.shape[2])
    return np.array([_side(bootstrap(one - other, photographs)) for one, other in combinations(values, 2)])


def _side(interval: Interval) -> int:
    return int(interval.low > 0) - int(interval.high < 0)


def _support(finding: Finding) -> float:
    """The predicted effect in widths of its own interval; of a level, how near to zero it is."""
    estimate = finding.estimate
    if not finding.predicted:
        return -abs(finding.value)
    return finding.value * finding.predicted / max(estimate.high - estimate.low, 1e-300)
