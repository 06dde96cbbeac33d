"""Re-parameterized convolution (MI-GAN, Sargsyan et al., ICCV 2023): parallel kernels in training that are
one kernel afterwards, because a sum of convolutions of one map is the convolution with the sum of their kernels."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

EPS = 1e-8
"""Added to a kernel's squared norm."""


def merge(kernels: Float[Tensor, "nc2 c k k"], branches: int) -> Float[Tensor, "c2 c k k"]:
    """The sum of n branches' kernels, c2 in a row for each branch, with norm one for each channel of the output.

    Merging what is merged changes nothing. The norm keeps the size of the maps as it is, as StyleGAN2's demodulation
    does.
    """
    kernel = kernels.unflatten(0, (branches, -1)).sum(dim=0)
    return kernel * torch.rsqrt(kernel.square().sum(dim=(1, 2, 3), keepdim=True) + EPS)


class BranchedConv(nn.Module):
    """A convolution of odd kernel, padded, whose kernel is the sum of several. forward(x [B,C,H,W]) -> [B,out,H,W].

    Kernels of one sum get one gradient: under Adam, n of them learn as a single one does at sqrt(n) times the rate.
    """

    def __init__(self, channels: int, out: int, kernel: int, branches: int, groups: int = 1, bias: bool = True):
        super().__init__()
        self.branches, self.groups = branches, groups
        self.kernels = nn.Parameter(torch.randn(branches * out, channels // groups, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        kernel = merge(self.kernels, self.branches)
        return F.conv2d(x, kernel, self.bias, padding=kernel.shape[-1] // 2, groups=self.groups)
