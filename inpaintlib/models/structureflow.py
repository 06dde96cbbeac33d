"""StructureFlow (Ren et al., ICCV 2019): first the smooth structure of the hole, then texture that a flow fetches from
where it is known.

The paper trains the reconstructor of the structure first; here both stages train together, and as in the paper no
gradient of the texture reaches the structure. The smooth image is this book's L0 smoothing. Channels follow the
released code; its spectral norm is left out, as the norm after a convolution undoes any scale.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from inpaintlib.batch import Batch, Output
from inpaintlib.errors import InputError
from inpaintlib.features import Features
from inpaintlib.losses import Adversary, Term
from inpaintlib.models.registry import model
from inpaintlib.models.skeleton import InstanceNorm, Mirrored, Norm, Residual, instance_norm
from inpaintlib.models.values import check_values
from inpaintlib.ops.appearance_flow import AppearanceFlow

SAMPLINGS = ((16, 4.0), (4, 2.0))
"""Window and deviation of the two Gaussians, as released."""

layer_norm: Norm = partial(nn.GroupNorm, 1)
"""All of an image's map by one mean and one deviation, then a scale and a shift for each channel."""


def _same(a: int, b: int, kernel: int, norm: Norm = instance_norm) -> nn.Sequential:
    """A convolution that keeps the size, norm, ReLU."""
    return nn.Sequential(Mirrored(a, b, kernel, bias=False), norm(b), nn.ReLU())


def _half(a: int, b: int, norm: Norm = instance_norm) -> nn.Sequential:
    """A 4x4 convolution of stride 2, norm, ReLU."""
    return nn.Sequential(nn.Conv2d(a, b, 4, stride=2, padding=1, bias=False), norm(b), nn.ReLU())


def _down(a: int, b: int) -> nn.Sequential:
    return nn.Sequential(_half(a, b), _same(b, b, 5))


def _residuals(channels: int, count: int, norm: Norm = instance_norm) -> nn.Sequential:
    return nn.Sequential(*(Residual(channels, norm, dilation=1) for _ in range(count)))


def _up(a: int, b: int, blocks: int, norm: Norm = instance_norm) -> nn.Sequential:
    """Residual blocks at half the size, then twice the size and a 5x5 convolution."""
    return nn.Sequential(_residuals(a, blocks, norm), nn.Upsample(scale_factor=2), _same(a, b, 5, norm))


class Reconstructor(nn.Module):
    """The structure of the whole image: a U-Net of three levels whose skips are convolved and added (Sec. 3.1).

    forward(image, smooth image, hole [B,7,H,W]) -> [B,3,H,W] in [-1,1]. Sides are multiples of 8.
    """

    def __init__(self, width: int):
        super().__init__()
        levels = (width, 2 * width, 4 * width)
        self.first = _same(7, width, 7)
        self.downs = nn.ModuleList((_down(width, 2 * width), _down(2 * width, 4 * width), _half(4 * width, 8 * width)))
        self.skips = nn.ModuleList(_same(c, c, 5) for c in levels)
        self.ups = nn.ModuleList(_up(2 * c, c, blocks=4) for c in levels)
        self.last = Mirrored(width, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.first(x)]
        for down in self.downs:
            maps.append(down(maps[-1]))
        x = maps.pop()
        for up, skip, shallow in zip(self.ups[::-1], self.skips[::-1], maps[::-1]):
            x = up(x) + skip(shallow)
        return torch.tanh(self.last(x))


