"""MAT's style: noise becomes a style code, the map adds its own to it, and both scale the convolutions that draw."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.equalized import activate
from inpaintlib.ops.modulated_conv import ModulatedConv
from inpaintlib.ops.resample import filtered

GRID = 16
"""Side of the noise map that is mixed into the deepest map: 16 at 512 pixels, resized at others."""


class Conv(nn.Conv2d):
    """A convolution of odd kernel that keeps the size, or filters and halves it, and leaky ReLU."""

    def __init__(self, a: int, b: int, kernel: int, halving: bool = False):
        super().__init__(a, b, kernel, stride=2 if halving else 1, padding=0 if halving else kernel // 2)
        self.halving = halving
        _prepare(self)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(super().forward(filtered(x, 2, even=True) if self.halving else x), 0.2)


class UpConv(nn.ConvTranspose2d):
    """A transposed 3x3 convolution to twice the size, filtered, and leaky ReLU."""

    def __init__(self, a: int, b: int):
        super().__init__(a, b, 3, stride=2)
        _prepare(self)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(4 * filtered(super().forward(x), 1), 0.2)


class _Dense(nn.Linear):
    """A linear layer and leaky ReLU."""

    def __init__(self, a: int, b: int):
        super().__init__(a, b)
        _prepare(self)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(super().forward(x), 0.2)


def _prepare(layer: nn.Module) -> None:
    nn.init.kaiming_normal_(layer.weight, a=0.2)
    nn.init.zeros_(layer.bias)


class Mapping(nn.Module):
    """Eight linear layers from noise to the unconditional code (Sec. 3.4); forward(image [B,...]) -> [B,channels].

    Training draws normal noise and brings its mean square to one. Evaluation takes ones, which have it too.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels
        self.layers = nn.Sequential(*(_Dense(channels, channels) for _ in range(8)))

    def forward(self, image: Tensor) -> Tensor:
        noise = image.new_ones(len(image), self.channels)
        if self.training:
            noise = F.normalize(torch.randn_like(noise)) * self.channels**0.5
        return self.layers(noise)


def mix(x: Tensor, other: Tensor, training: bool) -> Tensor:
    """MAT, Sec. 3.4: B * X + (1 - B) * X', B zero or one with even odds in training, its mean 1/2 in evaluation."""
    share = (torch.rand_like(x) < 0.5).to(x.dtype) if training else 0.5
    return share * x + (1 - share) * other


class StyleManipulation(nn.Module):
    """Noise is mixed into the deepest map, from which the image's own code is then read off (Sec. 3.4).

    own: channels to which the unconditional code is brought first, None for the code as it is. halvings: convolutions
    that halve it before the average over the map. size: channels of the style.
    forward(x [B,C,h,w], code [B,S]) -> (mixed map, style [B,size]).
    """

    def __init__(self, channels: int, code: int, own: int | None, halvings: int):
        super().__init__()
        self.own = _Dense(code, own) if own else nn.Identity()
        self.square = _Dense(own or code, GRID * GRID)
        self.downs = nn.Sequential(*(Conv(channels, channels, 3, halving=True) for _ in range(halvings)))
        self.read = _Dense(channels, 2 * channels)
        self.size = 2 * channels + (own or code)

    def forward(self, x: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        code = self.own(code)
        noise = F.interpolate(self.square(code).view(-1, 1, GRID, GRID), x.shape[-2:], mode="bilinear")
        x = mix(x, noise, self.training)
        return x, torch.cat((self.read(self.downs(x).mean(dim=(2, 3))), code), dim=1)


class StyledConv(ModulatedConv):
    """A modulated convolution and leaky ReLU; forward(x, style) -> the same size, or twice that."""

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        return activate(super().forward(x, style))


class _StyledUp(nn.Module):
    """Double the map, add the encoder's, and add what the result draws to the doubled image."""

    def __init__(self, a: int, b: int, style: int):
        super().__init__()
        self.first, self.second = StyledConv(a, b, 3, style, doubling=True), StyledConv(b, b, 3, style)
        self.to_image = ModulatedConv(b, 3, 1, style, demodulate=False)

    def forward(self, x: Tensor, skip: Tensor, style: Tensor, image: Tensor | None) -> tuple[Tensor, Tensor]:
        x = self.second(self.first(x, style) + skip, style)
        drawn = self.to_image(x, style)
        if image is None:
            return x, drawn
        return x, drawn + F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)


class StyledUps(nn.Module):
    """Such steps in a row, over channels from coarse to fine; each adds its part to the image, as in StyleGAN2.

    forward(x, skips finest first, style, image so far or None) -> image [B,3,H,W], unbounded.
    """

    def __init__(self, channels: tuple[int, ...], style: int):
        super().__init__()
        self.steps = nn.ModuleList(_StyledUp(a, b, style) for a, b in pairwise(channels))

    def forward(self, x: Tensor, skips: list[Tensor], style: Tensor, image: Tensor | None = None) -> Tensor:
        for step, skip in zip(self.steps, reversed(skips)):
            x, image = step(x, skip, style, image)
        return image
