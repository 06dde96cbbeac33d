"""Laplace attention (HAN, Deng et al., ECCV 2022): attention between all patches of a map that prefers near
ones, as a Laplace distribution of their distance would."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def distances(h: int, w: int, device: torch.device | None = None) -> Float[Tensor, "n n"]:
    """Rows plus columns between every two positions of an h x w map, n = h w."""
    rows, columns = (torch.arange(size, device=device, dtype=torch.float32) for size in (h, w))
    apart = [(x[:, None] - x).abs() for x in (rows, columns)]
    return (apart[0][:, None, :, None] + apart[1][None, :, None, :]).reshape(h * w, h * w)


def laplace_attention(
    q: Float[Tensor, "b heads n d"],
    k: Float[Tensor, "b heads n d"],
    v: Float[Tensor, "b heads n d"],
    apart: Float[Tensor, "n n"],
    decay: Float[Tensor, "#1"],
) -> Float[Tensor, "b heads n d"]:
    """softmax((Q K^T - decay * apart) / sqrt(d)) V: the weight falls off by exp(-decay / sqrt(d)) for each step."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=(-decay * apart / q.shape[-1] ** 0.5).to(q.dtype))


class LaplaceAttention(nn.Module):
    """Laplace attention between patches of `patch` pixels, each a token, with 4 * patch heads, and a learned decay.

    forward(x [B,C,H,W], sides multiples of the patch) -> [B,C,H,W]. C is a multiple of 4.
    """

    def __init__(self, channels: int, patch: int):
        super().__init__()
        self.patch, self.heads = patch, 4 * patch
        self.embed = nn.Conv2d(channels, 3 * channels, 1)
        self.decay = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2] // self.patch, x.shape[-1] // self.patch
        tokens = F.pixel_unshuffle(self.embed(x), self.patch).flatten(2).mT
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in tokens.chunk(3, dim=-1))
        out = laplace_attention(q, k, v, distances(h, w, x.device), F.softplus(self.decay))
        mixed = out.transpose(1, 2).clone(memory_format=torch.contiguous_format).flatten(2)
        return F.pixel_shuffle(mixed.mT.unflatten(-1, (h, w)), self.patch)
