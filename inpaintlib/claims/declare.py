"""Short ways to write evidence down, for the files that list claims."""

from typing import Any

from inpaintlib.claims.claim import Evidence
from inpaintlib.claims.statistic import COUNTS, PUBLISHED
from inpaintlib.masks import AREA_BINS

Names = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]

FINE = ("10-20", "20-30", "30-40", "40-50")
TWO = ("10-30", "30-50")
THREE = ("0-20", "20-40", "40-60")
BINS = tuple(AREA_BINS)
"""Every bin of hole area."""
WIDTHS = ("narrow", "medium", "wide")
FINAL = "2Global(Local)->Global(Local)"
CROSSED = "2Global(Local)->Local(Global)"
BOTH_LOCAL = "2Global(Local)->Local(Local)"
TWICE_LOCAL = "Global(2Local)->Global(Local)"


def ahead(first: str, *others: str) -> Pairs:
    """The first row against each of the others."""
    return tuple((first, other) for other in others)


def images(
    group: str,
    pairs: Pairs,
    metrics: Names,
    columns: Names,
    protocol: str = "bundled-256",
    statistic: str = "paired difference",
) -> Evidence:
    """Differences of results."""
    return Evidence(group, protocol, statistic, {"pairs": pairs, "metrics": metrics, "columns": columns})


def maps(group: str, statistic: str, **of: Any) -> Evidence:
    """A statistic of feature maps."""
    return Evidence(group, "diagnostics-256", statistic, of)


def counted(model: str, quantity: str, size: int, printed: tuple[str, str], **of: Any) -> Evidence:
    """A count against the one printed in (table, row)."""
    return Evidence(*COUNTS, "count", {"model": model, "quantity": quantity, "size": size, "printed": printed, **of})


def printed(table: str, rows: Pairs, metrics: Names, **of: Any) -> Evidence:
    """Comparisons of printed numbers."""
    return Evidence(*PUBLISHED, "printed comparison", {"table": table, "rows": rows, "metrics": metrics, **of})


def gain(table: str, one: str, others: Names, metric: str, stated: float, digit: float, **of: Any) -> Evidence:
    """A stated percentage against the printed numbers behind it."""
    numbers = {"metric": metric, "stated": stated, "digit": digit}
    return Evidence(*PUBLISHED, "printed gain", {"table": table, "one": one, "others": others, **numbers, **of})
