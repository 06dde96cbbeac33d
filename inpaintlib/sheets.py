"""The maps inside a network as pictures, on one sheet: what figures and the book's browser show of a training.

A sheet has a line of tiles for every kind of map and photograph, and a column for every layer. A tile is a map scaled
to its own smallest and largest value; the two are kept beside the sheet, so that several maps can share a scale again.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib import dump, results
from inpaintlib.diagnostics import channel_entropy
from inpaintlib.protocols import Protocol

TILE = 64
"""Pixels of a tile's side: larger maps are averaged down to it, smaller ones have their pixels repeated."""
LAYERS = 5
ROWS = (0, 2)
"""Of the diagnostics protocol, where it has so many: a crab on sand, and a duck on still water."""

Named = dict[str, list[Tensor]]


def _energy(layers: Sequence[Tensor]) -> list[Tensor]:
    return [x.float().abs().mean(dim=1) for x in layers]


def _entropy(layers: Sequence[Tensor]) -> list[Tensor]:
    return [channel_entropy(x) for x in layers]


def _structure(model: nn.Module, named: Named) -> list[Tensor]:
    """After its guide, where structure is what the network reconstructs."""
    return named.get("reconstructed" if getattr(model, "main", "") == "structure" else "structure", [])


def _branch(named: Named, guide: str) -> list[Tensor]:
    """Of a branch among several; where it is alone, what it gives is the reconstructed map."""
    several = sum(name.startswith("branch_") for name in named) > 1
    return _entropy(named.get(f"branch_{guide}", [])) if several else []


KINDS: dict[str, tuple[str, Callable[[nn.Module, Named], list[Tensor]]]] = {
    "texture": ("activation", lambda model, named: _energy(dump.texture(model, named)[1:])),
    "high_pass": ("activation", lambda model, named: _energy(dump.derived(model, named, "high_pass")[1:])),
    "residual": ("activation", lambda model, named: _energy(dump.derived(model, named, "residual"))),
    "structure": ("activation", lambda model, named: _energy(_structure(model, named))),
    "entropy": ("bits", lambda model, named: _entropy(dump.texture(model, named)[1:])),
    "branch_structure": ("bits", lambda _, named: _branch(named, "structure")),
    "branch_residual": ("bits", lambda _, named: _branch(named, "residual")),
    "branch_texture": ("bits", lambda _, named: _branch(named, "texture")),
    "decoder_input": ("bits", lambda _, named: _entropy(named.get("decoder_input", []))),
    "balanced": ("activation", lambda _, named: _energy(named.get("streams", []) + named.get("equalized", []))),
    "encoder": ("activation", lambda _, named: _energy(named.get("encoder", []))),
    "decoded_texture": ("activation", lambda _, named: _energy(named.get("decoded_texture", []))),
    "decoded_structure": ("activation", lambda _, named: _energy(named.get("decoded_structure", []))),
}
"""Kind of map -> its unit, and the maps [B,h,w] of the layers of one forward pass, finest first, none where the network
has none: the mean absolute activation over channels ("activation", in the units of the map), or the entropy over
channels at each position ("bits"). "balanced" has no layers but the balance module's streams and their equalized
fusion."""


@torch.no_grad()
def sheet(
    model: nn.Module, protocol: Protocol, kinds: Sequence[str], device: torch.device | str = "cpu"
) -> tuple[UInt8[np.ndarray, "height width"], dict[str, Float[np.ndarray, "photographs layers 2"]]]:
    """The sheet of those kinds that the network has, and for each of them, in the order of its lines, what black and
    white stand for in every tile, NaN in the columns of layers that the kind does not have. Of at most LAYERS layers.

    An empty sheet and no kinds for a network that has none.
    """
    lines: dict[str, list[np.ndarray]] = {}
    ends: dict[str, list[np.ndarray]] = {}
    for output in dump.outputs(model, protocol, device, rows=shown_rows(protocol)):
        named: Named = output.features
        for kind in kinds:
            if maps := KINDS[kind][1](model, named)[:LAYERS]:
                tiles, limits = zip(*(_tile(x[0]) for x in maps))
                empty = LAYERS - len(maps)
                line = np.concatenate([*tiles, *[np.zeros_like(tiles[0])] * empty], axis=1)
                lines.setdefault(kind, []).append(line)
                ends.setdefault(kind, []).append(np.array([*limits, *[(np.nan, np.nan)] * empty], np.float16))
    if not lines:
        return np.zeros((0, LAYERS * TILE), np.uint8), {}
    picture = np.concatenate([line for several in lines.values() for line in several])
    return picture, {kind: np.stack(values) for kind, values in ends.items()}


def read(experiment: str, profile: str) -> tuple[UInt8[np.ndarray, "height width"], dict[str, np.ndarray]]:
    """An experiment's sheet and its ends. Raises InputError when its results hold none."""
    picture = results.read_picture(experiment, profile, "sheet")
    return picture[:, :, 0], results.read_arrays(experiment, profile, "sheet")


def shown_rows(protocol: Protocol) -> list[int]:
    """The rows of ROWS that the protocol has: the photographs of a sheet."""
    return [row for row in ROWS if row < len(protocol.rows())]


def maps(
    picture: UInt8[np.ndarray, "height width"], ends: dict[str, np.ndarray], kind: str, photograph: int
) -> Float[np.ndarray, "layers side side"]:
    """The maps of a kind and photograph on a sheet, in their own units; layers that the kind lacks are left out.

    What WebP and 256 steps leave of a map: within about one per cent of its range. Raises KeyError on a kind that the
    sheet does not have.
    """
    place = list(ends).index(kind) if kind in ends else _missing(kind, ends)
    top = (place * len(ends[kind]) + photograph) * TILE
    tiles = picture[top : top + TILE].reshape(TILE, LAYERS, TILE).transpose(1, 0, 2) / np.float32(255)
    low, high = ends[kind][photograph].astype(np.float32).T[:, :, None, None]
    there = np.isfinite(ends[kind][photograph][:, 0])
    return (low + tiles * (high - low))[there]


def _missing(kind: str, ends: dict[str, np.ndarray]) -> int:
    raise KeyError(f"The sheet has no {kind!r}; it has {', '.join(ends)}.")


def _tile(x: Tensor) -> tuple[UInt8[np.ndarray, "tile tile"], tuple[float, float]]:
    size = [min(TILE, side) for side in x.shape]
    small = F.interpolate(F.adaptive_avg_pool2d(x[None, None].float(), size), size=(TILE, TILE), mode="nearest")[0, 0]
    low, high = (float(np.float16(end)) for end in (small.min(), small.max()))
    share = (small - low) / (high - low) if high > low else torch.zeros_like(small)
    return (share * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy(), (low, high)
