"""LaMa (Suvorov et al., WACV 2022): fast Fourier convolutions give every block a receptive field of the whole image.

Its bottleneck and its decoder are classes of their own, which other encoders take over.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.errors import InputError
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.painting import Over, Painting
from inpaintlib.models.registry import model, preset
from inpaintlib.models.values import check_values
from inpaintlib.ops.fourier import FourierBlock, reflect_pad


def split(channels: int, ratio: float) -> tuple[int, int]:
    """How many channels are local, how many global. Raises InputError when either gets none."""
    spectral = round(channels * ratio)
    if not 0 < spectral < channels:
        raise InputError(f"ratio is {ratio}; of {channels} channels it must leave some local and some global.")
    return channels - spectral, spectral


class FourierBottleneck(nn.Module):
    """Fast Fourier residual blocks on a map whose last `ratio` of the channels are the global ones.

    forward(x [B,C,H,W], kept) -> [B,C,H,W]; names "bottleneck", the map after each block.
    Raises InputError when the ratio leaves the local or the global half without a channel.
    """

    def __init__(self, channels: int, blocks: int, ratio: float):
        super().__init__()
        self.channels = split(channels, ratio)
        self.blocks = nn.ModuleList(FourierBlock(*self.channels) for _ in range(blocks))

    def forward(self, x: Tensor, kept: Features) -> Tensor:
        halves = x.split(self.channels, dim=1)
        for block in self.blocks:
            halves = block(*halves)
            if kept.wanted:
                kept.add(bottleneck=torch.cat(halves, dim=1))
        return torch.cat(halves, dim=1)


class FourierDecoder(nn.Module):
    """LaMa's decoder: transposed convolutions with BatchNorm and ReLU, each doubling the size, then 7x7.

    forward(x [B,channels_in,h,w]) -> [B,out,H,W], H = h * 2 ** len(channels), before the last activation.
    """

    def __init__(self, channels_in: int, channels: tuple[int, ...], out: int):
        super().__init__()
        self.ups = nn.Sequential(*(_Up(a, b) for a, b in zip((channels_in, *channels), channels)))
        self.last = nn.Conv2d(channels[-1], out, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(reflect_pad(self.ups(x), 3))


class _Up(nn.Sequential):
    def __init__(self, a: int, b: int):
        conv = nn.ConvTranspose2d(a, b, 3, stride=2, padding=1, output_padding=1)
        super().__init__(conv, nn.BatchNorm2d(b), nn.ReLU())


class _Encoder(nn.Module):
    """7x7, then three convolutions of stride 2 that double the channels; forward(x) -> the maps after each, finest
    first. Splitting the last one into local and global outputs is the same as splitting its map."""

    def __init__(self, width: int):
        super().__init__()
        channels = (width, 2 * width, 4 * width, 8 * width)
        self.head = _ReflectConv(4, width, 7, 1)
        self.downs = nn.ModuleList(_ReflectConv(a, b, 3, 2) for a, b in pairwise(channels))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.head(x)]
        for down in self.downs:
            maps.append(down(maps[-1]))
        return maps[1:]


class _ReflectConv(nn.Module):
    """Convolution with mirrored borders, BatchNorm, ReLU."""

    def __init__(self, a: int, b: int, kernel: int, stride: int):
        super().__init__()
        self.conv = nn.Conv2d(a, b, kernel, stride=stride, bias=False)
        self.norm = nn.BatchNorm2d(b)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(reflect_pad(x, self.conv.kernel_size[0] // 2))))


@dataclass(frozen=True)
class Config:
    """width: channels at full size (64 in the paper), eight times as many in the bottleneck.  blocks: 9 in LaMa, 18 in
    Big-LaMa.  ratio: the share of global channels in the bottleneck.  over: what is painted over, see `Painting`."""

    width: int = 64
    blocks: int = 9
    ratio: float = 0.75
    over: Over = "nothing"

    def __post_init__(self):
        check_values(self)


@model("lama")
class LaMa(nn.Module):
    """A plain encoder and decoder, between which every block sees the whole image at once. Three quarters of its
    channels are convolved in the frequency domain, where one number is a wave across the image, the others in the usual
    neighbourhoods. So even the first block can continue a periodic structure through a wide hole.

    With the losses that all hosts share here. Takes sizes that are multiples of 8.
    The paper's sigmoid gives [0,1]; tanh is the same curve on [-1,1] with twice the slope: tanh(x) = 2 sigmoid(2x) - 1.
    """

    Config = Config
    stride = 8
    priors = ()
    reference = "lama"
    losses = (Term("reconstruction", 1.0), Term("adversarial", 0.1))

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = _Encoder(width)
        self.bottleneck = FourierBottleneck(8 * width, config.blocks, config.ratio)
        self.decoder = FourierDecoder(8 * width, (4 * width, 2 * width, width), 3)
        self.painting = Painting(config.over)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", the three downsampled maps, finest first; "bottleneck", the map after
        each block; "decoder_input", the last of them."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        maps = self.encoder(torch.cat((batch.image, 1 - batch.mask), dim=1))
        x = self.bottleneck(maps[-1], kept)
        kept.add(encoder=maps, decoder_input=x)
        return Output(self.painting(torch.tanh(self.decoder(x)), batch), {}, kept.maps)


preset("big-lama", "lama", blocks=18)
