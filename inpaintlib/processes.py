"""Where a training runs: on one device, or, started by torchrun or srun, as one of several processes (Fabric, DDP)."""

import os
from datetime import timedelta

import torch
from torch import nn

from inpaintlib.errors import InputError
from inpaintlib.feed import Share

STARTERS = (
    ("WORLD_SIZE", "RANK", "LOCAL_WORLD_SIZE"),  # torchrun
    ("SLURM_NTASKS", "SLURM_PROCID", "SLURM_NTASKS_PER_NODE"),  # srun
)
"""In which variables a starter says how many processes there are, which this one is, and how many a machine has."""
PATIENCE = timedelta(hours=2)
"""How long processes wait for each other: one of them writes checkpoints and looks at samples."""


def share() -> Share:
    """Which of how many processes this one is; the only one, unless torchrun or srun started several."""
    for count, index, _ in STARTERS:
        if int(os.environ.get(count, 1)) > 1 and index in os.environ:
            return Share(int(os.environ[index]), int(os.environ[count]))
    return Share()


def fabric(accelerator: str = "auto", batch: int | None = None) -> "lightning.fabric.Fabric":
    """Fabric for this process: launched, and joined with the others where there are several.

    accelerator: auto, cpu or cuda.  batch: images of a step, which the processes share evenly. Raises InputError when
    they cannot.
    """
    from lightning.fabric import Fabric  # Takes seconds, which whoever only reads results need not wait for.
    from lightning.fabric.strategies import DDPStrategy

    own = share()
    if batch is not None and batch % own.processes:
        raise InputError(f"A batch of {batch} cannot be shared by {own.processes} processes; start a divisor of it.")
    precision = _precision_of(accelerator)
    if own.processes == 1:
        return Fabric(accelerator=accelerator, devices=1, precision=precision)
    here = _on_this_machine(own.processes)
    strategy = DDPStrategy(timeout=PATIENCE, broadcast_buffers=False)
    made = Fabric(
        accelerator=accelerator, devices=here, num_nodes=own.processes // here, strategy=strategy, precision=precision
    )
    made.launch()
    return made


def prepared(model: nn.Module, device: torch.device) -> nn.Module:
    """The module that is trained in the place of `model`, with the same weights: compiled on a GPU, and with batch
    statistics over all processes' crops where there are several GPUs (on CPUs torch has only each process's own)."""
    if device.type != "cuda":
        return model
    if share().processes > 1:
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return torch.compile(model, dynamic=False)


def precision(device: torch.device) -> str:
    """Fabric's precision for a device: bf16 on a GPU that multiplies it; float32 on every CPU, so that what is compared
    was trained alike whatever the processor can do."""
    return "bf16-mixed" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "32-true"


def _on_this_machine(processes: int) -> int:
    for count, _, local in STARTERS:
        if int(os.environ.get(count, 1)) == processes and local in os.environ:
            return int(os.environ[local])
    return processes


def _precision_of(accelerator: str) -> str:
    cuda = accelerator in ("auto", "cuda", "gpu") and torch.cuda.is_available()
    return precision(torch.device("cuda" if cuda else "cpu"))
