"""What the figures plot, taken while a network is at hand, so that no figure needs the weights again."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Output
from inpaintlib.diagnostics import channel_energy, channel_entropy, high_pass, local_residual, spectrogram
from inpaintlib.evaluation import batches
from inpaintlib.protocols import Protocol

MAP_SIDE = 24
"""Spectrograms are averaged down to at most this many cells a side before they are stored."""

KINDS: dict[str, Callable[[list[Tensor]], list[Tensor]]] = {
    "texture": lambda maps: maps,
    "high_pass": lambda maps: [high_pass(x) for x in maps],
    "residual": lambda maps: [local_residual(a, b) for a, b in pairwise(maps)],
}
"""What is derived from the reconstructed texture maps of layers 0 .. 5 (0: the head, before any downsampling)."""


@torch.no_grad()
def statistics(model: nn.Module, protocol: Protocol, device: torch.device | str = "cpu") -> dict[str, np.ndarray]:
    """Per photograph: `pooled_<kind>` [N, layers, C] mean absolute activation of each channel, from which any
    distribution over channels can be made without the network; `entropy_<map>` [N, layers] mean channel entropy in
    bits, `hole_attention` [N, blocks] attention mass on hole tokens. float32."""
    rows: dict[str, list[Tensor]] = {}
    for output in _outputs(model, protocol, device):
        maps = output.features["head"] + output.features["reconstructed"]
        for kind, derive in KINDS.items():
            _append(rows, f"pooled_{kind}", [channel_energy(x) for x in derive(maps)])
        branches = [name for name in output.features if name.startswith("branch_")]
        for name in ("reconstructed", "decoder_input", *branches):
            _append(rows, f"entropy_{name}", [channel_entropy(x).mean(dim=(1, 2)) for x in output.features[name]])
        _append(rows, "hole_attention", [x.reshape(1) for x in output.features["hole_attention"]])
    return {name: torch.cat(parts).cpu().numpy() for name, parts in rows.items()}


@torch.no_grad()
def spectra(model: nn.Module, protocol: Protocol, device: torch.device | str = "cpu") -> dict[str, np.ndarray]:
    """Mean spectrograms over the protocol's photographs, `<kind>_<layer>` [s, s] for kinds texture and high_pass."""
    sums: dict[str, Tensor] = {}
    count = 0
    for output in _outputs(model, protocol, device):
        maps = output.features["head"] + output.features["reconstructed"]
        for kind in ("texture", "high_pass"):
            for layer, x in enumerate(KINDS[kind](maps)):
                name = f"{kind}_{layer}"
                sums[name] = sums.get(name, 0) + _reduced(spectrogram(x))[0]
        count += 1
    return {name: (value / count).cpu().numpy() for name, value in sums.items()}


def _outputs(model: nn.Module, protocol: Protocol, device: torch.device | str) -> Iterator[Output]:
    model.eval()
    for batch in batches(protocol, model.priors, batch_size=1):
        output: Output = model(batch.to(device), features=True)
        yield output


def _append(rows: dict[str, list[Tensor]], name: str, layers: list[Tensor]) -> None:
    rows.setdefault(name, []).append(torch.stack(layers, dim=1).float())


def _reduced(spectrum: Tensor) -> Tensor:
    side = min(MAP_SIDE, spectrum.shape[-1])
    return F.adaptive_avg_pool2d(spectrum[:, None], side)[:, 0]
