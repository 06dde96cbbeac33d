"""Feature equalization: over channels, over space, over similar neighbours (TSGL Eq. 9-12, after MEDFE)."""

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.gaussian import gaussian

SIGMA, RADIUS = 1.5, 3
"""The Gaussian of Eq. 10, in positions of the map: 7 x 7 neighbours hold 96 % of the whole bell."""


def channel_equalization(
    x: Float[Tensor, "b c h w"], project: Callable[[Float[Tensor, "b c"]], Float[Tensor, "b c"]]
) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 9: sigmoid(W_g(AvgPool(F))) F, one factor a channel; `project` is W_g."""
    return torch.sigmoid(project(x.mean(dim=(2, 3))))[:, :, None, None] * x


def spatial_equalization(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 10: each position's Gaussian average; C' is the sum of the weights of the neighbours that exist."""

    def window(values: Tensor) -> Tensor:
        return gaussian(F.pad(values, (RADIUS, RADIUS, RADIUS, RADIUS)), SIGMA, RADIUS)

    return window(x) / window(torch.ones_like(x[:1, :1]))


def range_equalization(x: Float[Tensor, "b c h w"], similarity: str = "product") -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 11: the average of the 3 x 3 neighbours x_j, weighted by how alike x_i and x_j are.

    `similarity` names a function of SIMILARITIES. Dot products are those of sigmoid(x), so that they are positive; what
    is averaged is x itself.
    """
    positive = torch.sigmoid(x)
    products = torch.stack([(positive * near).sum(dim=1) for near in _neighbours(positive)], dim=1)
    weights = SIMILARITIES[similarity](products, x.shape[1])
    return sum(weights[:, k : k + 1] * near for k, near in enumerate(_neighbours(x)))


def _neighbours(x: Float[Tensor, "b c h w"]) -> Iterator[Float[Tensor, "b c h w"]]:
    """The map moved by each of the nine offsets; zero where the neighbour does not exist."""
    h, w = x.shape[-2:]
    padded = F.pad(x, (1, 1, 1, 1))
    for row in range(3):
        for column in range(3):
            yield padded[:, :, row : row + h, column : column + w]


def _normalized_product(products: Float[Tensor, "b 9 h w"], channels: int) -> Float[Tensor, "b 9 h w"]:
    """As Eq. 11 prints: C' is the sum of the products; a neighbour that does not exist has the product zero."""
    return products / products.sum(dim=1, keepdim=True)


def _softmax(products: Float[Tensor, "b 9 h w"], channels: int) -> Float[Tensor, "b 9 h w"]:
    """A softmax of the products' means over channels, over the neighbours that exist."""
    exists = torch.stack([near[0, 0] for near in _neighbours(torch.ones_like(products[:1, :1]))]) > 0
    return torch.softmax((products / channels).masked_fill(~exists, float("-inf")), dim=1)


def _softmax_over_positions(products: Float[Tensor, "b 9 h w"], channels: int) -> Float[Tensor, "b 9 h w"]:
    """The released code's mistaken axis: each neighbour's weights sum to one over the map, not at a position."""
    return torch.softmax((products / channels).flatten(2), dim=2).view_as(products)


SIMILARITIES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "product": _normalized_product,
    "softmax": _softmax,
    "softmax-positions": _softmax_over_positions,
}


def scrambled(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """The released code's mistaken view: values in the order (position, channel) read as (channel, position)."""
    return x.permute(0, 2, 3, 1).reshape(x.shape)


class Equalization(nn.Module):
    """TSGL Eq. 9-12: equalize over channels, then over space and range, and mix the two by a 1x1 convolution.

    project: W_g of Eq. 9.  forward(F~ [B,C,H,W]) -> [B,C,H,W].  `scramble` repeats a mistake of the released code.
    """

    def __init__(self, channels: int, project: nn.Module, similarity: str = "product", scramble: bool = False):
        super().__init__()
        self.project, self.similarity, self.scramble = project, similarity, scramble
        self.mix = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = channel_equalization(x, self.project)
        both = spatial_equalization(x), range_equalization(x, self.similarity)
        return self.mix(torch.cat([scrambled(y) for y in both] if self.scramble else both, dim=1))
