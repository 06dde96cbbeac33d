"""Patch attention: the hole of a deep map says which known patches resemble it, and the same patches of a shallower map
are moved there. The core of PEN-Net's attention transfer and of HiFill's contextual attention."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

EPS = 1e-4
"""Added to a patch's squared norm, so that a patch of zeros has a cosine, zero, and a bounded gradient."""


def known_patches(mask: Float[Tensor, "b 1 h w"], kernel: int) -> Bool[Tensor, "b n"]:
    """Which kernel x kernel patches, one around each position, have no hole; outside the map nothing is missing."""
    return F.max_pool2d(1 - mask, kernel, stride=1, padding=kernel // 2).flatten(1) < 0.5


def affinity(x: Float[Tensor, "b c h w"], kernel: int = 3) -> Float[Tensor, "b n n"]:
    """Cosine between the kernel x kernel patches around all positions, in [-1, 1]; zeros outside the map.

    Source: PEN-Net (Zeng et al., CVPR 2019), Eq. 1; HiFill (Yi et al., CVPR 2020), Eq. 1.
    """
    patches = F.unfold(x, kernel, padding=kernel // 2)
    patches = patches * torch.rsqrt(patches.pow(2).sum(1, keepdim=True) + EPS)
    return patches.mT @ patches


def weigh(scores: Float[Tensor, "b q n"], known: Bool[Tensor, "b n"], scale: float = 10.0) -> Float[Tensor, "b q n"]:
    """Softmax of scale * scores over the known keys: rows sum to one, unknown keys get zero.

    An image without a known key gets the same weight everywhere. Source: PEN-Net, Eq. 2; HiFill, Eq. 2.
    """
    known = known[:, None]
    some = known.any(-1, keepdim=True)
    scores = torch.where(some, scores * scale, 0.0)
    return torch.softmax(scores.masked_fill(some & ~known, float("-inf")), dim=-1)


def attention(x: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"], kernel: int = 3) -> Float[Tensor, "b n n"]:
    """Each position's weights over the positions whose patch is known. `mask`: 1 = known, at the map's size."""
    return weigh(affinity(x, kernel), known_patches(mask, kernel))


def transfer(
    weights: Float[Tensor, "b n n"], x: Float[Tensor, "b c H W"], factor: int, overlap: bool = False
) -> Float[Tensor, "b c H W"]:
    """Each patch of a shallow map becomes the weighted mean of all its patches, weights from a map `factor` times
    smaller.

    Without overlap the patches are factor x factor. With `overlap` they are twice as wide at the same stride, and where
    they meet they are averaged; at the border, which they cross, the map is repeated.
    Raises ValueError when the map's sides are not multiples of `factor`. Source: PEN-Net, Eq. 3; HiFill, Eq. 3.
    """
    h, w = x.shape[-2:]
    if h % factor or w % factor:
        raise ValueError(f"transfer moves patches of {factor} pixels; a map of {h} x {w} is no multiple of that.")
    if not overlap:
        patches = F.pixel_unshuffle(x, factor)
        return F.pixel_shuffle((patches.flatten(2) @ weights.mT).view_as(patches), factor)
    before = factor // 2
    after = factor - before
    patches = F.unfold(F.pad(x, (before, after, before, after), mode="replicate"), 2 * factor, stride=factor)
    moved = _average(patches @ weights.mT, (h + factor, w + factor), factor)
    return moved[:, :, before : before + h, before : before + w]


def _average(patches: Tensor, size: tuple[int, int], factor: int) -> Tensor:
    """Put overlapping patches back in place, and divide by how many of them cover a pixel."""
    covered = F.fold(torch.ones_like(patches[:1, : 4 * factor**2]), size, 2 * factor, stride=factor)
    return F.fold(patches, size, 2 * factor, stride=factor) / covered


def fill(
    x: Float[Tensor, "b c h w"], moved: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"]
) -> Float[Tensor, "b c h w"]:
    """The map where it is known, and what was moved there in its hole. `mask`: 1 = known, at the map's size."""
    return torch.where(mask > 0.5, x, moved)
