"""Mask-aware dynamic filtering (MADF, Zhu et al., TIP 2021): the mask decides, position by position, by
which filter the image is convolved."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def mask_aware_conv(
    x: Float[Tensor, "b c h w"], code: Float[Tensor, "b j h2 w2"], bases: Float[Tensor, "jc2 c k k"], stride: int
) -> Float[Tensor, "b c2 h2 w2"]:
    """out(p) = K_p * x at p, with the filter K_p = B_0 + sum over j of code_j(p) B_j; padded by k // 2.

    Filters that are linear in the code need not be made: convolving with every basis and then weighing the results has
    the same products in another order, and keeps (j + 1) c2 numbers a position instead of c c2 k k.
    bases: B_0 .. B_j, c2 filters each, in a row.
    """
    responses = F.conv2d(x, bases, stride=stride, padding=bases.shape[-1] // 2).unflatten(1, (code.shape[1] + 1, -1))
    return responses[:, 0] + (code.unsqueeze(2) * responses[:, 1:]).sum(dim=1)


class MaskAwareConv(nn.Module):
    """One level of the encoder: a convolution reads the code off the mask's code one level up, and the code filters.

    forward(x [B,C,H,W], code [B,j,H,W]) -> (map [B,out,h,w], code [B,hidden,h,w]), both behind a ReLU.
    """

    def __init__(self, channels: int, out: int, code: int, hidden: int, kernel: int, stride: int = 2):
        super().__init__()
        self.stride = stride
        self.read = nn.Conv2d(code, hidden, kernel, stride=stride, padding=kernel // 2)
        self.bases = nn.Parameter(torch.empty((hidden + 1) * out, channels, kernel, kernel))
        nn.init.kaiming_normal_(self.bases, nonlinearity="relu")
        with torch.no_grad():
            self.bases[out:] *= hidden**-0.5

    def forward(self, x: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        code = F.relu(self.read(code))
        return F.relu(mask_aware_conv(x, code, self.bases, self.stride)), code
