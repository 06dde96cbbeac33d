"""Training on this machine: images a second against the same step written plainly, and on two processes against one."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from bench_generator import Figure, race
from torch.nn import functional as F

from inpaintlib import checkpoint
from inpaintlib.batch import Batch
from inpaintlib.crops import Crops
from inpaintlib.masks import irregular
from inpaintlib.models import build
from inpaintlib.photos import bundled
from inpaintlib.recipes import Recipe, recipe
from inpaintlib.training import Job, Run, train

NETWORKS = {
    "tsgl": {"decoder": "basic"},
    "tsgl, balance module": {"model": "tsgl"},
    "tsgl-lama": {},
    "lama": {},
    "pennet": {},
    "hifill": {},
}
"""Networks of the laptop profile's ablations: name -> settings."""


def throughput(width: int, rounds: int) -> list[Figure]:
    """Images a second of the training loop, and their ratio to those of `plain`, in turns; the same network, crops and
    losses, so what differs is what the loop does beyond them, and how it draws its data."""
    setting, figures = recipe("laptop"), []
    crops = Crops(bundled("train"), setting.crop, setting.scales)
    accelerator = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        for name, settings in NETWORKS.items():
            config = {"width": width} | {k: v for k, v in settings.items() if k != "model"}
            job = Job(settings.get("model", name), config, setting, 0, 10_000 * setting.batch)
            run = Run(job, crops, Path(folder) / "none", accelerator, None)
            ours, plainly = race([run.advance, plain(job, crops, run.fabric.device)], rounds, warmups=3)
            figures.append(Figure(f"training {name}", setting.batch / ours, "img/s"))
            figures.append(Figure(f"training {name}, against a plain step", plainly / ours, "times"))
    return figures


def plain(job: Job, crops: Crops, device: torch.device) -> Callable[[], None]:
    """The step as one would write it down: draw, mask, L1 on image and edges, Adam. No average, clipping or log."""
    model = build(job.model, **job.config).to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=job.recipe.lr, betas=job.recipe.betas)
    generator = torch.Generator().manual_seed(0)

    def step() -> None:
        images = crops.sample(job.recipe.batch, generator).to(device)
        masks = irregular(job.recipe.batch, job.recipe.crop, generator, area=job.recipe.hole_area).to(device)
        batch = Batch.make(images, masks, priors=model.priors)
        output = model(batch)
        loss = F.l1_loss(output.image, batch.target.image)
        if "edge" in output.aux:
            loss = loss + F.l1_loss(output.aux["edge"].sigmoid(), batch.target.edge)
        if "pyramid" in output.aux:
            loss = loss + sum(x.mean() for x in output.aux["pyramid"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def scaling(width: int, steps: int) -> list[Figure]:
    """Images a second of two CPU processes with a thread each, against one with a thread, on the same global batch."""
    seconds = []
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            starter = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"] if count > 1 else []
            command = [sys.executable, *starter, __file__, folder, str(width), str(steps)]
            environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
            subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
            _, note = checkpoint.read(Path(folder) / "checkpoint.safetensors")
            seconds.append(note["seconds"])
    efficiency = seconds[0] / seconds[1] / 2
    return [Figure("two CPU processes: share of twice the images a second", 100 * efficiency, "%")]


def _job(setting: Recipe, width: int, steps: int) -> Job:
    """With a pool of holes: without one every process draws those of the whole batch, to keep the random numbers."""
    setting = replace(setting, batch=16, holes=256)
    return Job("tsgl", {"decoder": "basic", "width": width}, setting, 0, steps * setting.batch)


if __name__ == "__main__":  # a process of `scaling`
    torch.set_num_threads(1)
    small = recipe("laptop")
    photographs = Crops(bundled("train"), small.crop, small.scales)
    train(_job(small, int(sys.argv[2]), int(sys.argv[3])), photographs, sys.argv[1], accelerator="cpu", progress=False)
