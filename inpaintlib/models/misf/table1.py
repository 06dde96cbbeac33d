"""MISF's two branches as its Table 1 lays them out.

What the table cannot mean or leaves open is settled so: conv(4, 128, 256) and convt(4, 256, 128), which keep 64 x 64,
are convolutions of stride 1 that keep the size (transposing one changes no more than the order of its weights);
convt(7, 64, .), which goes from 128 to 256, has stride 2; the mask is a fourth input channel, since a hole and gray are
the same number otherwise; ReLU after every layer but those that give kernels or the image, and instance norm in the
filtered branch alone, both as in the released code; zeros beyond the border.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.models.misf.config import Config
from inpaintlib.models.misf.layers import (
    Norm,
    SameConv,
    block,
    channels,
    doubling,
    halving,
    instance_norm,
    no_norm,
    taps_first,
)

_pool = partial(F.avg_pool2d, kernel_size=2)


class _Decoder(nn.Sequential):
    """The lower rows of Table 1: [B,4w,H/4,W/4] -> [B,out,H,W]."""

    def __init__(self, config: Config, out: int, norm: Norm):
        one, two, four = channels(config)
        super().__init__(
            *(block(nn.Conv2d(four, four, 1), four, norm) for _ in range(config.blocks)),
            block(SameConv(four, two, 4), two, norm),
            block(doubling(two, one, 4), one, norm),
            doubling(one, out, 7),
        )


class Filtering(nn.Module):
    """The encoder-decoder whose maps are filtered: F_1, F_2, F_3 by `first`, `second`, `third`, F_7 by `decode`."""

    def __init__(self, config: Config):
        super().__init__()
        one, two, four = channels(config)
        self.first = block(SameConv(4, one, 7), one, instance_norm)
        self.second = block(halving(one, two), two, instance_norm)
        self.third_conv = block(SameConv(two, four, 4), four, instance_norm)
        self.decode = _Decoder(config, 3, instance_norm)

    def third(self, f2: Tensor) -> Tensor:
        return self.third_conv(_pool(f2))


class Predicting(nn.Module):
    """The branch that predicts: E_1, E_2, E_3 by `first`, `second`, `third`, and kernels from them."""

    def __init__(self, config: Config):
        super().__init__()
        one, two, four = channels(config)
        taps = config.kernel**2
        self.first = block(SameConv(4, one, 7), one, no_norm)
        self.second = block(halving(one, two), two, no_norm)
        if config.filter_feature == "F3" or config.filter_image != "none":
            seen = 2 * two if config.interaction else two
            self.third_conv = block(SameConv(seen, four, 4), four, no_norm)
        if config.filter_feature != "none":
            c = {"F1": one, "F2": two, "F3": four}[config.filter_feature]
            self.feature_head = nn.Conv2d(c, taps * c, 1)
        if config.filter_image != "none":
            self.image_head = _Decoder(config, taps * 3, no_norm)

    def third(self, e2: Tensor, f2: Tensor | None) -> Tensor:
        """Eq. 9 and 10: E_3 from [F_2', E_2'], or from E_2' alone where the branches do not interact."""
        return self.third_conv(_pool(e2 if f2 is None else torch.cat((f2, e2), dim=1)))

    def of_feature(self, e: Tensor) -> Tensor:
        """K_l [B,C,N*N,h,w] from E_l."""
        return taps_first(self.feature_head(e), e.shape[1])

    def of_image(self, e1: Tensor, e2: Tensor, f2: Tensor | None, e3: Tensor) -> Tensor:
        """K [B,3,N*N,H,W]; the table's decoder reads E_3 alone."""
        return taps_first(self.image_head(e3), 3)
