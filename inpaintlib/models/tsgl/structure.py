"""The structure encoder of TSGL (Sec. III-A1)."""

from math import gcd

from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.partial_conv import PartialConv

KERNELS = (7, 5, 5, 3, 3)


def group_norm(channels: int) -> nn.GroupNorm:
    """The paper's "normalization layer": four groups (fewer where four do not divide the channels), so that no image
    depends on the others of its batch. The released code has BatchNorm."""
    return nn.GroupNorm(gcd(4, channels), channels)


class StructureEncoder(nn.Module):
    """Five partial convolutions of stride 2 over the structure priors and the mask; widths double at each layer.

    inputs: channels of priors and mask, three for edge map and grayscale.  layer(k, x, mask) -> (S_{k+1}, its mask), k
    from 0; S_k [B, width 2^(k-1), H/2^k, W/2^k]. The first layer has no normalization.
    """

    def __init__(self, width: int, inputs: int = 3):
        super().__init__()
        self.channels = tuple(width * 2**k for k in range(5))
        inputs = (inputs, *self.channels[:-1])
        self.convs = nn.ModuleList(
            PartialConv(a, b, kernel, stride=2) for a, b, kernel in zip(inputs, self.channels, KERNELS)
        )
        self.norms = nn.ModuleList([nn.Identity(), *(group_norm(c) for c in self.channels[1:])])

    def layer(self, k: int, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """One layer: partial convolution, normalization, ReLU."""
        x, mask = self.convs[k](x, mask)
        return F.relu_(self.norms[k](x)), mask
