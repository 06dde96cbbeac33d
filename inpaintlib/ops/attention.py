"""Masked window attention of the texture encoder (TSGL Eq. 3-5), after the contextual attention of MAT.

Tokens are the pixels of a map. Attention stays inside square windows; every second block shifts them by half a window.
A token in the hole is an invalid key: tau is subtracted from its score before the division by sqrt(d), as Eq. 4 prints.
"""

from functools import lru_cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

Window = tuple[int, int]


def to_windows(x: Float[Tensor, "b c h w"], window: Window) -> Float[Tensor, "bn t c"]:
    """Cut a map whose sides are multiples of the window into windows of tokens, row by row."""
    b, c, h, w = x.shape
    wh, ww = window
    x = x.view(b, c, h // wh, wh, w // ww, ww).permute(0, 2, 4, 3, 5, 1)
    return x.reshape(-1, wh * ww, c)


def from_windows(tokens: Float[Tensor, "bn t c"], window: Window, size: Window) -> Float[Tensor, "b c h w"]:
    """The inverse of `to_windows` for maps of `size` (height, width)."""
    (h, w), (wh, ww) = size, window
    x = tokens.reshape(-1, h // wh, w // ww, wh, ww, tokens.shape[-1]).permute(0, 5, 1, 3, 2, 4)
    return x.reshape(x.shape[0], tokens.shape[-1], h, w)


def _regions(h: int, w: int, window: Window, shift: Window, device: torch.device) -> Bool[Tensor, "n t t"]:
    """Which token pairs of each window may attend: both exist (padding does not), and the cyclic shift did not bring
    them together from far sides. A token that does not exist attends to itself, so that no row is empty."""
    (wh, ww), (down, right) = window, shift
    rows, columns = torch.arange(h + -h % wh, device=device), torch.arange(w + -w % ww, device=device)
    exists = torch.roll((rows < h)[:, None] & (columns < w), (-down, -right), (0, 1))
    far_rows, far_columns = rows >= len(rows) - down, columns >= len(columns) - right
    label = (far_rows * 2)[:, None] + far_columns * 1
    tokens = to_windows(torch.stack((label, exists * 1))[None].float(), window)
    same, there = tokens[..., :1] == tokens[..., :1].mT, tokens[..., 1:].mT > 0
    return same & there | torch.eye(wh * ww, dtype=torch.bool, device=device)


_cached_regions = lru_cache(maxsize=64)(_regions)


def attention_bias(
    valid: Float[Tensor, "b 1 h2 w2"], size: Window, window: Window, shift: Window, penalty: float
) -> Float[Tensor, "bn 1 t t"]:
    """What is added to the scaled scores: -penalty for invalid keys, -inf for keys that do not exist or are far away.

    valid: padded to whole windows and shifted like the map. size: the map's before padding. penalty: tau / sqrt(d) in
    Eq. 4 and 5.
    """
    regions = _regions if torch.compiler.is_compiling() else _cached_regions
    allowed = regions(*size, window, shift, valid.device)
    bias = -penalty * (1 - to_windows(valid, window)).mT
    return bias.masked_fill(~allowed.repeat(len(valid), 1, 1), float("-inf")).unsqueeze(1)


def refine_validity(valid: Float[Tensor, "b 1 h w"], window: Window) -> Float[Tensor, "b 1 h w"]:
    """After attention a window with at least one valid token is valid throughout (text below TSGL Eq. 5)."""
    pooled = F.max_pool2d(valid, window, window)
    return pooled.repeat_interleave(window[0], dim=2).repeat_interleave(window[1], dim=3)


def contextual_attention(
    q: Float[Tensor, "bn heads t d"],
    k: Float[Tensor, "bn heads t d"],
    v: Float[Tensor, "bn heads t d"],
    bias: Float[Tensor, "bn 1 t t"],
) -> Float[Tensor, "bn heads t d"]:
    """TSGL Eq. 4: softmax((Q K^T - tau M) / sqrt(d)) V, with -tau M / sqrt(d) given as `bias`."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)


class AttentionBlock(nn.Module):
    """One block of TSGL Eq. 3: MLP(FC(concat(MCA(F), F))). Queries and keys come from L2-normalised tokens.

    tau: of Eq. 4, subtracted from the scores of invalid keys inside the division by sqrt(d), or after it.
    forward(x [B,C,H,W], valid [B,1,H,W]) -> (map, refined validity, attention mass that falls on invalid keys or None).
    """

    def __init__(self, channels: int, heads: int, window: int, shifted: bool, tau: float, inside: bool = True):
        super().__init__()
        self.heads, self.window, self.shifted = heads, window, shifted
        self.penalty = tau / (channels // heads) ** 0.5 if inside else tau
        self.q = nn.Linear(channels, channels)
        self.k = nn.Linear(channels, channels)
        self.v = nn.Linear(channels, channels)
        self.fc = nn.Linear(2 * channels, channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.LeakyReLU(0.2), nn.Linear(2 * channels, channels)
        )

    def forward(self, x: Tensor, valid: Tensor, measure: bool = False) -> tuple[Tensor, Tensor, Tensor | None]:
        h, w = x.shape[-2:]
        window = (min(self.window, h), min(self.window, w))
        pad = ((-h) % window[0], (-w) % window[1])
        if any(pad):
            x, valid = (F.pad(t, (0, pad[1], 0, pad[0])) for t in (x, valid))
        size = (h + pad[0], w + pad[1])
        shift = tuple(e // 2 if self.shifted and s > e else 0 for e, s in zip(window, size))
        if any(shift):
            x, valid = (torch.roll(t, (-shift[0], -shift[1]), (2, 3)) for t in (x, valid))
        tokens = to_windows(x, window)
        bias = attention_bias(valid, (h, w), window, shift, self.penalty)
        q, k, v = self._project(tokens)
        mass = self._hole_mass(q, k, bias, to_windows(valid, window)) if measure else None
        mixed = contextual_attention(q, k, v, bias.to(q.dtype)).transpose(1, 2).flatten(2)
        tokens = self.mlp(F.leaky_relu(self.fc(torch.cat((mixed, tokens), dim=-1)), 0.2))
        x, valid = from_windows(tokens, window, size), refine_validity(valid, window)
        if any(shift):
            x, valid = (torch.roll(t, shift, (2, 3)) for t in (x, valid))
        return x[:, :, :h, :w].contiguous(memory_format=torch.channels_last), valid[:, :, :h, :w], mass

    def _project(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        least = max(1e-12, torch.finfo(tokens.dtype).tiny)  # torch's own is zero in float16, and a token may be zero
        normalised = F.normalize(tokens, dim=-1, eps=least)
        parts = (self.q(normalised), self.k(normalised), self.v(tokens))
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in parts)
        return q, k, v

    @staticmethod
    def _hole_mass(q: Tensor, k: Tensor, bias: Tensor, valid: Tensor) -> Tensor:
        scores = torch.softmax(q @ k.mT * q.shape[-1] ** -0.5 + bias, dim=-1)
        return (scores * (1 - valid[:, None].mT)).sum(-1).mean()
