"""HiFill's decoder (Yi et al., CVPR 2020): attention computed once fills every layer's hole and the image's detail."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch
from inpaintlib.features import Features
from inpaintlib.ops.gated_conv import GatedConv
from inpaintlib.ops.image_residual import image_residual
from inpaintlib.ops.patch_attention import attention, fill, transfer
from inpaintlib.ops.reduce_mask import reduce_mask

SCORED = 4
"""The layer whose 3x3 patches are compared: H/16, the 32 x 32 grid that HiFill has at 512 pixels. One layer up the
weights would take 16 times the memory; and below it, few 3x3 patches are free of holes."""
DETAIL = 2
"""By how much the residual's image is reduced: to H/2, the finest map that the decoder reads."""


class ResidualAggregationDecoder(nn.Module):
    """Contextual residual aggregation for an encoder with four maps or more: Ours(HiFill) of TSGL's Table VII.

    The weights of layer 4 fill the hole of layers 1 .. 4; gated convolutions with skips decode all layers; and the same
    weights put detail of the known image into the hole of the result. Deeper layers pass as they are.

    forward([f_1 .. f_n], f_k [B,channels[k-1],H/2^k,W/2^k], batch, kept) -> image [B,3,H,W] in [-1,1]; names
    "transferred" (layers 1 .. 4 as filled), "decoder_input" and "residual_image" (what was added, zero where known).
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        self.smooth = nn.ModuleList(nn.Sequential(GatedConv(c, c), GatedConv(c, c, dilation=2)) for c in channels[:4])
        ins = (channels[-1], *(2 * c for c in channels[-2:0:-1]))
        self.ups = nn.ModuleList(GatedConv(a, b) for a, b in zip(ins, channels[-2::-1]))
        self.blend = GatedConv(2 * channels[0], channels[0])
        self.last = nn.Conv2d(channels[0], 3, 3, padding=1)

    def forward(self, maps: list[Tensor], batch: Batch, kept: Features) -> Tensor:
        masks = [reduce_mask(batch.mask, x.shape[-2:]) for x in maps[:SCORED]]
        weights = attention(maps[SCORED - 1], masks[-1])
        factors = [2 ** (SCORED - k) for k in range(1, SCORED + 1)]
        moved = [transfer(weights, x, factor) for x, factor in zip(maps, factors)]
        filled = [fill(x, y, mask) for x, y, mask in zip(maps, moved, masks)]
        inputs = [smooth(x) for smooth, x in zip(self.smooth, filled)] + maps[SCORED:]
        detail = transfer(weights, image_residual(batch.image, batch.mask, DETAIL), 2**SCORED) * (1 - batch.mask)
        kept.add(transferred=filled, decoder_input=inputs, residual_image=detail)
        return (self._decode(inputs) + detail).clamp(-1, 1)

    def _decode(self, maps: list[Tensor]) -> Tensor:
        x = maps[-1]
        for up, skip in zip(self.ups, maps[-2::-1]):
            x = torch.cat((up(_double(x)), skip), dim=1)
        return torch.tanh(self.last(self.blend(_double(x))))


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
