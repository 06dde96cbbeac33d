"""MADF (Zhu et al., TIP 2021): an encoder whose filters follow the mask, and three decoders that refine each other.

As in the released network, the encoder has no normalization and the mask enters as three equal channels. Images between
the decoders are judged by their plain L1 alone. Below 128 pixels the deepest maps are one position wide: halving then
rounds up, and doubling is cut to the size of the map that it meets.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.mask_aware_conv import MaskAwareConv

KERNELS = (7, 5, 3, 3, 3, 3, 3)
CODE = 16
"""Channels of the mask's code, at any width."""


class MaskAwareEncoder(nn.Module):
    """Seven mask-aware convolutions of stride 2, and a 1x1 convolution on each map, to four times its channels.

    forward(image and mask [B,6,H,W], mask [B,3,H,W]) -> seven maps, finest first.
    """

    def __init__(self, width: int):
        super().__init__()
        sizes = tuple(width * factor for factor in (1, 2, 4, 8, 8, 8, 8))
        levels = zip((6, *sizes), sizes, (3, *(CODE,) * 6), KERNELS)
        self.filters = nn.ModuleList(MaskAwareConv(a, b, code, CODE, kernel) for a, b, code, kernel in levels)
        self.widen = nn.ModuleList(nn.Conv2d(c, 4 * c, 1) for c in sizes)

    def forward(self, x: Tensor, code: Tensor) -> list[Tensor]:
        maps = []
        for conv, widen in zip(self.filters, self.widen):
            x, code = conv(x, code)
            maps.append(F.relu(widen(x)))
        return maps


class _Double(nn.Module):
    """Transposed convolution to twice the size, cut to `size`, and BatchNorm."""

    def __init__(self, a: int, b: int, affine: bool):
        super().__init__()
        self.conv = nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(b, affine=affine)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        return self.norm(self.conv(x))[..., : size[0], : size[1]]


class RecoveryDecoder(nn.Module):
    """A U-Net's decoder: doubled maps are fused with the encoder's. channels: from the deepest map to the finest one.

    forward(seven maps, image and mask [B,6,H,W]) -> (six maps, deep to fine, image [B,3,H,W]).
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        self.doubles = nn.ModuleList(_Double(a, b, affine=True) for a, b in pairwise(channels))
        self.fuse = nn.ModuleList(nn.Conv2d(2 * c, c, 3, padding=1) for c in channels[1:])
        self.to_image = nn.ConvTranspose2d(channels[-1], 3, 4, stride=2, padding=1)
        self.blend = nn.Conv2d(9, 3, 3, padding=1)

    def forward(self, maps: list[Tensor], seen: Tensor) -> tuple[list[Tensor], Tensor]:
        x, levels = maps[-1], []
        for double, fuse, skip in zip(self.doubles, self.fuse, maps[-2::-1]):
            x = F.leaky_relu(double(x, skip.shape[-2:]), 0.2)
            x = F.relu(fuse(torch.cat((skip, x), dim=1)))
            levels.append(x)
        return levels, self.blend(torch.cat((seen, self.to_image(x)), dim=1))


class PointwiseNormalized(nn.Module):
    """Doubling with pointwise normalization: a guide scales and shifts each normalized position.

    forward(x [B,a,h,w], guide [B,b,H,W]) -> [B,b,H,W].
    """

    def __init__(self, a: int, b: int, hidden: int):
        super().__init__()
        self.enlarge = _Double(a, b, affine=False)
        self.shared = nn.Conv2d(b, hidden, 3, padding=1)
        self.scale = nn.Conv2d(hidden, b, 3, padding=1)
        self.shift = nn.Conv2d(hidden, b, 3, padding=1)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        x, hidden = self.enlarge(x, guide.shape[-2:]), F.relu(self.shared(guide))
        return F.leaky_relu(x * (1 + self.scale(hidden)) + self.shift(hidden), 0.2)


class RefinementDecoder(nn.Module):
    """Decodes the deepest map anew, guided at every level by the decoder before it; sees the images drawn so far.

    forward(deepest map, six guides, deep to fine, images [B,k,H,W]) -> (six maps, deep to fine, image [B,3,H,W]).
    """

    def __init__(self, channels: tuple[int, ...], hidden: int, images: int):
        super().__init__()
        self.doubles = nn.ModuleList(PointwiseNormalized(a, b, hidden) for a, b in pairwise(channels))
        self.blend = nn.Conv2d(channels[-1] + images, 3, 1)

    def forward(self, x: Tensor, guides: list[Tensor], images: Tensor) -> tuple[list[Tensor], Tensor]:
        levels = []
        for double, guide in zip(self.doubles, guides):
            x = double(x, guide)
            levels.append(x)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return levels, self.blend(torch.cat((x, images), dim=1))


@dataclass(frozen=True)
class Config:
    """width: channels of the first map (16 in the paper); everything but the mask's code scales with it."""

    width: int = 16

    def __post_init__(self):
        check_values(self)


@model("madf")
class MADF(nn.Module):
    """A hole border looks like an edge to a filter that is the same everywhere, so the encoder's filters are predicted
    at each position from the shape of the mask around it. A first decoder recovers the image, and two more decode the
    same code again, each guided at every level by the maps of the decoder before. All three images are compared with
    the photograph in training, so every decoder starts from an answer that is already good.

    Takes sizes that are multiples of 64. In training the images have no bounds, so that one that overshoots still has a
    gradient; otherwise they are cut to [-1,1].
    """

    Config = Config
    stride = 64
    priors = ()
    reference = "madf"
    losses = (
        Term("known", 1.0),
        Term("hole", 6.0),
        Term("pyramid", 2.0),
        Term("perceptual", 0.05),
        Term("perceptual_composite", 0.05),
        Term("style", 120.0),
        Term("style_composite", 120.0),
        Term("total_variation", 0.1),
    )
    """The pyramid is the mean over the first two decoders, each at full size and with weight one."""

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        channels = tuple(4 * width * factor for factor in (8, 8, 8, 8, 4, 2, 1))
        self.encoder = MaskAwareEncoder(width)
        self.recovery = RecoveryDecoder(channels)
        self.refinement1 = RefinementDecoder(channels, 8 * width, images=9)
        self.refinement2 = RefinementDecoder(channels, 8 * width, images=12)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["pyramid"], in training: the images [B,3,H,W] of the first two decoders.
        features: "encoder", seven maps; "decoder_input", the deepest of them; "guides", the six maps of the first and
        of the second decoder, deep to fine."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        mask = batch.mask.expand(-1, 3, -1, -1)
        seen = torch.cat((batch.image, mask), dim=1)
        maps = self.encoder(seen, mask)
        recovered, first = self.recovery(maps, seen)
        refined, second = self.refinement1(maps[-1], recovered, torch.cat((first, seen), dim=1))
        _, image = self.refinement2(maps[-1], refined, torch.cat((first, second, seen), dim=1))
        kept.add(encoder=maps, decoder_input=maps[-1], guides=[*recovered, *refined])
        if self.training:
            return Output(image, {"pyramid": [first, second]}, kept.maps)
        return Output(image.clamp(-1, 1), {}, kept.maps)
