"""EdgeConnect (Nazeri et al., ICCVW 2019): one network draws the missing edges, a second one paints what they outline.

The paper trains the two one after the other and then together; here they train together from the start, and gradients
of the image reach the edge generator. Its edges answer to the cross-entropy with the true ones, instead of to a
discriminator of their own. Its spectral norm is left out: the instance norm after a convolution undoes any scale.
"""

import torch
from torch import Tensor, nn

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.skeleton import Decoder, Encoder, residual_blocks, white_hole
from inpaintlib.models.values import Width


@model("edgeconnect")
class EdgeConnect(nn.Module):
    """A painter draws the lines first and the colors after. The first network sees the grayscale photograph and its
    edges outside the hole, and draws the edges that are missing. The second one sees the photograph and all edges, and
    fills in color and texture between the lines.

    Takes sizes that are multiples of 4.
    """

    Config = Width
    stride = 4
    priors = ("edge", "gray")
    losses = (
        Term("reconstruction", 1.0),
        Term("adversarial", 0.1),
        Term("perceptual", 0.1),
        Term("style", 250.0),
        Term("edge_entropy", 1.0),
    )
    reference = "edgeconnect"

    def __init__(self, config: Width = Width()):  # noqa: B008
        super().__init__()
        self.config = config
        width = config.width
        self.edge_encoder = Encoder(3, width)
        self.edge_blocks = residual_blocks(4 * width)
        self.edge_decoder = Decoder(width, 1)
        self.image_encoder = Encoder(4, width)
        self.image_blocks = residual_blocks(4 * width)
        self.image_decoder = Decoder(width, 3)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["edge"], in training: logits of the edge map [B,1,H,W]. features: "encoder", the three
        maps of the image's encoder, finest first; "decoder_input", the last of its residual blocks."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        logits = self._edge_logits(batch)
        edges = torch.where(batch.mask > 0, batch.priors["edge"], torch.sigmoid(logits))
        maps = self.image_encoder(torch.cat((white_hole(batch), edges), dim=1))
        x = self.image_blocks(maps[-1])
        kept.add(encoder=maps, decoder_input=x)
        image = torch.tanh(self.image_decoder(x))
        return Output(image, {"edge": logits} if self.training else {}, kept.maps)

    def _edge_logits(self, batch: Batch) -> Tensor:
        hole = 1 - batch.mask
        seen = torch.cat((batch.priors["gray"] + hole, batch.priors["edge"], hole), dim=1)
        return self.edge_decoder(self.edge_blocks(self.edge_encoder(seen)[-1]))
