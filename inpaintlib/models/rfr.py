"""RFR (Li et al., CVPR 2020): one network reasons its way from the hole's border inwards, six times over.

GroupNorm stands where the paper has BatchNorm: six recurrences share each layer, and one running average cannot stand
for six distributions. What is merged comes from the recurrences alone, as the paper says; the released code adds the
map before them. The last layer has no activation there and draws in [0,1]; tanh draws in [-1,1].
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.errors import InputError
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.tsgl.structure import group_norm
from inpaintlib.models.values import check_values
from inpaintlib.ops.consistent_attention import ConsistentAttention, Memory
from inpaintlib.ops.partial_conv import PartialConv, join
from inpaintlib.ops.reduce_mask import reduce_mask

RECURRENCES = 6


class _Head(nn.Module):
    """Two 7x7 partial convolutions, the first of stride 2; forward(image, mask) -> (map [B,width,H/2,W/2], mask)."""

    def __init__(self, width: int):
        super().__init__()
        self.convs = nn.ModuleList((PartialConv(3, width, 7, stride=2), PartialConv(width, width, 7)))
        self.norms = nn.ModuleList(group_norm(width) for _ in self.convs)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        for conv, norm in zip(self.convs, self.norms):
            x, mask = conv(x, mask)
            x = F.relu(norm(x))
        return x, mask


class AreaIdentification(nn.Module):
    """Two 7x7 partial convolutions, then GroupNorm and LeakyReLU: they say which ring of the hole is to be filled next
    (Sec. 3.1). forward(x, mask) -> (map of the same shape, its mask)."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = PartialConv(channels, channels, 7)
        self.second = PartialConv(channels, channels, 7, masked=True)
        self.norm = group_norm(channels)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        x, mask = self.second(*self.first(x, mask))
        return F.leaky_relu(self.norm(x)), mask


class FeatureReasoning(nn.Module):
    """A U-Net of six levels, three of them dilated, with attention at a quarter of its size (Sec. 3.1).

    forward(x [B,width,h,w], mask, memory) -> (map of the same shape, memory). Sides are multiples of 8.
    """

    def __init__(self, width: int):
        super().__init__()
        double, four, full = 2 * width, 4 * width, 8 * width
        self.downs = nn.ModuleList(_down(a, b) for a, b in ((width, double), (double, four), (four, full)))
        self.downs.extend(_dilated(full, full, nn.ReLU()) for _ in range(3))
        self.deep = nn.ModuleList(_dilated(2 * full, full, nn.LeakyReLU(0.2)) for _ in range(2))
        self.attended = _up(2 * full, full)
        self.attention = ConsistentAttention(full)
        self.ups = nn.ModuleList((_up(full + four, four), _up(four + double, width)))

    def forward(self, x: Tensor, mask: Tensor, memory: Memory | None) -> tuple[Tensor, Memory]:
        maps = []
        for down in self.downs:
            x = down(x)
            maps.append(x)
        *skips, x = maps
        for up in (*self.deep, self.attended):
            x = up(torch.cat((x, skips.pop()), dim=1))
        x, memory = self.attention(x, reduce_mask(mask, x.shape[-2:]), memory)
        for up in self.ups:
            x = up(torch.cat((x, skips.pop()), dim=1))
        return x, memory


def _block(conv: nn.Module, channels: int, activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(conv, group_norm(channels), activation)


def _down(a: int, b: int) -> nn.Sequential:
    return _block(nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False), b, nn.ReLU())


def _dilated(a: int, b: int, activation: nn.Module) -> nn.Sequential:
    return _block(nn.Conv2d(a, b, 3, padding=2, dilation=2, bias=False), b, activation)


def _up(a: int, b: int) -> nn.Sequential:
    return _block(nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=False), b, nn.LeakyReLU(0.2))


class AdaptiveMerging(nn.Module):
    """The mean of the recurrences' maps, at each position over those that had filled it, else zero (Sec. 3.1).

    forward(maps, masks) -> [B,C,h,w].
    """

    def forward(self, maps: list[Tensor], masks: list[Tensor]) -> Tensor:
        times = sum(masks).clamp_min(1)
        return sum(x * mask for x, mask in zip(maps, masks)) / times


class _Tail(nn.Module):
    """Full size again, the input image joined in, and a residual bottleneck whose input and output both reach the last
    convolution; forward(x, mask, batch) -> [B,3,H,W]."""

    def __init__(self, width: int):
        super().__init__()
        half, small = width // 2, max(1, width // 8)
        self.up = _up(width, width)
        self.join = PartialConv(width + 3, half, 3, masked=True)
        self.bottleneck = nn.Sequential(
            _block(nn.Conv2d(half, small, 1, bias=False), small, nn.ReLU()),
            _block(nn.Conv2d(small, small, 3, padding=1, bias=False), small, nn.ReLU()),
            _block(nn.Conv2d(small, half, 1, bias=False), half, nn.Identity()),
        )
        self.last = nn.Conv2d(2 * half, 3, 3, padding=1)

    def forward(self, x: Tensor, mask: Tensor, batch: Batch) -> Tensor:
        raised = F.interpolate(mask, scale_factor=2, mode="nearest")
        x, _ = self.join(*join(batch.image, batch.mask, self.up(x), raised))
        x = F.leaky_relu(x)
        return self.last(torch.cat((x, F.relu(x + self.bottleneck(x))), dim=1))


@dataclass(frozen=True)
class Config:
    """width: channels of the first layer (64 in the paper); everything else scales with it."""

    width: int = 64

    def __post_init__(self):
        check_values(self)
        if self.width < 2:
            raise InputError(f"width is {self.width}; RFR needs a width of at least 2.")


@model("rfr")
class RFR(nn.Module):
    """Partial convolutions mark the ring of the hole that touches what is known, and a U-Net reasons about what belongs
    there. The same weights are used again on the result, ring after ring, with attention scores that are carried along
    so that what was filled early stays consistent with what is filled late. In the end each position takes the mean of
    the maps from the moment on at which it was filled.

    Takes sizes that are multiples of 16. A hole that is wider than about 160 pixels keeps an empty middle,
    which the merged map does not reach.
    """

    Config = Config
    stride = 16
    priors = ()
    losses = (Term("known", 1.0), Term("hole", 6.0), Term("perceptual", 0.05), Term("style", 120.0))
    reference = "rfr"

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        self.head = _Head(config.width)
        self.identify = AreaIdentification(config.width)
        self.reason = FeatureReasoning(config.width)
        self.merge = AdaptiveMerging()
        self.tail = _Tail(config.width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", the map before the recurrences; "recurrences", the map after each, and
        "masks", what was filled by then, all at half the size; "decoder_input", the merged map."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        x, mask = self.head(batch.image, batch.mask)
        kept.add(encoder=x)
        maps, masks, memory = [], [], None
        for _ in range(RECURRENCES):
            x, mask = self.identify(x, mask)
            x, memory = self.reason(x, mask, memory)
            maps.append(x)
            masks.append(mask)
        merged = self.merge(maps, masks)
        kept.add(recurrences=maps, masks=masks, decoder_input=merged)
        return Output(torch.tanh(self.tail(merged, mask, batch)), {}, kept.maps)
