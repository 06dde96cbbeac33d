"""What lies beyond a map's border, and where a gradient that arrives there belongs."""

import torch
from torch import Tensor
from torch.nn import functional as F

MODES = {"zero": "constant", "reflect": "reflect", "replicate": "replicate"}
CODES = {"zero": 0, "reflect": 1, "replicate": 2}
"""How compiled code is told."""


def pad(maps: Tensor, margin: int, border: str) -> Tensor:
    """Maps [B,C,H,W] grown by `margin` pixels on each side: zeros, the map mirrored without its edge, or its edge."""
    return F.pad(maps, (margin, margin, margin, margin), mode=MODES[border])


def fold(spread: Tensor, margin: int, border: str) -> Tensor:
    """The transpose of `pad`: what lies beyond the border is added to where it was copied from."""
    if margin == 0:
        return spread
    inside = spread[:, :, margin:-margin, margin:-margin]
    if border == "zero":
        return inside
    back = {"reflect": torch.ops.aten.reflection_pad2d_backward, "replicate": torch.ops.aten.replication_pad2d_backward}
    return back[border](spread, inside, [margin] * 4)
