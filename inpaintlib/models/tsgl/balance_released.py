"""The cross-layer balance module in the topology of the released code: two groups through three shared chains."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.features import Features
from inpaintlib.models.tsgl.balance import BalanceOptions, PartialChain, grid_mask
from inpaintlib.ops.equalize import Equalization
from inpaintlib.ops.normalize import global_normalization
from inpaintlib.ops.partial_conv import mask_chain

KERNELS = (3, 5, 7)
REDUCTION = 16
"""W_g of Eq. 9 squeezes the channels to this part of them and back."""


class ReleasedBalance(nn.Module):
    """Layers 1-3 and layers 4-6 as two groups; both pass the same three chains of partial convolutions (3, 5, 7).

    Arguments and forward are those of `CrossLayerBalance`. What is a mistake in the released module (a mask that is
    never zero, overwritten mask kernels, a scrambled view, an axis) is an option here, so that its form alone can be
    compared. Sizes of the parts: 54.99 million weights at 64 channels in f_1.
    """

    def __init__(self, channels: tuple[int, ...], options: BalanceOptions = BalanceOptions()):  # noqa: B008
        super().__init__()
        self.dead_mask = options.dead_mask
        c1, c2, grid, full = channels[:4]
        self.early = nn.ModuleList(
            [
                nn.Sequential(_block(c1, c2, 4, 2, 1), _block(c2, grid, 4, 2, 1)),
                _block(c2, grid, 4, 2, 1),
                _block(grid, grid, 1),
            ]
        )
        self.late = _block(full, grid, 1)
        self.squeeze = _block(3 * grid, grid, 1)
        self.chains = nn.ModuleList(PartialChain(grid, kernel, options.conv, _affine_norm) for kernel in KERNELS)
        self.fuse = _block(2 * grid, full, 1)
        small = max(1, full // REDUCTION)
        project = nn.Sequential(nn.Linear(full, small, bias=False), nn.ReLU(), nn.Linear(small, full, bias=False))
        self.equalize = Equalization(full, project, options.similarity, options.scramble)
        self.up = nn.ModuleList(_block(full, c, 1) for c in channels[:3])
        self.down = nn.ModuleList(
            nn.Sequential(*(_block(full, full, 4, 2, 1, active=i < n - 1) for i in range(n))) for n in (1, 2, 3)
        )

    def forward(self, maps: list[Tensor], mask: Tensor, kept: Features) -> list[Tensor]:
        known = grid_mask(maps, mask, self.dead_mask)
        updates = [mask_chain(known, chain.kernel, len(chain.convs)) for chain in self.chains]
        size = maps[2].shape[-2:]
        early = [bring(f) for bring, f in zip(self.early, maps)]
        late = [self.late(_resize(f, size)) for f in maps[3:]]
        groups = []
        for group in (late, early):
            x = self.squeeze(torch.cat(group, dim=1))
            chained = [chain(x, update) for chain, update in zip(self.chains, updates)]
            groups.append(self.squeeze(torch.cat(chained, dim=1)))
        balanced = self.equalize(self.fuse(torch.cat(groups, dim=1)))
        kept.add(streams=groups, equalized=balanced)
        branches = [up(_resize(balanced, f.shape[-2:])) for up, f in zip(self.up, maps)]
        branches += [down(balanced) for down in self.down]
        return [f + branch for f, branch in zip(maps, branches)]


def _affine_norm(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True)


class _InstanceNorm(nn.Module):
    """Instance normalization without parameters, on maps of any size, one position included."""

    def forward(self, x: Tensor) -> Tensor:
        return global_normalization(x)


def _block(
    channels_in: int, channels_out: int, kernel: int = 1, stride: int = 1, padding: int = 0, active: bool = True
) -> nn.Sequential:
    conv = nn.Conv2d(channels_in, channels_out, kernel, stride, padding, bias=False)
    return nn.Sequential(conv, _InstanceNorm(), nn.LeakyReLU(0.2) if active else nn.Identity())


def _resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)
