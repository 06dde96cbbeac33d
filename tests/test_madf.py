"""MADF: filters that follow the mask against filters written out, decoders that guide each other, published counts."""

import pytest
import torch
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib.counting import counts
from inpaintlib.ops.mask_aware_conv import MaskAwareConv, mask_aware_conv


def test_published_counts():
    """Against the released network as measured, and TSGL's Table VI, 85.0 M and 183.7 G at 512 pixels, which charges
    transposed convolutions at the size of their output."""
    with torch.device("meta"):
        network = il.build("madf")
    small, large = (counts(network, size)["total"] for size in (256, 512))
    assert small.parameters / 1e6 == pytest.approx(85.141, rel=0.001)
    assert small.macs / 1e9 == pytest.approx(28.3, rel=0.005)
    assert large.macs / 1e9 == pytest.approx(113.0, rel=0.005)
    assert large.macs_at_output / 1e9 == pytest.approx(183.7, rel=0.005)


def test_each_position_has_the_filter_that_its_code_asks_for():
    b, j, c, c2, k, stride = 2, 3, 2, 4, 3, 2
    x = torch.randn(b, c, 6, 8, dtype=torch.float64)
    code = torch.randn(b, j, 3, 4, dtype=torch.float64)
    bases = torch.randn((j + 1) * c2, c, k, k, dtype=torch.float64)
    out, padded = mask_aware_conv(x, code, bases, stride), F.pad(x, (1, 1, 1, 1))
    for n, row, column in torch.cartesian_prod(*(torch.arange(s) for s in (b, 3, 4))).tolist():
        kernel = bases[:c2].clone()
        for i in range(j):
            kernel += code[n, i, row, column] * bases[c2 * (i + 1) : c2 * (i + 2)]
        window = padded[n, :, stride * row : stride * row + k, stride * column : stride * column + k]
        torch.testing.assert_close(out[n, :, row, column], (kernel * window).sum((1, 2, 3)))


def test_far_from_the_hole_the_filters_are_those_of_a_whole_image():
    torch.manual_seed(0)
    conv, x = MaskAwareConv(2, 4, 1, 8, 3, stride=1), torch.randn(1, 2, 12, 12)
    mask = torch.ones(1, 1, 12, 12)
    whole, _ = conv(x, mask)
    mask[..., 8:, 8:] = 0
    holed, _ = conv(x, mask)
    assert torch.equal(holed[..., :7, :7], whole[..., :7, :7])
    assert not torch.equal(holed[..., 7:, 7:], whole[..., 7:, 7:])


def test_the_last_image_hears_of_every_decoder():
    torch.manual_seed(0)
    network, batch = il.build("madf", width=1).eval(), il.example_batch(1, 64, priors=())
    with torch.no_grad():
        before = network(batch).image
        for part in (network.recovery.blend, network.refinement1.blend):
            part.bias += 0.5
            after = network(batch).image
            assert not torch.equal(before, after)
            before = after


def test_two_images_are_judged_besides_the_last_and_bounds_hold_outside_training():
    network, batch = il.build("madf", width=1), il.example_batch(2, 64, priors=())
    assert [x.shape for x in network(batch).aux["pyramid"]] == [batch.image.shape] * 2
    torch.nn.init.constant_(network.refinement2.blend.bias, 9.0)
    assert network(batch).image.min() > 1
    output = network.eval()(batch)
    assert output.aux == {}
    assert output.image.max() == 1


def test_the_deepest_maps_of_a_small_image_are_one_position():
    network = il.build("madf", width=1).eval()
    with torch.no_grad():
        maps = network(il.example_batch(1, 64, priors=()), features=True).features["encoder"]
    assert [x.shape[-1] for x in maps] == [32, 16, 8, 4, 2, 1, 1]
