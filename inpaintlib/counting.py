"""Parameters and multiply-accumulates of a model, part by part; and a batch to try it on."""

import copy
from dataclasses import dataclass
from math import prod

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from inpaintlib.batch import PRIORS, Batch
from inpaintlib.crops import evaluation_crops
from inpaintlib.errors import InputError
from inpaintlib.masks import irregular
from inpaintlib.photos import bundled
from inpaintlib.priors import channels

aten = torch.ops.aten


@dataclass(frozen=True)
class Count:
    """What one part holds, and does in one forward pass on one image (convolutions and matrix products only).

    parameters: trainable ones.  macs: multiply-accumulates.  macs_at_output: the same, but a transposed convolution is
    charged kernel x channels at each position of its output instead of its input, stride^2 times as much. Counters
    that take it for a convolution do so, and most rows of TSGL Table VI follow them.
    """

    parameters: int
    macs: int
    macs_at_output: int

    @property
    def flops(self) -> int:
        """Floating-point operations: a multiplication and an addition for each multiply-accumulate."""
        return 2 * self.macs


def deployed(model: nn.Module) -> nn.Module:
    """The network that inference needs: itself, or, where training writes kernels as sums (`merged`), the sums'."""
    return model.merged() if hasattr(model, "merged") else model


def counts(model: nn.Module, size: int = 256) -> dict[str, Count]:
    """Per direct child of `model`, under "inference" (without the parts that only training uses) and under "total".

    One pass over one size x size image, on shapes alone: nothing is computed. MACs are those of torch's
    FlopCounterMode, halved; FFT, normalization and activation are not counted. The pass is one of inference, so parts
    that only training uses have 0 MACs.
    """
    shapes = copy.deepcopy(model).to("meta").eval()
    batch = empty_batch(model, size).to("meta")
    flops = _measure(shapes, batch)
    parts = {}
    for name, child in model.named_children():
        parts[name] = _count(_parameters(child), _flops(flops, f"{type(model).__name__}.{name}", child))
    whole = sum(flops["Global"].values(), _Flops())
    training = sum(_parameters(getattr(model, name)) for name in model.training_only if name in parts)
    held = _parameters(model)
    return parts | {"inference": _count(held - training, whole), "total": _count(held, whole)}


def empty_batch(model: nn.Module, size: int, n: int = 1) -> Batch:
    """A batch of the maps that a network reads, all hole, for its shapes and its cost."""
    image, mask, *maps = (torch.zeros(n, c, size, size) for c in (3, 1, *(channels((p,)) for p in model.priors)))
    return Batch(image, mask, dict(zip(model.priors, maps)))


@dataclass(frozen=True)
class _Flops:
    """FLOPs by both conventions. torch's counter adds them up, together with plain numbers, on which both agree."""

    true: int = 0
    at_output: int = 0

    def __add__(self, other: "_Flops | int") -> "_Flops":
        more = other if isinstance(other, _Flops) else _Flops(other, other)
        return _Flops(self.true + more.true, self.at_output + more.at_output)

    __radd__ = __add__


def _count(parameters: int, flops: _Flops) -> Count:
    return Count(parameters, flops.true // 2, flops.at_output // 2)


def _measure(model: nn.Module, batch: Batch) -> dict[str, dict]:
    """FLOPs by module path and operation; torch leaves out products with a vector."""
    formulas = {aten.convolution: _convolution, aten.mv: _vector_product, aten.dot: _vector_product}
    counter = FlopCounterMode(display=False, custom_mapping=formulas)
    with torch.no_grad(), counter:
        model(batch)
    return counter.get_flop_counts()


def _convolution(x, weight, bias, stride, padding, dilation, transposed, *_, out_shape) -> _Flops:
    """Each weight is used once at each position: of the output, or, truly, of the input when transposed."""
    input_size, output_size = prod(x[2:]), prod(out_shape[2:])
    products = 2 * x[0] * prod(weight)
    return _Flops(products * (input_size if transposed else output_size), products * output_size)


def _vector_product(a, b, **_) -> int:
    return 2 * prod(a)


def _flops(flops: dict[str, dict], path: str, module: nn.Module) -> _Flops:
    """A container without a forward of its own, such as a ModuleList, costs what its members cost."""
    if path in flops:
        return sum(flops[path].values(), _Flops())
    return sum((_flops(flops, f"{path}.{name}", child) for name, child in module.named_children()), _Flops())


def _parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def example_batch(n: int = 1, size: int = 256, seed: int = 0, priors: tuple[str, ...] = PRIORS) -> Batch:
    """`n` crops of bundled photographs with seeded irregular holes, for benchmarks and tests. `size` <= 256 pixels.

    priors: what the network reads, `network.priors`, where that is more than edge map, grayscale and smooth image.
    Raises InputError unless there is at least one crop of at least one pixel.
    """
    if n < 1 or size < 1:
        raise InputError(f"{n} crops of {size} pixels are no batch; give at least 1 of each.")
    photos = bundled("test")[:n]
    crops, _, _ = evaluation_crops(photos, size, per_photo=-(-n // len(photos)), seed=seed)
    holes = irregular(n, size, torch.Generator().manual_seed(seed), area=(0.1, 0.5))
    return Batch.make(crops[:n], holes, priors=priors)
