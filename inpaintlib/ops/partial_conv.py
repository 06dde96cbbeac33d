"""Partial convolution: a convolution that sees known pixels only (TSGL Eq. 1 and 2).

One mask channel serves all feature channels: what is known at a position is known in every channel. Window positions
outside the image do not exist, so they count neither in sum(1) nor in sum(M); a mask of ones gives a plain convolution.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def update_mask(
    mask: Float[Tensor, "b 1 h w"], kernel: int, stride: int, padding: int
) -> tuple[Float[Tensor, "b 1 h2 w2"], Float[Tensor, "b 1 h2 w2"]]:
    """The factor sum(1)/sum(M) of TSGL Eq. 1 (0 where nothing is known) and the next mask of Eq. 2.

    `mask` is 1 where known, 0 in the hole. Nothing but the mask is read: one call serves all convolutions of a shape.
    """
    known = F.avg_pool2d(mask, kernel, stride, padding, count_include_pad=False)
    updated = (known > 0).to(mask.dtype)
    return torch.where(known > 0, 1 / known.clamp_min(1e-6), known), updated


def partial_conv(
    x: Float[Tensor, "b c h w"],
    mask: Float[Tensor, "b 1 h w"],
    weight: Float[Tensor, "c2 c k k"],
    bias: Float[Tensor, " c2"] | None = None,
    stride: int = 1,
) -> tuple[Float[Tensor, "b c2 h2 w2"], Float[Tensor, "b 1 h2 w2"]]:
    """TSGL Eq. 1: W^T (X * M) sum(1)/sum(M) + b where the window knows anything, else 0; with the mask of Eq. 2.

    Odd kernels, padded by k // 2. Returns the map and the updated mask.
    """
    kernel = weight.shape[-1]
    ratio, updated = update_mask(mask, kernel, stride, kernel // 2)
    out = F.conv2d(x * mask, weight, stride=stride, padding=kernel // 2) * ratio
    if bias is not None:
        out = out + bias[:, None, None] * updated
    return out, updated


class PartialConv(nn.Module):
    """Holds the weight (and bias) of one partial convolution; the mathematics is `partial_conv`."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, bias: bool = False):
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(channels_out, channels_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(channels_out)) if bias else None
        nn.init.kaiming_normal_(self.weight, a=0.2)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        return partial_conv(x, mask, self.weight, self.bias, self.stride)
