"""Layers that both branches of MISF are made of."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.models.misf.config import Config

Norm = Callable[[int], nn.Module]


def channels(config: Config) -> tuple[int, int, int]:
    """Of F_1, F_2, F_3, and of E_1, E_2, E_3."""
    return config.width, 2 * config.width, 4 * config.width


def instance_norm(channels: int) -> nn.Module:
    """Without scale, shift and running averages."""
    return nn.InstanceNorm2d(channels)


def no_norm(channels: int) -> nn.Module:
    """The map as it is."""
    return nn.Identity()


class SameConv(nn.Conv2d):
    """A convolution of stride 1 that keeps the size with any kernel; an even one reaches one element further after."""

    def forward(self, input: Tensor) -> Tensor:
        k = self.kernel_size[0]
        before, after = (k - 1) // 2, k // 2
        return super().forward(F.pad(input, (before, after, before, after)))


def block(conv: nn.Module, channels: int, norm: Norm) -> nn.Sequential:
    """Convolution, norm, ReLU."""
    return nn.Sequential(conv, norm(channels), nn.ReLU())


class Stage(nn.Sequential):
    """Three 3x3 convolutions with ReLU."""

    def __init__(self, a: int, b: int):
        super().__init__(*(block(nn.Conv2d(c, b, 3, padding=1), b, no_norm) for c in (a, b, b)))


def halving(a: int, b: int) -> nn.Conv2d:
    """A 4x4 convolution from [B,a,2h,2w] to [B,b,h,w]."""
    return nn.Conv2d(a, b, 4, stride=2, padding=1)


def doubling(a: int, b: int, kernel: int) -> nn.ConvTranspose2d:
    """A transposed convolution of any kernel from [B,a,h,w] to [B,b,2h,2w]."""
    padding = (kernel - 1) // 2
    return nn.ConvTranspose2d(a, b, kernel, stride=2, padding=padding, output_padding=2 * padding + 2 - kernel)


def taps_first(predicted: Float[Tensor, "b tapsc h w"], channels: int) -> Float[Tensor, "b c taps h w"]:
    """Kernels out of a convolution's channels, all channels of a tap side by side: then a tap is one stretch of memory
    in either layout."""
    return predicted.unflatten(1, (-1, channels)).transpose(1, 2)
