"""Parameters and multiply-accumulates of a model, part by part; and a batch to try it on."""

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from inpaintlib.batch import Batch
from inpaintlib.crops import evaluation_crops
from inpaintlib.masks import irregular
from inpaintlib.photos import bundled


@dataclass(frozen=True)
class Count:
    """Trainable parameters, and multiply-accumulates of one forward pass (convolutions and matrix products)."""

    parameters: int
    macs: int


def counts(model: nn.Module, size: int = 256) -> dict[str, Count]:
    """Per direct child of `model`, and under "total": parameters, and MACs of inference on one size x size image.

    Nothing is computed: the pass runs on shapes alone. MACs are torch's FlopCounterMode halved; FFT, normalization and
    activation are not counted. Parts that only training uses have 0 MACs.
    """
    shapes = copy.deepcopy(model).to("meta").eval()
    image, mask = torch.zeros(1, 3, size, size), torch.ones(1, 1, size, size)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        shapes(Batch.make(image, mask, priors=model.priors, truth=False).to("meta"))
    flops = counter.get_flop_counts()
    parts = {
        name: Count(_parameters(child), _macs(flops, f"{type(model).__name__}.{name}", child))
        for name, child in model.named_children()
    }
    return parts | {"total": Count(_parameters(model), sum(flops["Global"].values()) // 2)}


def _macs(flops: dict[str, dict], path: str, module: nn.Module) -> int:
    """A container without a forward of its own, such as a ModuleList, costs what its members cost."""
    if path in flops:
        return sum(flops[path].values()) // 2
    return sum(_macs(flops, f"{path}.{name}", child) for name, child in module.named_children())


def _parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def example_batch(n: int = 1, size: int = 256, seed: int = 0) -> Batch:
    """`n` crops of bundled photographs with seeded irregular holes, for benchmarks and tests. `size` <= 256 pixels."""
    photos = bundled("test")[:n]
    crops, _, _ = evaluation_crops(photos, size, per_photo=-(-n // len(photos)), seed=seed)
    holes = irregular(n, size, torch.Generator().manual_seed(seed), area=(0.1, 0.5))
    return Batch.make(crops[:n], holes)
