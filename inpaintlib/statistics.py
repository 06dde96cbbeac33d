"""Intervals: bootstrap over photographs, with all crops and masks of one photograph kept together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval, and the number of photographs behind it."""

    mean: float
    low: float
    high: float
    photographs: int

    def __format__(self, spec: str) -> str:
        spec = spec or ".2f"
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def bootstrap(values: Sequence[float], groups: Sequence[str], draws: int = 2000, seed: int = 0) -> Interval:
    """Mean over photographs of each one's mean, and the 2.5 and 97.5 percentiles of that over resampled photographs.

    values: one number a row; groups: the photograph (or subject) of each row. For a difference of two methods pass the
    row-wise difference: the comparison then is paired. Raises ValueError on no rows, or rows and groups of two lengths.
    """
    values, groups = np.asarray(values, np.float64), np.asarray(groups)
    if len(values) == 0 or len(values) != len(groups):
        raise ValueError(f"A bootstrap needs rows, each with its group: there are {len(values)} and {len(groups)}.")
    means = np.array([values[groups == group].mean() for group in np.unique(groups)])
    generator = np.random.default_rng(seed)
    resampled = means[generator.integers(len(means), size=(draws, len(means)))].mean(axis=1)
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Interval(float(means.mean()), float(low), float(high), len(means))
