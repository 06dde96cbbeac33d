"""Appearance flow (StructureFlow, Ren et al., ICCV 2019): each position of a map says where its features are, and takes
a Gaussian average from around there."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

Sampling = tuple[int, float]
"""The side of the sampled window, even, and the Gaussian's deviation, both in positions of the map."""


def gaussian_sampling(
    x: Float[Tensor, "b c h w"], flow: Float[Tensor, "b 2 h w"], window: int, sigma: float
) -> Float[Tensor, "b c h w"]:
    """Sum over j of a_j x_j / sum of a_j, a_j = exp(-(dv^2 + dh^2) / (2 sigma^2)), over the window x window positions j
    around position + flow, dv and dh their vertical and horizontal distance from it (Ren et al., Sec. 3.2).

    flow: rows down, columns right, in positions of the map. A centre beyond the border is moved onto it; positions of
    the window that do not exist count nowhere. As the Gaussian is a product of one along the rows and one along the
    columns, so is the average: a window of any size costs the same.
    """
    h, w = x.shape[-2:]
    rows, columns = (torch.arange(size, device=x.device, dtype=torch.float32) for size in (h, w))
    vertical = _weights(flow[:, 0] + rows[:, None], rows, window, sigma)
    horizontal = _weights(flow[:, 1] + columns, columns, window, sigma)
    along_rows = x.flatten(1, 2) @ horizontal.to(x.dtype).mT
    sampled = (along_rows.unflatten(1, (-1, h)) * vertical.mT[:, None]).sum(dim=2)
    return sampled.unflatten(-1, (h, w)).to(x.dtype)


def _weights(centre: Tensor, positions: Float[Tensor, " n"], window: int, sigma: float) -> Float[Tensor, "b hw n"]:
    """Of each position along one side, for each centre [B,h,w]; they sum to one."""
    centre = centre.flatten(1).clamp(0, len(positions) - 1)[..., None]
    first = centre.floor() - (window // 2 - 1)
    inside = (positions >= first) & (positions < first + window)
    weights = torch.exp(-((positions - centre) ** 2) / (2 * sigma**2)) * inside
    return weights / weights.sum(dim=-1, keepdim=True)


class AppearanceFlow(nn.Module):
    """Features that a flow fetches in several ways; forward(x [B,C,h,w], flow [B,2,h,w]) -> [B,C * samplings,h,w]."""

    def __init__(self, samplings: tuple[Sampling, ...]):
        super().__init__()
        self.samplings = samplings

    def forward(self, x: Tensor, flow: Tensor) -> Tensor:
        return torch.cat([gaussian_sampling(x, flow, *sampling) for sampling in self.samplings], dim=1)
