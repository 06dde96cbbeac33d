"""The operations that `make bench` measures, each with its sizes, inputs and two formulations, as data."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import literal
import torch
from torch import Tensor, nn

from inpaintlib.ops import adaptive_filter, equalize
from inpaintlib.ops.attention import contextual_attention
from inpaintlib.ops.denormalize import Denormalize
from inpaintlib.ops.normalize import global_normalization, local_normalization
from inpaintlib.ops.partial_conv import partial_conv, update_mask
from inpaintlib.ops.patch_attention import attention, transfer
from inpaintlib.ops.residual import residual_guide

Sizes = dict[str, int]
Inputs = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One operation in two formulations.

    make: sizes -> what both need, by name: tensors, and modules that hold weights.  ours, literal: that -> result.
    sizes: the paper's; small: what tests and --quick run.  large: memory is measured too.  layout: of maps.
    """

    name: str
    sizes: Sizes
    small: Sizes
    make: Callable[..., Inputs]
    ours: Callable[..., Tensor]
    literal: Callable[..., Tensor]
    large: bool = False
    layout: torch.memory_format = torch.channels_last

    def inputs(self, quick: bool, dtype: torch.dtype = torch.float32) -> Inputs:
        """The inputs at full or small sizes, of one dtype, maps in their layout; the same numbers at every call."""
        torch.manual_seed(0)
        made = self.make(**(self.small if quick else self.sizes))
        return {name: self._laid_out(value.to(dtype)) for name, value in made.items()}

    def _laid_out(self, value: Tensor | nn.Module) -> Tensor | nn.Module:
        maps = isinstance(value, nn.Module) or (value.dim() == 4 and value.shape[-1] == value.shape[-2])
        return value.to(memory_format=self.layout) if maps else value


def _map(channels: int, size: int) -> Inputs:
    return {"x": torch.randn(1, channels, size, size)}


def _partial_conv(channels: int, size: int, kernel: int) -> Inputs:
    mask = (torch.rand(1, 1, size // 8, size // 8) > 0.3).float().repeat_interleave(8, 2).repeat_interleave(8, 3)
    weight = torch.randn(channels, channels, kernel, kernel) / channels**0.5
    return _map(channels, size) | {"mask": mask, "weight": weight}


def _attention(tokens: int, window: int, heads: int, dim: int) -> Inputs:
    windows, t = (tokens // window) ** 2, window**2
    q, k, v = torch.randn(3, windows, heads, t, dim)
    return {"q": q, "k": k, "v": v, "bias": -15 * (torch.rand(windows, 1, 1, t) > 0.5).float().repeat(1, 1, t, 1)}


def _denormalize(channels: int, hidden: int, size: int) -> Inputs:
    module = Denormalize(channels, hidden, hidden, lambda x: x)
    return _map(channels, size) | {"guide": torch.randn(1, hidden, size, size), "module": module}


def _denormalize_literal(x: Tensor, guide: Tensor, module: Denormalize) -> Tensor:
    (gamma, beta), biases = module.gamma_beta.weight.chunk(2), module.gamma_beta.bias.chunk(2)
    return literal.denormalize(x, torch.relu(module.read(guide)), gamma, beta, *biases)


def _residual(channels: int, size: int) -> Inputs:
    return {"before": torch.randn(1, channels, 2 * size, 2 * size), "after": torch.randn(1, channels, size, size)}


def _gaussian(channels: int, size: int) -> Inputs:
    return _map(channels, size) | {"matrix": literal.gaussian_matrix(size, equalize.SIGMA, equalize.RADIUS)}


def _patches(batch: int, channels: int, size: int, factor: int) -> Inputs:
    deep, shallow = torch.randn(batch, channels, size, size), torch.randn(batch, channels, *2 * [factor * size])
    mask = torch.ones(batch, 1, size, size)
    mask[:, :, size // 4 : size // 2, size // 4 : size // 2] = 0
    return {"deep": deep, "mask": mask, "shallow": shallow}


def _filtered(batch: int, channels: int, size: int) -> Inputs:
    features = torch.randn(batch, channels, size, size)
    return {"features": features, "kernels": torch.randn(batch, channels, 9, size, size)}


def _adaptive(name: str, against: Callable[..., Tensor], batch: int, channels: int, size: int) -> Case:
    """MISF's filter with a 3 x 3 kernel for every element."""
    return Case(
        name,
        {"batch": batch, "channels": channels, "size": size},
        {"batch": 2, "channels": 3, "size": 8},
        _filtered,
        adaptive_filter,
        against,
        large=True,
        layout=torch.contiguous_format,
    )


CASES = (
    Case(
        "partial convolution",
        {"channels": 180, "size": 128, "kernel": 3},
        {"channels": 4, "size": 16, "kernel": 5},
        _partial_conv,
        lambda x, mask, weight: partial_conv(x, update_mask(mask, weight.shape[-1]), weight),
        literal.partial_convolution,
        large=True,
    ),
    Case(
        "window attention",
        {"tokens": 64, "window": 8, "heads": 4, "dim": 45},
        {"tokens": 8, "window": 4, "heads": 2, "dim": 3},
        _attention,
        contextual_attention,
        literal.attention,
        large=True,
    ),
    Case(
        "denormalization",
        {"channels": 180, "hidden": 128, "size": 64},
        {"channels": 3, "hidden": 4, "size": 8},
        _denormalize,
        lambda x, guide, module: module(x, guide),
        _denormalize_literal,
    ),
    Case(
        "global normalization",
        {"channels": 180, "size": 128},
        {"channels": 3, "size": 8},
        _map,
        global_normalization,
        partial(literal.normalize, dims=(2, 3)),
    ),
    Case(
        "local normalization",
        {"channels": 180, "size": 128},
        {"channels": 3, "size": 8},
        _map,
        local_normalization,
        partial(literal.normalize, dims=(1,)),
    ),
    Case(
        "local residual",
        {"channels": 180, "size": 128},
        {"channels": 3, "size": 8},
        _residual,
        residual_guide,
        literal.residual,
        large=True,
    ),
    Case(
        "spatial equalization",
        {"channels": 512, "size": 32},
        {"channels": 3, "size": 9},
        _gaussian,
        lambda x, matrix: equalize.spatial_equalization(x),
        literal.spatial_equalization,
        large=True,
    ),
    Case(
        "range equalization",
        {"channels": 512, "size": 32},
        {"channels": 3, "size": 9},
        _map,
        equalize.range_equalization,
        literal.range_equalization,
        large=True,
    ),
    Case(
        "patch attention",
        {"batch": 2, "channels": 128, "size": 32, "factor": 2},
        {"batch": 2, "channels": 3, "size": 8, "factor": 2},
        _patches,
        lambda deep, mask, shallow: transfer(attention(deep, mask), shallow, shallow.shape[-1] // deep.shape[-1]),
        literal.patch_transfer,
        large=True,
    ),
    _adaptive("features stacked", literal.filter_stacked, 1, 256, 64),
    _adaptive("features unfolded", literal.filter_unfolded, 1, 256, 64),
    _adaptive("features stacked, 4", literal.filter_stacked, 4, 256, 64),
    _adaptive("features unfolded, 4", literal.filter_unfolded, 4, 256, 64),
    _adaptive("image stacked", literal.filter_stacked, 1, 3, 256),
    _adaptive("image unfolded", literal.filter_unfolded, 1, 3, 256),
)
