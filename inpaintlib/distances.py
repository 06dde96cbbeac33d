"""How far a set of results is from the set of true images, in the features of a network: kernel and Frechet distance.

Each result stands beside its own truth: row i of `x` and row i of `y` are the same crop, and `groups` names the
photograph it was cut from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from inpaintlib.errors import InputError

__all__ = ["Distance", "block_estimates", "frechet_distance", "kernel_distance", "measure", "pseudovalues"]

_CHUNK = 512  # Rows whose kernel values with all others are held at a time.

Features = Float[np.ndarray, "N d"]
Groups = np.ndarray | Sequence  # The name of each row's photograph.
Index = Int[np.ndarray, " N"]  # Each row's photograph, as a number from 0 to G - 1.


@dataclass(frozen=True, eq=False)
class Distance:
    """A distance between two sets, with what is needed to say how sure it is.

    value: over all rows.  pseudovalues: one per photograph, in order of name, see `pseudovalues`.  blocks: the distance
    within disjoint blocks of photographs, see `block_estimates`.  photographs, crops: their numbers.
    """

    value: float
    pseudovalues: Float[np.ndarray, " G"]
    blocks: Float[np.ndarray, " blocks"]
    photographs: int
    crops: int


def kernel_distance(x: Features, y: Features, groups: Groups) -> float:
    """Squared maximum mean discrepancy with the kernel (x.y / d + 1)^3 of KID; 0 on average for equal distributions.

    x, y: features of results and truths; a good result can lie slightly below 0. The mean over pairs i, j of
    k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(x_j, y_i) (Gretton et al., "A kernel two-sample test", 2012, Eq. 4;
    kernel: Binkowski et al., "Demystifying MMD GANs", 2018), over rows of different photographs only: pairs of a result
    with its own truth, which KID's usual estimator keeps, would pull it downward, and pairs of crops of one photograph,
    which are not drawn independently, upward.

    Raises InputError when shapes do not fit, on values that are not finite, or below two photographs.
    """
    return _kernel(*_checked(x, y, groups))


def frechet_distance(x: Float[np.ndarray, "N d"], y: Float[np.ndarray, "M d"]) -> float:
    """|mean_x - mean_y|^2 + trace(C_x + C_y - 2 (C_x C_y)^(1/2)) of the normal distributions fitted to both; >= 0.

    C: covariance (N - 1). Far fewer rows than dimensions inflate it by an amount that depends on their number, so only
    distances over equally many rows can be compared. Dowson and Landau 1982; with Inception features it is FID (Heusel
    et al. 2017). Raises InputError when shapes do not fit, on values that are not finite, or below two rows.
    """
    return _frechet(*_matrices(x, y))


def pseudovalues(measured: Callable, x: Features, y: Features, groups: Groups) -> Float[np.ndarray, " G"]:
    """Delete-one-photograph jackknife: G D - (G - 1) D without photograph g, in order of the photographs' names.

    measured: `kernel_distance` or `frechet_distance`. Their mean is the distance with its bias of order 1/G removed,
    and `statistics.bootstrap` and `compare` take them as one value per photograph (Tukey 1958; Efron and Tibshirani,
    "An introduction to the bootstrap", 1993, chapter 11). With two photographs nothing is left when one is deleted:
    both get the distance itself, and there is no spread to see. Errors as in `kernel_distance`.
    """
    x, y, index = _checked(x, y, groups)
    whole, count = _ESTIMATORS[measured].whole(x, y, index), index.max() + 1
    if count == 2:
        return np.full(2, whole)
    return count * whole - (count - 1) * _ESTIMATORS[measured].without(x, y, index)


def block_estimates(
    measured: Callable, x: Features, y: Features, groups: Groups, blocks: int = 4, seed: int = 0
) -> Float[np.ndarray, " blocks"]:
    """The distance within each of `blocks` disjoint random blocks of photographs (fewer where one would hold less than
    two photographs): their standard deviation over sqrt(blocks) is the block estimator's error. Arguments and errors as
    in `pseudovalues`."""
    x, y, index = _checked(x, y, groups)
    count = index.max() + 1
    order = np.random.default_rng(seed).permutation(count)
    parts = [np.isin(index, part) for part in np.array_split(order, max(1, min(blocks, count // 2)))]
    return np.array([_ESTIMATORS[measured].whole(x[p], y[p], index[p]) for p in parts])


def measure(measured: Callable, x: Features, y: Features, groups: Groups) -> Distance:
    """A distance (`kernel_distance` or `frechet_distance`) with its pseudovalues and block estimates."""
    values = pseudovalues(measured, x, y, groups)
    blocks = block_estimates(measured, x, y, groups)
    whole = _ESTIMATORS[measured].whole(*_checked(x, y, groups))
    return Distance(whole, values, blocks, len(values), len(x))


def _matrices(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if not x.ndim == y.ndim == 2 or x.shape[1] != y.shape[1] or min(len(x), len(y)) < 2:
        shapes = f"{list(x.shape)} and {list(y.shape)}"
        raise InputError(f"A distance compares two sets of features [N, d], N >= 2, of one d, not {shapes}.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError("A distance needs features that are finite numbers, but some are not.")
    return x, y


def _checked(x: Features, y: Features, groups: Groups) -> tuple[Features, Features, Index]:
    x, y = _matrices(x, y)
    if not len(x) == len(y) == len(groups):
        counts = f"{len(x)} results, {len(y)} truths and {len(groups)} photographs' names"
        raise InputError(f"Each result needs its truth and the name of its photograph, but there are {counts}.")
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise InputError(f"A distance between sets needs rows of at least two photographs, not of {len(names)}.")
    return x, y, index


def _kernel_sums(x: Features, y: Features, index: Index) -> tuple[Float[np.ndarray, " G"], Int[np.ndarray, " G"]]:
    """Per photograph: the sum over its rows paired with all rows of other photographs, and the number of those."""

    def kernel(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "n m"]:
        return (a @ b.T / a.shape[1] + 1) ** 3

    sums = np.empty(len(x))
    for begin in range(0, len(x), _CHUNK):
        chunk = slice(begin, begin + _CHUNK)
        pairs = kernel(x[chunk], x) + kernel(y[chunk], y) - kernel(x[chunk], y) - kernel(y[chunk], x)
        sums[chunk] = (pairs * (index[chunk, None] != index)).sum(axis=1)
    rows = np.bincount(index)
    return np.bincount(index, weights=sums), rows * (len(x) - rows)


def _kernel(x: Features, y: Features, index: Index) -> float:
    sums, pairs = _kernel_sums(x, y, index)
    return float(sums.sum() / pairs.sum())


def _kernel_without(x: Features, y: Features, index: Index) -> Float[np.ndarray, " G"]:
    """Each photograph's pairs are counted twice in the total: once from its side, once from the others'."""
    sums, pairs = _kernel_sums(x, y, index)
    return (sums.sum() - 2 * sums) / (pairs.sum() - 2 * pairs)


def _frechet(x: Float[np.ndarray, "N d"], y: Float[np.ndarray, "M d"]) -> float:
    """With C = A^T A, the trace of (C_x C_y)^(1/2) is the sum of the singular values of A_x A_y^T."""
    roots = [np.linalg.qr(side - side.mean(axis=0), mode="r") / np.sqrt(len(side) - 1) for side in (x, y)]
    spread = sum((root**2).sum() for root in roots) - 2 * np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    return float(((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum() + max(spread, 0.0))


def _frechet_without(x: Features, y: Features, index: Index) -> Float[np.ndarray, " G"]:
    kept = (index != photograph for photograph in range(index.max() + 1))
    return np.array([_frechet(x[k], y[k]) for k in kept])


@dataclass(frozen=True)
class _Estimator:
    """whole: the distance over all rows.  without: [G], the distance when each photograph in turn is left out."""

    whole: Callable[[Features, Features, Index], float]
    without: Callable[[Features, Features, Index], Float[np.ndarray, " G"]]


_ESTIMATORS = {
    kernel_distance: _Estimator(_kernel, _kernel_without),
    frechet_distance: _Estimator(lambda x, y, index: _frechet(x, y), _frechet_without),
}
