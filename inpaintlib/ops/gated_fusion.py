"""Bi-directional gated feature fusion: two maps give each other what their gates let through (CTSDG, Guo et al., ICCV
2021, "Bi-directional Gated Feature Fusion")."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def receive(
    own: Float[Tensor, "b c h w"],
    other: Float[Tensor, "b c h w"],
    gate: Float[Tensor, "b c h w"],
    strength: Float[Tensor, ""],
) -> Float[Tensor, "b c h w"]:
    """F + strength (sigmoid(gate) * F'), where `gate` is read off both maps; CTSDG's F' and strengths alpha, beta."""
    return own + strength * (torch.sigmoid(gate) * other)


class GatedFusion(nn.Module):
    """Holds the two gates, and the two strengths, which begin at zero.

    forward(texture [B,C,H,W], structure [B,C,H,W]) -> both after the exchange, side by side [B,2C,H,W].
    """

    def __init__(self, channels: int):
        super().__init__()
        self.gates = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1)
        self.strengths = nn.Parameter(torch.zeros(2))

    def forward(self, texture: Tensor, structure: Tensor) -> Tensor:
        of_structure, of_texture = self.gates(torch.cat((texture, structure), dim=1)).chunk(2, dim=1)
        to_texture, to_structure = self.strengths
        fused = (
            receive(texture, structure, of_structure, to_texture),
            receive(structure, texture, of_texture, to_structure),
        )
        return torch.cat(fused, dim=1)
