"""Masking positional encoding: how far a pixel of the hole is from what is known, and on which sides that lies.

Source: ZITS (Dong et al., CVPR 2022).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

FARTHEST = 127
"""Distances are cut off here, pixels."""
CORNERS = ((1, 0, 1, 0), (1, 0, 0, 1), (0, 1, 1, 0), (0, 1, 0, 1))
"""Padding (left, right, top, bottom) that makes a window of 2x2 look up left, down left, up right and down right."""


def hole_distance(mask: Float[Tensor, "b 1 h w"], farthest: int = FARTHEST) -> Float[Tensor, "b 1 h w"]:
    """How many times what is known must grow by a pixel on all sides to reach each pixel: the chessboard distance.

    Zero where the mask is 1; `farthest` at most, also where nothing is known.
    """
    distance = torch.zeros_like(mask)
    for _ in range(min(farthest, max(mask.shape[-2:]) - 1)):
        distance = distance + (1 - mask)
        mask = F.max_pool2d(mask, 3, stride=1, padding=1)
    return torch.where(mask > 0, distance, float(farthest))


def hole_directions(distance: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 4 h w"]:
    """For each of four corners whether one of the three neighbours towards it is nearer to what is known, 0 or 1."""
    nearest = [-F.max_pool2d(F.pad(-distance, pad, value=float("-inf")), 2, stride=1) for pad in CORNERS]
    return (torch.cat(nearest, dim=1) < distance).to(distance.dtype)


def sinusoid(position: Float[Tensor, "b 1 h w"], channels: int) -> Float[Tensor, "b c h w"]:
    """Sines and then cosines of the position at frequencies from 1 down to 1/10000 (Vaswani et al., 2017)."""
    pairs = (channels + 1) // 2
    rates = 10000.0 ** (-torch.arange(pairs, device=position.device, dtype=position.dtype) / pairs)
    angles = position * rates[:, None, None]
    return torch.cat((angles.sin(), angles.cos()), dim=1)[:, :channels]


class MaskingPosition(nn.Module):
    """Both encodings, each times a gain that starts at zero; forward(mask [B,1,H,W], 1 known) -> [B,C,H,W]."""

    def __init__(self, channels: int):
        super().__init__()
        self.corners = nn.Parameter(torch.randn(channels, 4, 1, 1))
        self.gains = nn.Parameter(torch.zeros(2))

    def forward(self, mask: Tensor) -> Tensor:
        distance = hole_distance(mask)
        far = sinusoid(distance, len(self.corners))
        return self.gains[0] * far + self.gains[1] * F.conv2d(hole_directions(distance), self.corners)
