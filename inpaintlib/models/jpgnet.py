"""JPGNet (Guo et al., ACM MM 2021): predictive filtering keeps what is near, a generator invents what is far, and a
third network fuses the two.

The generator is EdgeConnect, one of the paper's three. The paper trains the branches one after the other; here they
train together, and the fused image's gradient reaches the first two branches through their images alone. The filtering
network is told the mask as well, since hole and gray are the same number otherwise.
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.edgeconnect import EdgeConnect
from inpaintlib.models.misf.layers import Stage, taps_first
from inpaintlib.models.registry import model
from inpaintlib.models.values import Width
from inpaintlib.ops.dilated_filter import dilated_filter

TAPS = 9
DILATIONS = (1, 2, 3, 4)


def uncertainty(kernels: Float[Tensor, "b c taps h w"]) -> Float[Tensor, "b 1 h w"]:
    """The mean weight of each position's kernels, from 0 for the least to 1 for the largest of an image; 0 where all
    are alike."""
    mean = kernels.mean(dim=(1, 2))[:, None]
    low, high = (limit(mean, dim=(2, 3), keepdim=True) for limit in (torch.amin, torch.amax))
    return (mean - low) / (high - low).clamp_min(1e-6)


class KernelUNet(nn.Module):
    """A U-Net that predicts a 3x3 kernel for every position of `filtered` channels.

    forward(x [B,C,H,W]) -> [B,filtered,9,H,W]. Sides are multiples of 16.
    """

    def __init__(self, channels_in: int, width: int, filtered: int):
        super().__init__()
        self.filtered = filtered
        channels = (channels_in, width, 2 * width, 4 * width, 8 * width, 8 * width)
        self.downs = nn.ModuleList(Stage(a, b) for a, b in pairwise(channels))
        predicted = TAPS * filtered
        ups = ((16 * width, 8 * width), (12 * width, 4 * width), (6 * width, predicted))
        self.ups = nn.ModuleList(Stage(a, b) for a, b in ups)
        self.head = nn.Conv2d(predicted, predicted, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.downs[0](x)]
        for down in self.downs[1:]:
            maps.append(down(F.avg_pool2d(maps[-1], 2)))
        x = maps.pop()
        for up, skip in zip(self.ups, maps[:0:-1]):
            x = up(torch.cat((skip, _double(x)), dim=1))
        return taps_first(self.head(_double(x)), self.filtered)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Filtering(nn.Module):
    """The photograph filtered with predicted kernels at four dilations, and the four results mixed.

    forward(batch) -> (image [B,3,H,W] in [-1,1], kernels [B,3,9,H,W]).
    """

    def __init__(self, width: int):
        super().__init__()
        self.predict = KernelUNet(4, width, 3)
        self.mix = nn.Conv2d(3 * len(DILATIONS), 3, 3, padding=1)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        kernels = self.predict(torch.cat((batch.image, 1 - batch.mask), dim=1))
        filtered = [dilated_filter(batch.image, kernels, d) for d in DILATIONS]
        return self.mix(torch.cat(filtered, dim=1)).clamp(-1, 1), kernels


class Fusion(nn.Module):
    """Both images filtered with kernels that know both, the first kernels and their uncertainty.

    forward(two images [B,3,H,W] in [-1,1], kernels [B,3,9,H,W]) -> image [B,3,H,W] in [-1,1].
    """

    def __init__(self, width: int):
        super().__init__()
        self.predict = KernelUNet(6 + 3 * TAPS + 1, width, 6)
        self.merge = nn.Conv2d(6, 3, 1)
        self.mix = nn.Conv2d(3 * len(DILATIONS), 3, 3, padding=1)

    def forward(self, generated: Tensor, filtered: Tensor, kernels: Tensor) -> Tensor:
        both = torch.cat((generated, filtered), dim=1)
        kernels = kernels.detach()
        weights = self.predict(torch.cat((both, kernels.flatten(1, 2), uncertainty(kernels)), dim=1))
        fused = [self.merge(dilated_filter(both, weights, d)) for d in DILATIONS]
        return self.mix(torch.cat(fused, dim=1)).clamp(-1, 1)


@model("jpgnet")
class JPGNet(nn.Module):
    """A filter restores a pixel from its neighbours and keeps their detail, but finds nothing in the middle of a large
    hole, where a generator invents what is missing. One network predicts a filter for every pixel, and how large its
    weights are says how far it can be trusted. A last network reads this and fuses the filtered image with the
    generated one.

    Takes sizes that are multiples of 16.
    """

    Config = Width
    stride = 16
    priors = EdgeConnect.priors
    losses = (*EdgeConnect.losses, Term("pyramid", 1.0))
    reference = "jpgnet"

    def __init__(self, config: Width = Width()):  # noqa: B008
        super().__init__()
        self.config = config
        self.generator = EdgeConnect(config)
        self.filtering = Filtering(config.width)
        self.fusion = Fusion(config.width)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. aux, in training: "edge", as EdgeConnect's; "pyramid", the generated and the filtered image,
        [B,3,H,W] in [-1,1]. features: EdgeConnect's; "image_kernels", [B,27,H,W], the 9 taps of a channel in a row."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        generated = self.generator(batch, features)
        filtered, kernels = self.filtering(batch)
        kept.add(**generated.features, image_kernels=kernels.flatten(1, 2))
        images = [torch.where(batch.mask > 0, batch.image, image) for image in (generated.image, filtered)]
        image = self.fusion(*images, kernels)
        aux = generated.aux | {"pyramid": [generated.image, filtered]} if self.training else {}
        return Output(image, aux, kept.maps)
