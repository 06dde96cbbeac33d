"""Definitions that the papers left open, several for each diagnostic, as data: what a network measures under each.

`alternatives.py` says what a network's maps are under other definitions. Here a *reading* is one definition of a
diagnostic, and what is measured under it looks like measurements to the ledger's own statistics; `agreement.py`
compares them.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inpaintlib import results
from inpaintlib.alternatives import ROWS
from inpaintlib.claims.differences import per_photograph
from inpaintlib.claims.maps import BASELINE, losses
from inpaintlib.claims.statistic import DISTANCES, METRICS
from inpaintlib.diagnostics import distribution, kl, kl_to_previous_layer
from inpaintlib.experiments import SCALES
from inpaintlib.measurements import Measurements, NotRun

PREVIOUS = "the baseline's previous layer"
"""Stands for the Baseline where it is what others are compared with."""
FIRST = 0
"""The seed whose networks keep alternatives.npz."""
Loss = Callable[[Tensor, Tensor], Tensor]


def backward(energy: Float[Tensor, "... layers c"], baseline: Float[Tensor, "... layers c"]) -> Tensor:
    """KL(q || p) in nats where `kl_to_previous_layer` has KL(p || q)."""
    return kl(distribution(baseline[..., :-1, :]), distribution(energy[..., 1:, :]))


def symmetric(energy: Float[Tensor, "... layers c"], baseline: Float[Tensor, "... layers c"]) -> Tensor:
    """The mean of both directions, half of Jeffreys' divergence, in nats."""
    return (kl_to_previous_layer(energy, baseline) + backward(energy, baseline)) / 2


def of_sorted(energy: Float[Tensor, "... layers c"], baseline: Float[Tensor, "... layers c"]) -> Tensor:
    """KL(p || q) in nats of both distributions sorted by size: no shuffling of channels changes it."""
    return kl_to_previous_layer(energy.sort(dim=-1).values, baseline.sort(dim=-1).values)


def _same(values: np.ndarray) -> np.ndarray:
    return values


def softmax(values: np.ndarray) -> np.ndarray:
    """Shares over the last axis of numbers with a sign."""
    return torch.softmax(torch.from_numpy(values), dim=-1).numpy()


def _squared_error(psnr: np.ndarray) -> np.ndarray:
    return -(10 ** (-psnr / 10))


@dataclass(frozen=True)
class Reading:
    """A definition; each default is the book's own.

    arrays: array of diagnostics.npz -> the one of alternatives.npz in its place.  pool: of these, what is compared.
    divergence: of the layers of a network and of its baseline.  previous: array of diagnostics.npz -> the one of which
    the baseline's previous layer is taken.  shifted: with another training of the baseline, of the next seed.
    metric, change: of results, the metric in the place of the claim's, and a function of it.
    """

    name: str
    arrays: dict[str, str] = field(default_factory=dict, hash=False)
    pool: Callable[[np.ndarray], np.ndarray] = _same
    divergence: Loss = kl_to_previous_layer
    previous: dict[str, str] = field(default_factory=dict, hash=False)
    shifted: bool = False
    metric: str = ""
    change: Callable[[np.ndarray], np.ndarray] = _same


def _squares(*kinds: str) -> Reading:
    return Reading("mean square", {f"pooled_{kind}": f"{kind}|mean square" for kind in kinds})


def _entropies(name: str) -> Reading:
    dumps = ("reconstructed", "branch_structure", "branch_residual")
    return Reading(name, {f"entropy_{dump}": f"{dump}|{name}" for dump in dumps})


def _spectrum(scaling: str) -> Reading:
    return Reading(scaling, {"spectrum": f"spectrum|{scaling}"})


_DIRECTIONS = (
    Reading("KL(q || p)", divergence=backward),
    Reading("mean of both directions", divergence=symmetric),
    Reading("channels sorted by size", divergence=of_sorted),
    Reading("another training of the Baseline", shifted=True),
)
_FILTERS = tuple(
    Reading(name, {"pooled_high_pass": f"high_pass|{name}"}) for name in ("cutoff 1/16", "cutoff 1/4", "Laplacian")
)
_KINDS = ("texture", "high_pass", "residual")


