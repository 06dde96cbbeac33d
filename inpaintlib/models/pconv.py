"""PConv (Liu et al., ECCV 2018): a U-Net whose convolutions see known pixels only and shrink the hole as they go.

A map has one mask channel, not one a feature channel. The paper's last layer has no activation; tanh keeps its range.
"""

import torch
from torch import nn

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.partial_unet import FACTORS, Known, PartialDecoder, PartialEncoder, PartialUp
from inpaintlib.models.registry import model
from inpaintlib.models.values import Width


@model("pconv")
class PConv(nn.Module):
    """Every convolution looks at the known pixels of its window alone and is scaled up by how few of them there are.
    A window that knows anything gives a known position, so that the hole shrinks from layer to layer until it is gone.
    A U-Net of such layers fills the hole without ever having seen the placeholder that stands in it.

    Takes any size: a map that can no longer be halved stays at one position.
    """

    Config = Width
    stride = 1
    priors = ()
    losses = (
        Term("known", 1.0),
        Term("hole", 6.0),
        Term("perceptual", 0.05),
        Term("perceptual_composite", 0.05),
        Term("style", 120.0),
        Term("style_composite", 120.0),
        Term("total_variation", 0.1),
    )
    reference = "partialconv"

    def __init__(self, config: Width = Width()):  # noqa: B008
        super().__init__()
        self.config = config
        channels = tuple(config.width * factor for factor in FACTORS)
        self.encoder = PartialEncoder(3, channels)
        self.decoder = PartialDecoder(channels[-1], channels[:-1], channels[:-1])
        self.last = PartialUp(config.width, 3, 3, linear=True)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", eight maps, and "masks", theirs; "decoder_input", the deepest map."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        levels = self.encoder(Known(batch.image, batch.mask))
        kept.add(encoder=[x.map for x in levels], masks=[x.mask for x in levels], decoder_input=levels[-1].map)
        decoded = self.decoder(levels[-1], levels[:-1])[0]
        image, _ = self.last(decoded, Known(batch.image, batch.mask))
        return Output(torch.tanh(image), {}, kept.maps)
