"""Element-wise predictive filtering (MISF Eq. 2 and 6): every position of every channel has a kernel of its own.

One operator for torch, "inpaintlib::adaptive_filter", compiled by Numba for CPUs and by Triton for CUDA devices; none
makes a temporary of the kernels' size. The first call on a machine takes seconds, because it compiles.
"""

from importlib import import_module
from math import isqrt
from types import ModuleType
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

Border = Literal["zero", "reflect", "replicate"]
FORMULATIONS = {"cpu": "inpaintlib.ops.adaptive.compiled", "cuda": "inpaintlib.ops.adaptive.fused"}


def adaptive_filter(
    features: Float[Tensor, "b c h w"], kernels: Float[Tensor, "b g taps h w"], border: Border = "zero"
) -> Float[Tensor, "b c h w"]:
    """MISF Eq. 2 and 6: out[p] = sum over q in N_p of K_p[q - p] F[q], in each channel by itself.

    N_p are the k x k neighbours of p, k odd; kernels[:, :, t] weighs the neighbour t // k - k // 2 rows below and
    t % k - k // 2 columns right of p. Nothing is normalized. With C = g * r channels the kernels of one group serve r
    channels in a row. Beyond the border lie zeros, or the map mirrored without its edge, or its edge repeated. Sums are
    made in float32 for half precision; mixed precisions give the wider one, also under autocast.

    Raises ValueError on shapes that do not fit, and on a border that the map is too small to mirror.
    """
    _check(features, kernels, border)
    dtype = torch.promote_types(features.dtype, kernels.dtype)
    return _filter(features.to(dtype), kernels.to(dtype), border)


def _check(features: Tensor, kernels: Tensor, border: str) -> None:
    if features.dim() != 4 or kernels.dim() != 5:
        raise ValueError(
            "adaptive_filter takes features [B,C,H,W] and kernels [B,G,k*k,H,W], not"
            f" {list(features.shape)} and {list(kernels.shape)}."
        )
    groups, taps = kernels.shape[1:3]
    k = isqrt(taps)
    if k * k != taps or k % 2 == 0:
        raise ValueError(f"adaptive_filter takes k*k taps with an odd k, such as 9 or 25, not {taps}.")
    batch, channels, h, w = features.shape
    if (kernels.shape[0], *kernels.shape[3:]) != (batch, h, w):
        raise ValueError(
            f"adaptive_filter needs a kernel at each position: features are {list(features.shape)}, kernels"
            f" {list(kernels.shape)}."
        )
    if groups == 0 or channels % groups:
        raise ValueError(f"adaptive_filter cannot share {groups} groups of kernels among {channels} channels.")
    if border not in get_args(Border):
        raise ValueError(f"adaptive_filter knows the borders {', '.join(get_args(Border))}, not {border!r}.")
    if border == "reflect" and min(h, w) <= k // 2:
        raise ValueError(f"adaptive_filter cannot mirror {k // 2} pixels of a map of {h} x {w}.")


@torch.library.custom_op("inpaintlib::adaptive_filter", mutates_args=())
def _filter(features: Tensor, kernels: Tensor, border: str) -> Tensor:
    return _formulation(features).forward(features, kernels, border)


@_filter.register_fake
def _(features: Tensor, kernels: Tensor, border: str) -> Tensor:
    return torch.empty_like(features)


@torch.library.custom_op("inpaintlib::adaptive_filter_backward", mutates_args=())
def _gradients(gradient: Tensor, features: Tensor, kernels: Tensor, border: str) -> tuple[Tensor, Tensor]:
    return _formulation(features).backward(gradient, features, kernels, border)


@_gradients.register_fake
def _(gradient: Tensor, features: Tensor, kernels: Tensor, border: str) -> tuple[Tensor, Tensor]:
    return torch.empty_like(features), torch.empty_like(kernels)


def _formulation(features: Tensor) -> ModuleType:
    """The module for a device; its compiler is imported when it is needed."""
    if features.device.type not in FORMULATIONS:
        raise ValueError(
            f"adaptive_filter runs on {' and '.join(FORMULATIONS)} devices, not on {features.device.type}."
        )
    return import_module(FORMULATIONS[features.device.type])


def _save(ctx, inputs, output) -> None:
    features, kernels, ctx.border = inputs
    ctx.save_for_backward(features, kernels)


def _backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
    features, kernels = ctx.saved_tensors
    return *_gradients(gradient, features, kernels, ctx.border), None


torch.library.register_autograd("inpaintlib::adaptive_filter", _backward, setup_context=_save)
