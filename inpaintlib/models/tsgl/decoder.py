"""From the reconstructed maps to the image: six maps, and the decoder with skips."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch
from inpaintlib.features import Features


class Fusion(nn.Module):
    """1x1 convolutions on layers 1 .. 5, and layer 6: all of them at the size of layer 5, convolved with stride 2.

    fed: channels of the five maps.  forward([T_1 .. T_5], T_k [B,fed[k-1],H/2^k,W/2^k]) -> [f_1 .. f_6],
    f_k [B,channels[k-1],H/2^k,W/2^k].
    """

    def __init__(self, fed: tuple[int, ...], width: int):
        super().__init__()
        self.channels = (width, 2 * width, 4 * width, 8 * width, 8 * width, 8 * width)
        self.squeeze = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(fed, self.channels))
        self.last = nn.Conv2d(sum(self.channels[:5]), self.channels[5], 3, stride=2, padding=1)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        maps = [F.relu(squeeze(x)) for squeeze, x in zip(self.squeeze, maps)]
        size = maps[-1].shape[-2:]
        small = [F.interpolate(x, size=size, mode="bilinear", align_corners=True) for x in maps[:-1]]
        return [*maps, F.relu(self.last(torch.cat((*small, maps[-1]), dim=1)))]


class BasicDecoder(nn.Module):
    """Six transposed convolutions with channel-wise skips; without balance module it is the paper's Ours(Basic).

    No normalization: the paper names none. (The released code has BatchNorm.)

    forward([f_1 .. f_6], batch, kept) -> image [B,3,H,W] in [-1,1].
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        skips = (*channels[:-1], 0)
        outs = (3, *channels[:-1])
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(c + skip, out, 4, stride=2, padding=1) for c, skip, out in zip(channels, skips, outs)
        )

    def forward(self, maps: list[Tensor], batch: Batch, kept: Features) -> Tensor:
        kept.add(decoder_input=maps)
        x = self.ups[5](maps[5])
        for k in range(4, -1, -1):
            x = self.ups[k](F.relu(torch.cat((x, maps[k]), dim=1)))
        return torch.tanh(x)
