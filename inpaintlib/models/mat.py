"""MAT (Li et al., CVPR 2022): a transformer that attends to known tokens fills large holes, and a style varies it.

The released network leaves its images unbounded, and has noise in each layer of the decoder; here tanh bounds both
images and the noise is left out. Its partial convolutions have StyleGAN2's filter before a stride, and all its weights
are scaled at run time; here they have no such filter, and only the modulated convolutions are scaled. The attention has
no output projection: the linear layer after it holds it.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.adversary import Adversary
from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.mat_style import Conv, Mapping, StyledConv, StyledUps, StyleManipulation, UpConv
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.attention import AttentionBlock
from inpaintlib.ops.modulated_conv import ModulatedConv
from inpaintlib.ops.partial_conv import PartialConv

DEPTHS, WINDOWS, HEADS = (2, 3, 4, 3, 2), (8, 16, 16, 16, 8), 6
TAU = 100.0


@dataclass(frozen=True)
class Config:
    """width: channels of the head and of all tokens (180 in the paper); everything else scales with it. The heads are
    six, or as many below as divide the width."""

    width: int = 180

    def __post_init__(self):
        check_values(self)

    @property
    def heads(self) -> int:
        """Heads of the attention."""
        return max(n for n in range(1, HEADS + 1) if self.width % n == 0)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the refining U-Net, from full size down to 1/32."""
        unit = max(1, round(self.width * 64 / 180))
        return tuple(unit * factor for factor in (1, 2, 4, 8, 8, 8))


class _Layer(PartialConv):
    """A 3x3 partial convolution and leaky ReLU; forward(x, mask) -> (map, its mask)."""

    def __init__(self, a: int, b: int, stride: int = 1):
        super().__init__(a, b, 3, stride, bias=True)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        x, mask = super().forward(x, mask)
        return F.leaky_relu(x, 0.2), mask


class _Head(nn.Module):
    """Four convolutions from the image down to 1/8; forward(x [B,4,H,W], mask) -> (maps, finest first, last mask)."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.ModuleList((_Layer(4, width), *(_Layer(width, width, 2) for _ in range(3))))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[list[Tensor], Tensor]:
        maps = []
        for layer in self.layers:
            x, mask = layer(x, mask)
            maps.append(x)
        return maps, mask


class _Stage(nn.Module):
    """Blocks of masked window attention, every second one shifted, and a convolution, around a shortcut (Sec. 3.3).

    forward(x [B,C,H,W], mask, kept) -> (map, its mask); names "hole_attention", each block's mass on the hole.
    """

    def __init__(self, config: Config, depth: int, window: int):
        super().__init__()
        self.blocks = nn.ModuleList(
            AttentionBlock(config.width, config.heads, window, bool(i % 2), TAU) for i in range(depth)
        )
        self.conv = _Layer(config.width, config.width)

    def forward(self, x: Tensor, mask: Tensor, kept: Features) -> tuple[Tensor, Tensor]:
        start = x
        for block in self.blocks:
            x, mask, mass = block(x, mask, kept.wanted)
            if mass is not None:
                kept.add(hole_attention=mass)
        x, mask = self.conv(x, mask)
        return start + x, mask


class _Descent(nn.Module):
    """Stages 1 to 3, at 1/8, 1/16 and 1/32; forward(x, mask, kept) -> the maps after each, finest first."""

    def __init__(self, config: Config):
        super().__init__()
        self.stages = nn.ModuleList(_Stage(config, d, w) for d, w in zip(DEPTHS[:3], WINDOWS))
        self.downs = nn.ModuleList(_Layer(config.width, config.width, 2) for _ in range(2))

    def forward(self, x: Tensor, mask: Tensor, kept: Features) -> list[Tensor]:
        x, mask = self.stages[0](x, mask, kept)
        maps = [x]
        for down, stage in zip(self.downs, self.stages[1:]):
            x, mask = stage(*down(x, mask), kept)
            maps.append(x)
        return maps


class _Ascent(nn.Module):
    """Stages 4 and 5, back to 1/16 and 1/8, where every token counts as known; forward(x, skips finest first, kept)."""

    def __init__(self, config: Config):
        super().__init__()
        self.stages = nn.ModuleList(_Stage(config, d, w) for d, w in zip(DEPTHS[3:], WINDOWS[3:]))
        self.ups = nn.ModuleList(UpConv(config.width, config.width) for _ in range(2))

    def forward(self, x: Tensor, skips: list[Tensor], kept: Features) -> Tensor:
        for up, stage, skip in zip(self.ups, self.stages, reversed(skips)):
            x = up(x)
            x, _ = stage(x, torch.ones_like(x[:, :1]), kept)
            x = x + skip
        return x


class _Encoder(nn.Module):
    """The refining U-Net's way down, two convolutions a size; forward(x [B,7,H,W]) -> six maps, finest first."""

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        first = nn.Sequential(Conv(7, channels[0], 1), Conv(channels[0], channels[0], 3))
        halvings = (nn.Sequential(Conv(a, b, 3, halving=True), Conv(b, b, 3)) for a, b in pairwise(channels))
        self.levels = nn.ModuleList((first, *halvings))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for level in self.levels:
            x = level(x)
            maps.append(x)
        return maps


