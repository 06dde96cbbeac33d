"""ZITS (Dong et al., CVPR 2022): a transformer draws the hole's edges, and LaMa's texture network takes them up.

The paper completes edges and the lines of a wireframe detector, which is not at hand: here edges alone. It does so at
256 pixels and enlarges the result to the image's size; here the tokens are those of the image itself, an eighth of its
size, and nothing is enlarged. As in the paper the texture's losses do not train the transformer.
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
from inpaintlib.models.lama import FourierBottleneck, FourierDecoder
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.axial_attention import AxialAttention, SelfAttention
from inpaintlib.ops.fourier import reflect_pad
from inpaintlib.ops.masking_position import MaskingPosition

PAIRS, HEADS, GRID = 8, 8, 32
"""Pairs of an axial and a full block, heads of each, and the side of the learned grid of positions."""


@dataclass(frozen=True)
class Config:
    """width: channels at full size (64 in the paper); four times as many in a token, eight times in the bottleneck."""

    width: int = 64

    def __post_init__(self):
        check_values(self)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the texture network at full size, 1/2, 1/4 and 1/8."""
        return tuple(self.width * factor for factor in (1, 2, 4, 8))

    @property
    def heads(self) -> int:
        """Heads of the attention: eight, or as many below as divide a token."""
        return max(n for n in range(1, HEADS + 1) if 4 * self.width % n == 0)


class _Tokens(nn.Sequential):
    """Image, edges and hole to tokens: 7x7, then three 4x4 of stride 2; forward(x [B,5,H,W]) -> [B,4w,H/8,W/8]."""

    def __init__(self, width: int):
        channels = (width, 2 * width, 4 * width, 4 * width)
        halvings = [(nn.Conv2d(a, b, 4, stride=2, padding=1), nn.ReLU()) for a, b in pairwise(channels)]
        super().__init__(_Reflected(5, width), nn.ReLU(), *(layer for pair in halvings for layer in pair))


class _Reflected(nn.Conv2d):
    """A 7x7 convolution with mirrored borders."""

    def __init__(self, a: int, b: int, bias: bool = True):
        super().__init__(a, b, 7, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(reflect_pad(x, 3))


class _Feedforward(nn.Sequential):
    """LayerNorm and two linear layers on each token, four times as wide in between."""

    def __init__(self, channels: int):
        layers = (nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels))
        super().__init__(nn.LayerNorm(channels), *layers)


