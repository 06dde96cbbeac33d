"""Region Normalization (Yu et al., AAAI 2020): hole and known region are normalised apart.

The generator is EdgeConnect's with the released code's pixel shuffles in place of transposed convolutions. Statistics
are those of one image, as the paper's equations have them; the released code takes them over the whole batch.
"""

import torch
from torch import nn

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.skeleton import Encoder, Mirrored, residual_blocks, white_hole
from inpaintlib.models.values import Width
from inpaintlib.ops.region_norm import BasicRegionNorm, LearnableRegionNorm


def _learnable(channels: int) -> nn.Module:
    return LearnableRegionNorm()


class _Decoder(nn.Sequential):
    """Twice a 3x3 convolution whose channels become a map of twice the size, with norm and ReLU; then 7x7."""

    def __init__(self, width: int):
        layers: list[nn.Module] = []
        for a, b in ((4 * width, 2 * width), (2 * width, width)):
            conv = nn.Conv2d(a, 4 * b, 3, padding=1, bias=False)
            layers += [conv, nn.PixelShuffle(2), LearnableRegionNorm(), nn.ReLU()]
        super().__init__(*layers, Mirrored(width, 3, 7))


@model("regionnorm")
class RegionNorm(nn.Module):
    """Normalization over a whole map mixes what is known with what a hole left behind, and shifts both. The encoder
    therefore normalises hole and known positions apart, each with a scale and a shift of its own. Deeper layers, where
    the hole has been partly filled, find out themselves which positions belong together.

    Takes sizes that are multiples of 4. The mask reaches the network through its norms alone.
    """

    Config = Width
    stride = 4
    priors = ()
    losses = (
        Term("reconstruction", 1.0),
        Term("adversarial", 0.1),
        Term("perceptual", 0.1),
        Term("style", 250.0),
    )
    reference = "regionnorm"

    def __init__(self, config: Width = Width()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = Encoder(3, width, BasicRegionNorm)
        self.blocks = residual_blocks(4 * width, _learnable)
        self.decoder = _Decoder(width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", three maps, finest first; "decoder_input", after the blocks."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        maps = self.encoder(white_hole(batch), batch.mask)
        x = self.blocks(maps[-1])
        kept.add(encoder=maps, decoder_input=x)
        return Output(torch.tanh(self.decoder(x)), {}, kept.maps)
