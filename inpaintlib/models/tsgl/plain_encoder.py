"""The encoder that the released code gave to LaMa: plain convolutions instead of partial ones, and no attention."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch
from inpaintlib.features import Features
from inpaintlib.models.tsgl.config import EncoderConfig
from inpaintlib.models.tsgl.guide import GuidedLayer
from inpaintlib.ops.fourier import reflect_pad
from inpaintlib.ops.residual import residual_guide


class PlainEncoder(nn.Module):
    """Two towers of five convolutions of stride 2, guided at every layer, with the unguided map added to the result.

    The structure tower has width, 2 width and then 4 width channels, the texture tower 4 width throughout. At the last
    layer both maps are `split` into a local and a global part, which are guided apart.
    forward(batch, kept) -> (last reconstructed map [B,4w,H/32,W/32], last structure map of the same shape). Features:
    "structure", "texture", "reconstructed", "residual", "branch_<guide>", "head", as in `Encoder.encode`.
    """

    def __init__(self, config: EncoderConfig, split: tuple[int, int]):
        super().__init__()
        self.priors = config.structure_priors
        width, full = config.width, 4 * config.width
        channels = (2 * width, full, full, full, full)
        structure = config.structure_channels()
        self.structure = nn.ModuleList(_tower((structure, width, *channels)))
        self.texture = nn.ModuleList(_tower((4, full, *(full for _ in channels))))
        parts = [(c, full) for c in channels[:4]], [(c, c) for c in split]
        self.split = split
        self.guides = nn.ModuleList(
            GuidedLayer(
                config.branches(min(layer, 5)),
                out,
                {"structure": guide, "residual": out, "texture": out},
                2 * width,
                config.scale,
            )
            for layer, (guide, out) in enumerate((*parts[0], *parts[1]), start=1)
        )

    def forward(self, batch: Batch, kept: Features) -> tuple[Tensor, Tensor]:
        structure = torch.cat([batch.priors[p] for p in self.priors] + [batch.mask], dim=1)
        structure = self.structure[0](structure)
        x = self.texture[0](
            torch.cat((batch.image, 1 - batch.mask), dim=1)
        )  # LaMa's input: the channel is 1 in the hole
        kept.add(head=x)
        for layer in range(1, 6):
            before, structure, x = x, self.structure[layer](structure), self.texture[layer](x)
            sources = {"structure": structure, "texture": x, "residual": residual_guide(before, x)}
            kept.add(**sources)
            x = x + self._guided(layer, x, sources, kept)
            kept.add(reconstructed=x)
        return x, structure

    def _guided(self, layer: int, x: Tensor, sources: dict[str, Tensor], kept: Features) -> Tensor:
        if layer < 5:
            out, branches = self.guides[layer - 1](x, sources)
        else:
            halves = {name: value.split(self.split, dim=1) for name, value in sources.items()}
            pairs = [
                guide(part, {name: value[i] for name, value in halves.items()})
                for i, (guide, part) in enumerate(zip(self.guides[4:], x.split(self.split, dim=1)))
            ]
            out = torch.cat([guided for guided, _ in pairs], dim=1)
            branches = {name: torch.cat([named[name] for _, named in pairs], dim=1) for name in pairs[0][1]}
        kept.add(**{f"branch_{name}": value for name, value in branches.items()})
        return out


class _Conv(nn.Module):
    """Convolution with mirrored borders, BatchNorm, ReLU."""

    def __init__(self, a: int, b: int, kernel: int, stride: int):
        super().__init__()
        self.pad = kernel // 2
        self.conv = nn.Conv2d(a, b, kernel, stride=stride, bias=False)
        self.norm = nn.BatchNorm2d(b)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(self.norm(self.conv(reflect_pad(x, self.pad))))


def _tower(channels: tuple[int, ...]) -> list[nn.Module]:
    """A 7x7 convolution at full size, then 3x3 convolutions of stride 2."""
    first, *rest = pairwise(channels)
    return [_Conv(*first, 7, 1), *(_Conv(a, b, 3, 2) for a, b in rest)]
