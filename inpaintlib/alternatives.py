"""Other readings of what the papers left open: each diagnostic by other definitions, for the book's page on them.

`diagnostics.py` holds the definitions that the book uses. Here are those that a reader could have chosen as well, and
what a network's maps are under them: does a conclusion outlive another definition?
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib import dump
from inpaintlib.diagnostics import channel_energy, high_pass
from inpaintlib.protocols import Protocol

ROWS = range(4)
"""Of the diagnostics protocol, where it has so many."""
Pooling = Callable[[Tensor], Tensor]


def mean_square(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
    """Each channel's mean squared activation: large values count more than in `channel_energy`."""
    return features.float().square().mean(dim=(2, 3))


def signed_mean(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
    """Each channel's mean with its sign; `softmax` makes a distribution of it."""
    return features.float().mean(dim=(2, 3))


def laplacian(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """Each pixel's four neighbours minus four times itself, edges repeated: high-pass by the smallest filter."""
    x = F.pad(features.float(), (1, 1, 1, 1), mode="replicate")
    cross = x[..., 1:-1, :-2] + x[..., 1:-1, 2:] + x[..., :-2, 1:-1] + x[..., 2:, 1:-1]
    return cross - 4 * features.float()


def bilinear_residual(before: Float[Tensor, "b c h w"], after: Float[Tensor, "b c h2 w2"]) -> Float[Tensor, "b c h w"]:
    """The local residual with a smooth enlargement in the place of repeated pixels."""
    return before - F.interpolate(after, size=before.shape[-2:], mode="bilinear", align_corners=False)


def entropy_of_squares(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b h w"]:
    """Entropy over channels in bits, of shares of the squared activation."""
    square = features.float().square() + torch.finfo(torch.float32).tiny
    return _entropy(square / square.sum(dim=1, keepdim=True))


def entropy_of_softmax(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b h w"]:
    """Entropy over channels in bits, of a softmax over the activations themselves, which knows signs and scale."""
    return _entropy(torch.softmax(features.float(), dim=1))


def outer_share(spectrum: Float[Tensor, "b h w"]) -> Float[Tensor, " b"]:
    """Mean beyond half the highest frequency over the mean of a centred spectrum: 1 where it is flat."""
    h, w = spectrum.shape[-2:]
    rows, columns = ((torch.arange(side, device=spectrum.device) - side // 2).abs() / side for side in (h, w))
    outer = torch.maximum(rows[:, None], columns[None, :]) >= 0.25
    return spectrum[:, outer].mean(dim=1) / spectrum.mean(dim=(1, 2)).clamp_min(torch.finfo(spectrum.dtype).tiny)


def _spectrum(scaling: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Outer share of the amplitudes, scaled, and averaged over channels."""

    def share(features: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
        amplitude = torch.fft.fft2(features.float(), norm="ortho").abs()
        return outer_share(torch.fft.fftshift(scaling(amplitude).mean(dim=1), dim=(-2, -1)))

    return share


POOLINGS: dict[str, Pooling] = {"mean absolute": channel_energy, "mean square": mean_square, "signed mean": signed_mean}
"""How a map becomes a vector over channels, before the KL divergence."""
HIGH_PASSES: dict[str, Callable[[Tensor], Tensor]] = {
    "cutoff 1/16": lambda x: high_pass(x, 0.0625),
    "cutoff 1/4": lambda x: high_pass(x, 0.25),
    "Laplacian": laplacian,
}
"""High-pass operators besides the book's, whose cutoff is 1/8 of a cycle per pixel."""
ENTROPIES: dict[str, Callable[[Tensor], Tensor]] = {"squares": entropy_of_squares, "softmax": entropy_of_softmax}
"""How activations become shares, before the entropy, besides the book's shares of absolute values."""
SPECTRA: dict[str, Callable[[Tensor], Tensor]] = {
    "log amplitude": _spectrum(torch.log1p),
    "amplitude": _spectrum(lambda a: a),
    "power": _spectrum(torch.square),
}
"""How the amplitudes of a spectrum are scaled before they are averaged over channels; the first is the book's."""
ENTROPIC = ("reconstructed", "branch_structure", "branch_residual")


@torch.no_grad()
def measured(model: nn.Module, protocol: Protocol, device: torch.device | str = "cpu") -> dict[str, np.ndarray]:
    """Per photograph, of a network that reconstructs texture maps: `<kind>|<definition>` [N, layers, C], the vectors
    that KL compares, for kinds texture, high_pass (layers 0 .. 5) and residual (1 .. 5); and [N, layers]
    `<map>|<definition>`, the mean entropy in bits of ENTROPIC, and `spectrum|<definition>`, the outer share of the
    reconstructed texture. What `dump.statistics` has by the book's definitions is not repeated. float32.

    Empty for a network that reconstructs no texture.
    """
    rows: dict[str, list[Tensor]] = {}
    seen = [row for row in ROWS if row < len(protocol.rows())]
    for output in dump.outputs(model, protocol, device, rows=seen):
        named = output.features
        maps = dump.texture(model, named)
        if not maps:
            return {}
        for name, layers in _vectors(model, named).items():
            _append(rows, name, layers)
        for name, entropy in ENTROPIES.items():
            for kind in (kind for kind in ENTROPIC if kind in named):
                _append(rows, f"{kind}|{name}", [entropy(x).mean(dim=(1, 2)) for x in named[kind]])
        for name, share in SPECTRA.items():
            _append(rows, f"spectrum|{name}", [share(x) for x in maps])
    return {name: torch.cat(parts).cpu().numpy() for name, parts in rows.items()}


def _vectors(model: nn.Module, named: dict[str, list[Tensor]]) -> dict[str, list[Tensor]]:
    maps = dump.texture(model, named)
    found = {}
    for kind in ("texture", "high_pass", "residual"):
        found[f"{kind}|mean square"] = [mean_square(x) for x in dump.derived(model, named, kind)]
    found["texture|signed mean"] = [signed_mean(x) for x in maps]
    for name, operator in HIGH_PASSES.items():
        found[f"high_pass|{name}"] = [channel_energy(operator(x)) for x in maps]
    pairs = pairwise(maps)
    found["residual|bilinear"] = [channel_energy(bilinear_residual(a, b)) for a, b in pairs]
    return found


def _append(rows: dict[str, list[Tensor]], name: str, layers: Sequence[Tensor]) -> None:
    rows.setdefault(name, []).append(torch.stack(list(layers), dim=1).float())


def _entropy(share: Float[Tensor, "b c h w"]) -> Float[Tensor, "b h w"]:
    return -torch.special.xlogy(share, share).sum(dim=1) / torch.log(torch.tensor(2.0))
