"""A smooth fill of the hole by a pyramid of masked averages: where nothing is known, the next coarser level answers."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def fill_holes(
    image: Float[Tensor, "B C H W"], mask: Float[Tensor, "B 1 H W"], empty: float = 0.5
) -> Float[Tensor, "B C H W"]:
    """The image with its hole filled smoothly from known pixels alone; known pixels are returned unchanged.

    image: any range, what lies in the hole is never read (it may be NaN). mask: 1 = known, 0 = hole. An image without a
    known pixel becomes the constant `empty`. The result stays within the range of the known values.
    Source: the pull-push algorithm of Gortler et al., "The Lumigraph", 1996, Section 3.5, with bilinear upsampling.
    """
    known = mask > 0.5
    values, weights = [image.where(known, 0.0)], [known.to(image.dtype)]
    while max(values[-1].shape[-2:]) > 1:
        weight = _halve(weights[-1])
        total = _halve(values[-1] * weights[-1])
        values.append(total / weight.clamp_min(torch.finfo(image.dtype).tiny))
        weights.append((4 * weight).clamp_max(1))
    filled = values[-1].where(weights[-1] > 0, empty)
    for value, weight in zip(values[-2::-1], weights[-2::-1]):
        coarse = F.interpolate(filled, size=value.shape[-2:], mode="bilinear", align_corners=False)
        filled = torch.lerp(coarse, value, weight)
    return filled.where(~known, image)


def _halve(image: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C h w"]:
    return F.avg_pool2d(image, 2, ceil_mode=True)
