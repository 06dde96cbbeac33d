"""PEN-Net's decoder (Zeng et al., CVPR 2019): attention fills the hole of each layer from the layer below it, then the
filled maps are decoded. It serves PEN-Net itself and the encoder of TSGL."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch
from inpaintlib.features import Features
from inpaintlib.ops.patch_attention import attention, fill, transfer
from inpaintlib.ops.reduce_mask import reduce_mask

DILATIONS = (1, 2, 4, 8)


def conv3(a: int, b: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size, or divides it by the stride; weights for a (leaky) ReLU to follow."""
    conv = nn.Conv2d(a, b, 3, stride=stride, padding=dilation, dilation=dilation)
    nn.init.kaiming_normal_(conv.weight, a=0.2)
    nn.init.zeros_(conv.bias)
    return conv


class DilatedFusion(nn.Module):
    """Four parallel 3x3 convolutions with dilations 1, 2, 4 and 8, a quarter of the channels each (Sec. 3.2)."""

    def __init__(self, channels: int):
        super().__init__()
        quarters = [(channels + i) // len(DILATIONS) for i in range(len(DILATIONS))]
        self.convs = nn.ModuleList(conv3(channels, c, dilation=d) for c, d in zip(quarters, DILATIONS))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(torch.cat([conv(x) for conv in self.convs], dim=1))


class AttentionTransfer(nn.Module):
    """Attention transfer from deep to shallow (Sec. 3.2): the hole of layer k gets the patches of layer k that the
    attention of the filled layer k + 1 chooses; known positions stay.

    forward([f_1 .. f_6], batch, kept) -> the same sizes, f_6 unchanged; names "transferred", layers 1 .. 5 as filled.
    Layers 1 .. 4 are then fused at four dilations. Layer 6, a few positions wide, is compared position by position, the
    others in 3x3 patches.
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        self.fusions = nn.ModuleList(DilatedFusion(c) for c in channels[:4])

    def forward(self, maps: list[Tensor], batch: Batch, kept: Features) -> list[Tensor]:
        masks = [reduce_mask(batch.mask, x.shape[-2:]) for x in maps]
        filled, out = [], [maps[5]]
        for k in range(4, -1, -1):
            weights = attention(out[0], masks[k + 1], kernel=1 if k == 4 else 3)
            filled.insert(0, fill(maps[k], transfer(weights, maps[k], 2, overlap=True), masks[k]))
            out.insert(0, self.fusions[k](filled[0]) if k < 4 else filled[0])
        kept.add(transferred=filled)
        return out


class SkipDecoder(nn.Module):
    """Bilinear upsampling and 3x3 convolutions, each level concatenated with the map of its size.

    forward([f_1 .. f_6], kept) -> (image [B,3,H,W] in [-1,1], the concatenated levels, coarse to fine, at H/32 .. H/2).
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        ins = (channels[5], *(2 * c for c in channels[4:0:-1]))
        self.ups = nn.ModuleList(conv3(a, b) for a, b in zip(ins, channels[4::-1]))
        self.blend = conv3(2 * channels[0], channels[0])
        self.last = nn.Conv2d(channels[0], 3, 3, padding=1)

    def forward(self, maps: list[Tensor], kept: Features) -> tuple[Tensor, list[Tensor]]:
        kept.add(decoder_input=maps)
        x, levels = maps[5], []
        for up, skip in zip(self.ups, maps[4::-1]):
            x = torch.cat((F.relu(up(_double(x))), skip), dim=1)
            levels.append(x)
        return torch.tanh(self.last(F.relu(self.blend(_double(x))))), levels


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class AttentionTransferDecoder(nn.Module):
    """Both steps, for an encoder with six maps: Ours(PENNet) of TSGL's Table VII.

    forward([f_1 .. f_6], batch, kept) -> image [B,3,H,W] in [-1,1]; names "transferred" and "decoder_input".
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        self.transfer = AttentionTransfer(channels)
        self.decoder = SkipDecoder(channels)

    def forward(self, maps: list[Tensor], batch: Batch, kept: Features) -> Tensor:
        return self.decoder(self.transfer(maps, batch, kept), kept)[0]
