"""The sizes and choices of TSGL as data; every default is the paper's."""

from dataclasses import dataclass
from typing import Any, Literal

from inpaintlib import priors
from inpaintlib.errors import InputError
from inpaintlib.models.painting import Over
from inpaintlib.models.values import check_values
from inpaintlib.variant import Branch, Variant

LATE_LAYERS = (4, 5)
"""The layers that the paper calls late, where a guide written with a number is applied that many times."""

WRAPPED = {"edge": "wrapped_edge", "gray": "wrapped_gray"}
DEFECTS: dict[str, str] = {
    "wrapped-canny": "edge map and gray from an image whose dark half is wrapped around",
    "dead-mask": "the balance module's partial convolutions see a mask of ones",
    "mask-kernels": "their mask kernels of ones are overwritten by random numbers",
    "softmax-axis": "the weights of Eq. 11 sum to one over the map instead of over the neighbours",
    "scrambled-view": "both terms of the equalization have channels and positions interchanged",
    "initialization": "one normal distribution for all convolutions, the texture encoder's 50 times too small",
}
"""Mistakes of the released code, each a switch, so that its cost can be measured."""
BALANCE_DEFECTS = ("dead-mask", "mask-kernels", "softmax-axis", "scrambled-view")
RELEASED: dict[str, Any] = {
    "depths": (2, 2, 6, 6),
    "twice": "all",
    "statistics": "batch",
    "tau_place": "after",
    "scale": "1+gamma",
    "balance": "released",
    "similarity": "softmax",
    "edge_decoder": "released",
}
"""The released code's choices, mistakes apart; `tsgl-released` has them."""


@dataclass(frozen=True)
class EncoderConfig:
    """The encoder: what the structure encoder reads, what guides what, and how.

    width: channels of the first structure layer (64 in the paper); everything else scales with it. A texture map has
    180/64 of it, rounded to a multiple of `heads`.  twice: the layers where a number in the variant counts, "late"
    (paper: layers 4 and 5) or "all" (released code).  statistics: what "Global" normalizes over, one image ("instance",
    Eq. 7) or the batch ("batch", released code).  structure: the priors that the structure encoder reads, joined by +
    (Table VIII: edge+gray, lowres, sobel_x, sobel_y and segmentation, which is read from files and handed to
    `Batch.make(given=...)`; slic stands in for it).  reconstruct: which maps are reconstructed and go
    on to the decoder, "texture" (Table I a) or "structure" (Table I b).  tau_place: where tau is subtracted, "inside"
    the division by sqrt(d) as in Eq. 4, or "after" it (released code).  scale: what multiplies the normalised map,
    "gamma" (Eq. 6) or "1+gamma" (released code).  over: what the output is painted over, see `models.painting`.
    """

    variant: str = "2Global(Local)->Global(Local)"
    width: int = 64
    depths: tuple[int, int, int, int] = (2, 2, 6, 2)
    heads: int = 4
    window: int = 8
    tau: float = 100.0
    twice: Literal["late", "all"] = "late"
    statistics: Literal["instance", "batch"] = "instance"
    structure: str = "edge+gray"
    reconstruct: Literal["texture", "structure"] = "texture"
    tau_place: Literal["inside", "after"] = "inside"
    scale: Literal["gamma", "1+gamma"] = "gamma"
    over: Over = "nothing"

    def __post_init__(self):
        object.__setattr__(self, "variant", str(Variant.parse(self.variant)))
        check_values(self)
        if isinstance(self.depths, list):
            object.__setattr__(self, "depths", tuple(self.depths))
        if self.width < 4:
            raise InputError(f"width is {self.width}; a TSGL network needs a width of at least 4.")
        stages = self.depths if isinstance(self.depths, tuple) else ()
        if len(stages) != 4 or not all(type(depth) is int and 1 <= depth < 100 for depth in stages):
            raise InputError(
                f"depths are {self.depths!r}; a TSGL network has four attention stages, as in (2, 2, 6, 2)."
            )
        if self.reconstruct == "structure" and "residual" in self.guides:
            raise InputError(
                f"The variant {self.variant} has a local residual, which structure maps do not have (each layer has"
                " other channels); with reconstruct='structure' a guide is Texture or Global."
            )
        self.structure_channels()

    def structure_channels(self) -> int:
        """Channels of the structure encoder's input: its priors and the mask. Raises InputError on an unknown prior."""
        return 1 + priors.channels(self.structure_priors)

    @property
    def texture(self) -> int:
        """Channels of every texture map."""
        return self.heads * max(1, round(45 * self.width / 64 * 4 / self.heads))

    @property
    def guides(self) -> frozenset[str]:
        """What guides: structure, residual, texture."""
        return Variant.parse(self.variant).guides

    @property
    def streams(self) -> frozenset[str]:
        """The encoders that the network has: of the maps that are reconstructed, and of those that guide them."""
        return self.guides - {"residual"} | {self.reconstruct}

    @property
    def structure_priors(self) -> tuple[str, ...]:
        """Names of the priors that the structure encoder reads."""
        return tuple(self.structure.split("+"))

    @property
    def priors(self) -> tuple[str, ...]:
        """Names of all priors that the network reads."""
        structure = self.structure_priors if "structure" in self.streams else ()
        return structure + (("smooth",) if "texture" in self.streams else ())

    def channels(self, layer: int) -> dict[str, int]:
        """Channels of a layer's (1 .. 5) structure map, texture map and local residual."""
        return {"structure": self.width << (layer - 1), "texture": self.texture, "residual": self.texture}

    def branches(self, layer: int) -> tuple[tuple[Branch, int], ...]:
        """The variant's branches at a layer (1 .. 5), each with the number of times it is done there."""
        counts = self.twice == "all" or layer in LATE_LAYERS
        pairs = []
        for branch in Variant.parse(self.variant).branches:
            batchwise = branch.norm == "global" and self.statistics == "batch"
            norm = "batch" if batchwise else branch.norm
            pairs.append((Branch(branch.guide, norm, branch.times), branch.times if counts else 1))
        return tuple(pairs)


