"""Dilated adaptive filter (JPGNet, Guo et al., ACM MM 2021): predicted kernels whose taps lie apart, so that the same
few numbers reach further into a hole."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from inpaintlib.ops.adaptive import adaptive_filter


def dilated_filter(
    x: Float[Tensor, "b c h w"], kernels: Float[Tensor, "b g taps h w"], dilation: int
) -> Float[Tensor, "b c h w"]:
    """out[p] = sum over t of K_p[t] x[p + dilation * t], zeros beyond the border; with dilation 1 it is
    `adaptive_filter`, whose errors it raises.

    Positions that lie a multiple of `dilation` apart form a map of their own, which is filtered without any dilation.
    """
    h, w = x.shape[-2:]
    pad = (0, -w % dilation, 0, -h % dilation)
    filtered = adaptive_filter(*(_apart(F.pad(maps, pad), dilation) for maps in (x, kernels)))
    return _together(filtered, dilation)[..., :h, :w]


def _apart(x: Float[Tensor, "b *c H W"], d: int) -> Float[Tensor, "bdd *c h w"]:
    """Every d-th row and column of each image, from all d * d starts."""
    return x.unflatten(-1, (-1, d)).unflatten(-3, (-1, d)).movedim((-3, -1), (1, 2)).flatten(0, 2)


def _together(x: Float[Tensor, "bdd c h w"], d: int) -> Float[Tensor, "b c H W"]:
    """The inverse, for a map."""
    return x.unflatten(0, (-1, d, d)).movedim((1, 2), (-3, -1)).flatten(-4, -3).flatten(-2)
