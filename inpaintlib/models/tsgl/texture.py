"""The texture encoder of TSGL (Sec. III-A2): a partial-convolution head, four stages of masked window attention."""

from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.features import Features
from inpaintlib.ops.attention import AttentionBlock
from inpaintlib.ops.partial_conv import PartialConv


class TextureHead(nn.Module):
    """The first stage: two partial convolutions over image, texture image and mask; the second halves the size.

    full(x [B,7,H,W], mask) -> (full-size map [B,C,H,W], its mask); half(that) -> (T_1 [B,C,H/2,W/2], its mask).
    """

    def __init__(self, channels: int):
        super().__init__()
        self.lift = PartialConv(7, channels, 3, bias=True)
        self.down = PartialConv(channels, channels, 3, stride=2, bias=True, masked=True)

    def full(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The first convolution."""
        return _activated(*self.lift(x, mask))

    def half(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The second convolution, of stride 2."""
        return _activated(*self.down(x, mask))


class TextureStage(nn.Module):
    """One stage t = 2 .. 5: halve the size, attend (Eq. 3-5), convolve, and add what the attention started from.

    forward(x [B,C,H,W], mask, kept) -> (T_t [B,C,H/2,W/2], its mask); names "hole_attention", the attention mass on
    hole tokens of each block.
    """

    def __init__(self, channels: int, depth: int, heads: int, window: int, tau: float, inside: bool):
        super().__init__()
        self.down = PartialConv(channels, channels, 3, stride=2, bias=True)
        self.blocks = nn.ModuleList(
            AttentionBlock(channels, heads, window, bool(i % 2), tau, inside) for i in range(depth)
        )
        self.out = PartialConv(channels, channels, 3, bias=True)

    def forward(self, x: Tensor, mask: Tensor, kept: Features) -> tuple[Tensor, Tensor]:
        start, mask = _activated(*self.down(x, mask))
        x = start
        for block in self.blocks:
            x, mask, mass = block(x, mask, kept.wanted)
            if mass is not None:
                kept.add(hole_attention=mass)
        x, mask = _activated(*self.out(x, mask))
        return start + x, mask


def _activated(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    return F.leaky_relu_(x, 0.2), mask
