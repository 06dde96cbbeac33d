"""What of a result is compared with the truth: the image, and the two structures that TSGL Table VII extracts."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from inpaintlib.ops.residual import local_residual
from inpaintlib.priors import edge

Images = Float[Tensor, "b 3 h w"]
View = Callable[[Images], Float[Tensor, "b c h w"]]


def image_edge(image01: Images) -> Float[Tensor, "b 1 h w"]:
    """The Canny edge map of a whole image in [0, 1], sigma 2 as for the prior: 0 or 1. TSGL Table VII, "global"."""
    return edge(image01)


def image_local_residual(image01: Images) -> Images:
    """An image in [0, 1] minus its half-size copy (mean of 2 x 2) enlarged again (nearest), plus 1/2, so that no
    difference is 1/2; from -1/4 to 5/4, and of photographs less than one value in a thousand outside [0, 1].

    The subtraction of TSGL Fig. 5 b on an image. TSGL Table VII, "local residual".
    """
    return local_residual(image01, F.avg_pool2d(image01, 2)) + 0.5


VIEWS: dict[str, View] = {"image": lambda image01: image01, "edge": image_edge, "residual": image_local_residual}
"""Name -> images in [0, 1] to maps whose metrics take a data range of 1. Metrics of a view other than the image have
its name before theirs."""


def prefix(view: str) -> str:
    """What stands before a metric's name: "" for the image, "edge_" for its edges."""
    return "" if view == "image" else f"{view}_"
