"""Gated convolution (DeepFill v2, Yu et al., ICCV 2019, Eq. 3): a convolution whose output another one weighs; and the
light gates of HiFill (Yi et al., CVPR 2020, Sec. 3.3)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def gated(features: Float[Tensor, "b c h w"], gate: Float[Tensor, "b g h w"]) -> Float[Tensor, "b c h w"]:
    """ELU(features) * sigmoid(gate), with one gate for each channel or a single one for all of them."""
    return F.elu(features) * torch.sigmoid(gate)


def _window(kernel: int, stride: int, dilation: int) -> dict[str, int]:
    return {"kernel_size": kernel, "stride": stride, "padding": dilation * (kernel // 2), "dilation": dilation}


def _single(channels: int, out: int, window: dict[str, int]) -> nn.Module:
    return nn.Conv2d(channels, 1, **window)


class _Depthwise(nn.Conv2d):
    """One kernel a channel, always with channels first: with channels last, bfloat16 and a dilation, torch 2.15 has
    a wrong gradient of the weights on a CPU, further from the true one than zero is, and sometimes infinite."""

    def forward(self, input: Tensor) -> Tensor:
        weight = self.weight.flatten(1).unflatten(1, self.weight.shape[1:])
        return self._conv_forward(input.contiguous(), weight, self.bias)


def _separable(channels: int, out: int, window: dict[str, int]) -> nn.Module:
    return nn.Sequential(_Depthwise(channels, channels, groups=channels, **window), nn.Conv2d(channels, out, 1))


def _pointwise(channels: int, out: int, window: dict[str, int]) -> nn.Module:
    return nn.Conv2d(channels, out, 1, stride=window["stride"])


def _full(channels: int, out: int, window: dict[str, int]) -> nn.Module:
    return nn.Conv2d(channels, out, **window)


GATES: dict[str, Callable[[int, int, dict[str, int]], nn.Module]] = {
    "single": _single,
    "separable": _separable,
    "pointwise": _pointwise,
    "full": _full,
}
"""The three gates of HiFill, Fig. 4: one channel for all, depth-separable, and pixelwise; and DeepFill v2's, a
convolution as large as the one that it weighs."""


class GatedConv(nn.Module):
    """A convolution of odd kernel with a gate of GATES. forward(x [B,C,H,W]) -> [B,out,H/stride,W/stride]."""

    def __init__(
        self, channels: int, out: int, kernel: int = 3, stride: int = 1, dilation: int = 1, gate: str = "separable"
    ):
        super().__init__()
        window = _window(kernel, stride, dilation)
        self.features = nn.Conv2d(channels, out, **window)
        self.gate = GATES[gate](channels, out, window)

    def forward(self, x: Tensor) -> Tensor:
        return gated(self.features(x), self.gate(x))
