"""Self-attention among the patches of a map: each patch becomes a mean of all patches, by how alike their keys are."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def patch_self_attention(
    q: Float[Tensor, "b c h w"], k: Float[Tensor, "b c h w"], v: Float[Tensor, "b c h w"], size: int
) -> Float[Tensor, "b c h w"]:
    """softmax(Q K^T / sqrt(d)) V, where a token is a patch of size x size positions, d = c size^2 numbers.

    Sides are multiples of `size`. Source: MMT (Yu et al., ECCV 2022), after STTN (Zeng et al., ECCV 2020).
    """
    parts = [F.pixel_unshuffle(x, size) for x in (q, k, v)]
    tokens = (x.flatten(2).mT.unsqueeze(1) for x in parts)
    mixed = F.scaled_dot_product_attention(*tokens).squeeze(1).mT
    return F.pixel_shuffle(mixed.reshape_as(parts[0]), size)


def multi_scale_attention(
    q: Float[Tensor, "b c h w"], k: Float[Tensor, "b c h w"], v: Float[Tensor, "b c h w"], sizes: tuple[int, ...]
) -> Float[Tensor, "b c h w"]:
    """One head for each patch size, every head with its share of the channels. Source: MMT."""
    heads = zip(*(x.chunk(len(sizes), dim=1) for x in (q, k, v)), sizes)
    return torch.cat([patch_self_attention(*head) for head in heads], dim=1)
