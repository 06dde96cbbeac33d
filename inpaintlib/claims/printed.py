"""Statistics of the papers' own tables: do their sentences follow from their numbers?"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inpaintlib import published
from inpaintlib.claims.claim import Finding
from inpaintlib.claims.statistic import PUBLISHED, Statistic
from inpaintlib.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

Names = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]


@lru_cache(maxsize=16)
def printed_table(id: str) -> "DataFrame":
    """A published table without its dashes; empty text where a column does not apply."""
    return published.table(id).dropna(subset="value").fillna({"part": "", "bin": "", "direction": ""})


def cells(table: str, row: str, metrics: Names, bins: Names = (), parts: Names = ()) -> "DataFrame":
    """A row's printed numbers, indexed by part, metric and bin; no bins or parts: all. Raises InputError on none."""
    rows = printed_table(table)
    for column, names in (("row", (row,)), ("metric", metrics), ("bin", bins), ("part", parts)):
        unknown = sorted(set(names) - set(rows[column]))
        if unknown:
            raise InputError(f"{table} prints no {column} {' or '.join(map(repr, unknown))}")
    picked = rows[rows.row.eq(row) & rows.metric.isin(metrics)]
    for column, names in (("bin", bins), ("part", parts)):
        picked = picked[picked[column].isin(names)] if names else picked
    return picked.set_index(["part", "metric", "bin"])


def cell(table: str, row: str, metric: str) -> tuple[float, str]:
    """A number that stands once in a row, and its unit. Raises InputError when it does not."""
    found = cells(table, row, (metric,))
    if len(found) != 1:
        raise InputError(f"{table} prints {len(found)} numbers as {metric} of {row!r}; one is needed")
    return float(found.value.iloc[0]), found.unit.iloc[0]


def _both(
    table: str, rows: Pairs, metrics: Names, bins: Names, parts: Names, against: str = ""
) -> Iterator[tuple[str, str, str, int, float, float]]:
    """Wherever both rows of a pair are printed: the rows, the column in words, +1 where more is better or -1, and both
    numbers. Of counts, less is better."""
    for ahead, behind in rows:
        one = cells(table, ahead, metrics, bins, parts)
        other = cells(against or table, behind, metrics, bins, parts)
        for key in one.index.intersection(other.index, sort=False):
            sign = 1 if one.direction[key] == "higher" else -1
            yield ahead, behind, " ".join(filter(None, key)), sign, float(one.value[key]), float(other.value[key])


def comparisons(
    _: None, table: str, rows: Pairs, metrics: Names, bins: Names = (), parts: Names = (), against: str = ""
) -> list[Finding]:
    """First row minus second of each pair wherever both are printed; the first is better.

    against: the table that has the second rows, when it is another.
    """
    both = _both(table, rows, metrics, bins, parts, against)
    return [Finding(f"{a} minus {b}, {words}", round(x - y, 9), sign) for a, b, words, sign, x, y in both]


def gain(
    _: None,
    table: str,
    one: str,
    others: Names,
    metric: str,
    stated: float,
    digit: float,
    bins: Names = (),
    parts: Names = (),
) -> list[Finding]:
    """By how many percent of another row's number one row is better: the largest over these rows and columns, which is
    what "up to" and "at most" state. digit: one unit of the last digit stated."""
    both = _both(table, tuple((one, other) for other in others), (metric,), bins, parts)
    value, words = max((100 * sign * (x - y) / y, f"{a} over {b}, {words}") for a, b, words, sign, x, y in both)
    decimals = round(-math.log10(digit)) + 1
    return [Finding(words, value, stated, bound=digit, spec=f".{decimals}f", unit="%")]


def _check_comparisons(**of: Any) -> Names:
    if not comparisons(None, **of):
        raise InputError(f"{of['table']} prints no number of both rows of {of['rows']}")
    return ()


def _check_gain(table: str, one: str, others: Names, metric: str, bins: Names, parts: Names, **_: Any) -> Names:
    rows = tuple((one, other) for other in others)
    return _check_comparisons(table=table, rows=rows, metrics=(metric,), bins=bins, parts=parts)


STATISTICS = (
    Statistic("printed comparison", "printed numbers of two rows", comparisons, PUBLISHED, _check_comparisons),
    Statistic("printed gain", "a percentage from two printed numbers", gain, PUBLISHED, _check_gain),
)
