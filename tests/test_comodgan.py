"""CoModGAN: modulated convolution against kernels written out, what chance may change, and its published counts."""

from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib.counting import counts
from inpaintlib.ops.equalized import EqualizedConv, EqualizedLinear
from inpaintlib.ops.modulated_conv import modulated_conv


def discriminator_parameters(width=64, inputs=4):
    """Of StyleGAN2's residual discriminator at 512 pixels, with biases left out."""
    channels = [width * factor for factor in (1, 2, 4, 8, 8, 8, 8, 8)]
    last = channels[-1]
    blocks = sum(9 * a * a + 9 * a * b + a * b for a, b in pairwise(channels))
    return inputs * width + blocks + 9 * (last + 1) * last + 16 * last * last + last


def test_published_counts():
    """TSGL's Table VI prints 109 M and 121.09 G at 512 pixels: the parameters are those of the generator and of its
    discriminator, the operations those of the generator."""
    with torch.device("meta"):
        total = counts(il.build("comodgan"), 512)["total"]
    assert (total.parameters + discriminator_parameters()) / 1e6 == pytest.approx(109, rel=0.005)
    assert total.macs / 1e9 == pytest.approx(121.09, rel=0.01)


def test_each_image_is_convolved_by_its_own_kernel_of_norm_one():
    x, style = torch.randn(3, 2, 5, 6, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    weight = torch.randn(4, 2, 3, 3, dtype=torch.float64)
    out = modulated_conv(x, weight, style)
    for n in range(3):
        kernel = weight * style[n][None, :, None, None]
        kernel = kernel / kernel.square().sum((1, 2, 3), keepdim=True).sqrt()
        torch.testing.assert_close(out[n : n + 1], F.conv2d(x[n : n + 1], kernel, padding=1))


def test_a_style_as_a_whole_changes_nothing():
    x, style = torch.randn(1, 2, 5, 6, dtype=torch.float64), torch.rand(1, 2, dtype=torch.float64) + 0.5
    weight = torch.randn(4, 2, 3, 3, dtype=torch.float64)
    torch.testing.assert_close(modulated_conv(x, weight, 7 * style), modulated_conv(x, weight, style))


def test_doubling_keeps_a_flat_map_flat():
    x, weight = torch.ones(1, 1, 6, 6), torch.zeros(1, 1, 3, 3)
    weight[..., 1, 1] = 1
    out = modulated_conv(x, weight, torch.ones(1, 1), doubling=True)
    assert out.shape == (1, 1, 12, 12)
    torch.testing.assert_close(out[..., 2:-2, 2:-2], torch.ones(1, 1, 8, 8))


def test_halving_rounds_odd_sides_up():
    conv = EqualizedConv(2, 3, 3, halving=True)
    assert conv(torch.randn(1, 2, 5, 8)).shape == (1, 3, 3, 4)
    assert conv(torch.randn(1, 2, 1, 1)).shape == (1, 3, 1, 1)


def test_maps_keep_their_size_at_the_start():
    torch.manual_seed(0)
    x = torch.randn(64, 256)
    for rate in (1.0, 0.01):
        assert float(EqualizedLinear(256, 256, rate=rate)(x).detach().std()) == pytest.approx(1, rel=0.05)


def test_chance_has_a_say_in_training_only():
    torch.manual_seed(0)
    network, batch = il.build("comodgan", width=2), il.example_batch(1, 64, priors=())
    with torch.no_grad():
        assert not torch.equal(network(batch).image, network(batch).image)
        network.eval()
        assert torch.equal(network(batch).image, network(batch).image)
