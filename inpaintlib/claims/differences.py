"""Statistics of images: differences between two rows of a table, and how they grow with the hole."""

import numpy as np

from inpaintlib.claims.claim import Finding
from inpaintlib.claims.statistic import DISTANCES, METRICS, Measured, Statistic
from inpaintlib.statistics import compare

Pairs = tuple[tuple[str, str], ...]
"""(the row that should be ahead, the row that should be behind)."""
Names = tuple[str, ...]


def holes(column: str) -> str:
    """A column's name in print: "10-30 %", "narrow"."""
    return f"{column} %" if column[0].isdigit() else column


def taken(m: Measured, labels: Names, metric: str, column: str) -> tuple[list[np.ndarray], np.ndarray]:
    """A metric of several labels in one column, each [S, N] with the seeds that all have; and the photographs [N]."""
    seeds = m.seeds(*labels)
    if metric in DISTANCES:
        return [m.distance(label, metric, column, seeds) for label in labels], m.photographs
    rows = m.column(column)
    return [m.values(label, metric, seeds)[:, rows] for label in labels], m.rows.group[rows]


def per_photograph(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """[S, N] -> [S, G]: the mean of each photograph's rows, photographs in alphabetical order."""
    return np.stack([values[:, groups == name].mean(axis=1) for name in np.unique(groups)], axis=1)


def paired_difference(m: Measured, pairs: Pairs, metrics: Names, columns: Names) -> list[Finding]:
    """First row minus second row of each pair, paired by crop, hole and seed; a finding per pair, metric and column."""
    findings = []
    for metric in metrics:
        how = METRICS[metric]
        for column in columns:
            for ahead, behind in pairs:
                (one, other), groups = taken(m, (ahead, behind), metric, column)
                c = compare(one, other, groups)
                label = f"{how.title}, {ahead} minus {behind}, {holes(column)}"
                findings.append(Finding(label, c.difference, how.direction, c.p, spec=how.spec, unit=how.unit))
    return findings


def growth_of_difference(m: Measured, pairs: Pairs, metrics: Names, columns: Names) -> list[Finding]:
    """How much a difference changes from one column to the next: per photograph the slope of a line through its column
    means, first row minus second row. Predicted: the first row's advantage grows in the order of the columns."""
    findings = []
    for metric in metrics:
        how = METRICS[metric]
        for ahead, behind in pairs:
            both = [slopes(m, label, metric, columns, m.seeds(ahead, behind)) for label in (ahead, behind)]
            c = compare(*both, np.arange(both[0].shape[1]))
            label = f"{how.title}, {ahead} minus {behind}, change per column from {columns[0]} to {columns[-1]}"
            findings.append(Finding(label, c.difference, how.direction, c.p, spec=how.spec, unit=how.unit))
    return findings


def slopes(m: Measured, label: str, metric: str, columns: Names, seeds: list[int]) -> np.ndarray:
    """Slope over the columns of each photograph's mean, [S, G]; photographs are the same in every column."""
    values = m.values(label, metric, seeds)
    means = [per_photograph(values[:, rows], m.rows.group[rows]) for rows in map(m.column, columns)]
    return slope(np.stack(means, axis=-1))


def slope(values: np.ndarray) -> np.ndarray:
    """Least-squares slope along the last axis, a step a unit."""
    x = np.arange(values.shape[-1]) - (values.shape[-1] - 1) / 2
    return values @ x / (x @ x)


STATISTICS = (
    Statistic("paired difference", "difference of two rows on the same crops and holes", paired_difference),
    Statistic("growth of difference", "change of that difference from column to column", growth_of_difference),
)
