"""Feature equalization against TSGL Eq. 9-12, position by position."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from inpaintlib.ops.equalize import (
    RADIUS,
    SIGMA,
    SIMILARITIES,
    Equalization,
    channel_equalization,
    range_equalization,
    scrambled,
    spatial_equalization,
)


def neighbours(i, j, h, w, radius):
    """The positions around (i, j) that exist."""
    rows = range(max(0, i - radius), min(h, i + radius + 1))
    return [(y, z) for y in rows for z in range(max(0, j - radius), min(w, j + radius + 1))]


def averaged(x, radius, weigh):
    """Each position the weighted mean of its neighbours, the weights divided by their sum (C')."""
    _, _, h, w = x.shape
    out = torch.zeros_like(x)
    for n in range(len(x)):
        for i in range(h):
            for j in range(w):
                around = neighbours(i, j, h, w, radius)
                weights = [weigh(n, (i, j), at) for at in around]
                for (y, z), weight in zip(around, weights):
                    out[n, :, i, j] += weight / sum(weights) * x[n, :, y, z]
    return out


@pytest.fixture
def x():
    return torch.randn(2, 5, 6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2


def test_equation_9(x):
    weight = torch.randn(5, 5, dtype=torch.float64)
    out = channel_equalization(x, lambda pooled: F.linear(pooled, weight))
    for n in range(2):
        means = torch.stack([x[n, c].sum() / x[n, c].numel() for c in range(5)])
        for c in range(5):
            factor = 1 / (1 + math.exp(-float(weight[c] @ means)))
            torch.testing.assert_close(out[n, c], factor * x[n, c])


def test_equation_10(x):
    def gaussian(n, at, near):
        return math.exp(-0.5 * (math.dist(at, near) / SIGMA) ** 2)

    torch.testing.assert_close(spatial_equalization(x), averaged(x, RADIUS, gaussian))


def test_equation_11(x):
    positive = torch.sigmoid(x)

    def product(n, at, near):
        return float(positive[(n, slice(None), *at)] @ positive[(n, slice(None), *near)])

    torch.testing.assert_close(range_equalization(x), averaged(x, 1, product))


def test_a_softmax_over_the_neighbours_that_exist(x):
    positive = torch.sigmoid(x)

    def softmax(n, at, near):
        return math.exp(float(positive[(n, slice(None), *at)] @ positive[(n, slice(None), *near)]) / x.shape[1])

    torch.testing.assert_close(range_equalization(x, "softmax"), averaged(x, 1, softmax))


def test_the_mistaken_axis_sums_to_one_over_positions(x):
    products = torch.rand(2, 9, 6, 9, dtype=torch.float64)
    weights = SIMILARITIES["softmax-positions"](products, 5)
    torch.testing.assert_close(weights.sum((2, 3)), torch.ones(2, 9, dtype=torch.float64))
    assert not torch.allclose(weights.sum(1), torch.ones(2, 6, 9, dtype=torch.float64))


def test_equation_12(x):
    torch.manual_seed(1)
    module = Equalization(5, nn.Linear(5, 5, bias=False)).double()
    equalized = channel_equalization(x, module.project)
    both = torch.cat((spatial_equalization(equalized), range_equalization(equalized)), 1)
    expected = torch.einsum("oc,bchw->bohw", module.mix.weight[:, :, 0, 0], both) + module.mix.bias[:, None, None]
    torch.testing.assert_close(module(x), expected)


@pytest.mark.parametrize("similarity", ["product", "softmax"])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 4), (16, 16)])
def test_a_constant_map_stays_constant_up_to_the_border(similarity, size):
    torch.manual_seed(2)
    constant = torch.randn(1, 6, 1, 1, dtype=torch.float64).expand(1, 6, *size)
    for equalize in (spatial_equalization, lambda t: range_equalization(t, similarity)):
        torch.testing.assert_close(equalize(constant), constant)
    out = Equalization(6, nn.Linear(6, 6, bias=False), similarity).double()(constant)
    torch.testing.assert_close(out, out[:, :, :1, :1].expand_as(out))


def test_a_scrambled_constant_is_not_constant():
    """A map that is constant in each channel, viewed in the wrong order, varies within its channels."""
    probe = torch.arange(6.0)[None, :, None, None].expand(1, 6, 4, 4)
    wrong = scrambled(probe)
    assert wrong.shape == probe.shape
    assert sorted(wrong.flatten().tolist()) == sorted(probe.flatten().tolist())
    assert wrong[0].flatten(1).std(dim=1).min() > 0
    assert torch.equal(wrong.flatten()[:6], torch.arange(6.0))
    module = Equalization(6, nn.Linear(6, 6, bias=False), scramble=True)
    out = module(probe)
    assert out[0].flatten(1).std(dim=1).max() > 1e-3


def test_gradients():
    torch.manual_seed(3)
    x = torch.randn(1, 4, 3, 4, dtype=torch.float64, requires_grad=True)
    for similarity in SIMILARITIES:
        module = Equalization(4, nn.Linear(4, 4, bias=False), similarity).double()
        assert torch.autograd.gradcheck(module, (x,))
