"""What a network's output is painted over: nothing, as in the papers, or a smooth fill of the hole."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from inpaintlib.batch import Batch
from inpaintlib.ops.fill import fill_holes

Over = Literal["nothing", "fill"]


class Painting(nn.Module):
    """over="nothing": the output is the image. over="fill": the hole is filled smoothly from known pixels (pull-push)
    and the output, times a learned gain that starts at zero, is added there. An untrained network then answers as a
    classical method does, and training only has to find what is better. Neither paper has it.

    forward(output [B,3,H,W] in [-1,1], batch) -> image [B,3,H,W] in [-1,1].
    """

    def __init__(self, over: Over):
        super().__init__()
        self.over = over
        if over == "fill":
            self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, output: Float[Tensor, "b 3 h w"], batch: Batch) -> Float[Tensor, "b 3 h w"]:
        if self.over == "nothing":
            return output
        base = fill_holes(batch.image, batch.mask, empty=0.0)
        return (base + self.gain * output * (1 - batch.mask)).clamp(-1, 1)
