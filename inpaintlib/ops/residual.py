"""The local residual structure of TSGL: what a downsampling lost, seen by going back up and subtracting (Fig. 5 b)."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def local_residual(before: Float[Tensor, "b c h w"], after: Float[Tensor, "b c h2 w2"]) -> Float[Tensor, "b c h w"]:
    """TSGL Sec. III-B, the second choice of F_de in Eq. 6: F_{k-1} - Upsample(F_k), nearest neighbour.

    Zero exactly where upsampling the smaller map reproduces the larger one. Signed, in the units of the maps.
    """
    return before - F.interpolate(after, size=before.shape[-2:], mode="nearest")


def residual_guide(before: Float[Tensor, "b c h2 w2"], after: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """The local residual brought to the size of layer k, where it guides: bilinear between the corner pixels.

    The paper does not say how the sizes meet; this is the released code's choice. Sampled so, the nearest-neighbour
    enlargement of a map gives back the map, both pixels that a sample lies between being copies of one. The residual
    guide therefore is the reduced F_{k-1} minus F_k, and nothing of the larger size is computed.
    """
    return F.interpolate(before, size=after.shape[-2:], mode="bilinear", align_corners=True) - after
