"""The systems on EdgeConnect's skeleton: EdgeConnect, RegionNorm and AOT-GAN, and the operations that they brought."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.skeleton import InstanceNorm, Residual, white_hole
from inpaintlib.ops.gated_residual import gated_residual, spread
from inpaintlib.ops.region_norm import EPS, BasicRegionNorm, LearnableRegionNorm, region_normalization


def scene(priors=()):
    image = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.ones(2, 1, 32, 32)
    mask[..., 8:24, 8:24] = 0
    return il.Batch.make(image, mask, priors=priors)


def build(name, **config):
    torch.manual_seed(0)
    return il.build(name, width=4, **config)


@pytest.mark.parametrize(
    "name,parameters,macs,at_output",
    [("edgeconnect", 21.53, 387.0, 490.1), ("regionnorm", 11.59, 215.5, 215.5), ("aot-gan", 15.201, 291.50, 291.50)],
)
def test_published_counts(name, parameters, macs, at_output):
    """TSGL's Table VI prints 22.0 M and 490.4 G, 12.0 M and 216.0 G, 15.0 M and 291.5 G: parameters in whole millions,
    transposed convolutions charged at their output. Millions and G at 512 pixels."""
    with torch.device("meta"):
        network = il.build(name)
    total = il.counts(network, 512)["total"]
    assert total.parameters / 1e6 == pytest.approx(parameters, rel=0.001)
    assert total.macs / 1e9 == pytest.approx(macs, rel=0.001)
    assert total.macs_at_output / 1e9 == pytest.approx(at_output, rel=0.001)


# --- the skeleton


def test_instance_norm_is_torchs_and_takes_a_single_position():
    x = torch.randn(2, 3, 5, 7)
    torch.testing.assert_close(InstanceNorm()(x), torch.nn.InstanceNorm2d(3)(x), atol=1e-5, rtol=1e-5)
    assert InstanceNorm()(torch.randn(2, 3, 1, 1)).abs().max() == 0


def test_a_residual_block_without_weights_is_a_shortcut():
    block, x = Residual(4), torch.randn(1, 4, 6, 6)
    assert not torch.equal(block(x), x)
    torch.nn.init.zeros_(block.body[1].weight)
    assert torch.equal(block(x), x)


def test_the_hole_is_shown_in_white():
    batch = scene()
    shown = white_hole(batch)
    hole = batch.mask.expand_as(shown) == 0
    assert shown[hole].unique().tolist() == [1.0]
    assert torch.equal(shown[~hole], batch.image[~hole])


# --- EdgeConnect


def test_the_image_generator_sees_known_edges_as_they_are_and_drawn_ones_in_the_hole():
    network, batch = build("edgeconnect").eval(), scene(("edge", "gray"))
    seen = []
    network.image_encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][:, 3:]))
    with torch.no_grad():
        network(batch)
    known = batch.mask > 0
    assert torch.equal(seen[0][known], batch.priors["edge"][known])
    assert 0 < seen[0][~known].min() < seen[0][~known].max() < 1


def test_the_image_teaches_the_edge_generator():
    network = build("edgeconnect")
    network(scene(("edge", "gray"))).image.square().mean().backward()
    assert network.edge_encoder.convs[0].weight.grad.abs().max() > 0


# --- region normalization


def literal(x, region):
    """Each region of each channel by itself, as a list of its values."""
    out = torch.zeros_like(x)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for k in (0, 1):
                inside = region[n, 0] == k
                if inside.any():
                    values = x[n, c][inside]
                    mean = sum(values) / len(values)
                    variance = sum((v - mean) ** 2 for v in values) / len(values)
                    out[n, c][inside] = (values - mean) / (variance + EPS) ** 0.5
    return out


def test_region_normalization_equals_the_papers_equations():
    torch.manual_seed(0)
    x, region = torch.randn(3, 2, 5, 6, dtype=torch.float64), (torch.rand(3, 1, 5, 6) > 0.4).double()
    region[1], region[2] = 0, 1
    torch.testing.assert_close(region_normalization(x, region), literal(x, region))


def test_a_shift_of_the_hole_does_not_reach_the_known_region():
    """The mean and variance shift that the paper is about; over the whole map it does."""
    x, known = torch.randn(1, 4, 8, 8), torch.ones(1, 1, 8, 8)
    known[..., 2:6, 2:6] = 0
    shifted = x + 5 * (1 - known)
    outside = known.expand_as(x) > 0
    both = region_normalization(x, known), region_normalization(shifted, known)
    assert torch.equal(both[0][outside], both[1][outside])
    assert not torch.allclose(InstanceNorm()(x)[outside], InstanceNorm()(shifted)[outside], atol=0.1)


def test_basic_region_norm_has_a_scale_and_a_shift_for_either_region():
    norm, x, mask = BasicRegionNorm(3), torch.randn(1, 3, 4, 4), torch.ones(1, 1, 8, 8)
    mask[..., :4] = 0
    with torch.no_grad():
        norm.gamma[0], norm.beta[0] = 2, 7
    out, plain = norm(x, mask), region_normalization(x, mask[..., ::2, ::2])
    torch.testing.assert_close(out[..., :2], plain[..., :2])
    torch.testing.assert_close(out[..., 2:], 2 * plain[..., 2:] + 7)


def test_learnable_region_norm_finds_its_regions_in_the_map():
    """With a response that copies the channels' maximum, bright positions are a region."""
    norm, x = LearnableRegionNorm(), torch.rand(1, 3, 8, 8)
    x[..., 2:5, 2:5] += 10
    with torch.no_grad():
        for value in norm.parameters():
            value.zero_()
        norm.response.weight[0, 1, 3, 3] = 1
    bright = torch.zeros(1, 1, 8, 8)
    bright[..., 2:5, 2:5] = 1
    torch.testing.assert_close(norm(x), region_normalization(x, bright))


# --- AOT-GAN


def test_a_gate_of_zero_keeps_the_map_and_a_gate_of_one_replaces_it():
    x, new = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    assert torch.equal(gated_residual(x, new, torch.full_like(x, -200)), x)
    assert torch.equal(gated_residual(x, new, torch.full_like(x, 200)), new)


def test_the_gate_opens_where_a_channel_is_far_above_its_mean():
    x = torch.randn(1, 2, 16, 16, dtype=torch.float64)
    gate = torch.sigmoid(spread(x))
    for c in range(2):
        z = (x[0, c] - x[0, c].mean()) / (x[0, c].var(correction=0) + EPS).sqrt()
        torch.testing.assert_close(gate[0, c], 1 / (1 + torch.exp(-5 * (2 * z - 1))))


def test_a_block_reaches_as_far_as_its_largest_dilation():
    block = build("aot-gan", blocks=1).blocks[0]
    x = torch.randn(1, 16, 32, 32, requires_grad=True)
    new = block.fuse(torch.relu(torch.cat([transform(x) for transform in block.transforms], dim=1)))
    new[0, :, 16, 16].sum().backward()
    rows = x.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
    assert (rows.min(), rows.max()) == (16 - 9, 16 + 9)
