"""CoModGAN (Zhao et al., ICLR 2021): StyleGAN2's generator, steered by what is known of the image and by chance at
once.

A random latent is drawn in training only. Otherwise it is the vector of ones, a point like any other of the sphere on
which latents lie, so that an image has one result; for the same reason there is no noise input, whose strength starts
at zero. The code of the image is made from a map of 4 x 4 positions: at other sizes than 512 pixels the deepest map is
averaged to them, and what the decoder starts from is averaged back.
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
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.equalized import EqualizedConv, EqualizedLinear, activate
from inpaintlib.ops.modulated_conv import ModulatedConv
from inpaintlib.ops.resample import enlarge

START = 4
"""Side of the map between the two networks at 512 pixels."""


class _Encoder(nn.Module):
    """forward(mask and image [B,4,H,W]) -> (a map at each size, finest first, the image's code [B,code])."""

    def __init__(self, channels: tuple[int, ...], code: int):
        super().__init__()
        self.read = EqualizedConv(4, channels[0], 1)
        self.stay = nn.ModuleList(EqualizedConv(c, c, 3) for c in channels)
        self.leave = nn.ModuleList(EqualizedConv(a, b, 3, halving=True) for a, b in pairwise(channels))
        self.summary = EqualizedLinear(channels[-1] * START**2, code)

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        maps = [activate(self.stay[0](activate(self.read(x))))]
        for leave, stay in zip(self.leave, self.stay[1:]):
            maps.append(activate(stay(activate(leave(maps[-1])))))
        code = activate(self.summary(F.adaptive_avg_pool2d(maps[-1], START).flatten(1)))
        return maps, F.dropout(code, 0.5, self.training)


class _Mapping(nn.Sequential):
    """Eight layers that learn a hundred times slower; forward(latent [B,d]) -> code [B,d]."""

    def __init__(self, channels: int):
        super().__init__(*(EqualizedLinear(channels, channels, rate=0.01) for _ in range(8)))

    def forward(self, latent: Tensor) -> Tensor:
        x = latent * torch.rsqrt(latent.square().mean(dim=1, keepdim=True) + 1e-8)
        for layer in self:
            x = activate(layer(x))
        return x


class _Decoder(nn.Module):
    """Modulated convolutions, two a size, which meet the encoder's map between them; the image grows from size to size.

    forward(the encoder's maps, image's code [B,a], chance's code [B,b]) -> image [B,3,H,W].
    """

    def __init__(self, channels: tuple[int, ...], image: int, chance: int):
        super().__init__()
        code, upward = image + chance, channels[::-1]
        self.start = EqualizedLinear(image, upward[0] * START**2)
        self.enter = nn.ModuleList(ModulatedConv(a, b, 3, code, doubling=True) for a, b in pairwise(upward))
        self.mix = nn.ModuleList(ModulatedConv(c, c, 3, code) for c in upward)
        self.paint = nn.ModuleList(ModulatedConv(c, 3, 1, code, demodulate=False) for c in upward)

    def forward(self, maps: list[Tensor], image_code: Tensor, chance_code: Tensor) -> Tensor:
        code = torch.cat((chance_code, image_code), dim=1)
        start = activate(self.start(image_code)).unflatten(1, (-1, START, START))
        x = F.adaptive_avg_pool2d(start, maps[-1].shape[-2:]) + maps[-1]
        x = activate(self.mix[0](x, code))
        image = self.paint[0](x, code)
        for enter, mix, paint, skip in zip(self.enter, self.mix[1:], self.paint[1:], maps[-2::-1]):
            h, w = skip.shape[-2:]
            x = activate(enter(x, code))[..., :h, :w] + skip
            x = activate(mix(x, code))
            image = enlarge(image, (h, w)) + paint(x, code)
        return image


@dataclass(frozen=True)
class Config:
    """width: channels at full size, eight times as many from an eighth of it on (64 in the paper's network for 512
    pixels); everything else scales with it."""

    width: int = 64

    def __post_init__(self):
        check_values(self)


@model("comodgan")
class CoModGAN(nn.Module):
    """StyleGAN2 paints any image from a random code, which scales the channels of every convolution, and knows nothing
    of the photograph. Here each scale is read off two codes side by side, a random one and one that an encoder makes of
    the known pixels. Small holes are thus led by their surroundings, and large ones are still filled with something
    plausible, where surroundings say little.

    Takes sizes that are multiples of 64. In training the image has no bounds, so that one that overshoots still has a
    gradient; otherwise it is cut to [-1,1].
    """

    Config = Config
    stride = 64
    priors = ()
    reference = "comodgan"
    losses = (Term("reconstruction", 1.0), Term("adversarial", 1.0))
    adversary = Adversary("log", r1=10.0)

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        channels = tuple(width * factor for factor in (1, 2, 4, 8, 8, 8, 8, 8))
        self.encoder = _Encoder(channels, 16 * width)
        self.mapping = _Mapping(8 * width)
        self.decoder = _Decoder(channels, 16 * width, 8 * width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", eight maps; "decoder_input", the deepest of them."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        maps, known = self.encoder(torch.cat((batch.mask - 0.5, batch.image), dim=1))
        kept.add(encoder=maps, decoder_input=maps[-1])
        latent = batch.image.new_ones(len(batch), 8 * self.config.width)
        chance = self.mapping(torch.randn_like(latent) if self.training else latent)
        image = self.decoder(maps, known, chance)
        return Output(image if self.training else image.clamp(-1, 1), {}, kept.maps)
