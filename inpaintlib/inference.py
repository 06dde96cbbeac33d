"""A network's answer for one image of any size, at the scale that suits its hole."""

from collections.abc import Callable

import cv2
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch

LONGEST_SIDE = 1024
"""Pixels. A larger photograph is filled at this size, and the filling is enlarged into its hole."""

REACH = 12.0
"""Pixels from the deepest point of a hole to the nearest known pixel, up to which a network is asked at full scale. The
laptop's networks learn on crops of 64 px; of twenty holes there nineteen are no deeper."""


@torch.no_grad()
def fill(
    network: nn.Module, image: Float[Tensor, "1 3 h w"], known: Float[Tensor, "1 1 h w"]
) -> Float[Tensor, "1 3 h w"]:
    """A network's answer for one image in [-1,1] of any size, at the scale that suits the hole; hidden pixels unread.

    Where the hole reaches further than REACH pixels from the known, the network sees a reduced image, in which it does
    not, and its answer is enlarged; so it does for images with a side above LONGEST_SIDE.
    """
    size = known.shape[-2:]
    depth = cv2.distanceTransform((known[0, 0] < 0.5).to(torch.uint8).cpu().numpy(), cv2.DIST_L2, 5).max()
    factor = max(1.0, float(depth) / REACH, max(size) / LONGEST_SIDE)
    if factor > 1:
        image, known = _reduced(image * known, known, [max(1, round(side / factor)) for side in size])
    batch = Batch.make(image, known, priors=network.priors, truth=None).padded(network.stride)
    training = network.training
    try:
        drawn = network.eval()(batch).image[:, :, : known.shape[-2], : known.shape[-1]]
    finally:
        network.train(training)
    return F.interpolate(drawn, size=size, mode="bicubic", align_corners=False) if factor > 1 else drawn


def scaled(network: nn.Module) -> Callable[[Batch], Tensor]:
    """`fill` as a method for `evaluation.evaluate`: what `inpaint` answers, image by image."""

    def method(batch: Batch) -> Tensor:
        drawn = [fill(network, image[None], known[None]) for image, known in zip(batch.image, batch.mask)]
        return torch.where(batch.mask > 0, batch.image, torch.cat(drawn))

    return method


def _reduced(masked: Tensor, known: Tensor, size: list[int]) -> tuple[Tensor, Tensor]:
    """Area averages of the known pixels; a reduced pixel is known when any pixel that it covers is."""
    share = F.interpolate(known, size=size, mode="area")
    mean = F.interpolate(masked, size=size, mode="area") / share.clamp_min(1e-6)
    return mean.clamp(-1, 1), (share > 0).float()
