"""Partial convolution: a convolution that sees known pixels only (TSGL Eq. 1 and 2).

One mask channel serves all feature channels: what is known at a position is known in every channel. Window positions
outside the image do not exist, so they count neither in sum(1) nor in sum(M); a mask of ones gives a plain convolution.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class MaskUpdate(NamedTuple):
    """What one partial convolution needs to know of the mask; convolutions of the same shape and mask share it."""

    before: Float[Tensor, "b 1 h w"]
    """The mask, 1 known, 0 hole."""
    ratio: Float[Tensor, "b 1 h2 w2"]
    """sum(1) / sum(M) of Eq. 1, 0 where the window knows nothing."""
    after: Float[Tensor, "b 1 h2 w2"]
    """The next mask, Eq. 2."""


def update_mask(mask: Float[Tensor, "b 1 h w"], kernel: int, stride: int = 1) -> MaskUpdate:
    """TSGL Eq. 2 and the factor of Eq. 1 for an odd kernel, padded by kernel // 2."""
    known = F.avg_pool2d(mask, kernel, stride, kernel // 2, count_include_pad=False)
    after = (known > 0).to(mask.dtype)
    return MaskUpdate(mask, torch.where(known > 0, 1 / known.clamp_min(1e-6), known), after)


def mask_chain(mask: Float[Tensor, "b 1 h w"], kernel: int, steps: int) -> list[MaskUpdate]:
    """The updates of `steps` partial convolutions of stride 1 in a row."""
    updates = [update_mask(mask, kernel)]
    while len(updates) < steps:
        updates.append(update_mask(updates[-1].after, kernel))
    return updates


def partial_conv(
    x: Float[Tensor, "b c h w"],
    update: MaskUpdate,
    weight: Float[Tensor, "c2 c k k"],
    bias: Float[Tensor, " c2"] | None = None,
    stride: int = 1,
    masked: bool = False,
) -> Float[Tensor, "b c2 h2 w2"]:
    """TSGL Eq. 1: W^T (X * M) sum(1)/sum(M) + b where the window knows anything, else 0.

    `update` is `update_mask` of the mask with this kernel and stride; its `after` is the mask of the result. `masked`
    says that x is zero in the hole already, as the result of a partial convolution is, and saves a copy of it.
    """
    seen = x if masked else x * update.before
    out = F.conv2d(seen, weight, stride=stride, padding=weight.shape[-1] // 2).mul_(update.ratio)
    return out if bias is None else out.addcmul_(bias[:, None, None], update.after)


def join(
    a: Float[Tensor, "b c1 h w"],
    known_a: Float[Tensor, "b 1 h w"],
    b: Float[Tensor, "b c2 h w"],
    known_b: Float[Tensor, "b 1 h w"],
) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b 1 h w"]]:
    """Two maps, each with its own mask, side by side: one map, zero in both holes, and one mask for `update_mask`.

    PConv (Liu et al., ECCV 2018, Sec. 3.2) concatenates masks that are as deep as their maps, and sum(M) of Eq. 1 runs
    over the channels of both. The mask given here is the share of channels that are known at a position, in [0,1]: its
    sum over a window is sum(M) for one channel, and it is positive where either map knows something, as Eq. 2 asks.
    """
    share = (a.shape[1] * known_a + b.shape[1] * known_b) / (a.shape[1] + b.shape[1])
    return torch.cat((a * known_a, b * known_b), dim=1), share


class PartialConv(nn.Module):
    """Holds the weight (and bias) of one partial convolution; the mathematics is `partial_conv`.

    forward(x [B,C,H,W], mask [B,1,H,W]) -> (map, its mask); `with_update` takes a mask update that others share.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        stride: int = 1,
        bias: bool = False,
        masked: bool = False,
    ):
        super().__init__()
        self.kernel, self.stride, self.masked = kernel, stride, masked
        self.weight = nn.Parameter(torch.empty(channels_out, channels_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(channels_out)) if bias else None
        nn.init.kaiming_normal_(self.weight, a=0.2)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        update = update_mask(mask, self.kernel, self.stride)
        return self.with_update(x, update), update.after

    def with_update(self, x: Tensor, update: MaskUpdate) -> Tensor:
        """The map alone, from a mask update of this kernel and stride that was computed before."""
        return partial_conv(x, update, self.weight, self.bias, self.stride, self.masked)
