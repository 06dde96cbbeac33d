"""Axial attention: a token attends to its row and to its column, so that large grids of tokens stay cheap.

Source: ZITS (Dong et al., CVPR 2022), after Ho et al., "Axial Attention in Multidimensional Transformers", 2019, with a
learned bias for each relative position.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

REACH = 31
"""The largest offset with a bias of its own; 32 x 32 tokens have no larger one, and farther tokens share it."""


def relative_bias(table: Float[Tensor, "heads offsets"], length: int) -> Float[Tensor, "heads t t"]:
    """Bias of query i and key j: the table's entry for the offset j - i, which runs from -r to r in 2 r + 1 entries."""
    reach = table.shape[1] // 2
    at = torch.arange(length, device=table.device)
    return table[:, (at - at[:, None]).clamp(-reach, reach) + reach]


class SelfAttention(nn.Module):
    """Multi-head attention among the tokens of a row, softmax(Q K^T / sqrt(d) + bias) V, between linear layers.

    forward(x [...,T,C], bias [heads,T,T] or None) -> the same shape.
    """

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        rows = x.reshape(-1, *x.shape[-2:])
        q, k, v = self.qkv(rows).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        bias = None if bias is None else bias.to(q.dtype)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.out(mixed.transpose(1, 2).reshape_as(rows)).reshape_as(x)


class AxialAttention(nn.Module):
    """Attention along rows plus attention along columns, of normalised tokens; forward(x [B,H,W,C]) -> the same."""

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))
        self.attentions = nn.ModuleList(SelfAttention(channels, heads) for _ in range(2))
        self.tables = nn.ParameterList(torch.zeros(heads, 2 * REACH + 1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        columns = x.transpose(1, 2)
        along_rows, along_columns = (
            attention(norm(y), relative_bias(table, y.shape[2]))
            for attention, norm, table, y in zip(self.attentions, self.norms, self.tables, (x, columns))
        )
        return along_rows + along_columns.transpose(1, 2)
