"""Which networks the study trains, as data: name -> model, settings, and what differs from a profile's recipe."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from inpaintlib.models.misf.config import ABLATIONS
from inpaintlib.models.tsgl.config import BALANCE_DEFECTS, DEFECTS
from inpaintlib.variant import TABLE_IV, Variant

FINAL = "2Global(Local)->Global(Local)"
DECODER = "basic"
"""The plain decoder: what differs between two rows is their encoders alone."""
SPECTRA = ("Baseline", "Global->Global", "Global->Local", FINAL)
"""Rows of Table IV whose spectrograms a figure shows."""


def slug(variant: Variant | str) -> str:
    """A variant as part of a file name: "Global(2Local)->Global(Local)" gives "global-2local-to-global-local"."""
    return re.sub(r"[()]+", "-", str(variant).lower().replace("->", "-to-")).replace("--", "-").strip("-")


@dataclass(frozen=True)
class Training:
    """A network and how it is trained, apart from the scale of a profile.

    config: its settings.  wider: times the profile's width, for a network that is narrow (or wide) in its own paper.
    recipe: what differs from the profile's.  final: with the width, the budget and the recipe of a profile's finals.
    protocols: on which it is measured besides the profile's own.  soften: times the gain with which a network paints
    over a fill, once it is trained.  shipped: the weights of its first seed travel with the package.
    """

    model: str
    config: dict[str, Any] = field(default_factory=dict, hash=False)
    wider: int | float = 1
    recipe: dict[str, Any] = field(default_factory=dict, hash=False)
    final: bool = False
    protocols: tuple[str, ...] = ()
    soften: float = 1.0
    shipped: bool = False


SOFTEN = 0.3
"""Of the final networks. Chosen for tsgl-final on validation photographs (scripts/trials.py): less gains hardly any
SSIM and costs LPIPS; more costs SSIM."""


def _ours(variant: str = FINAL, decoder: str = DECODER, **config: Any) -> Training:
    return Training("tsgl", {"variant": variant, "decoder": decoder, **config})


def _final(training: Training) -> Training:
    return replace(training, final=True, protocols=("bundled-512",), soften=SOFTEN, shipped=True)


def _misf(row: str, **config: Any) -> Training:
    return Training("misf", ABLATIONS[row] | config, wider=2)


ROW = {label: f"tsgl-{slug(label)}" for label in TABLE_IV}
OURS = ROW[FINAL]
MISF_ROW = {label: f"misf-{slug(label)}" for label in (*ABLATIONS, "Sem-Filter(F1)", "Sem-Filter(F2)")}
COMPARED: dict[str, Training] = {
    "PConv": Training("pconv"),
    "DeepFill v2": Training("deepfill-v2", wider=3),
    "EdgeConnect": Training("edgeconnect", wider=2),
    "PENNet": Training("pennet"),
    "RFR": Training("rfr", wider=2),
    "HiFill": Training("hifill", wider=2),
    "MEDFE": Training("medfe"),
    "CTSDG": Training("ctsdg"),
    "RegionNorm": Training("regionnorm", wider=2),
    "AOT GAN": Training("aot-gan", wider=2),
    "LaMa": Training("lama"),
    "Big-LaMa": Training("big-lama"),
    "JPGNet": Training("jpgnet"),
    "StructFlow": Training("structureflow"),
    "MADF": Training("madf", wider=0.25),
    "HAN": Training("han", wider=2),
    "MAT": Training("mat", wider=3),
    "MMT": Training("mmt"),
    "ZITS": Training("zits"),
    "CoModGAN": Training("comodgan"),
    "MI-GAN": Training("mi-gan", wider=3),
}
"""The papers' competitors that are written here. Their papers' sizes lie far apart; `wider` brings each, in the laptop
profile, as near to a million parameters as a multiple of its width can. PENNet, HiFill and LaMa have the widths at
which they are hosts of our encoder."""
AT_512 = (
    "DeepFill v2",
    "EdgeConnect",
    "HiFill",
    "RegionNorm",
    "AOT GAN",
    "LaMa",
    "Big-LaMa",
    "MADF",
    "MAT",
    "ZITS",
    "CoModGAN",
    "MI-GAN",
)
"""Those of TSGL's Table VI, which are measured on photographs of 512 pixels as well."""
MISF_SHOWN = ("Img-Filter", "Sem-Filter", "MISF", "En-decoder")
"""Rows of Table 3 whose pictures stand side by side."""

TRAININGS: dict[str, Training] = {
    **{ROW[label]: _ours(label) for label in TABLE_IV},
    "tsgl-structure-alone": _ours("Baseline", reconstruct="structure"),
    "tsgl-structure-guided": _ours("Texture->Global", reconstruct="structure"),
    "tsgl-balance": _ours(decoder="balance"),
    "tsgl-pennet": _ours(decoder="pennet"),
    "tsgl-hifill": _ours(decoder="hifill"),
    **{
        training.model: replace(training, protocols=("bundled-512",) if label in AT_512 else ())
        for label, training in COMPARED.items()
    },
    "tsgl-lama": Training("tsgl-lama", protocols=("bundled-512",)),
    **{f"tsgl-tau-{tau}": _ours(tau=float(tau)) for tau in (0, 50, 150, 200)},
    **{f"tsgl-prior-{name.replace('_', '-')}": _ours(structure=name) for name in ("lowres", "sobel_x", "sobel_y")},
    "tsgl-leak": replace(_ours(), recipe={"leak": True}, protocols=("bundled-256-leak",)),
    "tsgl-batch-statistics": _ours(statistics="batch"),
    "tsgl-twice-all": _ours(twice="all"),
    **{
        f"tsgl-defect-{name}": _ours(decoder="balance" if name in BALANCE_DEFECTS else DECODER, defects=(name,))
        for name in DEFECTS
    },
    **{MISF_ROW[label]: replace(_misf(label), shipped=label in MISF_SHOWN) for label in ABLATIONS},
    **{MISF_ROW[f"Sem-Filter({name})"]: _misf("Sem-Filter", filter_feature=name) for name in ("F1", "F2")},
    "tsgl-final": _final(_ours(over="fill")),
    "tsgl-lama-final": _final(Training("tsgl-lama", {"blocks": 6, "over": "fill"})),
    "lama-final": _final(Training("lama", {"blocks": 6, "over": "fill"})),
    "misf-final": _final(_misf("MISF", over="fill")),
}
