"""A pool of irregular holes, drawn once: batches take from it, turned and mirrored, what would be slow to draw anew."""

from functools import lru_cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from inpaintlib.masks.irregular import irregular

_BLOCK = 256
"""Masks that are drawn together: the pool of 512 is the first half of that of 1024."""


@lru_cache(maxsize=4)
def pool(count: int, size: int, area: tuple[float, float]) -> Bool[Tensor, "count size size"]:
    """`count` square masks (True known) with hole areas uniform in (lo, hi], the same in every process."""
    blocks = [
        irregular(_BLOCK, size, torch.Generator().manual_seed(block), area=area)[:, 0] > 0.5
        for block in range(-(-count // _BLOCK))
    ]
    return torch.cat(blocks)[:count]


def turned(
    masks: Bool[Tensor, "count size size"], chosen: Int[Tensor, " n"], turn: Int[Tensor, " n"]
) -> Float[Tensor, "n 1 size size"]:
    """The chosen masks (1 known, 0 hole), each in one of its eight positions: `turn` in 0..7 holds three bits, whether
    rows, columns and both axes are exchanged. One gather, on the device of `masks`."""
    size = masks.shape[-1]
    line = torch.arange(size, device=masks.device)
    mirrored = size - 1 - line
    down, right, swap = ((turn[:, None] >> bit & 1).bool() for bit in range(3))
    rows, columns = torch.where(down, mirrored, line), torch.where(right, mirrored, line)
    straight = rows[:, :, None] * size + columns[:, None, :]
    index = torch.where(swap[:, :, None], straight.transpose(1, 2), straight)
    flat = masks.flatten(1)[chosen].flatten(1)
    return flat.gather(1, index.flatten(1)).view(-1, 1, size, size).float()
