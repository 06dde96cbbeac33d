"""HAN: Laplace attention against a literal loop, and its published counts."""

import math

import pytest
import torch

import inpaintlib as il
from inpaintlib.counting import counts
from inpaintlib.ops.laplace_attention import LaplaceAttention, distances, laplace_attention


def test_published_counts():
    """TSGL's Table V: 19.4 M and 137.7 G at 256 pixels."""
    with torch.device("meta"):
        total = counts(il.build("han"), 256)["total"]
    assert total.parameters / 1e6 == pytest.approx(19.4, rel=0.005)
    assert total.macs / 1e9 == pytest.approx(137.7, rel=0.005)


def test_distances_are_rows_plus_columns():
    apart = distances(2, 3)
    for p in range(6):
        for q in range(6):
            assert apart[p, q] == abs(p // 3 - q // 3) + abs(p % 3 - q % 3)


def test_the_equation():
    n, d, decay = 6, 4, 0.7
    q, k, v = (torch.randn(1, 1, n, d, dtype=torch.float64) for _ in range(3))
    apart = distances(2, 3).double()
    out = laplace_attention(q, k, v, apart, torch.tensor([decay], dtype=torch.float64))
    for i in range(n):
        scores = [math.exp((float(q[0, 0, i] @ k[0, 0, j]) - decay * float(apart[i, j])) / d**0.5) for j in range(n)]
        expected = sum(s * v[0, 0, j] for j, s in enumerate(scores)) / sum(scores)
        torch.testing.assert_close(out[0, 0, i], expected)


def test_alike_tokens_are_weighed_by_distance_alone():
    """With equal queries and keys each step costs the same factor, exp(-decay / sqrt(d)): a Laplace distribution."""
    n = 5
    zero, v = torch.zeros(1, 1, n, 4), torch.eye(n)[None, None]
    weights = laplace_attention(zero, zero, v, distances(1, n), torch.tensor([2.0]))[0, 0]
    ratio = weights[0, 1:] / weights[0, :-1]
    torch.testing.assert_close(ratio, torch.full((n - 1,), math.exp(-2 / 4**0.5)))


def test_a_steep_decay_leaves_each_patch_to_itself():
    torch.manual_seed(0)
    layer, x = LaplaceAttention(8, 2), torch.randn(1, 8, 8, 8)
    torch.nn.init.constant_(layer.decay, 1e4)
    torch.testing.assert_close(layer(x), layer.embed(x)[:, 16:])


def test_the_patches_grow_and_shrink():
    network = il.build("han", width=1)
    halves = (network.growing, network.shrinking)
    assert [[block.attention[0].patch for block in half] for half in halves] == [[1, 2, 4, 8], [8, 4, 2, 1]]
