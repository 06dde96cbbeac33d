"""The shapes in the annotations are true: the library runs with every one of them enforced (jaxtyping, beartype)."""

import subprocess
import sys

import pytest

SCRIPT = """
from jaxtyping import install_import_hook

with install_import_hook("inpaintlib", "beartype.beartype"):
    import torch

    import inpaintlib as il
    from inpaintlib import losses, metrics, photos, recipes, training
    from inpaintlib.models.tsgl.config import DEFECTS
    from inpaintlib.masks import FROZEN, box, frozen, irregular, lama
    from inpaintlib.perceptual import Perceptual
    from inpaintlib.priors import PRIORS

generator = torch.Generator().manual_seed(0)
masks = torch.cat([irregular(2, 64, generator), box(1, 64, generator), lama(1, 64, generator)])
for name in FROZEN:
    frozen(name)
crops = photos.Crops(photos.bundled("val"), 64, (0.5,))
for leak in (False, True):
    batch = il.Batch.make(crops.sample(4, generator), masks, priors=tuple(PRIORS), leak=leak)
smaller = il.Batch.make(crops.sample(2, generator), masks[:2])
for name in il.models():
    network = il.build(name, width=8)
    output = network(batch, features=True)
    output.composite(batch)
for options in (
    {"balance": "released", "edge_decoder": "released", "defects": tuple(DEFECTS)},
    {"reconstruct": "structure", "variant": "Texture->Local"},
    {"similarity": "softmax", "statistics": "batch", "scale": "1+gamma"},
):
    il.build("tsgl", width=8, **options)(batch, features=True)
il.build("tsgl-lama", width=8, encoder="released")(batch, features=True)
il.build("misf", width=8, layout="released")(batch, features=True)
terms = tuple(losses.Term(name, 1.0) for name in ("perceptual", "style"))
losses.generator_losses(terms, batch, output, losses.Critics(eye=Perceptual("alexnet")), recipes.Recipe())
for variant in il.TABLE_IV.values():
    il.build("tsgl", width=8, variant=str(variant))(smaller)
shown, truth = (output.composite(batch) + 1) / 2, (batch.target.image + 1) / 2
for metric in (metrics.psnr, metrics.ssim, metrics.l1):
    metric(shown, truth)
    metric(shown, truth, hole=batch.mask)
recipe = recipes.recipe("smoke")
job = training.Job("tsgl", {"width": 8}, recipe, 0, 4)
crops = photos.Crops(photos.bundled("val"), recipe.crop, recipe.scales)
training.train(job, crops, "run", accelerator="cpu", progress=False)
"""


@pytest.mark.slow
def test_a_pass_through_the_library_with_enforced_shapes(tmp_path):
    run = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
