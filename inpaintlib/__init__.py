"""inpaintlib: the networks of TSGL and MISF, and the diagnostics that test what their papers claim."""

from inpaintlib import diagnostics, models, ops, plugins, published
from inpaintlib.batch import Batch, Output, Target
from inpaintlib.compared import compared
from inpaintlib.counting import counts, example_batch
from inpaintlib.errors import InputError
from inpaintlib.exporting import export
from inpaintlib.inpainting import inpaint
from inpaintlib.models import build, model
from inpaintlib.ops.normalize import normalization
from inpaintlib.priors import prior
from inpaintlib.variant import TABLE_IV, Variant
from inpaintlib.weights import load

__all__ = [
    "TABLE_IV",
    "Batch",
    "InputError",
    "Output",
    "Target",
    "Variant",
    "build",
    "compared",
    "counts",
    "diagnostics",
    "example_batch",
    "export",
    "inpaint",
    "load",
    "model",
    "models",
    "normalization",
    "ops",
    "prior",
    "published",
]

plugins.load()
