"""The two halves of a U-Net of partial convolutions (PConv, Liu et al., ECCV 2018): PConv's own, and CTSDG's twice."""

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.partial_conv import PartialConv, join

FACTORS = (1, 2, 4, 8, 8, 8, 8, 8)
"""Channels of the levels over those of the first."""
KERNELS = (7, 5, 5, 3, 3, 3, 3, 3)
"""Kernel sizes of the levels of the encoder."""


class Known(NamedTuple):
    """A map [B,C,h,w] and its mask [B,1,h,w], 1 known, 0 hole."""

    map: Tensor
    mask: Tensor


class PartialDown(nn.Module):
    """A partial convolution of stride 2, BatchNorm, ReLU; without `norm` the convolution has a bias instead.

    forward(Known [B,C,h,w]) -> Known [B,out,ceil(h/2),ceil(w/2)].
    """

    def __init__(self, channels: int, out: int, kernel: int, norm: bool):
        super().__init__()
        self.conv = PartialConv(channels, out, kernel, stride=2, bias=not norm)
        self.norm = nn.BatchNorm2d(out) if norm else nn.Identity()

    def forward(self, x: Known) -> Known:
        maps, mask = self.conv(*x)
        return Known(F.relu(self.norm(maps)), mask)


class PartialUp(nn.Module):
    """Map and mask repeated to the size of a skip and joined with it; a partial convolution, BatchNorm, LeakyReLU.

    `linear` leaves the last two out and gives the convolution a bias.
    forward(deep Known [B,deep,h,w], skip Known [B,skip,H,W]) -> Known [B,out,H,W].
    """

    def __init__(self, deep: int, skip: int, out: int, linear: bool = False):
        super().__init__()
        self.conv = PartialConv(deep + skip, out, 3, bias=linear, masked=True)
        self.finish = nn.Identity() if linear else nn.Sequential(nn.BatchNorm2d(out), nn.LeakyReLU(0.2))

    def forward(self, deep: Known, skip: Known) -> Known:
        size = skip.map.shape[-2:]
        raised = [F.interpolate(x, size=size, mode="nearest") for x in deep]
        maps, mask = self.conv(*join(*raised, *skip))
        return Known(self.finish(maps), mask)


class PartialEncoder(nn.Module):
    """Levels of stride 2, the first without normalization.

    forward(Known [B,inputs,H,W]) -> the maps and masks of all levels, finest first, H/2 .. H/2^levels rounded up.
    """

    def __init__(self, inputs: int, channels: tuple[int, ...]):
        super().__init__()
        ends = zip((inputs, *channels), channels, KERNELS)
        self.levels = nn.ModuleList(PartialDown(a, b, kernel, norm=k > 0) for k, (a, b, kernel) in enumerate(ends))

    def forward(self, x: Known) -> list[Known]:
        maps = []
        for level in self.levels:
            x = level(x)
            maps.append(x)
        return maps


class PartialDecoder(nn.Module):
    """From the deepest map up through the skips.

    skips, outs: channels of the skips and of the levels' results, finest first.
    forward(deepest Known [B,deep,h,w], skips, finest first) -> the levels' Known, each of the size of its skip, finest
    first.
    """

    def __init__(self, deep: int, skips: tuple[int, ...], outs: tuple[int, ...]):
        super().__init__()
        self.levels = nn.ModuleList(PartialUp(a, b, c) for a, b, c in zip((*outs[1:], deep), skips, outs))

    def forward(self, x: Known, skips: list[Known]) -> list[Known]:
        maps = []
        for level, skip in zip(reversed(self.levels), reversed(skips)):
            x = level(x, skip)
            maps.append(x)
        return maps[::-1]
