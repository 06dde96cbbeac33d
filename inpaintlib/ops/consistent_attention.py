"""Knowledge consistent attention: scores that remember those of the recurrence before (RFR, Li et al., CVPR 2020).

Scores are maps of their own, [B,N,h,w] with N = h w: how much of each of the N positions goes to a position.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.ops.patch_attention import affinity

SCALE = 10.0
"""By which cosines are multiplied, as in contextual attention (Yu et al., CVPR 2018). RFR's text has no factor, with
which a softmax over hundreds of cosines is all but flat; its released code has the length of the query."""


class Memory(NamedTuple):
    """What a recurrence hands to the next one: its scores, and what was known."""

    scores: Float[Tensor, "b n h w"]
    mask: Float[Tensor, "b 1 h w"]


def smoothed_scores(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n h w"]:
    """Cosines of every two positions, averaged over the 3 x 3 positions around the one that asks, under a softmax.

    Source: RFR, Sec. 3.2.
    """
    cosines = affinity(x, kernel=1).unflatten(2, x.shape[-2:])
    return torch.softmax(SCALE * F.avg_pool2d(cosines, 3, stride=1, padding=1, count_include_pad=False), dim=1)


def consistent(scores: Float[Tensor, "b n h w"], before: Memory, trust: Float[Tensor, ""]) -> Float[Tensor, "b n h w"]:
    """Positions that were known before mix their scores with the old ones, of which `trust` in [0,1] is the share.

    Source: RFR, Sec. 3.2, where the share of the new scores is lambda.
    """
    share = trust * before.mask
    return (1 - share) * scores + share * before.scores


def gather(x: Float[Tensor, "b c h w"], scores: Float[Tensor, "b n h w"]) -> Float[Tensor, "b c h w"]:
    """Each position becomes the mean of all positions, weighted by its scores. Source: RFR, Sec. 3.2."""
    return (x.flatten(2) @ scores.flatten(2)).view_as(x)


class ConsistentAttention(nn.Module):
    """Holds the trust in old scores and the 1x1 convolution that mixes what was gathered with the map.

    forward(x [B,C,h,w], mask [B,1,h,w], memory or None) -> (map of the same shape, memory).
    """

    def __init__(self, channels: int):
        super().__init__()
        self.trust = nn.Parameter(torch.zeros(()))
        self.mix = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor, mask: Tensor, memory: Memory | None) -> tuple[Tensor, Memory]:
        scores = smoothed_scores(x)
        if memory is not None:
            scores = consistent(scores, memory, torch.sigmoid(self.trust))
        return self.mix(torch.cat((gather(x, scores), x), dim=1)), Memory(scores, mask)
