"""How sure a mean is: intervals and tests that treat photographs, and trainings of several seeds, as drawn by chance.

All rows of a photograph (its crops and masks) stay together: first they are averaged, then photographs count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num
from scipy.optimize import brentq
from scipy.special import stdtrit
from scipy.stats import permutation_test

from inpaintlib.errors import InputError

__all__ = ["Comparison", "Components", "Interval", "bootstrap", "compare", "components", "holm"]

LEVEL = 0.95
FLIPS = 4999
"""Random sign patterns of a permutation test; up to 12 photographs all patterns are tried."""
_SMALLEST = 1e-12  # The p-value below which none is told apart.
_NORMAL = 1.959964  # The standard normal's 97.5 percentile.

Rows = Num[np.ndarray, "... N"] | Sequence  # [N], or [S, N]: a line for each of S seeds.
Groups = np.ndarray | Sequence  # The name of each row's photograph.
Means = Float[np.ndarray, "_ G"]  # One value per seed and photograph.


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval, and the numbers of photographs and of trainings (seeds) behind it."""

    mean: float
    low: float
    high: float
    photographs: int
    seeds: int = 1

    def __format__(self, spec: str) -> str:
        spec = spec or ".2f"
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


@dataclass(frozen=True)
class Comparison:
    """One method minus another on the same photographs.

    p: two-sided, never 0. effect: mean over standard deviation of the photographs' differences (Cohen's d of paired
    values; infinite where all differ alike). share: photographs on which the first is larger, in [0, 1], ties half.
    """

    difference: Interval
    p: float
    effect: float
    share: float


@dataclass(frozen=True)
class Components:
    """Standard deviations, in the values' own unit, of what differs from training to training, from photograph to
    photograph, and of a photograph's mean beyond both."""

    seed: float
    photograph: float
    rest: float


def bootstrap(values: Rows, groups: Groups, draws: int = 2000, seed: int = 0) -> Interval:
    """Mean over photographs (and seeds) with a 95 % interval that holds for other photographs (and other seeds).

    values: one number a row, or one line of them per seed; groups: the photograph of each row. For a difference of
    two methods see `compare`, or pass row-wise differences.

    Photographs: 2.5 and 97.5 percentiles of the mean over `draws` resamples, their distances from the mean stretched
    by t(G - 1) sqrt(G / (G - 1)) / 1.96, t(k) the 97.5 percentile of Student's t. That gives a percentile bootstrap
    the width of the t interval but keeps its skewness (the correction for narrowness of Hesterberg, "What teachers
    should know about the bootstrap", 2015).
    Seeds: a resample of two or three seeds says too little, so they enter by their variance component. With s2 that
    component, the lower side is sqrt(photographs' lower side^2 + t(S - 1)^2 s2 / S), the upper likewise: the interval
    of a sum from the intervals of its parts (Zou and Donner, Statistics in Medicine 27, 2008). Two seeds thus give a
    very wide interval. A single line says nothing of other trainings.

    Raises InputError on rows and groups of two lengths, on a value that is not finite, or below two photographs.
    """
    means = _means(values, groups)
    return _interval(means.mean(axis=0), [means], len(means), draws, seed)


def compare(one: Rows, other: Rows, groups: Groups, draws: int = 2000, seed: int = 0) -> Comparison:
    """`one` minus `other`, paired row by row, and line by line where both have the same number of seeds.

    Values and interval as in `bootstrap`; with unequal numbers of seeds, those of each method enter on their own, and
    the smaller number is reported. p, with one line each: permutation test of the mean over photographs, whose
    differences keep or flip their signs (all patterns up to 12 photographs, else 4999 drawn ones; the smallest p is
    then 0.0004). With more seeds: the level at which the symmetric t-based form of the interval touches zero.

    Raises InputError as `bootstrap`.
    """
    one, other = _means(one, groups), _means(other, groups)
    difference = one.mean(axis=0) - other.mean(axis=0)
    parts = [one - other] if len(one) == len(other) else [one, other]
    seeds = min(len(one), len(other))
    single = max(len(one), len(other)) == 1
    spread = difference.std(ddof=1)
    mean = difference.mean()
    return Comparison(
        difference=_interval(difference, parts, seeds, draws, seed),
        p=_flipped(difference, seed) if single else _touching(difference, parts),
        effect=float(mean / spread) if spread else float(np.sign(mean) * np.inf) if mean else 0.0,
        share=float((difference > 0).mean() + (difference == 0).mean() / 2),
    )


