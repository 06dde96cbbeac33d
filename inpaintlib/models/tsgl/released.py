"""Two mistakes of the released code (`config.DEFECTS`): overwritten mask kernels, and its initialization.

Of the others, wrapped-canny is in `priors`, softmax-axis and scrambled-view in `ops.equalize`, dead-mask in `balance`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.partial_conv import MaskUpdate, PartialConv

DEVIATION = 0.02
"""Of the normal distribution from which the released code draws every convolution, mask kernels included."""


class OverwrittenPartialConv(PartialConv):
    """A partial convolution whose kernel of ones, with which it counts known pixels, was drawn at random like a weight.

    What should be sum(M) is then a fixed number of either sign for each output channel, other near borders.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int):
        super().__init__(channels_in, channels_out, kernel)
        deviation = DEVIATION * channels_in**0.5
        self.register_buffer("mask_kernel", torch.randn(channels_out, 1, kernel, kernel) * deviation)

    def with_update(self, x: Tensor, update: MaskUpdate) -> Tensor:
        """As in `PartialConv`, with the wrong count instead of the update's ratio."""
        total = F.conv2d(update.before, self.mask_kernel, padding=self.kernel // 2)
        ratio = self.weight[0].numel() / (total + 1e-8)
        return F.conv2d(x * update.before, self.weight, padding=self.kernel // 2) * ratio * update.after


def normal_initialization(network: nn.Module) -> None:
    """Draw every convolution, and the linear maps of the balance module, from N(0, 0.02), biases zero.

    In the released code the texture encoder's convolutions scale their weights by 1 / sqrt(fan-in) at run time and were
    meant to start from N(0, 1): they start 50 times too small. Here the scale is part of the weight.
    """
    for name, module in network.named_modules():
        attention = name.startswith("stages.") and isinstance(module, nn.Linear)
        if attention or not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, PartialConv)):
            continue
        texture = name.startswith(("stages.", "head."))
        nn.init.normal_(module.weight, std=DEVIATION * (module.weight[0].numel() ** -0.5 if texture else 1))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
