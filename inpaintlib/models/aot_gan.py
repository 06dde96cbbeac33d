"""AOT-GAN (Zeng et al., TVCG 2022): blocks look at several distances at once and replace only what a gate admits."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Adversary, Term
from inpaintlib.models.registry import model
from inpaintlib.models.skeleton import Encoder, Mirrored, white_hole
from inpaintlib.models.values import check_values
from inpaintlib.ops.gated_residual import gated_residual, spread

DILATIONS = (1, 2, 4, 8)


class AggregatedTransforms(nn.Module):
    """The AOT block (Sec. 3.1): dilated 3x3 convolutions, a quarter of the channels each, fused, then gated.

    forward(x [B,C,H,W]) -> [B,C,H,W]. C is a multiple of 4.
    """

    def __init__(self, channels: int):
        super().__init__()
        quarter = channels // len(DILATIONS)
        self.transforms = nn.ModuleList(Mirrored(channels, quarter, 3, dilation=d) for d in DILATIONS)
        self.fuse = Mirrored(channels, channels, 3)
        self.gate = Mirrored(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        new = torch.relu(torch.cat([transform(x) for transform in self.transforms], dim=1))
        return gated_residual(x, self.fuse(new), spread(self.gate(x)))


class _Decoder(nn.Sequential):
    """Twice bilinear doubling and a 3x3 convolution with ReLU, then 3x3."""

    def __init__(self, width: int):
        layers: list[nn.Module] = []
        for a, b in ((4 * width, 2 * width), (2 * width, width)):
            layers += [nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(a, b, 3, padding=1), nn.ReLU()]
        super().__init__(*layers, nn.Conv2d(width, 3, 3, padding=1))


@dataclass(frozen=True)
class Config:
    """width: channels of the first layer (64 in the paper); everything else scales with it.  blocks: AOT blocks."""

    width: int = 64
    blocks: int = 8

    def __post_init__(self):
        check_values(self)


@model("aot-gan")
class AOTGAN(nn.Module):
    """A hole is filled from what lies next to it and from patterns far away. Every block splits its channels among four
    convolutions, from near to far, and fuses what they find. A gate then lets this replace the map where it is needed
    and keeps the rest.

    Takes sizes that are multiples of 4.
    """

    Config = Config
    stride = 4
    priors = ()
    losses = (
        Term("reconstruction", 1.0),
        Term("perceptual", 0.1),
        Term("style", 250.0),
        Term("adversarial", 0.01),
    )
    adversary = Adversary("least-squares", patches="soft")
    reference = "aotgan"

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = Encoder(4, width, nn.Identity, bias=True)
        self.blocks = nn.Sequential(*(AggregatedTransforms(4 * width) for _ in range(config.blocks)))
        self.decoder = _Decoder(width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", three maps, finest first; "decoder_input", after the blocks."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        maps = self.encoder(torch.cat((white_hole(batch), 1 - batch.mask), dim=1))
        x = self.blocks(maps[-1])
        kept.add(encoder=maps, decoder_input=x)
        return Output(torch.tanh(self.decoder(x)), {}, kept.maps)
