"""Region normalization (Yu et al., AAAI 2020): hole and known positions are normalised apart, so that neither shifts
the mean and the deviation of the other."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from inpaintlib.ops.reduce_mask import reduce_mask

EPS = 1e-5
THRESHOLD = 0.8
"""Of the response beyond which a position belongs to the learned region, as released."""


def region_normalization(x: Float[Tensor, "b c h w"], region: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b c h w"]:
    """Yu et al., Sec. 3: (x - mu_k) / sigma_k with the mean and the deviation of the region k that x lies in.

    region: 1 in one of the two regions, 0 in the other. Statistics are those of one channel of one image; a region
    without a position has none and is not missed.
    """
    return _within(x, region) + _within(x, 1 - region)


def _within(x: Tensor, region: Tensor) -> Tensor:
    """The values of a region, normalised, and zero outside."""
    size = region.sum(dim=(2, 3), keepdim=True).clamp_min(1)
    centred = (x - (x * region).sum(dim=(2, 3), keepdim=True) / size) * region
    return centred * torch.rsqrt(centred.square().sum(dim=(2, 3), keepdim=True) / size + EPS)


class BasicRegionNorm(nn.Module):
    """RN-B: the regions are hole and known, each with a scale and a shift of its own for every channel.

    forward(x [B,C,h,w], mask [B,1,H,W], 1 known, of any size) -> [B,C,h,w].
    """

    def __init__(self, channels: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(2, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(2, channels, 1, 1))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        known = reduce_mask(mask, x.shape[-2:])
        gamma, beta = (torch.where(known > 0, *values) for values in (self.gamma, self.beta))
        return gamma * region_normalization(x, known) + beta


class LearnableRegionNorm(nn.Module):
    """RN-L: the regions are where a response to the map itself is strong and where it is weak; scale and shift at each
    position are read off the same response, one for all channels.

    response: from the channels' mean and maximum.  forward(x [B,C,H,W]) -> [B,C,H,W].
    """

    def __init__(self):
        super().__init__()
        self.response = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.gamma_beta = nn.Conv2d(1, 2, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.cat((x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)), dim=1)
        response = torch.sigmoid(self.response(pooled))
        gamma, beta = self.gamma_beta(response).chunk(2, dim=1)
        return (1 + gamma) * region_normalization(x, (response >= THRESHOLD).to(x.dtype)) + beta