class FlowField(nn.Module):
    """Where each position of the quarter-size map finds its texture: a U-Net of four levels (Sec. 3.2).

    forward(image, structure, hole [B,7,H,W]) -> flow [B,2,H/4,W/4], rows down and columns right, in positions of that
    map. Sides are multiples of 16.
    """

    def __init__(self, width: int):
        super().__init__()
        two, four, eight = 2 * width, 4 * width, 8 * width
        self.first = nn.Sequential(_same(7, width // 2, 7), _down(width // 2, width))
        self.quarter = _down(width, two)
        self.eighth = _down(two, four)
        self.deep = nn.Sequential(_down(four, eight), _residuals(eight, 2), *_doubling(eight, four))
        self.up = nn.Sequential(_same(eight, four, 5), _residuals(four, 2), *_doubling(four, two))
        self.read = nn.Sequential(_same(four, width, 5), Mirrored(width, 2, 3, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        quarter = self.quarter(self.first(x))
        eighth = self.eighth(quarter)
        deep = torch.cat((self.deep(eighth), eighth), dim=1)
        return self.read(torch.cat((self.up(deep), quarter), dim=1))


def _doubling(a: int, b: int) -> tuple[nn.Module, ...]:
    return nn.ConvTranspose2d(a, b, 6, stride=2, padding=2, bias=False), InstanceNorm(), nn.ReLU()


class TextureEncoder(nn.Module):
    """forward(image, structure, hole [B,7,H,W]) -> maps at a quarter and at an eighth of the size."""

    def __init__(self, width: int, norm: Norm):
        super().__init__()
        self.quarter = nn.Sequential(
            _same(7, width // 2, 7, norm),
            _half(width // 2, width, norm),
            _same(width, width, 5, norm),
            _half(width, 2 * width, norm),
            _same(2 * width, 2 * width, 5, norm),
        )
        self.eighth = nn.Sequential(_same(2 * width, 4 * width, 5, norm), _half(4 * width, 8 * width, norm))

    def forward(self, x: Tensor) -> list[Tensor]:
        quarter = self.quarter(x)
        return [quarter, self.eighth(quarter)]


class TextureDecoder(nn.Module):
    """forward(fetched [B,4 width,H/4,W/4], deep map [B,8 width,H/8,W/8]) -> image [B,3,H,W] in [-1,1]."""

    def __init__(self, width: int, norm: Norm):
        super().__init__()
        self.up = _up(8 * width, 4 * width, 2, norm)
        self.paint = nn.Sequential(
            _same(8 * width, 4 * width, 5, norm),
            _up(4 * width, 2 * width, 2, norm),
            _up(2 * width, width, 2, norm),
            Mirrored(width, 3, 3),
        )

    def forward(self, fetched: Tensor, deep: Tensor) -> Tensor:
        return torch.tanh(self.paint(torch.cat((self.up(deep), fetched), dim=1)))


@dataclass(frozen=True)
class Config:
    """width: channels of the structure reconstructor's first layer (64 in the paper); everything else scales."""

    width: int = 64

    def __post_init__(self):
        check_values(self)
        if self.width < 2:
            raise InputError(f"width is {self.width}; StructureFlow needs a width of at least 2.")


@model("structureflow")
class StructureFlow(nn.Module):
    """An image without its texture, smooth but for its edges, says what belongs where. A first network completes this
    structure in the hole. A second one reads off it where each place of the hole finds texture of its kind among the
    known places, fetches the features from there, and paints the image with them.

    Takes sizes that are multiples of 16.
    """

    Config = Config
    stride = 16
    priors = ("smooth",)
    losses = (
        Term("structure", 4.0),
        Term("reconstruction", 5.0),
        Term("adversarial", 1.0),
        Term("perceptual", 0.1),
        Term("style", 250.0),
        Term("flow", 0.25),
    )
    adversary = Adversary("least-squares")
    reference = "structureflow"

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        self.structure = Reconstructor(width)
        self.flow = FlowField(width)
        self.encoder = TextureEncoder(width, layer_norm)
        self.sampling = AppearanceFlow(SAMPLINGS)
        self.decoder = TextureDecoder(width, layer_norm)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux, in training: "structure", a list of the smooth image alone, [B,3,H,W] in [-1,1];
        "flow", [B,2,H/4,W/4], in positions. features: "encoder", two maps, finest first; "decoder_input", what the flow
        fetched, and the second of them."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        hole, smooth = 1 - batch.mask, 2 * batch.priors["smooth"] - batch.mask
        structure = self.structure(torch.cat((batch.image, smooth, hole), dim=1))
        seen = torch.cat((batch.image, structure.detach(), hole), dim=1)
        flow = self.flow(seen)
        quarter, deep = self.encoder(seen)
        fetched = self.sampling(quarter, flow)
        kept.add(encoder=[quarter, deep], decoder_input=[fetched, deep])
        image = self.decoder(fetched, deep)
        return Output(image, {"structure": [structure], "flow": flow} if self.training else {}, kept.maps)
