"""DeepFill v2 (Yu et al., ICCV 2019): gated convolutions learn, for each channel and position, what to let through.

The discriminator is the one that all systems here share instead of SN-PatchGAN's, which has six layers of stride 2 and
needs more than 64 pixels; both judge patches under spectral norm. Maps are halved on the pixels with even coordinates.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.adversary import Adversary
from inpaintlib.batch import Batch, Output
from inpaintlib.errors import InputError
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.contextual_attention import contextual_attention
from inpaintlib.ops.gated_conv import GatedConv
from inpaintlib.ops.reduce_mask import reduce_mask

DILATIONS = (2, 4, 8, 16)


def _gated(a: int, b: int, kernel: int = 3, stride: int = 1, dilation: int = 1) -> GatedConv:
    return GatedConv(a, b, kernel, stride, dilation, gate="full")


def _dilated(channels: int) -> nn.Sequential:
    return nn.Sequential(*(_gated(channels, channels, dilation=d) for d in DILATIONS))


class _Downsampling(nn.Module):
    """Six gated convolutions, two of them with stride 2; forward(x) -> three maps, finest first. Sizes are those behind
    the gates, of the first five convolutions; the sixth keeps the last."""

    def __init__(self, channels_in: int, sizes: tuple[int, int, int, int, int]):
        super().__init__()
        a, b, c, d, e = sizes
        self.layers = nn.ModuleList(
            (
                _gated(channels_in, a, kernel=5),
                nn.Sequential(_gated(a, b, stride=2), _gated(b, c)),
                nn.Sequential(_gated(c, d, stride=2), _gated(d, e), _gated(e, e)),
            )
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return maps


class GatedDecoder(nn.Sequential):
    """Two gated convolutions, and two more behind each doubling of the size; forward(x [B,channels_in,h,w]) -> image
    [B,3,4h,4w] in [-1,1]. width: channels at full size."""

    def __init__(self, channels_in: int, width: int):
        super().__init__(
            _gated(channels_in, 4 * width),
            _gated(4 * width, 4 * width),
            nn.Upsample(scale_factor=2),
            _gated(4 * width, 2 * width),
            _gated(2 * width, 2 * width),
            nn.Upsample(scale_factor=2),
            _gated(2 * width, width),
            _gated(width, width // 2),
            nn.Conv2d(width // 2, 3, 3, padding=1),
            nn.Tanh(),
        )


class CoarseNetwork(nn.Module):
    """A first guess with a wide view; forward(image, ones and hole [B,5,H,W]) -> [B,3,H,W] in [-1,1]."""

    def __init__(self, width: int):
        super().__init__()
        self.down = _Downsampling(5, (width, 2 * width, 2 * width, 4 * width, 4 * width))
        self.dilated = _dilated(4 * width)
        self.decoder = GatedDecoder(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.dilated(self.down(x)[-1]))


class DilatedBranch(nn.Module):
    """Draws what is nowhere in the image; forward(image [B,3,H,W]) -> (three maps, finest first, and the map at a
    quarter of the size)."""

    def __init__(self, width: int):
        super().__init__()
        self.down = _Downsampling(3, (width, width, 2 * width, 2 * width, 4 * width))
        self.dilated = _dilated(4 * width)

    def forward(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        maps = self.down(image)
        return maps, self.dilated(maps[-1])


class AttentionBranch(nn.Module):
    """Borrows from known patches; forward(image [B,3,H,W], mask [B,1,H,W]) -> map at a quarter of the size.

    What is compared is never negative: the ReLU, behind a gate, turns the ELU before it into a ReLU.
    """

    def __init__(self, width: int):
        super().__init__()
        self.down = _Downsampling(3, (width, width, 2 * width, 4 * width, 4 * width))
        self.after = nn.Sequential(_gated(4 * width, 4 * width), _gated(4 * width, 4 * width))

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        x = F.relu(self.down(image)[-1])
        known = reduce_mask(mask, (x.shape[-2] // 2, x.shape[-1] // 2))
        return self.after(contextual_attention(x, known))


@dataclass(frozen=True)
class Config:
    """width: channels of the first convolution (48 in the paper's code), of which half are gates and half features;
    everything else scales with it."""

    width: int = 48

    def __post_init__(self):
        check_values(self)
        if self.width < 4:
            raise InputError(f"width is {self.width}; DeepFill v2 needs a width of at least 4.")


@model("deepfill-v2")
class DeepFillV2(nn.Module):
    """A convolution treats hole and known pixels alike, so here each one has a twin whose sigmoid says how much of
    every channel passes at every position. A first network with these gates guesses the whole hole, and a second one
    redraws the guess in two branches: dilated convolutions that invent, and attention that copies known patches. One
    decoder joins both branches into the image.

    Takes sizes that are multiples of 8.
    """

    Config = Config
    stride = 8
    priors = ()
    reference = "deepfill-v2"
    losses = (Term("reconstruction", 1.0), Term("pyramid", 1.0), Term("adversarial", 1.0))
    """The pyramid is the first guess alone, at full size."""
    adversary = Adversary(form="hinge")

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width // 2
        self.coarse = CoarseNetwork(width)
        self.dilated = DilatedBranch(width)
        self.attention = AttentionBranch(width)
        self.decoder = GatedDecoder(8 * width, width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["pyramid"], in training: a list of the first guess alone, [B,3,H,W] in [-1,1].
        features: "encoder", three maps of the dilated branch; "transferred", the attention branch's result;
        "decoder_input", both branches."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        mask = batch.mask
        coarse = self.coarse(torch.cat((batch.image, torch.ones_like(mask), 1 - mask), dim=1))
        guess = torch.where(mask > 0, batch.image, coarse)
        maps, invented = self.dilated(guess)
        copied = self.attention(guess, mask)
        both = torch.cat((invented, copied), dim=1)
        kept.add(encoder=maps, transferred=copied, decoder_input=both)
        return Output(self.decoder(both), {"pyramid": [coarse]} if self.training else {}, kept.maps)