def _metrics(first: str, *others: str) -> tuple[Reading, ...]:
    return (
        Reading(first, metric="psnr"),
        Reading("mean squared error", metric="psnr", change=_squared_error),
        *(Reading(METRICS[name].title, metric=name) for name in others),
    )


@dataclass(frozen=True)
class Diagnostic:
    """What the papers read off networks, and its definitions.

    book: the book's own definition in words, the first reading's name.  quantity: (read, label, seeds) -> one number
    for every seed and photograph [S, P], by which networks are ordered.  claims: ids of the ledger that rest on it.
    """

    title: str
    quantity: Callable[["Read", str, Sequence[int]], np.ndarray]
    readings: tuple[Reading, ...]
    claims: tuple[str, ...] = ()
    group: str = "table-iv"
    protocol: str = "diagnostics-256"


class Read(Measurements):
    """The measurements of a diagnostic's group under a reading, for the ledger's statistics.

    brief: those of seed FIRST and of the few photographs that alternatives.npz has; a reading that needs this file
    always is.  Raises as `Measurements`.
    """

    def __init__(self, diagnostic: Diagnostic, profile: str, reading: Reading, brief: bool = False):
        super().__init__(diagnostic.group, diagnostic.protocol, profile)
        self.diagnostic, self.reading = diagnostic, reading
        self.brief = brief or bool(reading.arrays)
        self.divergence = reading.divergence

    def under(self, reading: Reading) -> "Read":
        """The same photographs and trainings, read once, under another reading."""
        other = copy(self)
        other.reading, other.divergence = reading, reading.divergence
        return other

    @property
    def units(self) -> np.ndarray:
        """The photograph of each number that the diagnostic's quantity has."""
        return self.looked if self.protocol == SCALES[self.profile].diagnostics else self.photographs

    @property
    def looked(self) -> np.ndarray:
        """The photograph of each line of the dumps."""
        return super().looked[: len(ROWS) if self.brief else None]

    def seeds(self, *labels: str) -> list[int]:
        """The seeds that all of these labels have; of a brief one FIRST alone."""
        found = super().seeds(*(BASELINE if label == PREVIOUS else label for label in labels))
        return [seed for seed in found if seed == FIRST or not self.brief]

    def dump(self, label: str, name: str, seeds: Sequence[int] | None = None) -> np.ndarray:
        """An array of diagnostics.npz, or what the reading has in its place, [S, photographs, ...]."""
        seeds = self.seeds(label) if seeds is None else list(seeds)
        if label != PREVIOUS:
            return self._array_of(label, name, seeds)
        if self.reading.shifted:
            every = self.seeds(BASELINE)
            seeds = [every[(every.index(seed) + 1) % len(every)] for seed in seeds]
        other = self.reading.previous.get(name, name)
        found = self._array_of(BASELINE, other, seeds)
        return found if other == name else found[..., 1:, :]

    def values(self, label: str, metric: str, seeds: Sequence[int] | None = None) -> np.ndarray:
        """A metric of every row, float64 [S, N], changed as the reading says."""
        return self.reading.change(super().values(label, metric, seeds))

    def _array_of(self, label: str, name: str, seeds: list[int]) -> np.ndarray:
        if name in self.reading.arrays:
            key = self.reading.arrays[name]
            return self.reading.pool(self._stack(label, seeds, lambda run: self._alternative(run, key, label)))
        return super().dump(label, name, seeds)[:, : len(ROWS) if self.brief else None]

    def _alternative(self, run: dict[str, Any], key: str, label: str) -> np.ndarray:
        if not results.has(run["experiment"], self.profile, "alternatives"):
            raise NotRun(f"{label} keeps no maps by other definitions in the profile {self.profile}.")
        return self._read(run, "alternatives", key, label)


def _loss(kind: str) -> Callable[[Read, str, Sequence[int]], np.ndarray]:
    return lambda read, label, seeds: losses(read, label, PREVIOUS, kind, list(seeds)).mean(axis=-1)


