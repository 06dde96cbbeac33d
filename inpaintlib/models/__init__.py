"""The systems: one file or folder each. Importing this package registers them."""

from inpaintlib.models import tsgl
from inpaintlib.models.registry import build, model, models

__all__ = ["build", "model", "models", "tsgl"]
