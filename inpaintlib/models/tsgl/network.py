"""TSGL as a whole: texture maps reconstructed from structure maps on the way down, balanced, and decoded (Fig. 2)."""

from torch import nn

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.models.hifill_decoder import ResidualAggregationDecoder
from inpaintlib.models.painting import Painting
from inpaintlib.models.pennet_decoder import AttentionTransferDecoder
from inpaintlib.models.registry import model, preset
from inpaintlib.models.seeds import Apart
from inpaintlib.models.tsgl.balance import BalanceOptions, CrossLayerBalance
from inpaintlib.models.tsgl.balance_released import ReleasedBalance
from inpaintlib.models.tsgl.config import RELEASED, Config
from inpaintlib.models.tsgl.decoder import BasicDecoder, Fusion
from inpaintlib.models.tsgl.encoder import LAYERS, Encoder
from inpaintlib.models.tsgl.released import OverwrittenPartialConv, normal_initialization
from inpaintlib.models.tsgl.structure_decoder import STRUCTURE_DECODERS
from inpaintlib.ops.partial_conv import PartialConv

# A decoder is built with the channels of f_1 .. f_6; forward(maps, batch, kept) -> image [B,3,H,W] in [-1,1], and it
# names what it decodes: kept.add(decoder_input=...). Its name is also a choice of Config.decoder.
DECODERS = {
    "balance": BasicDecoder,
    "basic": BasicDecoder,
    "pennet": AttentionTransferDecoder,
    "hifill": ResidualAggregationDecoder,
}
BALANCES = {"paper": CrossLayerBalance, "released": ReleasedBalance}


@model("tsgl")
class TSGL(Encoder):
    """Two encoders go down side by side, one for texture and one for structure, which is edges and grayscale. At every
    layer structure maps, normalized over the whole map, and local residuals, normalized at each position, guide the
    texture maps inside the hole. A module balances the reconstructed maps of all layers before they are decoded.

    TSGL with one of four decoders. Takes sizes that are multiples of 64.
    Parts in the order of the data: head and stages (texture), structure, guides, fusion (six maps for the decoder),
    balance (with decoder="balance"), decoder; and structure_decoder, D_S, which only training has.
    """

    Config = Config
    reference = "tsgl"

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__(config)
        apart = Apart()
        self.build_texture()
        fed = tuple(config.channels(layer)[config.reconstruct] for layer in range(1, LAYERS + 1))
        self.fusion = Fusion(fed, config.width)
        self.build_structure()
        self.build_guides()
        channels = self.fusion.channels
        with apart:
            self.decoder = DECODERS[config.decoder](channels)
        self.painting = Painting(config.over)
        if config.decoder == "balance":
            with apart:
                self.balance = _balance(config, channels)
        if "structure" in config.streams:
            with apart:
                self.structure_decoder = STRUCTURE_DECODERS[config.edge_decoder](config.width)
        if "initialization" in config.defects:
            normal_initialization(self)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["edge"]: logits of D_S [B,1,H,W], in training and where there is a structure encoder.

        features: those of `Encoder.encode`; "fused", f_1 .. f_6; "decoder_input", the six maps that the decoder reads;
        "streams" and "equalized" of the balance module; those of the decoder.
        """
        batch.check(self.stride, self.priors)
        kept = Features(features)
        encoded = self.encode(batch, kept)
        maps = self.fusion(encoded.maps)
        kept.add(fused=maps)
        if hasattr(self, "balance"):
            maps = self.balance(maps, batch.mask, kept)
        image = self.painting(self.decoder(maps, batch, kept), batch)
        aux = {}
        if self.training and encoded.structure is not None:
            aux["edge"] = self.structure_decoder(*encoded.structure)
        return Output(image, aux, kept.maps)


preset("tsgl-pennet", "tsgl", decoder="pennet")
preset("tsgl-hifill", "tsgl", decoder="hifill")
preset("tsgl-released", "tsgl", **RELEASED)


def _balance(config: Config, channels: tuple[int, ...]) -> nn.Module:
    defects = config.defects
    options = BalanceOptions(
        similarity="softmax-positions" if "softmax-axis" in defects else config.similarity,
        conv=OverwrittenPartialConv if "mask-kernels" in defects else PartialConv,
        dead_mask="dead-mask" in defects,
        scramble="scrambled-view" in defects,
    )
    return BALANCES[config.balance](channels, options)
