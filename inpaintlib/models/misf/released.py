"""MISF's two branches as the released code has them: residual blocks in one, a U-Net in the other, mirrored borders."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.models.misf.config import Config
from inpaintlib.models.misf.layers import Stage, block, channels, doubling, halving, instance_norm
from inpaintlib.models.skeleton import Mirrored, Residual


class Filtering(nn.Module):
    """The encoder-decoder whose F_3 is filtered: F_1, F_2, F_3 by `first`, `second`, `third`, the image by `decode`."""

    def __init__(self, config: Config):
        super().__init__()
        one, two, four = channels(config)
        self.first = block(Mirrored(4, one, 7), one, instance_norm)
        self.second = block(halving(one, two), two, instance_norm)
        self.third = block(halving(two, four), four, instance_norm)
        self.decode = nn.Sequential(
            *(Residual(four, instance_norm, bias=True) for _ in range(config.blocks)),
            block(doubling(four, two, 4), two, instance_norm),
            block(doubling(two, one, 4), one, instance_norm),
            Mirrored(one, 3, 7),
        )


class Predicting(nn.Module):
    """The U-Net that predicts. Its kernels of F_3 are w * N^2 numbers a position, each of which fills four places in a
    row of the 4w * N^2 that the filter reads, across taps and channels: no channel has a kernel of its own."""

    def __init__(self, config: Config):
        super().__init__()
        one, two, four = channels(config)
        self.taps = config.kernel**2
        joined = 2 * two if config.interaction else two
        self.first = Stage(4, one)
        self.below = Stage(one, two)
        self.quarter = Stage(joined, four)
        self.deep = Stage(four, 2 * four)
        self.merge = Stage(3 * four, four)
        if config.filter_feature != "none":
            self.feature_head = nn.Conv2d(four, one * self.taps, 1)
        if config.filter_image != "none":
            self.up_half = Stage(four + joined, two)
            self.up_full = Stage(two + one, one)
            self.image_head = nn.Conv2d(one, 3 * self.taps, 1)

    def second(self, e1: Tensor) -> Tensor:
        return self.below(F.avg_pool2d(e1, 2))

    def third(self, e2: Tensor, f2: Tensor | None) -> Tensor:
        """[B,4w,H/4,W/4] from [E_2, F_2]."""
        quarter = self.quarter(F.avg_pool2d(_joined(e2, f2), 2))
        return self.merge(torch.cat((self.deep(quarter), quarter), dim=1))

    def of_feature(self, e: Tensor) -> Tensor:
        """K_3 [B,C,N*N,h,w]: the flattened kernels are the predicted numbers, each repeated."""
        predicted = self.feature_head(e)
        repeated = predicted.repeat_interleave(e.shape[1] * self.taps // predicted.shape[1], dim=1)
        return repeated.unflatten(1, (e.shape[1], self.taps))

    def of_image(self, e1: Tensor, e2: Tensor, f2: Tensor | None, e3: Tensor) -> Tensor:
        """K [B,3,N*N,H,W]."""
        half = self.up_half(torch.cat((_doubled(e3), _joined(e2, f2)), dim=1))
        full = self.up_full(torch.cat((_doubled(half), e1), dim=1))
        return self.image_head(full).unflatten(1, (3, self.taps))


def _joined(e2: Tensor, f2: Tensor | None) -> Tensor:
    return e2 if f2 is None else torch.cat((e2, f2), dim=1)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
