"""Denormalization: a guide gives a normalised map its scale and shift back, position by position (TSGL Eq. 6)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def denormalize(
    normalised: Float[Tensor, "b c h w"], gamma: Float[Tensor, "b c h w"], beta: Float[Tensor, "b c h w"]
) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 6: gamma(F_de) * (F - mu) / sigma + beta(F_de)."""
    return torch.addcmul(beta, gamma, normalised)


SCALES = {"gamma": (0.0, 1.0), "1+gamma": (1.0, 0.0)}
"""What is added to gamma, and where its bias starts: Eq. 6 as printed, and the released code."""


class Denormalize(nn.Module):
    """Normalise a map, then denormalise it with gamma and beta that two convolutions read off the guide (Eq. 6).

    The scale of the normalised map starts near one, whether it is gamma or 1 + gamma (`scale`, a name of SCALES), so
    that an untrained guide changes little.  normalise: of a map [B,C,H,W], whose shape it keeps.
    forward(x [B,C,H,W], guide [B,G,H,W]) -> [B,C,H,W].
    """

    def __init__(
        self,
        channels: int,
        guide_channels: int,
        hidden: int,
        normalise: Callable[[Tensor], Tensor],
        scale: str = "gamma",
    ):
        super().__init__()
        self.normalise = normalise
        self.read = nn.Conv2d(guide_channels, hidden, 3, padding=1)
        self.gamma_beta = nn.Conv2d(hidden, 2 * channels, 3, padding=1)
        self.added, start = SCALES[scale]
        nn.init.kaiming_normal_(self.read.weight)
        nn.init.zeros_(self.read.bias)
        nn.init.xavier_normal_(self.gamma_beta.weight, gain=0.5)
        nn.init.zeros_(self.gamma_beta.bias)
        nn.init.constant_(self.gamma_beta.bias[:channels], start)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        gamma, beta = self.gamma_beta(F.relu(self.read(guide))).chunk(2, dim=1)
        return denormalize(self.normalise(x), gamma + self.added if self.added else gamma, beta)
