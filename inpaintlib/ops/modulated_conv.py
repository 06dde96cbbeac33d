"""Modulated convolution (StyleGAN2, Karras et al., CVPR 2020, Eq. 1-3): a style says how much each channel counts, and
the result has the size that it would have without."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.equalized import EqualizedLinear
from inpaintlib.ops.resample import filtered

EPS = 1e-8
"""Added to a kernel's squared norm (Eq. 3)."""


def modulated_conv(
    x: Float[Tensor, "b c h w"],
    weight: Float[Tensor, "c2 c k k"],
    style: Float[Tensor, "b c"],
    doubling: bool = False,
    demodulate: bool = True,
) -> Float[Tensor, "b c2 h2 w2"]:
    """Convolution with w'_jik = s_i w_jik / sqrt(sum over i, k of (s_i w_jik)^2 + eps), another kernel for each image.

    The style scales the map instead of the kernel, and the norm divides the result: the same sum. doubling: transposed,
    to twice the size, then filtered.  demodulate: whether to divide.
    """
    x = x * style[:, :, None, None]
    if doubling:
        x = 4 * filtered(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), 1)
    else:
        x = F.conv2d(x, weight, padding=weight.shape[-1] // 2)
    if not demodulate:
        return x
    norm = style.square() @ weight.square().sum(dim=(2, 3)).mT + EPS
    return x * torch.rsqrt(norm)[:, :, None, None]


class ModulatedConv(nn.Module):
    """A modulated convolution with its own affine map from a code to a style; forward(x, code [B,d]) -> map."""

    def __init__(self, a: int, b: int, kernel: int, code: int, doubling: bool = False, demodulate: bool = True):
        super().__init__()
        self.doubling, self.demodulate = doubling, demodulate
        self.style = EqualizedLinear(code, a, bias=1.0)
        self.weight = nn.Parameter(torch.randn(b, a, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(b))

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        weight = self.weight * self.weight[0].numel() ** -0.5
        out = modulated_conv(x, weight, self.style(code), self.doubling, self.demodulate)
        return out + self.bias[:, None, None]
