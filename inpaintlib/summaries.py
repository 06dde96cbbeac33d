"""An evaluation in few numbers: mean and 95 % interval over photographs, a column at a time."""

from typing import Any

import numpy as np

from inpaintlib.evaluation import Evaluation
from inpaintlib.statistics import Interval, bootstrap

FEWEST = 3
"""Photographs that an interval of a distance needs: with two, leaving one out leaves no pair to compare."""


def summarise(found: Evaluation) -> dict[str, Any]:
    """Column -> metric -> [mean, low, high], of every bin and of all together; the number of rows and photographs of
    each column under "rows" and "photographs". Distances only where there are FEWEST photographs."""
    protocol, rows = found.protocol, found.protocol.rows()
    chosen = [c for c in protocol.columns if c in protocol.bins or c == "all"]
    return {column: _column(found, column, rows.column(column), rows.group) for column in chosen}


def _column(found: Evaluation, column: str, picked: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    place = list(found.protocol.columns).index(column)
    names = np.unique(groups[picked])
    intervals = {name: bootstrap(values[picked], groups[picked]) for name, values in found.values.items()}
    for name, values in found.distances.items():
        if not name.endswith("_blocks") and len(names) >= FEWEST:
            intervals[name] = bootstrap(values[place], names)
    counted = {"rows": int(picked.sum()), "photographs": len(names)}
    return counted | {name: _rounded(interval) for name, interval in intervals.items()}


def _rounded(interval: Interval) -> list[float]:
    return [float(f"{value:.5g}") for value in (interval.mean, interval.low, interval.high)]
