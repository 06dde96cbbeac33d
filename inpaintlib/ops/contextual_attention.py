"""Contextual attention (DeepFill, Yu et al., CVPR 2018, Sec. 4.1): every patch is redrawn as a mean of known patches
that resemble it, and neighbours are encouraged to copy from neighbours."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from inpaintlib.ops.patch_attention import affinity, known_patches, transfer, weigh


def propagate(scores: Float[Tensor, "b n n"], size: tuple[int, int]) -> Float[Tensor, "b n n"]:
    """Attention propagation with k = 3: s*(p, q) = sum over i in {-1, 0, 1} of s(p + i, q + i), with i along the rows
    and then along the columns of a map of `size`. A neighbour outside the map adds nothing. Source: Sec. 4.1."""
    pairs = scores.unflatten(2, size).unflatten(1, size)
    along_rows = _sum_diagonal(pairs.permute(0, 2, 4, 1, 3))
    along_both = _sum_diagonal(along_rows.permute(0, 3, 4, 1, 2))
    return along_both.permute(0, 1, 3, 2, 4).flatten(3, 4).flatten(1, 2)


def _sum_diagonal(x: Float[Tensor, "*b n m"]) -> Float[Tensor, "*b n m"]:
    padded = F.pad(x, (1, 1, 1, 1))
    return padded[..., :-2, :-2] + x + padded[..., 2:, 2:]


def contextual_attention(x: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h2 w2"]) -> Float[Tensor, "b c h w"]:
    """The map with each 4 x 4 patch replaced by a mean of all its patches, where they overlap by their average.

    The weights are a softmax of ten times the propagated cosines between 3 x 3 patches of the map at half size; a patch
    with a hole gets none. mask: 1 known, 0 hole, at half the map's size. Sides are even.
    """
    small = x[..., ::2, ::2]
    scores = propagate(affinity(small), small.shape[-2:])
    return transfer(weigh(scores, known_patches(mask, 3)), x, 2, overlap=True)
