"""MEDFE (Liu et al., ECCV 2020): shallow maps are texture, deep maps structure; both are filled, then equalized.

Its middle is TSGL's balance module, which was taken over from here. Maps reach it, and the decoder, after their
activation; the released code hands the skips on before it. The released code fills the hole of the input with a mean
color; here it is zero. One discriminator judges the whole image, where the paper has a second one for patches.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.tsgl.balance_released import ReleasedBalance
from inpaintlib.models.values import check_values
from inpaintlib.ops.fourier import reflect_pad
from inpaintlib.ops.normalize import global_normalization

BLOCKS, DILATION = 4, 2
"""Residual blocks at the bottom, and the dilation of their first convolution."""


class _InstanceNorm(nn.Module):
    """Instance normalization with a scale and a shift a channel, on maps of any size, one position included."""

    def __init__(self, channels: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))
        self.shift = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return global_normalization(x) * self.scale + self.shift


class _Encoder(nn.Module):
    """Six 4x4 convolutions of stride 2, all but the first and the last with InstanceNorm.

    forward(image and mask [B,4,H,W]) -> six maps, finest first, H/2 .. H/64.
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        ends = list(zip((4, *channels), channels))
        plain = (0, len(ends) - 1)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1, bias=k in plain) for k, (a, b) in enumerate(ends))
        self.norms = nn.ModuleList(nn.Identity() if k in plain else _InstanceNorm(c) for k, c in enumerate(channels))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for conv, norm in zip(self.convs, self.norms):
            x = F.leaky_relu(norm(conv(x)), 0.2)
            maps.append(x)
        return maps


class _Residual(nn.Module):
    """A dilated and a plain 3x3 convolution around a shortcut, with mirrored borders; forward(x) -> the same shape."""

    def __init__(self, channels: int):
        super().__init__()
        self.dilated = nn.Conv2d(channels, channels, 3, dilation=DILATION, bias=False)
        self.plain = nn.Conv2d(channels, channels, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        change = F.relu(global_normalization(self.dilated(reflect_pad(x, DILATION))))
        return x + global_normalization(self.plain(reflect_pad(change, 1)))


class _Decoder(nn.Module):
    """Six transposed convolutions, each but the first on what is below it and the map of its size.

    forward(six maps, finest first) -> image [B,3,H,W] in [-1,1].
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        skips, outs = (*channels[:-1], 0), channels[:-1]
        ends = zip(channels, skips, (3, *outs))
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(c + skip, out, 4, 2, 1, bias=k == 0) for k, (c, skip, out) in enumerate(ends)
        )
        self.norms = nn.ModuleList(_InstanceNorm(c) for c in outs)

    def forward(self, maps: list[Tensor]) -> Tensor:
        *skips, x = maps
        for up, norm in zip(reversed(self.ups), reversed(self.norms)):
            x = torch.cat((norm(up(F.relu(x))), skips.pop()), dim=1)
        return torch.tanh(self.ups[0](F.relu(x)))


@dataclass(frozen=True)
class Config:
    """width: channels of the first layer (64 in the paper); everything else scales with it."""

    width: int = 64

    def __post_init__(self):
        check_values(self)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the six layers."""
        return tuple(self.width * factor for factor in (1, 2, 4, 8, 8, 8))


def _to_image(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, 3, 1), nn.Tanh())


@model("medfe")
class MEDFE(nn.Module):
    """The three shallow layers of one encoder are read as texture and the three deep ones as structure, and each group
    is filled by chains of partial convolutions of three kernel sizes. In training either filled group must show its
    image, the photograph or its smooth version. Joined, they are equalized over channels and positions, so that
    structure and texture agree, and go back to every layer on the way to the decoder.

    Takes sizes that are multiples of 64. At 64 pixels the deepest map is one position, of which InstanceNorm leaves
    nothing, so that the residual blocks give their input and have no gradient.
    """

    Config = Config
    stride = 64
    priors = ()
    losses = (
        Term("reconstruction", 1.0),
        Term("perceptual", 0.2),
        Term("style", 250.0),
        Term("adversarial", 0.2),
        Term("structure", 1.0),
        Term("pyramid", 1.0),
    )
    reference = "medfe"
    training_only = ("structure_image", "texture_image")

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        channels = config.channels
        self.encoder = _Encoder(channels)
        self.middle = nn.Sequential(*(_Residual(channels[-1]) for _ in range(BLOCKS)))
        self.balance = ReleasedBalance(channels)
        self.decoder = _Decoder(channels)
        self.structure_image = _to_image(channels[2])
        self.texture_image = _to_image(channels[2])

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux, in training: "structure" and "pyramid", a list of one image each, [B,3,H/8,W/8] in
        [-1,1], seen in the structure and in the texture group. features: "encoder", six maps; "streams", both groups
        as filled, structure first; "equalized", the two as one; "decoder_input", six maps."""
        batch.check(self.stride, self.priors)
        kept = Features(features or self.training)
        *maps, deep = self.encoder(torch.cat((batch.image, batch.mask), dim=1))
        maps = [*maps, self.middle(deep)]
        balanced = self.balance(maps, batch.mask, kept)
        kept.add(encoder=maps, decoder_input=balanced)
        image = self.decoder(balanced)
        aux = {}
        if self.training:
            structure, texture = kept.maps["streams"]
            aux = {"structure": [self.structure_image(structure)], "pyramid": [self.texture_image(texture)]}
        return Output(image, aux, kept.maps if features else {})
