"""StyleGAN2's filter (Karras et al., CVPR 2020), [1, 3, 3, 1] along each axis, and halving and doubling a map with it;
beyond the border the map is repeated."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def filtered(x: Float[Tensor, "b c h w"], pad: int, even: bool = False, stride: int = 1) -> Float[Tensor, "b c h2 w2"]:
    """The map, padded by `pad`, under the filter, whose sum is one. even: odd sides get one more position at the
    end."""
    h, w = x.shape[-2:]
    padded = F.pad(x, (pad, pad + even * (w % 2), pad, pad + even * (h % 2)), mode="replicate")
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], device=x.device, dtype=x.dtype) / 8
    kernel = torch.outer(taps, taps).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(padded, kernel, stride=stride, groups=x.shape[1])


def halve(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Filtered, then every second position; an odd side rounds up."""
    return filtered(x, 1, even=True, stride=2)


def enlarge(x: Float[Tensor, "b c h w"], size: tuple[int, int]) -> Float[Tensor, "b c h2 w2"]:
    """Doubled and cut to `size`, the size that was halved; unchanged where it has that size. The filter of a doubling
    is that of bilinear interpolation."""
    if x.shape[-2:] == size:
        return x
    doubled = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return doubled[..., : size[0], : size[1]]
