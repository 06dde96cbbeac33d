"""The structure decoder D_S of TSGL (Eq. 14), which trains the structure encoder: a light form and the released one."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.models.tsgl.structure import group_norm
from inpaintlib.ops.partial_conv import PartialConv


class StructureDecoder(nn.Module):
    """D_S in a light form: five plain convolutions, each after an upsampling. Used in training only.

    forward(S_5 [B,16w,h,w'], its mask [B,1,h,w'], not read) -> logits [B,1,32h,32w']; their sigmoid is the edge map.
    """

    def __init__(self, width: int):
        super().__init__()
        channels = [16 * width, 8 * width, 4 * width, 2 * width, width, max(width // 8 * 4, 4)]
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), group_norm(b), nn.LeakyReLU(0.2))
            for a, b in pairwise(channels)
        )
        self.edge = nn.Conv2d(channels[-1], 1, 1)

    def forward(self, x: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 1 h2 w2"]:
        for layer in self.layers:
            x = layer(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.edge(x)


class SafeBatchNorm(nn.BatchNorm2d):
    """Batch normalization that takes the running statistics where a channel has one value only, hence no deviation."""

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        if len(x) * x.shape[2] * x.shape[3] > 1:
            return super().forward(x)
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


class ReleasedStructureDecoder(nn.Module):
    """D_S as in the released code: two more halvings, seven doublings, all partial convolutions under batch
    normalization, and a residual block of two plain ones. No skips. Used in training only.

    forward(S_5 [B,16w,h,w'], its mask [B,1,h,w']) -> logits [B,1,32h,32w']; their sigmoid is the edge map. A side of
    one pixel is not halved, and an odd one is met again on the way up.
    """

    def __init__(self, width: int):
        super().__init__()
        deep = 16 * width
        channels = (deep, deep, deep, deep, 8 * width, 4 * width, 2 * width, width)
        self.downs = nn.ModuleList(PartialConv(deep, deep, 3, stride=2) for _ in range(2))
        self.down_norms = nn.ModuleList(SafeBatchNorm(deep) for _ in self.downs)
        self.ups = nn.ModuleList(PartialConv(a, b, 3) for a, b in pairwise(channels))
        self.up_norms = nn.ModuleList(SafeBatchNorm(c) for c in channels[1:])
        self.residual = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            SafeBatchNorm(width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            SafeBatchNorm(width),
        )
        self.edge = nn.Conv2d(width, 1, 1)

    def forward(self, x: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 1 h2 w2"]:
        height, width = x.shape[-2:]
        sizes = [(height * 2**k, width * 2**k) for k in range(1, 6)]
        for conv, norm in zip(self.downs, self.down_norms):
            sizes.insert(0, tuple(x.shape[-2:]))
            x, mask = conv(x, mask)
            x = F.relu(norm(x))
        for conv, norm, size in zip(self.ups, self.up_norms, sizes):
            x = F.interpolate(x, size, mode="bilinear", align_corners=False)
            x, mask = conv(x, F.interpolate(mask, size, mode="nearest"))
            x = F.leaky_relu(norm(x), 0.2)
        return self.edge(x + self.residual(x))


STRUCTURE_DECODERS: dict[str, type[nn.Module]] = {"light": StructureDecoder, "released": ReleasedStructureDecoder}
"""Both forms by name; each is built with the width of the first structure layer."""
