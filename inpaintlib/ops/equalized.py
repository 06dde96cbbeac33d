"""Equalized learning rate (Karras et al., ICLR 2018): weights are drawn with variance one and scaled at run time, so
that an optimizer's step is as large, relative to the weight, in every layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.resample import filtered


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU that keeps the mean square of a centred map."""
    return F.leaky_relu(x, 0.2) * 2**0.5


class EqualizedLinear(nn.Module):
    """A linear layer. rate: how much faster or slower than others it learns.  forward(x [B,a]) -> [B,b]."""

    def __init__(self, a: int, b: int, bias: float = 0.0, rate: float = 1.0):
        super().__init__()
        self.rate = rate
        self.weight = nn.Parameter(torch.randn(b, a) / rate)
        self.bias = nn.Parameter(torch.full((b,), bias))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * (self.rate * self.weight.shape[1] ** -0.5), self.bias * self.rate)


class EqualizedConv(nn.Module):
    """A convolution of odd kernel; forward(x [B,a,H,W]) -> [B,b,H,W], or filtered and halved, odd sides rounded up."""

    def __init__(self, a: int, b: int, kernel: int, halving: bool = False):
        super().__init__()
        self.halving = halving
        self.weight = nn.Parameter(torch.randn(b, a, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(b))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight * self.weight[0].numel() ** -0.5
        pad = weight.shape[-1] // 2
        if self.halving:
            return F.conv2d(filtered(x, pad + 1, even=True), weight, self.bias, stride=2)
        return F.conv2d(x, weight, self.bias, padding=pad)
