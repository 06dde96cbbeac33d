"""MAT: its modulated and upsampling convolutions, its attention on known tokens, and its style."""

import pytest
import torch
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib.models.mat_style import Mapping, mix
from inpaintlib.ops.modulated_conv import EPS, modulated_conv


def scene(known=None):
    """64 x 64 pixels with a hole on the right, or a mask that is `known` everywhere."""
    image = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.ones(2, 1, 64, 64)
    mask[..., 40:] = 0
    return il.Batch.make(image, mask if known is None else torch.full_like(mask, known), priors=())


def small():
    torch.manual_seed(0)
    return il.build("mat", width=6)


def test_counts_against_print():
    """60.0 M and 288.8 G in TSGL's Table VI. The attention's output projections, 0.5 M and 0.8 G, and the filters of
    the first network's strides, 1.0 G, are not here."""
    with torch.device("meta"):
        total = il.counts(il.build("mat"), 512)["total"]
    assert total.parameters / 1e6 == pytest.approx(61.106, rel=0.001) == pytest.approx(60.0, rel=0.02)
    assert total.macs / 1e9 == pytest.approx(285.6, rel=0.001) == pytest.approx(288.8, rel=0.02)


def test_modulated_convolution_against_the_equations():
    x, weight = torch.randn(2, 3, 4, 5, dtype=torch.float64), torch.randn(2, 3, 3, 3, dtype=torch.float64)
    style = torch.randn(2, 3, dtype=torch.float64)
    expected = torch.zeros(2, 2, 4, 5, dtype=torch.float64)
    padded = F.pad(x, (1, 1, 1, 1))
    for b in range(2):
        for j in range(2):
            scaled = torch.stack([style[b, i] * weight[j, i] for i in range(3)])
            scaled = scaled / (scaled.square().sum() + EPS).sqrt()
            for row in range(4):
                for column in range(5):
                    expected[b, j, row, column] = (scaled * padded[b, :, row : row + 3, column : column + 3]).sum()
    torch.testing.assert_close(modulated_conv(x, weight, style), expected)
    energy = torch.stack([(style[b, :, None, None] * weight).square().sum((1, 2, 3)) for b in range(2)])
    raw = modulated_conv(x, weight, style, demodulate=False)
    torch.testing.assert_close(raw, expected * (energy + EPS).sqrt()[:, :, None, None])


def test_tokens_attend_to_known_tokens_alone_where_there_are_any():
    network = small().eval()
    with torch.no_grad():
        masses = network(scene(), features=True).features["hole_attention"]
    assert len(masses) == 14
    assert max(masses) < 1e-4


def test_every_token_is_known_after_the_descent():
    """So that the ascent needs no mask: at 1/32 one window holds the map."""
    network, batch = small().eval(), scene()
    maps, mask = network.head(torch.cat((batch.mask - 0.5, batch.image), dim=1), batch.mask)
    stages, downs = network.descent.stages, network.descent.downs
    x, mask = stages[0](maps[-1], mask, il.features.Features(False))
    for down, stage in zip(downs, stages[1:]):
        x, mask = stage(*down(x, mask), il.features.Features(False))
    assert mask.all()


def test_noise_varies_the_hole_in_training_and_not_in_evaluation():
    network, batch = small(), scene()
    with torch.no_grad():
        assert not torch.equal(network(batch).image, network(batch).image)
        network.eval()
        assert torch.equal(network(batch).image, network(batch).image)


def test_noise_has_a_mean_square_of_one_and_the_mixture_a_mean_of_a_half():
    seen = []
    mapping = Mapping(16)
    mapping.layers.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    mapping(torch.zeros(3, 3, 8, 8))
    mapping.eval()(torch.zeros(3, 3, 8, 8))
    for noise in seen:
        torch.testing.assert_close(noise.square().mean(dim=1), torch.ones(3))
    ones = torch.ones(4, 8, 32, 32)
    drawn = mix(ones, -ones, training=True)
    assert drawn.unique().tolist() == [-1, 1]
    assert drawn.mean().abs() < 0.05
    assert not mix(ones, -ones, training=False).any()


def test_the_second_network_sees_the_first_ones_image_in_the_hole_only():
    network = small().eval()
    batches = scene(), scene(known=1.0)
    with torch.no_grad():
        before = [network(batch).image for batch in batches]
        network.tail.steps[-1].to_image.bias += 1
        after = [network(batch).image for batch in batches]
    assert not torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1])


def test_the_first_networks_image_is_there_in_training_only():
    network, batch = small(), scene()
    assert network(batch).aux["coarse"].shape == batch.image.shape
    assert network.eval()(batch).aux == {}


@pytest.mark.parametrize("width,heads", [(180, 6), (8, 4), (7, 1), (10, 5)])
def test_the_heads_divide_the_width(width, heads):
    assert il.models.mat.MAT.Config(width=width).heads == heads
