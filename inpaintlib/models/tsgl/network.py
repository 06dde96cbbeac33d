"""TSGL: texture maps reconstructed from structure maps, layer by layer, on the way down (Fig. 2)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from inpaintlib.batch import Batch, Output
from inpaintlib.errors import InputError
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.tsgl.decoder import BasicDecoder, Fusion
from inpaintlib.models.tsgl.guide import GuidedLayer
from inpaintlib.models.tsgl.structure import StructureDecoder, StructureEncoder
from inpaintlib.models.tsgl.texture import TextureHead, TextureStage
from inpaintlib.ops.residual import residual_guide
from inpaintlib.variant import Branch, Variant

LATE_LAYERS = (4, 5)
"""The layers that the paper calls late, where a guide written with a number is applied that many times."""


@dataclass(frozen=True)
class Config:
    """The sizes and choices of a TSGL network; the defaults are the paper's.

    width: channels of the first structure layer (64 in the paper); everything else scales with it. A texture map has
    180/64 of it, rounded to a multiple of `heads`.  twice: the layers where a number in the variant counts, "late"
    (paper: layers 4 and 5) or "all" (released code).  statistics: what "Global" normalizes over, one image ("instance",
    Eq. 7) or the batch ("batch", released code).
    """

    variant: str = "2Global(Local)->Global(Local)"
    width: int = 64
    depths: tuple[int, int, int, int] = (2, 2, 6, 2)
    heads: int = 4
    window: int = 8
    tau: float = 100.0
    twice: Literal["late", "all"] = "late"
    statistics: Literal["instance", "batch"] = "instance"

    def __post_init__(self):
        object.__setattr__(self, "variant", str(Variant.parse(self.variant)))
        object.__setattr__(self, "depths", tuple(self.depths))
        if self.width < 4:
            raise InputError(f"width is {self.width}; a TSGL network needs a width of at least 4.")
        if len(self.depths) != 4:
            raise InputError(f"depths are {self.depths}; a TSGL network has four attention stages, as in (2, 2, 6, 2).")
        if self.twice not in ("late", "all"):
            raise InputError(f"twice is {self.twice!r}; it is 'late' (layers 4 and 5) or 'all'.")
        if self.statistics not in ("instance", "batch"):
            raise InputError(f"statistics is {self.statistics!r}; it is 'instance' (Eq. 7) or 'batch'.")

    @property
    def texture(self) -> int:
        """Channels of every texture map."""
        return self.heads * max(1, round(45 * self.width / 64 * 4 / self.heads))

    def branches(self, layer: int) -> tuple[tuple[Branch, int], ...]:
        """The variant's branches at a layer (1 .. 5), each with the number of times it is done there."""
        counts = self.twice == "all" or layer in LATE_LAYERS
        pairs = []
        for branch in Variant.parse(self.variant).branches:
            batchwise = branch.norm == "global" and self.statistics == "batch"
            norm = "batch" if batchwise else branch.norm
            pairs.append((Branch(branch.guide, norm, branch.times), branch.times if counts else 1))
        return tuple(pairs)


@model("tsgl")
class TSGL(nn.Module):
    """The encoder of TSGL with the plain decoder: Ours(Basic) of Table VII. Takes sizes that are multiples of 64."""

    Config = Config
    stride = 64
    priors = ("edge", "gray", "smooth")
    losses = (Term("reconstruction", 1.0), Term("edge", 1.0), Term("adversarial", 0.1))
    """TSGL Eq. 16 with the paper's weights."""
    training_only = ("structure_decoder",)

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        channels, width = config.texture, config.width
        self.head = TextureHead(channels)
        self.stages = nn.ModuleList(
            TextureStage(channels, depth, config.heads, config.window, config.tau) for depth in config.depths
        )
        self.fusion = Fusion(channels, width)
        self.decoder = BasicDecoder(self.fusion.channels)
        self.guided = "structure" in Variant.parse(config.variant).guides
        if self.guided:
            self.structure = StructureEncoder(width)
            self.structure_decoder = StructureDecoder(width)
        self.guides = nn.ModuleList(self._guided_layer(layer) for layer in range(1, 6))

    def _guided_layer(self, layer: int) -> GuidedLayer:
        config = self.config
        channels = {"structure": config.width * 2 ** (layer - 1), "residual": config.texture, "texture": config.texture}
        return GuidedLayer(config.branches(layer), config.texture, channels, 2 * config.width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux["edge"]: logits of D_S [B,1,H,W], in training and where the variant has a structure
        guide. features: "structure", "texture" (before reconstruction), "reconstructed", "residual", "branch_<guide>",
        "decoder_input", each a list over the layers; "head", the full-size map;
        and "hole_attention", the attention mass on hole tokens a block."""
        mask, priors = batch.mask, batch.priors
        kept: dict[str, list[Tensor]] = {}
        structures = self._structures(mask, priors) if self.guided else []
        before, texture, valid = self.head(_stack(batch.image, priors["smooth"], mask), mask)
        maps = []
        _keep(kept, features, head=[before])
        for layer, guide in enumerate(self.guides):
            if layer:
                texture, valid, masses = self.stages[layer - 1](maps[-1], valid, measure=features)
                _keep(kept, features, hole_attention=masses)
            residual = residual_guide(before, texture)
            sources = {"texture": texture, "residual": residual}
            if structures:
                sources["structure"] = structures[layer]
            before, branches = guide(texture, sources)
            maps.append(before)
            named = {f"branch_{name}": [value] for name, value in branches.items()}
            _keep(kept, features, texture=[texture], residual=[residual], reconstructed=[before], **named)
        fused = self.fusion(maps)
        _keep(kept, features, structure=structures, decoder_input=fused)
        aux = {"edge": self.structure_decoder(structures[-1])} if structures and self.training else {}
        return Output(self.decoder(fused), aux, kept)

    def _structures(self, mask: Tensor, priors: dict[str, Tensor]) -> list[Tensor]:
        return self.structure(_stack(priors["edge"], priors["gray"], mask), mask)


def _stack(*maps: Tensor) -> Tensor:
    return torch.cat(maps, dim=1).contiguous(memory_format=torch.channels_last)


def _keep(kept: dict[str, list[Tensor]], wanted: bool, **maps: list[Tensor | None]) -> None:
    if wanted:
        for name, values in maps.items():
            kept.setdefault(name, []).extend(values)
