"""Several processes: the gradients, and so the weights, of one; and a training that changes how many it has."""

import os
import subprocess
import sys

import pytest
import torch

from inpaintlib import checkpoint, processes
from inpaintlib.errors import InputError
from inpaintlib.feed import Share

SCRIPT = """
import sys
from dataclasses import replace
from inpaintlib import training
from inpaintlib.crops import Crops
from inpaintlib.photos import bundled
from inpaintlib.recipes import RECIPES

recipe = replace(RECIPES["smoke"], batch=4, lr=1e-3, ema=0.9, warmup=2, clip=1.0)
recipe = replace(recipe, adversarial=float(sys.argv[3]), discriminator_width=4)
job = training.Job(sys.argv[4], {"width": 4}, recipe, 3, 4 * int(sys.argv[2]))
crops = Crops(bundled("train")[:3], 64, (0.5,))
state = training.train(job, crops, sys.argv[1], accelerator="cpu", progress=False, until=float(sys.argv[5]))
print(state.step)
"""
NEVER = "inf"


def run(folder, count, steps=3, adversarial=0.1, model="tsgl", until=NEVER):
    starter = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"] if count > 1 else []
    script = folder.parent / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, *starter, str(script), str(folder), str(steps), str(adversarial), model, until]
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return checkpoint.read(folder / "checkpoint.safetensors")


def assert_close(found, wanted, name):
    found, wanted = found[name], wanted[name]
    assert (found - wanted).abs().max() <= 2e-5 * max(1, wanted.abs().max()), name


def distance(a, b):
    return sum((a[name] - b[name]).square().sum() for name in a if name.startswith("model/")).sqrt()


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one(tmp_path):
    """After the first step Adam's first moment is (1 - beta_1) times the gradient."""
    (alone, _), (both, note) = run(tmp_path / "one", 1, steps=1), run(tmp_path / "two", 2, steps=1)
    assert note["step"] == 1
    moments = [name for name in alone if name.startswith("adam-") and name.endswith("exp_avg")]
    assert {name.split("/")[0] for name in moments} == {"adam-model", "adam-discriminator"}
    assert sum(alone[name].abs().max() > 0 for name in moments) > 100
    for name in moments:
        assert_close(both, alone, name)


@pytest.mark.slow
def test_a_training_goes_on_with_another_number_of_processes(tmp_path):
    begun, _ = run(tmp_path / "one", 1, steps=3, until="0")
    whole, _ = run(tmp_path / "one", 1, steps=3)
    for count, until in ((2, "0"), (1, "0"), (2, NEVER)):
        mixed, note = run(tmp_path / "mixed", count, steps=3, until=until)
    assert note["step"] == 3
    assert [row["step"] for row in note["log"]] == [3]
    assert distance(mixed, whole) < 0.02 * distance(begun, whole)  # Adam makes much of a little rounding


def test_how_many_processes_there_are(monkeypatch):
    for name in ("WORLD_SIZE", "RANK", "SLURM_NTASKS", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    assert processes.share() == Share(0, 1)
    monkeypatch.setenv("SLURM_NTASKS", "8")
    monkeypatch.setenv("SLURM_PROCID", "3")
    assert processes.share() == Share(3, 8)
    with pytest.raises(InputError, match="A batch of 12 cannot be shared by 8 processes"):
        processes.fabric("cpu", 12)


def test_an_allocation_without_srun_is_one_process(monkeypatch):
    monkeypatch.setenv("SLURM_NTASKS", "1")
    monkeypatch.setenv("SLURM_PROCID", "0")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert processes.share() == Share(0, 1)


def test_every_cpu_trains_in_float32():
    assert processes.precision(torch.device("cpu")) == "32-true"
