"""PEN-Net (Zeng et al., CVPR 2019): a U-Net whose holes are filled from deep to shallow by attention transfer."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.errors import InputError
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.pennet_decoder import AttentionTransfer, SkipDecoder, conv3
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values


@dataclass(frozen=True)
class Config:
    """width: channels of the first layer (32 in the paper); everything else scales with it."""

    width: int = 32

    def __post_init__(self):
        check_values(self)
        if self.width < 4:
            raise InputError(f"width is {self.width}; PEN-Net needs a width of at least 4.")

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the six layers."""
        return tuple(self.width * factor for factor in (1, 2, 4, 8, 16, 16))


class _Encoder(nn.Module):
    """Six 3x3 convolutions of stride 2 on image and mask; forward(x) -> the six maps, finest first."""

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        self.downs = nn.ModuleList(conv3(a, b, stride=2) for a, b in zip((4, *channels), channels))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for down in self.downs:
            x = F.leaky_relu(down(x), 0.2)
            maps.append(x)
        return maps


@model("pennet")
class PENNet(nn.Module):
    """A U-Net encodes the image down to a map of a few positions, in which a large hole is small. From there upwards
    the hole of each map is filled by attention: the deeper map, already filled, says which known places resemble a hole
    position, and their patches are moved there. The decoder reads the filled maps, and draws an image at each of its
    levels, so that every level learns from the photograph.

    Takes sizes that are multiples of 64.
    """

    Config = Config
    stride = 64
    priors = ()
    reference = "pennet"
    losses = (Term("reconstruction", 1.0), Term("pyramid", 0.5), Term("adversarial", 0.1))
    training_only = ("pyramid",)

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        channels = config.channels
        self.encoder = _Encoder(channels)
        self.transfer = AttentionTransfer(channels)
        self.decoder = SkipDecoder(channels)
        self.pyramid = nn.ModuleList(nn.Conv2d(2 * c, 3, 1) for c in channels[4::-1])

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["pyramid"], in training: images [B,3,h,w] in [-1,1], h = H/32 .. H/2, coarse to fine.
        features: "encoder", six maps; "transferred", layers 1 .. 5 with their hole filled; "decoder_input", six maps.
        """
        batch.check(self.stride, self.priors)
        kept = Features(features)
        maps = self.encoder(torch.cat((batch.image, batch.mask), dim=1))
        kept.add(encoder=maps)
        image, levels = self.decoder(self.transfer(maps, batch, kept), kept)
        aux = {}
        if self.training:
            aux["pyramid"] = [torch.tanh(to_rgb(x)) for to_rgb, x in zip(self.pyramid, levels)]
        return Output(image, aux, kept.maps)
