"""What the figures plot, taken while a network is at hand, so that no figure needs the weights again."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.diagnostics import channel_energy, channel_entropy, correlation, high_pass, local_residual, spectrogram
from inpaintlib.evaluation import batches
from inpaintlib.protocols import Protocol

CELLS = {"texture": 24, "high_pass": 24, "residual": 16, "structure": 16}
"""Spectrograms are averaged down to at most so many cells a side before they are stored."""

KINDS: dict[str, Callable[[list[Tensor]], list[Tensor]]] = {
    "texture": lambda maps: maps,
    "high_pass": lambda maps: [high_pass(x) for x in maps],
    "residual": lambda maps: [local_residual(a, b) for a, b in pairwise(maps)],
}
"""What is derived from the reconstructed texture maps of layers 0 .. 5 (0: the head, before any downsampling)."""
FIRST = {"texture": 0, "high_pass": 0, "residual": 1, "structure": 1}
"""The layer that each kind begins with: the residual of layer k is what is lost from layer k - 1 to layer k."""


@torch.no_grad()
def statistics(model: nn.Module, protocol: Protocol, device: torch.device | str = "cpu") -> dict[str, np.ndarray]:
    """Per photograph, of a network that reconstructs texture maps: `pooled_<kind>` [N, layers, C] mean absolute
    activation of each channel, from which any distribution over channels can be made without the network; and of every
    network what `entropies` gives. float32."""
    rows: dict[str, list[Tensor]] = {}
    for output in outputs(model, protocol, device):
        for kind in KINDS:
            if maps := derived(model, output.features, kind):
                _append(rows, f"pooled_{kind}", [channel_energy(x) for x in maps])
        _append_entropies(rows, output)
    return _joined(rows)


@torch.no_grad()
def entropies(model: nn.Module, protocol: Protocol, device: torch.device | str = "cpu") -> dict[str, np.ndarray]:
    """Per photograph `entropy_<map>` [N, layers] mean channel entropy in bits of the reconstructed maps, the decoder's
    inputs, the maps of the guides' branches and a host's own encoder, and `hole_attention` [N, blocks] attention mass
    on hole tokens: those of them that the network names. float32."""
    rows: dict[str, list[Tensor]] = {}
    for output in outputs(model, protocol, device):
        _append_entropies(rows, output)
    return _joined(rows)


@torch.no_grad()
def similarities(model: nn.Module, protocol: Protocol, device: torch.device | str = "cpu") -> dict[str, np.ndarray]:
    """Of every row, how like the true image's features those of the masked image are, before the network filters them
    and after: `similarity_prefiltered` and `similarity_filtered` [N], MISF Fig. 7. Empty of a network that filters no
    feature. float32."""
    if getattr(getattr(model, "config", None), "filter_feature", "none") == "none":
        return {}
    model.eval()
    rows: dict[str, list[Tensor]] = {"similarity_prefiltered": [], "similarity_filtered": []}
    for batch in batches(protocol, model.priors):
        batch = batch.to(device)
        whole = Batch.make(batch.target.image, torch.ones_like(batch.mask), priors=model.priors, truth=())
        seen, true = (model(one, features=True).features for one in (batch, whole))
        for name, maps in rows.items():
            which = name.removeprefix("similarity_")
            maps.append(correlation(seen[which][0], true[which][0]))
    return _joined(rows)


@torch.no_grad()
def spectra(model: nn.Module, protocol: Protocol, device: torch.device | str = "cpu") -> dict[str, np.ndarray]:
    """Mean spectrograms over the protocol's photographs, `<kind>_<layer>` [s, s], float32: of texture and high_pass
    (layers 0 .. 5), residual (1 .. 5), and structure (1 .. 5) where the network has a structure encoder."""
    sums: dict[str, Tensor] = {}
    count = 0
    for output in outputs(model, protocol, device):
        for kind, layers in _kinds(model, output).items():
            for layer, x in enumerate(layers, start=FIRST[kind]):
                name = f"{kind}_{layer}"
                sums[name] = sums.get(name, 0) + _reduced(spectrogram(x), CELLS[kind])[0]
        count += 1
    return {name: (value / count).cpu().numpy() for name, value in sums.items()}


def outputs(
    model: nn.Module, protocol: Protocol, device: torch.device | str, rows: Sequence[int] | None = None
) -> Iterator[Output]:
    """What the network gives for one photograph after the other, with its features; rows: all, or these."""
    model.eval()
    for batch in batches(protocol, model.priors, batch_size=1, rows=rows):
        output: Output = model(batch.to(device), features=True)
        yield output


def texture(model: nn.Module, named: dict[str, list[Tensor]]) -> list[Tensor]:
    """The reconstructed texture maps of layers 0 .. 5; empty where the network reconstructs none."""
    if getattr(model, "main", "") != "texture":
        return []
    return named["head"] + named["reconstructed"]


def derived(model: nn.Module, named: dict[str, list[Tensor]], kind: str) -> list[Tensor]:
    """The maps of one of KINDS, from layer FIRST[kind] on; empty where the network reconstructs no texture."""
    maps = texture(model, named)
    return KINDS[kind](maps) if maps else []


def _kinds(model: nn.Module, output: Output) -> dict[str, list[Tensor]]:
    """The maps of each kind that the network has, from layer FIRST[kind] on."""
    found = {kind: derived(model, output.features, kind) for kind in KINDS}
    found["structure"] = output.features.get("structure", [])
    return {kind: layers for kind, layers in found.items() if layers}


def _append_entropies(rows: dict[str, list[Tensor]], output: Output) -> None:
    branches = [name for name in output.features if name.startswith("branch_")]
    for name in ("reconstructed", "decoder_input", "encoder", *branches):
        if name in output.features:
            _append(rows, f"entropy_{name}", [channel_entropy(x).mean(dim=(1, 2)) for x in output.features[name]])
    if "hole_attention" in output.features:
        _append(rows, "hole_attention", [x.reshape(1) for x in output.features["hole_attention"]])


def _append(rows: dict[str, list[Tensor]], name: str, layers: list[Tensor]) -> None:
    rows.setdefault(name, []).append(torch.stack(layers, dim=1).float())


def _joined(rows: dict[str, list[Tensor]]) -> dict[str, np.ndarray]:
    return {name: torch.cat(parts).cpu().numpy() for name, parts in rows.items()}


def _reduced(x: Float[Tensor, "b h w"], side: int) -> Float[Tensor, "b s t"]:
    return F.adaptive_avg_pool2d(x[:, None], [min(side, length) for length in x.shape[-2:]])[:, 0]
