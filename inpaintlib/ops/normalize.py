"""Global and local normalization of a texture map (TSGL Eq. 7 and 8), and the registry that variants choose from."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.errors import InputError
from inpaintlib.names import taken

EPS = 1e-5
NORMALIZATIONS: dict[str, Callable] = {}


def normalization(name: str) -> Callable:
    """Register a normalization under `name`, ready for variant strings such as "2Global(Local)->mine(Local)".

    Decorates a function [B,C,H,W] -> [B,C,H,W], or an nn.Module class that is built with the number of channels when
    the normalization needs state. Raises ValueError when the name is taken, except by a definition of the same
    notebook, which is replaced, or could not stand in a variant string; and, when it runs, unless it keeps the shape.
    """
    if not name.isidentifier():
        raise ValueError(f"A normalization's name must be letters, digits and underscores, not {name!r}.")

    def register(target: Callable) -> Callable:
        if taken(NORMALIZATIONS.get(name.lower()), target):
            raise ValueError(f"A normalization named {name!r} exists already; choose another name.")
        NORMALIZATIONS[name.lower()] = target
        return target

    return register


def build_normalization(name: str, channels: int) -> Callable[[Tensor], Tensor]:
    """The callable for one branch: the registered function, or a new module of the registered class. It raises
    ValueError when what it returns has not the shape of its map, which would be broadcast."""
    target = NORMALIZATIONS[name.lower()]
    if not isinstance(target, type):
        return partial(_checked, name, target)
    module = target(channels)
    module.register_forward_hook(partial(_check, name))
    return module


def source_of(name: str) -> str:
    """What a registered normalization was written like, "" of the library's own. Raises InputError where its text is
    not to be had, as of code that was made by `exec`."""
    target = NORMALIZATIONS[name.lower()]
    if target.__module__ == __name__:
        return ""
    try:
        text = inspect.getsource(target)
    except OSError:
        text = ""
    if target.__name__.strip("<>") not in text:  # Python 3.13.0 takes the text of `python -c` for that of `exec`
        raise InputError(f"The text of the normalization {name!r} is lost; write it in a file or a cell.")
    return text


def _checked(name: str, normalise: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    out = normalise(x)
    _same_shape(name, x, out)
    return out


def _check(name: str, _: nn.Module, inputs: tuple[Tensor], out: Any) -> None:
    _same_shape(name, *inputs, out)


def _same_shape(name: str, x: Tensor, out: Any) -> None:
    if not isinstance(out, Tensor) or out.shape != x.shape:
        made = list(out.shape) if isinstance(out, Tensor) else type(out).__name__
        raise ValueError(f"The normalization {name!r} makes {made} of a map {list(x.shape)}; it must keep the shape.")


@normalization("global")
def global_normalization(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 7: mean and deviation of each channel over the whole map of one image."""
    centred = x - x.mean(dim=(2, 3), keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(dim=(2, 3), keepdim=True) + EPS)


@normalization("local")
def local_normalization(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 8: mean and deviation at each position over its channels."""
    return F.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), eps=EPS).permute(0, 3, 1, 2)


@normalization("batch")
class BatchNormalization(nn.BatchNorm2d):
    """Statistics over the whole batch, with running averages in evaluation: the released code's "global".

    forward(x [B,C,H,W]) -> [B,C,H,W].
    """

    def __init__(self, channels: int):
        super().__init__(channels, eps=EPS, affine=False)
