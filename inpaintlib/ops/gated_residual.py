"""Gated residual (AOT-GAN, Zeng et al., TVCG 2022): a gate decides at each position how much of a map is replaced."""

import torch
from jaxtyping import Float
from torch import Tensor

from inpaintlib.ops.normalize import global_normalization


def gated_residual(
    x: Float[Tensor, "b c h w"], new: Float[Tensor, "b c h w"], gate: Float[Tensor, "b c h w"]
) -> Float[Tensor, "b c h w"]:
    """Zeng et al., Sec. 3.1: x (1 - g) + new g, with g = sigmoid(gate), in [0,1]."""
    return torch.lerp(x, new, torch.sigmoid(gate))


def spread(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """5 (2 z - 1) of each channel's normalised values z, as released: a sigmoid after it is nearly 0 or nearly 1, and
    0 for the average position."""
    return 10 * global_normalization(x) - 5
