"""Global and local normalization of a texture map (TSGL Eq. 7 and 8), and the registry that variants choose from."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

EPS = 1e-5
NORMALIZATIONS: dict[str, Callable] = {}


def normalization(name: str) -> Callable:
    """Register a normalization under `name`, ready for variant strings such as "2Global(Local)->mine(Local)".

    Decorates a function [B,C,H,W] -> [B,C,H,W], or an nn.Module class that is built with the number of channels when
    the normalization needs state. Raises ValueError when the name is taken or could not stand in a variant string.
    """
    if not name.isidentifier():
        raise ValueError(f"A normalization's name must be letters, digits and underscores, not {name!r}.")

    def register(target: Callable) -> Callable:
        if name.lower() in NORMALIZATIONS:
            raise ValueError(f"A normalization named {name!r} exists already; choose another name.")
        NORMALIZATIONS[name.lower()] = target
        return target

    return register


def build_normalization(name: str, channels: int) -> Callable[[Tensor], Tensor]:
    """The callable for one branch: the registered function itself, or a new module of the registered class."""
    target = NORMALIZATIONS[name.lower()]
    return target(channels) if isinstance(target, type) else target


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
    """Statistics over the whole batch, with running averages in evaluation: the released code's "global"."""

    def __init__(self, channels: int):
        super().__init__(channels, eps=EPS, affine=False)
