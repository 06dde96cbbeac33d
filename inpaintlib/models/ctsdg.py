"""CTSDG (Guo et al., ICCV 2021): texture is drawn from deep structure and structure from deep texture, joined by gates.

Deep maps are repeated to the next size, as in PConv; the released code interpolates them, which draws values of the
hole over its border. Each stream gives what it had before the exchange, as the paper's equations say. The discriminator
sees the image alone; the paper's has a second branch for its edges.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.partial_unet import FACTORS, Known, PartialDecoder, PartialEncoder
from inpaintlib.models.registry import model
from inpaintlib.models.values import Width
from inpaintlib.ops.gated_fusion import GatedFusion
from inpaintlib.ops.patch_attention import affinity, transfer

LEVELS = 7
DILATIONS = (1, 2, 4, 8)
SCALE = 10.0
"""By which cosines are multiplied before the softmax, as in the released code."""


class MultiScale(nn.Module):
    """Four dilated convolutions, of which each position takes its own mixture.

    forward(x [B,C,h,w]) -> [B,C,h,w].
    """

    def __init__(self, channels: int):
        super().__init__()
        self.scales = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=d, dilation=d) for d in DILATIONS)
        self.shares = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, len(DILATIONS), 1), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        shares = torch.softmax(self.shares(x), dim=1)
        return sum(share * F.relu(conv(x)) for conv, share in zip(self.scales, shares.split(1, dim=1)))


class ContextualAggregation(nn.Module):
    """Contextual feature aggregation: at half the size each patch is drawn anew from all patches like it,
    then at four scales.

    forward(fused [B,2C,H,W]) -> [B,C,H,W]. Patches are compared at a quarter of the size: sides are multiples of 4.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.before = nn.Sequential(nn.Conv2d(2 * channels, channels, 3, stride=2, padding=1), nn.LeakyReLU(0.2))
        self.scales = MultiScale(channels)
        self.after = nn.Sequential(nn.Conv2d(2 * channels, channels, 3, padding=1), nn.LeakyReLU(0.2))

    def forward(self, fused: Tensor) -> Tensor:
        x = self.before(fused)
        weights = torch.softmax(SCALE * affinity(F.avg_pool2d(x, 2)), dim=-1)
        aggregated = self.scales(transfer(weights, x, 2, overlap=True))
        x = self.after(torch.cat((x, aggregated), dim=1))
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Projection(nn.Module):
    """What a stream has drawn so far, made visible: a residual bottleneck and a 1x1 convolution.

    forward(x [B,C,H,W]) -> [B,out,H,W], before the last activation.
    """

    def __init__(self, channels: int, out: int):
        super().__init__()
        small = max(1, channels // 4)
        self.change = nn.Sequential(
            nn.Conv2d(channels, small, 3, padding=1, bias=False),
            nn.BatchNorm2d(small),
            nn.ReLU(),
            nn.Conv2d(small, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.last = nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.relu(x + self.change(x)))


class _Paint(nn.Module):
    """A 1x1 convolution of all that is known in the end; forward(fused, aggregated) -> image [B,3,H,W] in [-1,1]."""

    def __init__(self, channels: int):
        super().__init__()
        self.last = nn.Conv2d(3 * channels, 3, 1)

    def forward(self, fused: Tensor, aggregated: Tensor) -> Tensor:
        return torch.tanh(self.last(torch.cat((aggregated, fused), dim=1)))


@model("ctsdg")
class CTSDG(nn.Module):
    """Two U-Nets of partial convolutions encode the image on one side and its edges and gray values on the other.
    Their bottlenecks are crossed, so that texture is drawn from deep structure and structure from deep texture. A gate
    then decides what the two streams give each other, and patches that are alike in the joint map refine one another.

    Takes sizes that are multiples of 4. The aggregation compares every two positions of a map at a quarter of the size:
    memory grows with the fourth power of the side.
    """

    Config = Width
    stride = 4
    priors = ("edge", "gray")
    losses = (
        Term("hole", 60.0),
        Term("known", 10.0),
        Term("perceptual", 0.1),
        Term("style", 250.0),
        Term("adversarial", 0.1),
        Term("edge_entropy", 1.0),
        Term("pyramid", 1.0),
    )
    """The pyramid is the texture stream's own image alone, at full size."""
    reference = "ctsdg"
    training_only = ("to_image", "to_edge")

    def __init__(self, config: Width = Width()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        channels = tuple(width * factor for factor in FACTORS[:LEVELS])
        *skips, deep = channels
        self.texture_encoder = PartialEncoder(3, channels)
        self.structure_encoder = PartialEncoder(2, channels)
        self.texture_decoder = PartialDecoder(deep, (3, *skips), (width, *skips))
        self.structure_decoder = PartialDecoder(deep, (2, *skips), (width, *skips))
        self.fusion = GatedFusion(width)
        self.aggregation = ContextualAggregation(width)
        self.paint = _Paint(width)
        self.to_image = Projection(width, 3)
        self.to_edge = Projection(width, 1)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux, in training: "pyramid", a list of the texture stream's image alone, [B,3,H,W] in
        [-1,1]; "edge", logits of the structure stream's edge map [B,1,H,W]. features: "encoder" and
        "structure", seven maps each; "decoder_input", the two deepest maps; "decoded_texture" and "decoded_structure",
        what the decoders make of them from H/2 on; "decoded", both at full size; "fused", both after the exchange."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        image = Known(batch.image, batch.mask)
        guide = Known(torch.cat((batch.priors["edge"], batch.priors["gray"]), dim=1), batch.mask)
        textures, structures = self.texture_encoder(image), self.structure_encoder(guide)
        kept.add(encoder=[x.map for x in textures], structure=[x.map for x in structures])
        kept.add(decoder_input=[textures[-1].map, structures[-1].map])
        texture, *coarser = (x.map for x in self.texture_decoder(structures[-1], [image, *textures[:-1]]))
        kept.add(decoded_texture=coarser)
        structure, *coarser = (x.map for x in self.structure_decoder(textures[-1], [guide, *structures[:-1]]))
        kept.add(decoded_structure=coarser)
        fused = self.fusion(texture, structure)
        kept.add(decoded=[texture, structure], fused=fused)
        aux = {}
        if self.training:
            aux = {"pyramid": [torch.tanh(self.to_image(texture))], "edge": self.to_edge(structure)}
        return Output(self.paint(fused, self.aggregation(fused)), aux, kept.maps)