class _Decoder(nn.Module):
    """The way back up from 1/32, in the style; forward(x, skips finest first, style) -> the image, unbounded."""

    def __init__(self, channels: tuple[int, ...], style: int):
        super().__init__()
        self.conv = Conv(channels[-1], channels[-1], 3)
        self.first = StyledConv(channels[-1], channels[-1], 3, style)
        self.to_image = ModulatedConv(channels[-1], 3, 1, style, demodulate=False)
        self.ups = StyledUps(channels[::-1], style)

    def forward(self, x: Tensor, skips: list[Tensor], style: Tensor) -> Tensor:
        x = self.first(self.conv(x) + x, style)
        return self.ups(x, skips, style, self.to_image(x, style))


@model("mat")
class MAT(nn.Module):
    """A transformer sees the known parts of the image as tokens and lets each of them look at known tokens alone, in
    windows whose tokens become known once one of them was. A style code made from noise and from the whole map scales
    the convolutions that draw the image, so that one hole can be filled in many ways. A second network of convolutions
    then sharpens the filled image.

    Takes sizes that are multiples of 32. Training draws the noise and the mixing pattern of each pass with torch's
    generator; evaluation takes a fixed noise and an even mixture, and is deterministic.
    """

    Config = Config
    stride = 32
    priors = ()
    losses = (Term("adversarial", 1.0), Term("perceptual", 0.1))
    adversary = Adversary("log", r1=10.0)
    reference = "mat"

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width, channels = config.width, config.channels
        deepest = channels[-1]
        self.mapping = Mapping(deepest)
        self.head = _Head(width)
        self.descent = _Descent(config)
        self.style = StyleManipulation(width, deepest, own=width, halvings=4)
        self.ascent = _Ascent(config)
        self.tail = StyledUps((width,) * 4, self.style.size)
        self.encoder = _Encoder(channels)
        self.refined_style = StyleManipulation(deepest, deepest, own=None, halvings=3)
        self.decoder = _Decoder(channels, self.refined_style.size)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["coarse"], in training: the first network's image [B,3,H,W] in [-1,1]. features:
        "encoder", four maps of the head and three of the transformer, finest first; "hole_attention", the attention
        mass on the hole of each block; "decoder_input", what the tail decodes; "refined", six maps of the second
        network."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        mask, image = batch.mask, batch.image
        code = self.mapping(image)
        heads, valid = self.head(torch.cat((mask - 0.5, image), dim=1), mask)
        maps = self.descent(heads[-1], valid, kept)
        x, style = self.style(maps[-1], code)
        x = self.ascent(x, maps[:-1], kept)
        kept.add(encoder=heads + maps, decoder_input=x)
        coarse = torch.tanh(self.tail(x, heads[:-1], style))
        guess = torch.where(mask > 0, image, coarse)
        maps = self.encoder(torch.cat((mask - 0.5, guess, image), dim=1))
        kept.add(refined=maps)
        x, style = self.refined_style(maps[-1], code)
        refined = torch.tanh(self.decoder(x, maps[:-1], style))
        return Output(refined, {"coarse": coarse} if self.training else {}, kept.maps)
