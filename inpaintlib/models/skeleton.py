"""The skeleton of EdgeConnect (Nazeri et al., ICCVW 2019), on which many later systems build: 7x7, twice half the size,
residual blocks, twice the size, 7x7."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch
from inpaintlib.ops.fourier import reflect_pad
from inpaintlib.ops.normalize import global_normalization

Norm = Callable[[int], nn.Module]
"""A normalization for a number of channels. Convolutions before one have no bias unless they are told to."""

BLOCKS = 8
"""Residual blocks in EdgeConnect and in RegionNorm."""


class Mirrored(nn.Conv2d):
    """A convolution of odd kernel that keeps the size and sees the map mirrored beyond its border."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(reflect_pad(input, self.dilation[0] * (self.kernel_size[0] // 2)))


class InstanceNorm(nn.Module):
    """Each channel of an image by its own mean and deviation, without parameters; forward(x [B,C,H,W]), any size."""

    def forward(self, x: Tensor) -> Tensor:
        return global_normalization(x)


def instance_norm(channels: int) -> nn.Module:
    """The norm of the skeleton."""
    return InstanceNorm()


class Encoder(nn.Module):
    """7x7, then two 4x4 convolutions of stride 2 that double the channels, each with norm and ReLU.

    forward(x [B,C,H,W], ...) -> the three maps, finest first, with width, 2 width and 4 width channels. Whatever comes
    after x, such as a mask, is handed to the norms.
    """

    def __init__(self, channels_in: int, width: int, norm: Norm = instance_norm, bias: bool = False):
        super().__init__()
        self.convs = nn.ModuleList(
            (
                Mirrored(channels_in, width, 7, bias=bias),
                nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=bias),
                nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1, bias=bias),
            )
        )
        self.norms = nn.ModuleList(norm(conv.out_channels) for conv in self.convs)

    def forward(self, x: Tensor, *told: Tensor) -> list[Tensor]:
        maps = []
        for conv, norm in zip(self.convs, self.norms):
            x = F.relu(norm(conv(x), *told))
            maps.append(x)
        return maps


class Residual(nn.Module):
    """Two 3x3 convolutions, the first one dilated, around a shortcut; no activation at the end.

    forward(x [B,C,H,W]) -> [B,C,H,W].
    """

    def __init__(self, channels: int, norm: Norm = instance_norm, dilation: int = 2, bias: bool = False):
        super().__init__()
        self.body = nn.Sequential(
            nn.Sequential(Mirrored(channels, channels, 3, dilation=dilation, bias=bias), norm(channels), nn.ReLU()),
            Mirrored(channels, channels, 3, bias=bias),
            norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def residual_blocks(channels: int, norm: Norm = instance_norm) -> nn.Sequential:
    """The middle of the skeleton, [B,C,h,w] -> [B,C,h,w]."""
    return nn.Sequential(*(Residual(channels, norm) for _ in range(BLOCKS)))


class Decoder(nn.Sequential):
    """Two transposed convolutions that double the size, each with instance norm and ReLU, then 7x7.

    forward(x [B,4 width,h,w]) -> [B,out,4h,4w], before the last activation.
    """

    def __init__(self, width: int, out: int):
        layers: list[nn.Module] = []
        for a, b in ((4 * width, 2 * width), (2 * width, width)):
            layers += [nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=False), InstanceNorm(), nn.ReLU()]
        super().__init__(*layers, Mirrored(width, out, 7))


def white_hole(batch: Batch) -> Float[Tensor, "b 3 h w"]:
    """The photograph in [-1,1] with a white hole, as EdgeConnect and its heirs are shown it."""
    return batch.image + (1 - batch.mask)
