"""MMT (Yu et al., ECCV 2022): edges are completed beside the image, and guide its decoder by denormalization.

The paper completes a semantic segmentation too, in a third decoder. There are no labels for it here, so the guidance is
that of edges alone; and the network sees the mask, which the released one does not.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.errors import InputError
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.denormalize import denormalize
from inpaintlib.ops.fourier import reflect_pad
from inpaintlib.ops.patch_self_attention import multi_scale_attention

BLOCKS, DILATIONS, PATCHES = 8, (1, 2, 3, 4), (2, 4)


@dataclass(frozen=True)
class Config:
    """width: channels at half size (64 in the paper), two and four times as many at 1/4 and 1/8."""

    width: int = 64

    def __post_init__(self):
        check_values(self)
        if self.width < 4:
            raise InputError(f"width is {self.width}; MMT needs a width of at least 4.")


class _Normed(nn.Sequential):
    """A convolution, BatchNorm and leaky ReLU of a slope."""

    def __init__(self, conv: nn.Module, slope: float = 0.2):
        super().__init__(conv, nn.BatchNorm2d(conv.out_channels), nn.LeakyReLU(slope))


class _Gated(nn.Module):
    """Leaky ReLU of a convolution times the sigmoid of another; forward(x) -> (map, gate), both [B,out,H/s,W/s]."""

    def __init__(self, a: int, b: int, kernel: int, stride: int = 1, bias: bool = False):
        super().__init__()
        self.conv = nn.Conv2d(a, 2 * b, kernel, stride=stride, padding=kernel // 2, bias=bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        values, gate = self.conv(x).chunk(2, dim=1)
        gate = torch.sigmoid(gate)
        return F.leaky_relu(values, 0.2) * gate, gate


class _Stem(nn.Module):
    """Four gated 7x7 convolutions at half size; forward(x [B,4,H,W]) -> (map after two, its gate, map, its gate)."""

    def __init__(self, width: int):
        super().__init__()
        self.gates = nn.ModuleList((_Gated(4, width, 7, stride=2), *(_Gated(width, width, 7) for _ in range(3))))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        first, second, third, fourth = self.gates
        early, early_gate = second(F.relu(self.norms[0](first(x)[0])))
        early = F.relu(self.norms[1](early))
        late, late_gate = fourth(third(early)[0])
        return early, early_gate, F.leaky_relu(self.norms[2](late), 0.01), late_gate


class _Encoder(nn.Module):
    """To 1/4 and 1/8, then a gated convolution; forward(x) -> ([f_1, f_2, f_3], the gate of the last)."""

    def __init__(self, width: int):
        super().__init__()
        pairs = ((width, 2 * width), (2 * width, 4 * width))
        self.downs = nn.ModuleList(_Normed(nn.Conv2d(a, b, 3, 2, 1, bias=False), 0.0) for a, b in pairs)
        self.last, self.norm = _Gated(4 * width, 4 * width, 3), nn.BatchNorm2d(4 * width)

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        first = self.downs[0](x)
        second = self.downs[1](first)
        third, gate = self.last(second)
        return [first, second, F.relu(self.norm(third))], gate


class _Adaptive(nn.Module):
    """Adaptive contextual bottleneck: a gate chooses where the map changes, and weights for the whole image which
    of four dilations changes it. forward(x, the gate before) -> (x, its gate), all [B,C,H,W]."""

    def __init__(self, channels: int):
        super().__init__()
        self.branches = nn.ModuleList(nn.Conv2d(channels, channels, 3, dilation=d) for d in DILATIONS)
        self.gate = nn.Conv2d(channels, channels, 3, padding=1)
        self.look = nn.Conv2d(3 * channels, channels, 3, padding=1)
        self.choose = nn.Linear(channels, len(DILATIONS), bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.gate(x)
        seen = self.look(torch.cat((x, logits, before), dim=1)).mean(dim=(2, 3))
        weights = torch.softmax(torch.tanh(self.choose(seen)), dim=1)
        changes = [F.relu(branch(reflect_pad(x, d))) for branch, d in zip(self.branches, DILATIONS)]
        change = sum(weights[:, k, None, None, None] * c for k, c in enumerate(changes))
        gate = torch.sigmoid(logits)
        return F.leaky_relu(self.norm(torch.lerp(x, change.to(x.dtype), gate.to(x.dtype))), 0.2), gate


class _Bottleneck(nn.Module):
    """Eight such blocks, each of which sees the gate of the one before; forward(x, gate) -> x."""

    def __init__(self, channels: int):
        super().__init__()
        self.blocks = nn.ModuleList(_Adaptive(channels) for _ in range(BLOCKS))

    def forward(self, x: Tensor, gate: Tensor) -> Tensor:
        for block in self.blocks:
            x, gate = block(x, gate)
        return x


class _AuxiliaryNorm(nn.Module):
    """Auxiliary denormalization: the map, normalized over channels and positions, gets its scale from the edges and
    its shift from edges and map. forward(x [B,C,H,W], guide [B,G,H,W]) -> [B,C,H,W]."""

    def __init__(self, channels: int, guide: int):
        super().__init__()
        self.embed = nn.Conv2d(guide, channels, 1)
        self.gamma, self.beta = nn.Conv2d(channels, channels, 1), nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        guide = self.embed(guide)
        return denormalize(F.group_norm(x, 1), self.gamma(guide), self.beta(torch.cat((x, guide), dim=1)))


class _GuidedAttention(nn.Module):
    """Multi-scale spatial-aware attention: queries, keys and values take the edges up before patches are compared.

    forward(x [B,C,H,W], guide [B,G,H,W]) -> [B,C,H,W].
    """

    def __init__(self, channels: int, guide: int):
        super().__init__()
        self.qkv = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(3))
        self.before, self.after = _AuxiliaryNorm(channels, guide), _AuxiliaryNorm(channels, guide)
        self.scale = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.Tanh())
        self.shift = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=2, dilation=2),
            nn.GELU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        q, k, v = (self.before(project(x), guide) for project in self.qkv)
        x = x + multi_scale_attention(q, k, v, PATCHES)
        normed = self.after(x, guide)
        return x * self.scale(normed) + self.shift(normed)


class _Level(nn.Module):
    """One step of both decoders: edges are drawn from the edge map, the image's map and the skip, the map from the
    latter two, and attention takes the edges up.

    edges: channels of the edge map, before and after.  double: whether the step doubles the size.
    forward(x, edge map, skip) -> (x, edge map, edge logits).
    """

    def __init__(self, a: int, b: int, skip: int, edges: tuple[int, int], double: bool):
        super().__init__()
        known, drawn = edges
        self.edge = nn.Sequential(_step(known + a + skip, drawn, double), nn.LeakyReLU(0.2))
        self.logits = nn.Conv2d(drawn, 1, 3, padding=1)
        self.image = _Normed(_step(a + skip, b, double, bias=False))
        self.attention = _GuidedAttention(b, drawn + 1)

    def forward(self, x: Tensor, edge: Tensor, skip: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        edge = self.edge(torch.cat((edge, x, skip), dim=1))
        logits = self.logits(edge)
        x = self.image(torch.cat((x, skip), dim=1))
        return self.attention(x, torch.cat((edge, logits), dim=1)), edge, logits


def _step(a: int, b: int, double: bool, bias: bool = True) -> nn.Module:
    if double:
        return nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=bias)
    return nn.Conv2d(a, b, 3, padding=1, bias=bias)


class _EdgeHead(nn.Module):
    """Edges at full size; forward(edge map [B,w,H/2,W/2], image) -> logits [B,1,H,W]."""

    def __init__(self, width: int):
        super().__init__()
        self.up = nn.Sequential(_step(width, width, double=True), nn.ReLU())
        self.gated = _Gated(width + 3, width // 2, 3, bias=True)
        self.last = nn.Conv2d(width // 2, 1, 3, padding=1)

    def forward(self, edge: Tensor, image: Tensor) -> Tensor:
        return self.last(self.gated(torch.cat((self.up(edge), image), dim=1))[0])


class _Tail(nn.Module):
    """The decoded map and the stem's are averaged by their gates and drawn at full size.

    forward(early, its gate, late, its gate, image) -> [B,3,H,W] in [-1,1].
    """

    def __init__(self, width: int):
        super().__init__()
        half, eighth = width // 2, max(1, width // 8)
        self.up = _Normed(_step(width, width, double=True, bias=False), 0.01)
        self.gated = _Gated(width + 3, half, 3, bias=True)
        self.residual = nn.Sequential(
            _Normed(nn.Conv2d(half, eighth, 1, bias=False), 0.0),
            _Normed(nn.Conv2d(eighth, eighth, 3, padding=1, bias=False), 0.0),
            nn.Conv2d(eighth, half, 1, bias=False),
            nn.BatchNorm2d(half),
        )
        self.last = nn.Conv2d(2 * half, 3, 3, padding=1, bias=False)

    def forward(self, early: Tensor, early_gate: Tensor, late: Tensor, late_gate: Tensor, image: Tensor) -> Tensor:
        both = early_gate * early + late_gate.square() * late
        x = self.up(both / (early_gate + late_gate + 1e-7))
        x = F.leaky_relu(self.gated(torch.cat((image, x), dim=1))[0], 0.01)
        x = torch.cat((x, F.relu(self.residual(x) + x)), dim=1)
        return torch.tanh(self.last(x))


@model("mmt")
class MMT(nn.Module):
    """One encoder feeds two decoders, of which the first completes the edges of the image at three sizes and the second
    the image. At each size an attention compares patches of the image's map after the edges have set the scale and the
    shift of its queries, keys and values. Between encoder and decoders, gated blocks decide where the map
    changes, and from how far away it is changed.

    Takes sizes that are multiples of 32. Raises InputError for a width below 4.
    """

    Config = Config
    stride = 32
    priors = ()
    losses = (
        Term("known", 1.0),
        Term("hole", 6.0),
        Term("perceptual", 0.05),
        Term("perceptual_composite", 0.05),
        Term("style", 120.0),
        Term("style_composite", 120.0),
        Term("total_variation", 0.1),
        Term("edge_entropy", 0.5),
    )
    training_only = ("edge_head",)
    reference = "mmt"

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        w = config.width
        self.stem = _Stem(w)
        self.encoder = _Encoder(w)
        self.bottleneck = _Bottleneck(4 * w)
        self.levels = nn.ModuleList(
            (
                _Level(4 * w, 4 * w, 4 * w, (0, 2 * w), double=False),
                _Level(4 * w, 2 * w, 4 * w, (2 * w, 2 * w), double=True),
                _Level(2 * w, w, 2 * w, (2 * w, w), double=True),
            )
        )
        self.tail = _Tail(w)
        self.edge_head = _EdgeHead(w)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux, in training: "edge", logits [B,1,H,W]; "edges", logits at 1/8, 1/4 and 1/2. features:
        "encoder", the stem's map and three of the encoder, finest first; "edge_maps", the edge decoder's, coarse to
        fine; "decoder_input", what the bottleneck gives."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        early, early_gate, late, late_gate = self.stem(torch.cat((batch.image, batch.mask), dim=1))
        maps, gate = self.encoder(late)
        x = self.bottleneck(maps[-1], gate)
        kept.add(encoder=[late, *maps], decoder_input=x)
        edge, edges = x[:, :0], []
        for level, skip in zip(self.levels, reversed(maps)):
            x, edge, logits = level(x, edge, skip)
            edges.append(logits)
            kept.add(edge_maps=edge)
        image = self.tail(early, early_gate, x, late_gate, batch.image)
        aux = {"edge": self.edge_head(edge, batch.image), "edges": edges} if self.training else {}
        return Output(image, aux, kept.maps)
