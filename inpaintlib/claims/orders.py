"""Statistics of a whole table: is our order of its rows the published one?"""

from functools import lru_cache
from itertools import combinations

import numpy as np
from scipy.stats import rankdata

from inpaintlib.claims.claim import Finding
from inpaintlib.claims.differences import holes, paired_difference, per_photograph, taken
from inpaintlib.claims.printed import printed_table
from inpaintlib.claims.statistic import METRICS, Measured, Statistic
from inpaintlib.errors import InputError
from inpaintlib.statistics import Interval

DRAWS = 2000
FEWEST = 4
"""With fewer rows no order is rarer than 5 % among random ones."""


def printed_values(table: str, metric: str, column: str, part: str = "") -> dict[str, float]:
    """Row -> printed number of one column, in the order of print. Raises InputError where there is none."""
    rows = printed_table(table)
    rows = rows[(rows.metric == metric) & (rows.bin == column) & (rows["part"] == part)]
    if rows.empty:
        raise InputError(f"{table} prints no {metric} of {part or 'the whole table'} in a column {column!r}")
    return dict(zip(rows.row, rows.value))


Columns = tuple[str, ...]


def published_order(
    m: Measured, table: str, printed: str, metrics: tuple[str], columns: Columns, part: str = ""
) -> list[Finding]:
    """Spearman's rho between our means of the one metric and a published table's, a finding per column, with the
    critical value of random orders as its bound."""
    findings = []
    for column in columns:
        values = printed_values(table, printed, column, part)
        (*measured,), groups = taken(m, tuple(values), metrics[0], column)
        means = np.stack([per_photograph(v, groups) for v in measured])
        interval = rho_interval(means, np.array(list(values.values())))
        label = f"Spearman's rho of {len(values)} rows, {METRICS[metrics[0]].title}, {holes(column)}"
        findings.append(Finding(label, interval, 1, bound=critical_rho(tuple(values.values())), spec=".2f"))
    return findings


def published_steps(
    m: Measured, table: str, printed: str, metrics: tuple[str], columns: Columns, part: str = ""
) -> list[Finding]:
    """The paired difference of every two rows whose printed numbers differ, the row with the better number first."""
    findings = []
    for column in columns:
        pairs = printed_pairs(printed_values(table, printed, column, part), METRICS[metrics[0]].direction)
        findings += paired_difference(m, pairs, metrics, (column,))
    return findings


def printed_pairs(values: dict[str, float], direction: int) -> tuple[tuple[str, str], ...]:
    """(better, worse) of every two rows that differ."""
    ordered = [sorted(pair, key=values.get, reverse=direction > 0) for pair in combinations(values, 2)]
    return tuple((better, worse) for better, worse in ordered if values[better] != values[worse])


def rho(measured: np.ndarray, printed: np.ndarray) -> np.ndarray:
    """Spearman's rho along the last axis; ties share their mean rank."""
    x, y = (rankdata(v, axis=-1) for v in (measured, np.broadcast_to(printed, measured.shape)))
    x, y = (v - v.mean(axis=-1, keepdims=True) for v in (x, y))
    size = np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
    return np.divide((x * y).sum(-1), size, out=np.zeros_like(size), where=size > 0)


def rho_interval(means: np.ndarray, printed: np.ndarray, draws: int = DRAWS, seed: int = 0) -> Interval:
    """rho of the rows' means, with the percentiles of resampled photographs and seeds, the same ones for every row.

    means: [rows, S, G], a number per row of the table, seed and photograph.
    """
    _, seeds, photographs = means.shape
    generator = np.random.default_rng(seed)
    of_seeds, of_photographs = (generator.multinomial(n, [1 / n] * n, size=draws) / n for n in (seeds, photographs))
    drawn = rho(np.einsum("ds,rsg,dg->dr", of_seeds, means, of_photographs, optimize=True), printed)
    low, high = np.percentile(drawn, [2.5, 97.5])
    middle = float(rho(means.mean(axis=(1, 2)), printed))
    return Interval(middle, min(float(low), middle), max(float(high), middle), photographs, seeds=seeds)


@lru_cache(maxsize=64)
def critical_rho(printed: tuple[float, ...], draws: int = 20_000, seed: int = 0) -> float:
    """The smallest rho that random orders of these rows reach in at most 5 % of cases; by simulation."""
    generator = np.random.default_rng(seed)
    orders = generator.permuted(np.tile(np.arange(len(printed)), (draws, 1)), axis=1)
    reached = np.round(rho(orders, np.array(printed)), 9)
    values, counts = np.unique(reached, return_counts=True)
    tail = np.cumsum(counts[::-1])[::-1] / draws
    rare = values[tail <= 0.05]
    return float(rare[0]) - 1e-6 if len(rare) else np.inf


def _check(table: str, printed: str, metrics: tuple[str], columns: Columns, part: str) -> list[str]:
    """The labels that the table's columns need."""
    if len(metrics) != 1:
        raise InputError(f"an order is of one metric, not of {len(metrics)}")
    values = [printed_values(table, printed, column, part) for column in columns]
    if min(map(len, values)) < FEWEST:
        raise InputError(f"{table} has too few rows for an order; at least {FEWEST} are needed")
    return list(dict.fromkeys(label for rows in values for label in rows))


STATISTICS = (
    Statistic("published order", "Spearman's rho of our means with a published column", published_order, check=_check),
    Statistic("published steps", "difference of every two rows, in the published order", published_steps, check=_check),
)
