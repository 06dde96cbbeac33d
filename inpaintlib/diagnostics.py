"""What the papers look at inside a network: distributions over channels, entropy, spectra, high-pass and residual maps.

The papers leave the definitions open; those used here are fixed in this file. All are pure functions of feature maps.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from inpaintlib.ops.residual import local_residual

__all__ = [
    "channel_distribution",
    "channel_energy",
    "channel_entropy",
    "correlation",
    "difference",
    "distribution",
    "high_pass",
    "kl",
    "kl_to_previous_layer",
    "local_residual",
    "spectrogram",
]

CUTOFF = 0.125
"""Cycles per pixel where `high_pass` lets 39 % through: a quarter of the highest frequency a map can hold."""


def channel_energy(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
    """Each channel's mean absolute activation over positions, in the units of the map.

    The vector "with the dimension as the number of all channels" into which TSGL's KL divergence turns a map (Sec.
    III-B1). Absolute values, because a channel that is far from zero speaks whichever its sign, and because the signed
    mean of a high-pass map is zero by construction.
    """
    return features.abs().mean(dim=(2, 3))


def distribution(energy: Float[Tensor, "... c"]) -> Float[Tensor, "... c"]:
    """Non-negative numbers over channels as shares: positive, summing to one, free of the map's scale."""
    energy = energy + torch.finfo(energy.dtype).tiny
    return energy / energy.sum(dim=-1, keepdim=True)


def channel_distribution(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
    """Each channel's share of a map's total absolute activation: what the KL divergence here compares."""
    return distribution(channel_energy(features))


def kl(p: Float[Tensor, "... c"], q: Float[Tensor, "... c"]) -> Float[Tensor, "..."]:
    """Kullback-Leibler divergence KL(p || q) in nats along the last axis; p and q are distributions, q positive.

    Exactly zero where p and q are equal.

    In TSGL's figures p is layer k of a variant and q is layer k - 1 of the baseline (Fig. 9, 10, 12).
    """
    log_p, log_q = (x.clamp_min(torch.finfo(x.dtype).tiny).log() for x in (p, q))
    return (p * (log_p - log_q)).sum(dim=-1)


def kl_to_previous_layer(
    energy: Float[Tensor, "... layers c"], baseline: Float[Tensor, "... layers c"]
) -> Float[Tensor, "... layers-1"]:
    """KL(p || q) in nats for every layer k but the first: p = layer k of a variant, q = layer k - 1 of the baseline.

    energy, baseline: `channel_energy` of successive layers, of maps of one kind. What is lost by the downsampling from
    layer k - 1 to layer k, measured against what a network without guides holds there: TSGL Fig. 9, 10, 12, 20, 21.
    """
    return kl(distribution(energy[..., 1:, :]), distribution(baseline[..., :-1, :]))


def channel_entropy(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b h w"]:
    """Shannon entropy over the channels at each position, in bits, from 0 (one channel speaks) to log2(c) (all alike).

    A channel's probability is its share of the absolute activation there; a position where all are zero has log2(c).
    TSGL Fig. 11 and 17.
    """
    share = features.abs()
    total = share.sum(dim=1, keepdim=True)
    share = torch.where(total > 0, share / total.clamp_min(torch.finfo(share.dtype).tiny), 1 / features.shape[1])
    return -torch.special.xlogy(share, share).sum(dim=1) / math.log(2)


def _radius(h: int, w: int, device: torch.device) -> Float[Tensor, "h w"]:
    """Cycles per pixel of each coefficient of an unshifted FFT."""
    rows = torch.fft.fftfreq(h, device=device)
    columns = torch.fft.fftfreq(w, device=device)
    return torch.hypot(rows[:, None], columns[None, :])


def high_pass(features: Float[Tensor, "b c h w"], cutoff: float = CUTOFF) -> Float[Tensor, "b c h w"]:
    """What changes quickly over a map: each channel times 1 - exp(-r^2 / 2 cutoff^2) in the frequency domain.

    The paper's "high-pass filter operator" (Fig. 8 b), the same for maps of every size. A constant map gives zero.
    """
    keep = 1 - torch.exp(-0.5 * (_radius(*features.shape[-2:], features.device) / cutoff) ** 2)
    return torch.fft.ifft2(torch.fft.fft2(features.float()) * keep).real


def correlation(a: Float[Tensor, "b c h w"], b: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
    """Normalized cross-correlation of two maps over all their channels and positions, from -1 to 1: 1 where one is the
    other times a positive number, plus a constant; 0 where either is constant.

    The "similarity via cross-correlation" of MISF Fig. 7, which leaves open what is averaged, and how it is normalized.
    """
    x, y = (v.flatten(1) - v.flatten(1).mean(dim=1, keepdim=True) for v in (a, b))
    size = (x.square().sum(dim=1) * y.square().sum(dim=1)).sqrt()
    return torch.where(size > 0, (x * y).sum(dim=1) / size.clamp_min(torch.finfo(size.dtype).tiny), 0)


def difference(a: Float[Tensor, "b c h w"], b: Float[Tensor, "b c h w"]) -> Float[Tensor, "b h w"]:
    """Mean absolute difference over channels at each position, in the units of the maps: the difference maps of MISF
    Fig. 6, whose mean is the L1 beside them."""
    return (a - b).abs().mean(dim=1)


def spectrogram(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b h w"]:
    """Mean over channels of log(1 + |F|), F the orthonormal 2-D Fourier transform, frequency zero in the centre.

    Natural logarithm, dimensionless. TSGL Fig. 9, 10, 16, 20: frequency grows from the centre to the border.
    """
    spectrum = torch.fft.fft2(features.float(), norm="ortho").abs()
    return torch.fft.fftshift(torch.log1p(spectrum).mean(dim=1), dim=(-2, -1))
