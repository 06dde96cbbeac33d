"""The way down (TSGL Fig. 2): structure and texture encoders, and at every layer the guides between them."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from inpaintlib.batch import Batch
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.tsgl.config import EncoderConfig
from inpaintlib.models.tsgl.guide import GuidedLayer
from inpaintlib.models.tsgl.structure import StructureEncoder
from inpaintlib.models.tsgl.texture import TextureHead, TextureStage
from inpaintlib.ops.residual import residual_guide

LAYERS = 5


class Encoded(NamedTuple):
    """What the way down gives."""

    maps: list[Tensor]
    """The reconstructed maps, [B,C_k,H/2^k,W/2^k]."""
    structure: tuple[Tensor, Tensor] | None
    """The last structure map and its mask, where there is a structure encoder."""


class Encoder(nn.Module):
    """What every network with TSGL's encoder begins with; the network builds the parts in an order of its own.

    Parts: head and stages (texture), structure, guides. Parts that two networks build in the same order start equal.
    """

    stride = 64
    losses = (Term("reconstruction", 1.0), Term("edge", 1.0), Term("adversarial", 0.1))
    """TSGL Eq. 16 with the paper's weights."""
    training_only = ("structure_decoder",)

    def __init__(self, config: EncoderConfig):
        super().__init__()
        self.config = config
        self.priors = config.priors
        self.main = config.reconstruct
        self.side = tuple(config.streams - {self.main})
        self.structure_priors = config.structure_priors
        self.has_residual_guide = "residual" in config.guides

    def build_texture(self) -> None:
        """The texture encoder, where the configuration has one."""
        config = self.config
        if "texture" in config.streams:
            self.head = TextureHead(config.texture)
            self.stages = nn.ModuleList(
                TextureStage(
                    config.texture, depth, config.heads, config.window, config.tau, config.tau_place == "inside"
                )
                for depth in config.depths
            )

    def build_structure(self) -> None:
        """The structure encoder, where the configuration has one."""
        if "structure" in self.config.streams:
            self.structure = StructureEncoder(self.config.width, self.config.structure_channels())

    def build_guides(self) -> None:
        """The branches of the variant at every layer."""
        config = self.config
        self.guides = nn.ModuleList()
        for layer in range(1, LAYERS + 1):
            channels = config.channels(layer)
            self.guides.append(
                GuidedLayer(
                    config.branches(layer), channels[config.reconstruct], channels, 2 * config.width, config.scale
                )
            )

    def encode(self, batch: Batch, kept: Features) -> Encoded:
        """Both encoders and the guides.

        Features: "structure", "texture" (each before reconstruction), "reconstructed", "residual", "branch_<guide>",
        lists over the layers; "head", the texture encoder's full-size map; "hole_attention", the attention mass on hole
        tokens a block.
        """
        main = self.main
        guiding = {name: self._unguided(name, batch, kept) for name in self.side}
        x, mask = self._start(main, batch, kept)
        maps = []
        for k, guide in enumerate(self.guides):
            before = x
            x, mask = self._layer(main, k, before, mask, kept)
            sources = {name: layers[k][0] for name, layers in guiding.items()} | {main: x}
            if main == "texture" and (self.has_residual_guide or kept.wanted):
                sources["residual"] = residual_guide(before, x)
                kept.add(residual=sources["residual"])
            x, branches = guide(x, sources)
            kept.add(reconstructed=x, **{f"branch_{name}": value for name, value in branches.items()})
            maps.append(x)
        structures = {main: (x, mask)} | {name: layers[-1] for name, layers in guiding.items()}
        return Encoded(maps, structures.get("structure"))

    def _unguided(self, name: str, batch: Batch, kept: Features) -> list[tuple[Tensor, Tensor]]:
        """All layers of the encoder that guides: maps and masks."""
        x, mask = self._start(name, batch, kept)
        layers = []
        for k in range(LAYERS):
            x, mask = self._layer(name, k, x, mask, kept)
            layers.append((x, mask))
        return layers

    def _start(self, name: str, batch: Batch, kept: Features) -> tuple[Tensor, Tensor]:
        """What an encoder's first layer reads, at full size."""
        if name == "structure":
            return _stack(*(batch.priors[p] for p in self.structure_priors), batch.mask), batch.mask
        full, mask = self.head.full(_stack(batch.image, batch.priors["smooth"], batch.mask), batch.mask)
        kept.add(head=full)
        return full, mask

    def _layer(self, name: str, k: int, x: Tensor, mask: Tensor, kept: Features) -> tuple[Tensor, Tensor]:
        """Layer k (from 0) of an encoder."""
        if name == "structure":
            x, mask = self.structure.layer(k, x, mask)
        elif k == 0:
            x, mask = self.head.half(x, mask)
        else:
            x, mask = self.stages[k - 1](x, mask, kept)
        kept.add(**{name: x})
        return x, mask


def _stack(*maps: Tensor) -> Tensor:
    return torch.cat(maps, dim=1).contiguous(memory_format=torch.channels_last)
