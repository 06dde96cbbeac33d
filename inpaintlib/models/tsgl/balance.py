"""The cross-layer balance module as the paper describes it (TSGL Sec. III-B6, Fig. 13): three streams, equalized."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.features import Features
from inpaintlib.models.tsgl.structure import group_norm
from inpaintlib.ops.equalize import Equalization
from inpaintlib.ops.partial_conv import MaskUpdate, PartialConv, mask_chain
from inpaintlib.ops.reduce_mask import reduce_mask

STEPS = 5
"""Partial convolutions in a row in every stream."""
STREAMS = {"early": ((1, 2, 3), 3), "late": ((4, 5, 6), 5), "last": ((6,), 7)}
"""Which layers a stream gathers, and its kernel size. The paper gives three sizes and not which is whose: the coarser
the layers, the larger the kernel."""


@dataclass(frozen=True)
class BalanceOptions:
    """What both forms of the module can be told: how Eq. 11 weighs, and mistakes of the released code.

    similarity: a name of `ops.equalize.SIMILARITIES`.  conv: the class of the partial convolutions.  dead_mask: they
    all see a mask of ones.  scramble: channels and positions of the equalization are interchanged.
    """

    similarity: str = "product"
    conv: type[PartialConv] = PartialConv
    dead_mask: bool = False
    scramble: bool = False


class CrossLayerBalance(nn.Module):
    """Three streams on a grid of H/8 x W/8, their fusion F~, its equalization (Eq. 9-12), and the way back to six maps.

    channels: of f_1 .. f_6.
    forward(maps f_k [B,channels[k-1],H/2^k,W/2^k], mask [B,1,H,W], kept) -> six maps of the same shapes, f_k plus what
    the balanced map has for its layer. The hole shrinks from convolution to convolution, by Eq. 2.
    """

    def __init__(self, channels: tuple[int, ...], options: BalanceOptions = BalanceOptions()):
        super().__init__()
        self.dead_mask = options.dead_mask
        grid, full = channels[2], channels[3]
        self.streams = nn.ModuleDict(
            {name: Stream(channels, layers, grid, kernel, options.conv) for name, (layers, kernel) in STREAMS.items()}
        )
        self.fuse = block(nn.Conv2d(len(STREAMS) * grid, full, 1, bias=False))
        project = nn.Linear(full, full, bias=False)
        self.equalize = Equalization(full, project, options.similarity, options.scramble)
        self.up = nn.ModuleList(block(nn.Conv2d(full, c, 1, bias=False)) for c in channels[:3])
        self.down = nn.ModuleList(block(nn.Conv2d(full, full, 4, 2, 1, bias=False)) for _ in channels[3:])

    def forward(self, maps: list[Tensor], mask: Tensor, kept: Features) -> list[Tensor]:
        known = grid_mask(maps, mask, self.dead_mask)
        streams = [stream(maps, known) for stream in self.streams.values()]
        balanced = self.equalize(self.fuse(torch.cat(streams, dim=1)))
        kept.add(streams=streams, equalized=balanced)
        branches = [_resize(up(balanced), f) for up, f in zip(self.up, maps)]
        for down in self.down:
            balanced = down(balanced)
            branches.append(balanced)
        return [f + branch for f, branch in zip(maps, branches)]


class Stream(nn.Module):
    """Some layers' maps brought to the grid and merged, then five partial convolutions of one kernel size.

    forward(maps f_1 .. f_6, mask of the grid) -> [B,grid,H/8,W/8].
    """

    def __init__(
        self, channels: tuple[int, ...], layers: tuple[int, ...], grid: int, kernel: int, conv: type[PartialConv]
    ):
        super().__init__()
        self.layers = layers
        self.bring = nn.ModuleList(to_grid(layer, channels[layer - 1], grid) for layer in layers)
        self.merge = block(nn.Conv2d(len(layers) * grid, grid, 1, bias=False))
        self.chain = PartialChain(grid, kernel, conv)

    def forward(self, maps: list[Tensor], known: Tensor) -> Tensor:
        brought = [_resize(bring(maps[layer - 1]), maps[2]) for bring, layer in zip(self.bring, self.layers)]
        return self.chain(self.merge(torch.cat(brought, dim=1)), mask_chain(known, self.chain.kernel, STEPS))


class PartialChain(nn.Module):
    """Five partial convolutions of one kernel size, each normalised and activated, over one chain of masks."""

    def __init__(
        self, channels: int, kernel: int, conv: type[PartialConv], norm: Callable[[int], nn.Module] = group_norm
    ):
        super().__init__()
        self.kernel = kernel
        self.convs = nn.ModuleList(conv(channels, channels, kernel) for _ in range(STEPS))
        self.norms = nn.ModuleList(norm(channels) for _ in range(STEPS))

    def forward(self, x: Tensor, updates: list[MaskUpdate]) -> Tensor:
        for conv, norm, update in zip(self.convs, self.norms, updates):
            x = F.leaky_relu(norm(conv.with_update(x, update)), 0.2)
        return x


def to_grid(layer: int, channels: int, grid: int) -> nn.Sequential:
    """f_layer at H/8, or, for a layer that is coarser, at its own size, with as many channels as the grid has.

    The first three layers double their channels from one to the next, as far as the grid's.
    """
    steps = [block(nn.Conv2d(channels << i, channels << (i + 1), 4, 2, 1, bias=False)) for i in range(3 - layer)]
    return nn.Sequential(*steps or [block(nn.Conv2d(channels, grid, 1, bias=False))])


def grid_mask(maps: list[Tensor], mask: Tensor, dead: bool) -> Tensor:
    """The hole mask on the grid; `dead`: a mask of ones, to which the released code's thresholds amount."""
    known = reduce_mask(mask, maps[2].shape[-2:])
    return torch.ones_like(known) if dead else known


def block(conv: nn.Conv2d) -> nn.Sequential:
    """A convolution without bias, normalised and activated."""
    return nn.Sequential(conv, group_norm(conv.out_channels), nn.LeakyReLU(0.2))


def _resize(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
