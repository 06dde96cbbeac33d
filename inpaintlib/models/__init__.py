"""The systems, one file or folder each: importing the package registers them, calling it, `il.models()`, lists them."""

import sys
from types import ModuleType

from inpaintlib.models import (
    aot_gan,
    comodgan,
    ctsdg,
    deepfill_v2,
    edgeconnect,
    han,
    hifill,
    jpgnet,
    lama,
    madf,
    mat,
    medfe,
    mi_gan,
    misf,
    mmt,
    pconv,
    pennet,
    regionnorm,
    registry,
    rfr,
    structureflow,
    tsgl,
    zits,
)
from inpaintlib.models.registry import build, model

__all__ = [
    "aot_gan",
    "build",
    "comodgan",
    "ctsdg",
    "deepfill_v2",
    "edgeconnect",
    "han",
    "hifill",
    "jpgnet",
    "lama",
    "madf",
    "mat",
    "medfe",
    "mi_gan",
    "misf",
    "mmt",
    "model",
    "pconv",
    "pennet",
    "regionnorm",
    "registry",
    "rfr",
    "structureflow",
    "tsgl",
    "zits",
]


class _Models(ModuleType):
    def __call__(self) -> list[str]:
        """The names that `il.build` and `il.load` take."""
        return registry.models()


sys.modules[__name__].__class__ = _Models
