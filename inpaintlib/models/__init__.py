"""The systems, one file or folder each: importing the package registers them, calling it, `il.models()`, lists them."""

import sys
from types import ModuleType

from inpaintlib.models import hifill, lama, misf, pennet, registry, tsgl
from inpaintlib.models.registry import build, model

__all__ = ["build", "hifill", "lama", "misf", "model", "pennet", "registry", "tsgl"]


class _Models(ModuleType):
    def __call__(self) -> list[str]:
        """The names that `il.build` and `il.load` take."""
        return registry.models()


sys.modules[__name__].__class__ = _Models
