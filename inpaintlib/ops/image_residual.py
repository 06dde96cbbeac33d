"""The detail of an image that a smaller copy of it has lost, the residual that HiFill aggregates."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from inpaintlib.ops.fill import fill_holes


def image_residual(
    image: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"], factor: int
) -> Float[Tensor, "b c h w"]:
    """The image minus its copy reduced by `factor` (area average) and enlarged again (bilinear); zero in the hole.

    image: zero-centred, any range; hidden pixels are never read. mask: 1 = known. The hole is filled smoothly before
    the reduction, so that its border is not taken for detail. Source: HiFill (Yi et al., CVPR 2020), Sec. 3.1.
    """
    filled = fill_holes(image, mask, empty=0.0)
    small = F.avg_pool2d(filled, factor, ceil_mode=True)
    smooth = F.interpolate(small, size=image.shape[-2:], mode="bilinear", align_corners=False)
    return (filled - smooth) * mask
