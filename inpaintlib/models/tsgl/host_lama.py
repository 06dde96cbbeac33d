"""TSGL's encoder in LaMa: five downsampling layers, LaMa's Fourier blocks and decoder (App. D, Fig. 19, Table VI)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from inpaintlib.batch import Batch, Output
from inpaintlib.errors import InputError
from inpaintlib.features import Features
from inpaintlib.models.lama import FourierBottleneck, FourierDecoder, split
from inpaintlib.models.painting import Painting
from inpaintlib.models.registry import model
from inpaintlib.models.seeds import Apart
from inpaintlib.models.tsgl.config import EncoderConfig
from inpaintlib.models.tsgl.encoder import Encoder
from inpaintlib.models.tsgl.plain_encoder import PlainEncoder
from inpaintlib.models.tsgl.structure_decoder import StructureDecoder

RATIO = 0.75
"""Share of the bottleneck's channels that are global, as in LaMa."""
CHOICES = {
    "ours": {"twice": "late", "statistics": "instance", "scale": "gamma"},
    "released": {"twice": "all", "statistics": "batch", "scale": "1+gamma"},
}
"""What goes with an encoder unless it is set."""
ATTENTION = ("depths", "heads", "window", "tau", "tau_place")


@dataclass(frozen=True)
class Config(EncoderConfig):
    """encoder: "ours", the encoder of `tsgl`, or "released", plain convolutions without attention, partial convolutions
    and texture image, as in the released code, which has none of the settings of attention.  blocks: Fourier blocks.
    twice, statistics, scale: as in `tsgl`; None takes the paper's for "ours" and the code's for "released".
    """

    encoder: Literal["ours", "released"] = "ours"
    blocks: int = 9
    twice: Literal["late", "all", None] = None
    statistics: Literal["instance", "batch", None] = None
    scale: Literal["gamma", "1+gamma", None] = None

    def __post_init__(self):
        for name, value in CHOICES["released" if self.encoder == "released" else "ours"].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        super().__post_init__()
        if self.reconstruct != "texture":
            raise InputError("tsgl-lama reconstructs texture maps; for the inverse direction build tsgl.")
        if self.encoder == "released" and "structure" not in self.streams:
            raise InputError(f"The released encoder has a structure tower, which {self.variant} would not use.")
        for name in ATTENTION if self.encoder == "released" else ():
            if getattr(self, name) != getattr(type(self), name):
                raise InputError(f"{name} concerns attention, which the released encoder does without.")

    @property
    def priors(self) -> tuple[str, ...]:
        """Names of all priors that the network reads."""
        return self.structure_priors if self.encoder == "released" else super().priors


@model("tsgl-lama")
class TSGLLaMa(Encoder):
    """LaMa's bottleneck and decoder behind the encoder of TSGL. Texture maps reach the Fourier blocks with the hole
    already reconstructed under the guidance of structure. The blocks then see the whole image at once, as LaMa's do.

    Takes sizes that are multiples of 64.
    """

    Config = Config
    reference = "tsgl"

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__(config)
        width = config.width
        full, sizes = 4 * width, (4 * width, 4 * width, 4 * width, 2 * width, width)
        apart = Apart()
        if config.encoder == "released":
            self.encoder = PlainEncoder(config, split(full, RATIO))
        else:
            self.build_texture()
            self.lift = nn.Conv2d(config.texture, full, 1)
            self.build_structure()
            self.build_guides()
        with apart:
            self.bottleneck = FourierBottleneck(full, config.blocks, RATIO)
            self.decoder = FourierDecoder(full, sizes, 3)
        self.painting = Painting(config.over)
        if "structure" in config.streams:
            with apart:
                released = config.encoder == "released"
                self.structure_decoder = FourierStructureDecoder(full, sizes) if released else StructureDecoder(width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["edge"] as in `tsgl`. features: those of the encoder; "bottleneck", the map after each
        Fourier block; "decoder_input", the last of them."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        if self.config.encoder == "released":
            x, *structure = self.encoder(batch, kept)
        else:
            maps, structure = self.encode(batch, kept)
            x = torch.relu(self.lift(maps[-1]))
        x = self.bottleneck(x, kept)
        kept.add(decoder_input=x)
        aux = {"edge": self.structure_decoder(*structure)} if self.training and structure else {}
        return Output(self.painting(torch.tanh(self.decoder(x)), batch), aux, kept.maps)


class FourierStructureDecoder(nn.Module):
    """The released D_S for LaMa: three Fourier blocks, five upsamplings, 7x7. Used in training only.

    forward(S_5 [B,4w,h,w']) -> logits [B,1,32h,32w']; their sigmoid is the edge map.
    """

    def __init__(self, channels: int, sizes: tuple[int, ...]):
        super().__init__()
        self.bottleneck = FourierBottleneck(channels, 3, RATIO)
        self.decoder = FourierDecoder(channels, sizes, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.bottleneck(x, Features(False)))
