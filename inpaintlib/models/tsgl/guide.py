"""Reconstructing one layer's map from its guides (TSGL Sec. III-B, Fig. 6): the branches of a variant."""

from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.denormalize import Denormalize
from inpaintlib.ops.normalize import build_normalization
from inpaintlib.variant import Branch


class BranchReconstruction(nn.Module):
    """One branch, done `times` times in a row: normalise, denormalise from the guide (Eq. 6), activate, convolve."""

    def __init__(self, branch: Branch, times: int, channels: int, guide_channels: int, hidden: int, scale: str):
        super().__init__()
        self.guide = branch.guide
        self.denormalize = nn.ModuleList(
            Denormalize(channels, guide_channels, hidden, build_normalization(branch.norm, channels), scale)
            for _ in range(times)
        )
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(times))

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        for denormalize, conv in zip(self.denormalize, self.convs):
            x = conv(F.leaky_relu_(denormalize(x, guide), 0.2))
        return x


class GuidedLayer(nn.Module):
    """All branches of a variant at one layer, added element by element; without branches the map passes unchanged.

    forward(x [B,C,h,w], guides: guide name -> map of that size) -> (reconstructed map, guide name -> branch map).
    """

    def __init__(
        self,
        branches: tuple[tuple[Branch, int], ...],
        channels: int,
        guide_channels: dict[str, int],
        hidden: int,
        scale: str = "gamma",
    ):
        super().__init__()
        self.branches = nn.ModuleList(
            BranchReconstruction(branch, times, channels, guide_channels[branch.guide], hidden, scale)
            for branch, times in branches
        )

    def forward(self, x: Tensor, guides: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        if not self.branches:
            return x, {}
        maps = [branch(x, guides[branch.guide]) for branch in self.branches]
        return sum(maps[1:], maps[0]), {branch.guide: out for branch, out in zip(self.branches, maps)}
