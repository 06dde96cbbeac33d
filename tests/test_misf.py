"""MISF: its sizes, counts and switches, Table 1 row by row, and that each filter is where the equations put it."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.misf import recurrently
from inpaintlib.models.misf.config import ABLATIONS
from inpaintlib.models.misf.layers import SameConv, doubling, taps_first

LAYOUTS = ("table1", "released")
SMALL = {"width": 4, "blocks": 2}


def network(**config):
    torch.manual_seed(0)
    return il.build("misf", **(SMALL | config)).eval()


def batch(height=32, width=32):
    whole = il.example_batch(2, 64)
    return il.Batch.make(whole.target.image[..., :height, :width], whole.mask[..., :height, :width], priors=())


def test_the_released_layout_has_the_released_networks_counts():
    counts = il.counts(il.build("misf", layout="released"), 256)
    assert counts["inference"].parameters == 23_059_166
    assert round(counts["inference"].macs / 1e9, 2) == 130.48
    assert round(counts["predicting"].parameters / 1e6, 3) == 12.285
    assert round(counts["predicting"].macs / 1e9, 1) == 81.8


def test_table_1_row_by_row():
    """Weights of each row as conv(k, in, out) prints them, without biases; four input channels, for the mask."""
    counts = il.counts(il.build("misf"), 256)
    encoder = 4 * 64 * 49 + 64 * 128 * 16 + 128 * 256 * 16
    decoder = 8 * 256 * 256 + 256 * 128 * 16 + 128 * 64 * 16
    biases = 64 + 128 + 256 + 8 * 256 + 128 + 64
    assert counts["filtering"].parameters == encoder + decoder + 64 * 3 * 49 + biases + 3
    joined, kernels = 128 * 256 * 16, 256 * 256 * 9 + 256 * 9
    assert counts["predicting"].parameters == encoder + joined + kernels + decoder + 64 * 27 * 49 + biases + 27


def test_table_1_sizes():
    features = network(width=64)(batch(64, 64), features=True).features
    assert [tuple(x.shape[1:]) for x in features["encoder"]] == [(64, 64, 64), (128, 32, 32), (256, 16, 16)]
    assert features["feature_kernels"][0].shape[1:] == (256 * 9, 16, 16)
    assert features["image_kernels"][0].shape[1:] == (3 * 9, 64, 64)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ABLATIONS)
def test_any_size_and_every_part_learns(name, layout):
    net = network(layout=layout, **ABLATIONS[name]).train()
    out = net(batch(20, 36))
    assert out.image.shape == (2, 3, 20, 36)
    assert out.image.abs().max() <= 1
    out.image.square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ABLATIONS)
def test_nothing_under_the_hole_is_seen(name, layout):
    net, seen = network(layout=layout, **ABLATIONS[name]), batch()
    other = il.Batch.make(torch.where(seen.mask > 0, seen.target.image, 0.7), seen.mask, priors=())
    torch.testing.assert_close(net(other).image, net(seen).image, rtol=0, atol=0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_equation_8_with_the_kernels_that_were_predicted(layout):
    """The kept maps tell the whole story: F_3 filtered with K_3 is decoded, and F_7 filtered with K is the image."""
    net = network(layout=layout)
    out = net(batch(), features=True)
    f = {name: maps[-1] for name, maps in out.features.items()}
    filtered = il.ops.adaptive_filter(f["encoder"], f["feature_kernels"].unflatten(1, (16, 9)))
    torch.testing.assert_close(f["filtered"], filtered)
    torch.testing.assert_close(f["decoder_input"], filtered)
    torch.testing.assert_close(f["unfiltered_image"], net.filtering.decode(filtered))
    image = il.ops.adaptive_filter(f["unfiltered_image"], f["image_kernels"].unflatten(1, (3, 9)))
    torch.testing.assert_close(out.image, torch.tanh(image))


def test_equation_1_filters_the_masked_image_itself():
    net, seen = network(**ABLATIONS["Img-Filter"]), batch()
    out = net(seen, features=True)
    kernels = out.features["image_kernels"][0].unflatten(1, (3, 9))
    torch.testing.assert_close(out.image, il.ops.adaptive_filter(seen.image, kernels).clamp(-1, 1))
    assert not hasattr(net, "filtering")


@pytest.mark.parametrize("level,channels,side", [("F1", 4, 32), ("F2", 8, 16), ("F3", 16, 8)])
def test_the_filter_sits_where_it_is_asked_for(level, channels, side):
    features = network(**ABLATIONS["Sem-Filter"] | {"filter_feature": level})(batch(), features=True).features
    assert features["filtered"][0].shape[1:] == (channels, side, side)
    assert "image_kernels" not in features
    before = features["encoder"][int(level[1]) - 1]
    kernels = features["feature_kernels"][0].unflatten(1, (channels, 9))
    torch.testing.assert_close(features["filtered"][0], il.ops.adaptive_filter(before, kernels))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_interacting_branches_show_f2_to_the_one_that_predicts(layout):
    for interaction in (True, False):
        net, seen = network(layout=layout, interaction=interaction), batch()
        before = net(seen, features=True).features["feature_kernels"][0]
        with torch.no_grad():
            net.filtering.second[0].weight.mul_(torch.rand_like(net.filtering.second[0].weight) + 0.5)
        changed = (net(seen, features=True).features["feature_kernels"][0] - before).abs().max()
        assert (changed > 0) == interaction


def test_a_released_kernel_value_fills_four_places_across_taps_and_channels():
    """Channel 0 has the taps a a a a b b b b c, channel 1 c c c d d d d e e."""
    net = network(layout="released")
    e3 = torch.randn(1, 16, 3, 5)
    predicted, kernels = net.predicting.feature_head(e3), net.predicting.of_feature(e3)
    for channel, pattern in enumerate(("000011112", "222333344")):
        for tap, value in enumerate(pattern):
            torch.testing.assert_close(kernels[:, channel, tap], predicted[:, int(value)])


def test_how_far_an_element_of_f3_has_seen():
    """Pixels of a side that reach an element, before it is filtered and after; norms would mix in the whole map."""
    net = network()
    for name in ("first", "second", "third_conv"):
        getattr(net.filtering, name)[1] = torch.nn.Identity()
        getattr(net.filtering, name)[2] = torch.nn.Identity()
    image = torch.rand(1, 4, 96, 96, requires_grad=True)
    f3 = net.filtering.third(net.filtering.second(net.filtering.first(image)))
    filtered = il.ops.adaptive_filter(f3, torch.rand(1, 16, 9, 24, 24))
    for maps, side in ((f3, 24), (filtered, 32)):
        (seen,) = torch.autograd.grad(maps[0, :, 12, 12].sum(), image, retain_graph=True)
        assert [int((seen[0].abs().amax(dim=(0, d)) > 0).sum()) for d in (1, 2)] == [side, side]


def test_kernels_out_of_channels():
    predicted = torch.randn(2, 9 * 5, 3, 4)
    kernels = taps_first(predicted, 5)
    assert kernels.shape == (2, 5, 9, 3, 4)
    torch.testing.assert_close(kernels[:, 2, 7], predicted[:, 7 * 5 + 2])


@pytest.mark.parametrize("kernel", [1, 3, 4, 7])
def test_same_size_and_doubled_size(kernel):
    x = torch.randn(1, 2, 5, 6)
    assert SameConv(2, 3, kernel)(x).shape == (1, 3, 5, 6)
    if kernel > 1:
        assert doubling(2, 3, kernel)(x).shape == (1, 3, 10, 12)


@pytest.mark.parametrize(
    "config,says",
    [
        ({"kernel": 4}, "odd side"),
        ({"layout": "released", "filter_feature": "F1"}, "filters F3 or none"),
        ({"filter_image": "input"}, "interaction=False"),
        ({"filter_image": "none", "filter_feature": "none"}, "nothing is predicted"),
        ({"filter_feature": "F4"}, "'F1' or 'F2'"),
    ],
)
def test_settings_that_contradict_each_other(config, says):
    with pytest.raises(il.InputError, match=says):
        il.build("misf", **config)


def hole(top, left, side, size=16):
    mask = torch.ones(1, 1, size, size)
    mask[..., top : top + side, left : left + side] = 0
    return il.Batch.make(torch.rand(1, 3, size, size) * 2 - 1, mask, priors=())


@pytest.mark.parametrize("kernel, passes", [(3, 4), (5, 2)])
def test_filtering_again_fills_a_ring_a_pass_from_the_rim_inwards(kernel, passes):
    net, seen = network(**ABLATIONS["Img-Filter"], kernel=kernel), hole(4, 5, 8)
    found = list(recurrently(net, seen))
    assert len(found) == passes
    torch.testing.assert_close(found[0], net(seen).composite(seen))
    known = seen.mask.expand_as(found[0]) > 0
    for n, filled in enumerate(found):
        assert torch.equal(filled[known], seen.image[known])
        ring = n * (kernel // 2)  # What an earlier pass reached stays as it was.
        if ring:
            reached = hole(4 + ring, 5 + ring, 8 - 2 * ring).mask.expand_as(filled) > 0
            assert torch.equal(filled[reached], found[n - 1][reached])
    within = found[0][..., 4 + kernel // 2 : 12 - kernel // 2, 5 + kernel // 2 : 13 - kernel // 2]
    assert within.abs().max() == 0  # One pass does not reach there: a sum over nothing but hole.
    assert found[-1].abs().min() > 0


def test_filtering_again_ends_where_there_is_nothing_to_begin_with():
    net = network(**ABLATIONS["Img-Filter"])
    for mask in (torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)):
        assert len(list(recurrently(net, il.Batch.make(torch.rand(1, 3, 8, 8), mask, priors=())))) == 1
    with pytest.raises(il.InputError, match="filter_image='output'"):
        next(recurrently(network(), hole(2, 2, 4)))