def holm(p: Num[np.ndarray, " M"] | Sequence[float]) -> Float[np.ndarray, " M"]:
    """p-values corrected for being M in one table, in the given order.

    The k-th smallest (from 0) becomes the largest of (M - j) p_j over j <= k, at most 1 (Holm, "A simple sequentially
    rejective multiple test procedure", 1979). Raises InputError when a value is outside [0, 1].
    """
    p = np.asarray(p, np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise InputError(f"Holm's correction takes p-values from 0 to 1, not {p.tolist()}.")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return adjusted


def components(values: Rows, groups: Groups) -> Components:
    """What spreads the values, with S >= 2 seeds on the same photographs: mean + seed + photograph + rest.

    From the mean squares of the two-way table of photographs' means: rest^2 = MS_rest,
    seed^2 = (MS_seed - MS_rest) / G, photograph^2 = (MS_photograph - MS_rest) / S, negative ones set to zero (Searle,
    Casella, McCulloch, "Variance components", 1992, chapter 4). Raises InputError as `bootstrap`, or for one seed.
    """
    means = _means(values, groups)
    seeds, photographs = means.shape
    if seeds < 2:
        raise InputError("Variance components need values of at least two seeds, one line each, not of one.")
    rest = _rest(means)
    by_seed = photographs * means.mean(axis=1).var(ddof=1)
    by_photograph = seeds * means.mean(axis=0).var(ddof=1)
    variances = (by_seed - rest) / photographs, (by_photograph - rest) / seeds, rest
    return Components(*(float(np.sqrt(max(v, 0))) for v in variances))


def _means(values: Rows, groups: Groups) -> Means:
    """Each photograph's mean, per seed."""
    values, groups = np.atleast_2d(np.asarray(values, np.float64)), np.asarray(groups)
    if values.ndim != 2 or values.shape[1] == 0 or values.shape[1] != len(groups):
        raise InputError(
            "A bootstrap needs rows, each with its photograph:"
            f" there are {values.shape[-1]} rows and {len(groups)} names of photographs."
        )
    if not np.isfinite(values).all():
        raise InputError(f"{(~np.isfinite(values)).sum()} of {values.size} values are not finite numbers.")
    names, index = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise InputError(
            f"An interval needs rows of at least two photographs; all {values.shape[1]} are of {names[0]}."
        )
    member = index[:, None] == np.arange(len(names))
    return values @ (member / member.sum(axis=0))


def _interval(
    photographs: Float[np.ndarray, " G"], parts: list[np.ndarray], seeds: int, draws: int, seed: int
) -> Interval:
    """The interval of `bootstrap`; parts: [S, G] each, what is drawn with other seeds, independently of each other."""
    n, mean = len(photographs), photographs.mean()
    resampled = photographs[np.random.default_rng(seed).integers(n, size=(draws, n))].mean(axis=1)
    tail = (1 - LEVEL) / 2
    sides = np.abs(np.quantile(resampled, [tail, 1 - tail]) - mean)
    sides *= -stdtrit(n - 1, tail) * np.sqrt(n / (n - 1)) / _NORMAL
    wider = sum(stdtrit(len(part) - 1, tail) ** 2 * _seed_variance(part) for part in parts if len(part) > 1)
    low, high = np.sqrt(sides**2 + wider)
    return Interval(float(mean), float(mean - low), float(mean + high), n, seeds)


def _seed_variance(means: Means) -> float:
    """The part of the overall mean's variance that other seeds would bring."""
    total = means.mean(axis=1).var(ddof=1) - _rest(means) / means.shape[1]
    return max(float(total), 0.0) / len(means)


def _rest(means: Means) -> float:
    """Mean square of what neither the seed nor the photograph explains."""
    rest = means - means.mean(axis=0) - means.mean(axis=1, keepdims=True) + means.mean()
    return float((rest**2).sum() / ((means.shape[0] - 1) * (means.shape[1] - 1)))


def _flipped(difference: Float[np.ndarray, " G"], seed: int) -> float:
    result = permutation_test(
        (difference,),
        lambda x, axis: x.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=FLIPS,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def _touching(difference: Float[np.ndarray, " G"], parts: list[np.ndarray]) -> float:
    """The p at which mean^2 = sum of t(p)^2 variance, over photographs and over each part's seeds."""
    n = len(difference)
    terms = [(n - 1, difference.var(ddof=1) / n)]
    terms += [(len(part) - 1, _seed_variance(part)) for part in parts if len(part) > 1]

    def beyond(log_p: float) -> float:
        reach = sum(stdtrit(degrees, np.exp(log_p) / 2) ** 2 * variance for degrees, variance in terms)
        return difference.mean() ** 2 - reach

    smallest = np.log(_SMALLEST)
    if difference.mean() == 0 or beyond(smallest) >= 0:
        return _SMALLEST if difference.mean() else 1.0
    return float(np.exp(brentq(beyond, smallest, 0.0)))
