"""The study runs on a machine without tables, plots, notebooks, and the references that tests compare with."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
from importlib.machinery import PathFinder

ABSENT = {
    "IPython", "ipykernel", "jupyter_client", "jupyter_core", "lpips", "matplotlib", "nbformat", "pandas", "papermill",
    "patchmatch", "seaborn", "skimage", "snakemake", "torch_fidelity",
}
NAMES = {name.lower().replace("_", "-") for name in ABSENT - {"skimage", "patchmatch"}} | {
    "scikit-image", "pypatchmatch", "opencv-contrib-python-headless"
}


class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in ABSENT else PathFinder.find_spec(name, path, target)

    @classmethod
    def find_distributions(cls, *context):
        return (d for d in PathFinder.find_distributions(*context) if d.name.lower().replace("_", "-") not in NAMES)


sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
import inpaintlib.cli
import inpaintlib.progress
import inpaintlib.study as study
from inpaintlib import paths
from inpaintlib.errors import InputError

for experiment in study.select("smoke", ("tsgl-baseline-s0", "telea-s0")):
    study.run(experiment, accelerator="cpu", progress=False)
    assert study.done(experiment)
    print(experiment.id, *sorted(f.name for f in paths.results("smoke", experiment.id).iterdir()))
for name in ("biharmonic", "patchmatch"):
    try:
        study.run(study.select("smoke", (name,))[0], accelerator="cpu", progress=False)
    except InputError as error:
        print(error)
print(*sorted(ABSENT & {name.partition(".")[0] for name in sys.modules}), sep="")
"""


@pytest.mark.slow
def test_an_experiment_runs_where_only_the_training_packages_are(tmp_path):
    settings = os.environ | {"INPAINTLIB_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, env=settings)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if line]
    assert lines == [
        "tsgl-baseline-s0 alternatives.npz curves.npz diagnostics.npz distances.npz filled.webp run.json sheet.npz"
        " sheet.webp spectra.npz stats.npz",
        "telea-s0 distances.npz filled.webp run.json stats.npz",
        "biharmonic is scikit-image's; install it with `pip install scikit-image`.",
        "patchmatch is PyPatchMatch's; install it with `pip install PyPatchMatch`.",
    ]
