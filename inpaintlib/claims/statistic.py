"""How a statistic is declared: what it computes from measurements, and which of its arguments name what."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from inpaintlib.claims.claim import Finding
from inpaintlib.errors import InputError

COUNTS = ("counts", "counting")
PUBLISHED = ("published", "tables")
PSEUDO = (COUNTS, PUBLISHED)
"""Groups and protocols that need no training: what is counted on networks, what is read off the papers' tables."""


class Measured(Protocol):
    """What a statistic needs of `inpaintlib.measurements.Measurements`."""

    rows: Any
    photographs: np.ndarray
    looked: np.ndarray
    divergence: Callable[..., Any]

    def seeds(self, *labels: str) -> list[int]: ...
    def column(self, name: str) -> np.ndarray: ...
    def values(self, label: str, metric: str, seeds: Any = None) -> np.ndarray: ...
    def distance(self, label: str, metric: str, column: str, seeds: Any = None) -> np.ndarray: ...
    def pooled(self, label: str, kind: str, seeds: Any = None) -> np.ndarray: ...
    def dump(self, label: str, name: str, seeds: Any = None) -> np.ndarray: ...
    def scale(self, labels: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Metric:
    """title: its name in print.  direction: +1 when higher is better, -1 when lower is.  spec, unit: how a difference
    is printed."""

    title: str
    direction: int
    spec: str
    unit: str = ""


_PER_ROW = {
    "psnr": Metric("PSNR", 1, "+.2f", "dB"),
    "ssim": Metric("SSIM", 1, "+.4f"),
    "l1": Metric("L1", -1, "+.4f"),
    "lpips": Metric("LPIPS", -1, "+.4f"),
}
_OF_SETS = {"kd": Metric("KD-AlexNet", -1, "+.4f"), "fd": Metric("FD-AlexNet", -1, "+.2f")}
_VIEWS = {"": "", "hole_": "hole ", "edge_": "edge ", "residual_": "residual "}


def _viewed(metrics: Mapping[str, Metric], views: Iterable[str]) -> dict[str, Metric]:
    return {v + name: replace(m, title=_VIEWS[v] + m.title) for v in views for name, m in metrics.items()}


DISTANCES = {**_viewed(_OF_SETS, ("",)), **_viewed({"kd": _OF_SETS["kd"]}, ("edge_", "residual_"))}
METRICS: dict[str, Metric] = {
    **_PER_ROW,
    **_viewed({name: _PER_ROW[name] for name in ("psnr", "ssim", "l1")}, ("hole_",)),
    **_viewed({name: _PER_ROW[name] for name in ("psnr", "ssim")}, ("edge_", "residual_")),
    **DISTANCES,
}
"""What evidence may name; a metric in DISTANCES has a value per photograph and column instead of one per row."""
KINDS: dict[str, int] = {"texture": 0, "high_pass": 0, "residual": 1}
"""Kinds of pooled vectors, with the first layer of each."""
DUMPS = (
    "entropy_reconstructed",
    "entropy_branch_structure",
    "entropy_branch_residual",
    "entropy_decoder_input",
    "hole_attention",
)


@dataclass(frozen=True)
class Statistic:
    """compute(measurements or None, **of) -> findings.  pseudo: the group and protocol it belongs to, when it needs no
    training.  check(**of): raises InputError on what only this statistic can know to be wrong, and gives the labels
    that it reads besides those named."""

    name: str
    words: str
    compute: Callable[..., list[Finding]]
    pseudo: tuple[str, str] | None = None
    check: Callable[..., Iterable[str]] = lambda **of: ()

    def arguments(self, of: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments with their defaults. Raises InputError on one that is missing or that it does not take."""
        try:
            bound = inspect.signature(self.compute).bind(None, **of)
        except TypeError as error:
            raise InputError(f'the statistic "{self.name}" cannot take the arguments given: {error}') from None
        bound.apply_defaults()
        return dict(list(bound.arguments.items())[1:])


def labels_of(of: Mapping[str, Any]) -> list[str]:
    """The labels of a group that a statistic's arguments name."""
    named = [label for pair in of.get("pairs", ()) for label in pair]
    named += [of[name] for name in ("label", "baseline") if of.get(name)]
    return list(dict.fromkeys((*named, *of.get("labels", ()))))


def check_arguments(of: Mapping[str, Any], labels: Iterable[str], columns: Iterable[str]) -> None:
    """Raises InputError on a label, column, metric, kind or dump that does not exist, and where none is named."""
    for name in ("pairs", "columns", "metrics", "dumps"):
        if name in of and not of[name]:
            raise InputError(f"it names no {name}")
    asked = {
        "label": (labels_of(of), labels),
        "column": (of.get("columns", ()), columns),
        "metric": (of.get("metrics", ()), METRICS),
        "kind": ((of["kind"],) if "kind" in of else (), KINDS),
        "dump": (of.get("dumps", ()), DUMPS),
    }
    for what, (names, known) in asked.items():
        for name in names:
            if name not in known:
                raise InputError(f"there is no {what} {name!r}; there is {', '.join(known)}")
