"""Statistics that need no training: what a network holds and does, counted on shapes alone."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from torch import nn

from inpaintlib.claims.claim import Finding
from inpaintlib.claims.printed import cell
from inpaintlib.claims.statistic import COUNTS, Statistic
from inpaintlib.counting import Count, counts
from inpaintlib.errors import InputError
from inpaintlib.models import build
from inpaintlib.models.registry import configure

UNITS = {"M": 1e6, "G": 1e9}
QUANTITIES = ("parameters", "macs", "macs_at_output")
PRINTED = {"parameters": "Params", "macs": "FLOPs", "macs_at_output": "FLOPs"}
Settings = tuple[tuple[str, Any], ...]


@lru_cache(maxsize=8)
def _network(model: str, config: Settings) -> nn.Module:
    return build(model, **dict(config)).to("meta")


@lru_cache(maxsize=32)
def counted(model: str, config: Settings, size: int) -> dict[str, Count]:
    """What a model needs for inference on one image of that size, part by part."""
    return counts(_network(model, config), size)


def count(
    _: None,
    model: str,
    quantity: str,
    size: int,
    printed: tuple[str, str],
    config: Mapping = MappingProxyType({}),
    parts: tuple[str, ...] = ("inference",),
    tolerance: float = 0.01,
) -> list[Finding]:
    """A network's count against the published one. printed: table and row; quantity: an attribute of `Count`; parts: of
    the network, whose counts are added."""
    value, unit = cell(*printed, PRINTED[quantity])
    found = counted(model, tuple(config.items()), size)
    ours = sum(getattr(found[part], quantity) for part in parts) / UNITS[unit]
    what = f"{quantity.replace('_', ' ')} of {printed[1]}"
    return [Finding(what, ours, value, bound=tolerance, spec=".2f", unit=unit)]


def growth(
    _: None,
    model: str,
    sizes: tuple[int, ...],
    config: Mapping = MappingProxyType({}),
    tolerance: float = 0.02,
) -> list[Finding]:
    """Exponent of multiply-accumulates against pixels: the slope of a line in logarithms, through these sizes."""
    macs = [counted(model, tuple(config.items()), size)["inference"].macs for size in sizes]
    exponent = np.polyfit(2 * np.log(sizes), np.log(macs), 1)[0]
    label = f"exponent of MACs against pixels, {model}, {sizes[0]} to {sizes[-1]} px"
    return [Finding(label, float(exponent), 1, bound=tolerance, spec=".3f")]


def _check_count(model: str, quantity: str, printed: tuple[str, str], config: Mapping, **_: Any) -> tuple[str, ...]:
    if quantity not in QUANTITIES:
        raise InputError(f"nothing counts {quantity!r}; there is {', '.join(QUANTITIES)}")
    configure(model, **config)
    cell(*printed, PRINTED[quantity])
    return ()


def _check_growth(model: str, config: Mapping, **_: Any) -> tuple[str, ...]:
    configure(model, **config)
    return ()


STATISTICS = (
    Statistic("count", "a count of ours against a published one", count, COUNTS, _check_count),
    Statistic("growth with size", "exponent of the cost in pixels", growth, COUNTS, _check_growth),
)
