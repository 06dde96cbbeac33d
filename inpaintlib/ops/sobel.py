"""Sobel derivatives as shifts and sums, so that no reduced precision of a convolution reaches them."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def sobel(image: Float[Tensor, "*B H W"]) -> tuple[Float[Tensor, "*B H W"], Float[Tensor, "*B H W"]]:
    """Derivatives downwards and rightwards by [1 2 1] x [-1 0 1], the border pixel repeated; three or four dimensions.

    A step of height one gives 4. The same numbers as `scipy.ndimage.sobel` along the two axes.
    """
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    rows, columns = padded[..., 2:, :] - padded[..., :-2, :], padded[..., 2:] - padded[..., :-2]
    down = rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]
    right = columns[..., :-2, :] + 2 * columns[..., 1:-1, :] + columns[..., 2:, :]
    return down, right
