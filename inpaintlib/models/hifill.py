"""HiFill (Yi et al., CVPR 2020): light gated convolutions, coarse to fine, and contextual residual aggregation.

The paper's network sees a reduced copy of a large photograph, and the aggregated residual restores what the reduction
lost. Here it sees the image itself, and the residual is what its finest maps, at half size, cannot hold.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.hifill_decoder import ResidualAggregationDecoder
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.gated_conv import GatedConv


class _Dilated(nn.Module):
    """Groups of gated convolutions, each with a shortcut, at growing dilations."""

    def __init__(self, channels: int, dilations: tuple[tuple[int, ...], ...], gate: str):
        super().__init__()
        self.groups = nn.ModuleList(
            nn.Sequential(*(GatedConv(channels, channels, dilation=d, gate=gate) for d in group)) for group in dilations
        )

    def forward(self, x: Tensor) -> Tensor:
        for group in self.groups:
            x = x + group(x)
        return x


class CoarseNetwork(nn.Module):
    """A first guess at half size, with single-channel gates; forward(image and mask [B,4,H,W]) -> [B,3,H,W] in [-1,1].

    Sides are multiples of 8.
    """

    def __init__(self, width: int):
        super().__init__()
        double = 2 * width
        self.down = nn.Sequential(
            GatedConv(4, width, 5, stride=2, gate="single"),
            GatedConv(width, width, gate="single"),
            GatedConv(width, double, stride=2, gate="single"),
        )
        groups = ((1, 1, 1), (1, 1, 1), (2, 2, 2), (4, 4, 4), (8, 8, 8), (16, 16), (1, 1, 1))
        self.dilated = _Dilated(double, groups, "single")
        self.up = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"),
            GatedConv(double, width, gate="single"),
            GatedConv(width, width, gate="single"),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            nn.Conv2d(width, 3, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        guess = torch.tanh(self.up(self.dilated(self.down(F.avg_pool2d(x, 2)))))
        return F.interpolate(guess, scale_factor=2, mode="bilinear", align_corners=False)


class RefineEncoder(nn.Module):
    """Four maps of the coarsely filled image, finest first; depth-separable gates, pixelwise ones in the dilated part.

    forward(image and mask [B,4,H,W]) -> [f_1 .. f_4]. Sides are multiples of 16.
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        first, second, third, fourth = channels
        self.layers = nn.ModuleList(
            (
                nn.Sequential(GatedConv(4, first, 5, stride=2), GatedConv(first, first)),
                nn.Sequential(GatedConv(first, second, stride=2), GatedConv(second, second)),
                nn.Sequential(
                    GatedConv(second, third, stride=2),
                    _Dilated(third, ((1,), (2,), (4,), (8,)), "pointwise"),
                ),
                GatedConv(third, fourth, stride=2),
            )
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return maps


@dataclass(frozen=True)
class Config:
    """width: channels of the first map (32 in the paper); everything else scales with it."""

    width: int = 32

    def __post_init__(self):
        check_values(self)


@model("hifill")
class HiFill(nn.Module):
    """A small network of gated convolutions guesses the hole at half size, and a second one refines the guess.
    Attention is computed once, on a coarse map, and the same weights fill the hole of every finer map. They also move
    the detail that the reduced image lost, so that a large photograph costs little more than its small copy.

    Takes sizes that are multiples of 16.
    """

    Config = Config
    stride = 16
    priors = ()
    reference = "hifill"
    losses = (Term("reconstruction", 1.0), Term("pyramid", 1.0), Term("adversarial", 0.1))
    """The pyramid is the coarse network's guess alone, at full size."""

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        channels = tuple(config.width * factor for factor in (1, 2, 4, 4))
        self.coarse = CoarseNetwork(config.width)
        self.encoder = RefineEncoder(channels)
        self.decoder = ResidualAggregationDecoder(channels)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["pyramid"], in training: a list of the first guess alone, [B,3,H,W] in [-1,1].
        features: "encoder", four maps; "transferred", their holes filled; "decoder_input", four maps;
        "residual_image", the detail added."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        mask = batch.mask
        coarse = self.coarse(torch.cat((batch.image, mask), dim=1))
        guess = torch.where(mask > 0, batch.image, coarse)
        maps = self.encoder(torch.cat((guess, mask), dim=1))
        kept.add(encoder=maps)
        image = self.decoder(maps, batch, kept)
        return Output(image, {"pyramid": [coarse]} if self.training else {}, kept.maps)
