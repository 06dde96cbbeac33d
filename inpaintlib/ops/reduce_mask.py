"""The hole mask at the size of a smaller map."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def reduce_mask(mask: Float[Tensor, "b 1 h w"], size: tuple[int, int]) -> Float[Tensor, "b 1 h2 w2"]:
    """The mask (1 known, 0 hole) at `size`: a position is known when at least half of the pixels that it covers are."""
    return (F.interpolate(mask, size=size, mode="area") >= 0.5).to(mask.dtype)
