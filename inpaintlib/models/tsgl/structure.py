"""The structure encoder of TSGL (Sec. III-A1) and the structure decoder D_S that trains it (Sec. III-C)."""

from itertools import pairwise
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
    """Five partial convolutions of stride 2 over edge map, grayscale and mask; widths double from layer to layer.

    forward(x [B,3,H,W], mask [B,1,H,W]) -> [S_1 .. S_5], S_k [B, width 2^(k-1), H/2^k, W/2^k]. The first layer has no
    normalization.
    """

    def __init__(self, width: int):
        super().__init__()
        self.channels = tuple(width * 2**k for k in range(5))
        inputs = (3, *self.channels[:-1])
        self.convs = nn.ModuleList(
            PartialConv(a, b, kernel, stride=2) for a, b, kernel in zip(inputs, self.channels, KERNELS)
        )
        self.norms = nn.ModuleList([nn.Identity(), *(group_norm(c) for c in self.channels[1:])])

    def forward(self, x: Tensor, mask: Tensor) -> list[Tensor]:
        maps = []
        for conv, norm in zip(self.convs, self.norms):
            x, mask = conv(x, mask)
            x = F.relu(norm(x))
            maps.append(x)
        return maps


class StructureDecoder(nn.Module):
    """D_S of TSGL Eq. 14: the whole edge map from the last structure map alone. Used in training only.

    forward(S_5 [B,16w,H/32,W/32]) -> logits [B,1,H,W]; their sigmoid is the edge map.
    """

    def __init__(self, width: int):
        super().__init__()
        channels = [16 * width, 8 * width, 4 * width, 2 * width, width, max(width // 8 * 4, 4)]
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), group_norm(b), nn.LeakyReLU(0.2))
            for a, b in pairwise(channels)
        )
        self.edge = nn.Conv2d(channels[-1], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.edge(x)
