"""HAN (Deng et al., ECCV 2022): an hourglass of attention whose patches grow and then shrink, weighed by distance.

The released network adds faint noise to the image, in evaluation too; here an image has one result.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.fourier import reflect_pad
from inpaintlib.ops.laplace_attention import LaplaceAttention

PATCHES = (1, 2, 4, 8)


def _norm(channels: int) -> nn.InstanceNorm2d:
    return nn.InstanceNorm2d(channels)


class _Residual(nn.Module):
    """Two convolutions with a shortcut, each behind InstanceNorm and SiLU; the first of them bare where `first`.

    The shortcut leaves positions out before its 1x1 convolution: with channels last, 8 of them and a stride, torch 2.15
    writes past the end of that convolution's gradient on a CPU.
    """

    def __init__(self, a: int, b: int, kernel: int = 3, stride: int = 1, first: bool = False):
        super().__init__()
        before = () if first else (_norm(a), nn.SiLU())
        self.convs = nn.Sequential(
            *before,
            nn.Conv2d(a, b, kernel, stride=stride, padding=kernel // 2, bias=False),
            _norm(b),
            nn.SiLU(),
            nn.Conv2d(b, b, kernel, padding=kernel // 2),
        )
        self.stride = stride
        self.shortcut = nn.Identity() if a == b else nn.Conv2d(a, b, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.convs(x) + self.shortcut(x[..., :: self.stride, :: self.stride])


class _Encoder(nn.Module):
    """forward(image and mask [B,4,H,W]) -> maps at full, half and quarter size."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.ModuleList(
            (
                _Residual(4, width, kernel=5, first=True),
                nn.Sequential(_Residual(width, 2 * width, stride=2), _Residual(2 * width, 2 * width)),
                nn.Sequential(_Residual(2 * width, 4 * width, stride=2), _Residual(4 * width, 4 * width)),
            )
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return maps


class AttentionBlock(nn.Module):
    """Laplace attention, then convolutions, each with a shortcut; forward(x [B,C,H,W]) -> [B,C,H,W]."""

    def __init__(self, channels: int, patch: int):
        super().__init__()
        self.attention = nn.Sequential(
            LaplaceAttention(channels, patch),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.feed_forward = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=2, dilation=2, bias=False),
            _norm(channels),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            _norm(channels),
            nn.LeakyReLU(0.2),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(x)
        return x + self.feed_forward(x)


class _Decoder(nn.Module):
    """forward(x [B,4*width,h,w]) -> image [B,3,4h,4w] in [-1,1]."""

    def __init__(self, width: int):
        super().__init__()
        self.stages = nn.ModuleList(nn.Sequential(_Residual(2 * c, c), _Residual(c, c)) for c in (2 * width, width))
        self.last = nn.Conv2d(width, 3, 7)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.stages:
            x = stage(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
        return torch.tanh(self.last(reflect_pad(x, 3)))


@dataclass(frozen=True)
class Config:
    """width: channels at full size (64 in the paper), four times as many where attention works."""

    width: int = 64

    def __post_init__(self):
        check_values(self)


@model("han")
class HAN(nn.Module):
    """Attention finds what a hole may borrow anywhere in the image, but likeness alone also brings together what does
    not belong together. So each of its scores loses a learned amount for every step between the two places, as if
    distances followed a Laplace distribution. Eight such layers form an hourglass: their tokens are patches that grow
    from one position to eight by eight, and shrink again.

    Takes sizes that are multiples of 32.
    """

    Config = Config
    stride = 32
    priors = ()
    reference = "han"
    losses = (Term("reconstruction", 1.0), Term("adversarial", 0.1), Term("perceptual", 1.0), Term("style", 250.0))

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = _Encoder(width)
        self.growing = nn.Sequential(*(AttentionBlock(4 * width, patch) for patch in PATCHES))
        self.shrinking = nn.Sequential(*(AttentionBlock(4 * width, patch) for patch in PATCHES[::-1]))
        self.decoder = _Decoder(width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", three maps; "waist", the map between the two halves of the hourglass;
        "decoder_input", the map behind them."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        maps = self.encoder(torch.cat((batch.image, batch.mask), dim=1))
        waist = self.growing(maps[-1])
        x = self.shrinking(waist)
        kept.add(encoder=maps, waist=waist, decoder_input=x)
        return Output(self.decoder(x), {}, kept.maps)