def _share(read: Read, label: str, seeds: Sequence[int]) -> np.ndarray:
    part, whole = (read.pooled(label, kind, seeds).sum(axis=-1) for kind in ("high_pass", "texture"))
    return (part / whole)[..., 1:].mean(axis=-1)


def _dumped(name: str) -> Callable[[Read, str, Sequence[int]], np.ndarray]:
    return lambda read, label, seeds: read.dump(label, name, seeds).mean(axis=-1)


def _result(read: Read, label: str, seeds: Sequence[int]) -> np.ndarray:
    """Higher is better."""
    metric = read.reading.metric
    if metric in DISTANCES:
        return METRICS[metric].direction * read.distance(label, metric, "all", seeds)
    chosen = read.column("all")
    values = per_photograph(read.values(label, metric, seeds)[:, chosen], read.rows.group[chosen])
    return METRICS[metric].direction * values


BOOK = Reading("mean absolute, KL(p || q)")
_LITERAL = Reading("against the Baseline's texture", previous={"pooled_residual": "pooled_texture"})
_SIGNED = Reading("signed mean, softmax", {"pooled_texture": "texture|signed mean"}, pool=softmax)
_FIG = "tsgl-fig-"
_IV = "tsgl-table-4-"
DIAGNOSTICS: dict[str, Diagnostic] = {
    "texture": Diagnostic(
        "KL of texture maps",
        _loss("texture"),
        (BOOK, *_DIRECTIONS, _squares("texture"), _SIGNED),
        tuple(
            f"{_FIG}{name}"
            for name in (
                *("3-global", "3-local", "9-texture", "10-texture-global", "10-texture-local"),
                *("20-texture", "21-texture"),
            )
        ),
    ),
    "high-pass": Diagnostic(
        "KL of high-pass maps",
        _loss("high_pass"),
        (Reading("cutoff 1/8, mean absolute, KL(p || q)"), *_DIRECTIONS, _squares(*_KINDS), *_FILTERS),
        tuple(f"{_FIG}{name}" for name in ("9-structure-level", "20-structure", "21-structure", "12-crossing")),
    ),
    "residual": Diagnostic(
        "KL of local residuals",
        _loss("residual"),
        (
            Reading("nearest, mean absolute, KL(p || q)"),
            *_DIRECTIONS,
            _LITERAL,
            _squares(*_KINDS),
            Reading("bilinear", {"pooled_residual": "residual|bilinear"}),
        ),
        tuple(f"{_FIG}{name}" for name in ("10-residual", "20-residual", "21-residual-level", "12-crossing")),
    ),
    "structure": Diagnostic(
        "Share of structure in texture maps",
        _share,
        (Reading("cutoff 1/8, mean absolute"), _squares("texture", "high_pass"), *_FILTERS),
        (f"{_FIG}16-texture-guide",),
    ),
    "entropy": Diagnostic(
        "Channel entropy",
        _dumped("entropy_reconstructed"),
        (Reading("shares of absolute values"), *(_entropies(name) for name in ("squares", "softmax"))),
        tuple(f"{_FIG}11-{name}" for name in ("crossed-decreases", "local-residual", "final")),
    ),
    "spectrum": Diagnostic(
        "Outer share of the spectrum",
        _dumped("spectrum"),
        tuple(map(_spectrum, ("log amplitude", "amplitude", "power"))),
    ),
    "image": Diagnostic(
        "Quality of the results, Table IV",
        _result,
        _metrics("PSNR of the whole image", "hole_psnr", "l1", "ssim", "hole_ssim", "lpips", "kd", "fd"),
        tuple(
            f"{_IV}{name}"
            for name in ("guided", "global-guide", "local-guide", "sparse-guide", "pairing", "twice", "best")
        ),
        protocol="bundled-256",
    ),
    "methods": Diagnostic(
        "Quality of the results, all methods",
        _result,
        _metrics("PSNR of the whole image", "hole_psnr", "ssim", "lpips", "kd"),
        ("tsgl-table-2-best", "misf-table-2-best"),
        "comparison",
        "bundled-256",
    ),
}
"""Diagnostics that the papers left open, each with the book's own definition first."""