class _Pair(nn.Module):
    """A block of axial attention and one of full attention; forward(x [B,H,W,C]) -> the same shape."""

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.axial, self.after_axial = AxialAttention(channels, heads), _Feedforward(channels)
        self.norm, self.full = nn.LayerNorm(channels), SelfAttention(channels, heads)
        self.after_full = _Feedforward(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.axial(x)
        x = x + self.after_axial(x)
        x = x + self.full(self.norm(x).flatten(1, 2)).view_as(x)
        return x + self.after_full(x)


class _Transformer(nn.Module):
    """Learned positions, stretched to the grid, and eight pairs of blocks; forward(x [B,C,h,w]) -> the same shape."""

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.positions = nn.Parameter(torch.zeros(1, channels, GRID, GRID))
        self.pairs = nn.Sequential(*(_Pair(channels, heads) for _ in range(PAIRS)))
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        positions = F.interpolate(self.positions, x.shape[-2:], mode="bilinear", align_corners=False)
        tokens = (x + positions).permute(0, 2, 3, 1).contiguous()
        return self.norm(self.pairs(tokens)).permute(0, 3, 1, 2)


class _Upsampler(nn.Sequential):
    """Tokens to edges: three transposed convolutions, then 7x7; forward(x [B,4w,h,w]) -> logits [B,1,8h,8w]."""

    def __init__(self, width: int):
        channels = (4 * width, 4 * width, 2 * width, width)
        doublings = [(nn.ConvTranspose2d(a, b, 4, stride=2, padding=1), nn.ReLU()) for a, b in pairwise(channels)]
        super().__init__(*(layer for pair in doublings for layer in pair), _Reflected(width, 1))


class _Normed(nn.Module):
    """A convolution whose output BatchNorm and ReLU follow; a gated one has twice the channels, half of them gates."""

    def __init__(self, conv: nn.Module, gated: bool = False):
        super().__init__()
        self.conv, self.gated = conv, gated
        self.norm = nn.BatchNorm2d(conv.out_channels // (2 if gated else 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return F.relu(self.norm(F.glu(x, dim=1) if self.gated else x))


class _Residual(nn.Module):
    """Two 3x3 convolutions with BatchNorm, the first with dilation 2, around a shortcut."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = _Normed(nn.Conv2d(channels, channels, 3, dilation=2, bias=False))
        self.second = nn.Conv2d(channels, channels, 3, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.second(reflect_pad(self.first(reflect_pad(x, 2)), 1)))


class _StructureEncoder(nn.Module):
    """Edges and hole to four residuals for the texture network: down, three blocks, and up with gates.

    forward(x [B,2,H,W]) -> [r_1 .. r_4], finest first, each times a gain that starts at zero (ReZero).
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        a, b, c, d = channels
        self.down = nn.Sequential(
            _Normed(_Reflected(2, 2 * a), gated=True),
            _Normed(nn.Conv2d(a, 2 * b, 4, stride=2, padding=1), gated=True),
            _Normed(nn.Conv2d(b, c, 4, stride=2, padding=1, bias=False)),
            _Normed(nn.Conv2d(c, d, 4, stride=2, padding=1, bias=False)),
            *(_Residual(d) for _ in range(3)),
        )
        self.ups = nn.ModuleList(
            _Normed(nn.ConvTranspose2d(m, 2 * n, 4, stride=2, padding=1), gated=True) for m, n in pairwise((d, c, b, a))
        )
        self.gains = nn.Parameter(torch.zeros(4))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.down(x)]
        for up in self.ups:
            maps.insert(0, up(maps[0]))
        return [gain * x for gain, x in zip(self.gains, maps)]


class _TextureEncoder(nn.Module):
    """LaMa's encoder, which takes positions up before its first normalization and a residual after every layer.

    forward(x [B,4,H,W], positions [B,w,H,W], residuals, finest first) -> the four maps, finest first.
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        self.head, self.norm = _Reflected(4, channels[0], bias=False), nn.BatchNorm2d(channels[0])
        self.downs = nn.ModuleList(
            _Normed(nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False)) for a, b in pairwise(channels)
        )

    def forward(self, x: Tensor, positions: Tensor, residuals: list[Tensor]) -> list[Tensor]:
        maps = [F.relu(self.norm(self.head(x) + positions)) + residuals[0]]
        for down, residual in zip(self.downs, residuals[1:]):
            maps.append(down(maps[-1]) + residual)
        return maps


@model("zits")
class ZITS(nn.Module):
    """A transformer on an eighth of the image's size sees colours and edges around the hole and draws the edges that
    are missing. A convolutional encoder turns the completed edges into maps that are added, with gains that start at
    zero, to those of a texture network with LaMa's Fourier blocks, which so starts as LaMa. A positional encoding tells
    that network how far each pixel of the hole is from what is known, and on which sides that lies.

    Takes sizes that are multiples of 8.
    """

    Config = Config
    stride = 8
    priors = ("edge",)
    losses = (
        Term("known", 10.0),
        Term("adversarial", 10.0),
        Term("feature_matching", 100.0),
        Term("perceptual", 30.0),
        Term("edge_entropy", 1.0),
    )
    adversary = Adversary("log", r1=0.002, patches="hole")  # The paper's 0.001 is not halved.
    reference = "zits"

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width, channels = config.width, config.channels
        self.tokens = _Tokens(width)
        self.transformer = _Transformer(4 * width, config.heads)
        self.upsampler = _Upsampler(width)
        self.structure = _StructureEncoder(channels)
        self.positions = MaskingPosition(width)
        self.texture = _TextureEncoder(channels)
        self.bottleneck = FourierBottleneck(channels[-1], 9, 0.75)
        self.decoder = FourierDecoder(channels[-1], channels[2::-1], 3)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["edge"], in training: logits of the edges [B,1,H,W]. features: "edge", the completed
        edges in [0,1]; "structure", four maps that are added to those of texture, finest first; "encoder", the four
        sums; "bottleneck", the map after each block; "decoder_input", the last of them."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        known, hole, image = batch.priors["edge"], 1 - batch.mask, batch.image
        logits = self.upsampler(self.transformer(self.tokens(torch.cat((image, known, hole), dim=1))))
        edge = torch.where(batch.mask > 0, known, torch.sigmoid(logits.detach()))
        residuals = self.structure(torch.cat((edge, hole), dim=1))
        maps = self.texture(torch.cat((image, hole), dim=1), self.positions(batch.mask), residuals)
        x = self.bottleneck(maps[-1], kept)
        kept.add(edge=edge, structure=residuals, encoder=maps, decoder_input=x)
        return Output(torch.tanh(self.decoder(x)), {"edge": logits} if self.training else {}, kept.maps)