@dataclass(frozen=True)
class Config(EncoderConfig):
    """The whole network: the encoder's settings, and what follows it.

    decoder: "balance" (the cross-layer balance module and a decoder with skips: the paper's), "basic" (that decoder
    alone: Ours(Basic)), "pennet" (cross-layer attention transfer), "hifill" (contextual residual aggregation).
    balance: three streams ("paper", Fig. 13) or two groups through shared chains ("released").  similarity: how the
    dot products of Eq. 11 become weights, divided by their sum ("product", as printed) or by a "softmax" over the
    neighbours; the defect softmax-axis replaces both.  edge_decoder: D_S of Eq. 14, "light" (ours) or "released"; only
    training has it.  defects: names from DEFECTS, mistakes of the released code to repeat.
    """

    decoder: Literal["balance", "basic", "pennet", "hifill"] = "balance"
    balance: Literal["paper", "released"] = "paper"
    similarity: Literal["product", "softmax"] = "product"
    edge_decoder: Literal["light", "released"] = "light"
    defects: tuple[str, ...] = ()

    def __post_init__(self):
        defects = (self.defects,) if isinstance(self.defects, str) else self.defects
        if not isinstance(defects, (list, tuple)):
            raise InputError(f"defects are {defects!r}; they are a list of names out of {', '.join(DEFECTS)}.")
        for name in defects:
            if not isinstance(name, str) or name not in DEFECTS:
                raise InputError(f"There is no defect {name!r}; the released code's are {', '.join(DEFECTS)}.")
        object.__setattr__(self, "defects", tuple(sorted(set(defects))))
        super().__post_init__()
        self._refuse_what_has_no_effect()

    def _refuse_what_has_no_effect(self) -> None:
        """A setting of a part that the network does not have would look as if it made no difference."""
        balanced = [n for n in ("balance", "similarity") if getattr(self, n) != getattr(type(self), n)]
        balanced += [n for n in self.defects if n in BALANCE_DEFECTS]
        if balanced and self.decoder != "balance":
            raise InputError(f"{balanced[0]} concerns the balance module, which decoder={self.decoder!r} does without.")
        structural = ["edge_decoder"] if self.edge_decoder != "light" else []
        structural += [n for n in self.defects if n == "wrapped-canny"]
        if structural and "structure" not in self.streams:
            raise InputError(f"{structural[0]} concerns the structure encoder, which {self.variant} does without.")

    @property
    def structure_priors(self) -> tuple[str, ...]:
        """Names of the priors that the structure encoder reads."""
        names = super().structure_priors
        return tuple(WRAPPED.get(n, n) for n in names) if "wrapped-canny" in self.defects else names
