"""CTSDG: its counts, its gates, its crossed bottlenecks, and patches that refine one another."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.ctsdg import MultiScale
from inpaintlib.ops.gated_fusion import GatedFusion


def scene(seed=0):
    image = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    mask = torch.ones(1, 1, 32, 48)
    mask[..., 8:24, 8:24] = 0
    return il.Batch.make(image, mask, priors=("edge", "gray"))


def small():
    torch.manual_seed(0)
    return il.build("ctsdg", width=2).eval()


def test_counts_of_the_released_network():
    """Measured: 52.148 million parameters; 41.3 G MACs without the convolutions of masks and of attention. Both
    projections are in it, which inference does without here. Attention compares 4096 positions in 3x3 patches of 64
    channels and moves 4x4 patches."""
    with torch.device("meta"):
        network = il.build("ctsdg")
    total = il.counts(network, 256)["total"]
    attention = 4096 * 4096 * 64 * (9 + 16)
    projections = 256 * 256 * (2 * (2 * 9 * 64 * 16) + 64 * (3 + 1))
    assert total.parameters / 1e6 == pytest.approx(52.148, rel=1e-4)
    assert (total.macs - attention + projections) / 1e9 == pytest.approx(41.3, rel=2e-3)


def test_fusion_against_a_loop():
    torch.manual_seed(0)
    fusion = GatedFusion(2).double()
    torch.nn.init.normal_(fusion.strengths)
    texture, structure = torch.randn(2, 1, 2, 3, 4, dtype=torch.float64)
    fused = fusion(texture, structure)
    both = torch.nn.functional.pad(torch.cat((texture, structure), dim=1), (1, 1, 1, 1))[0]
    for c in range(4):
        own, other = (texture, structure) if c < 2 else (structure, texture)
        for i in range(3):
            for j in range(4):
                score = (fusion.gates.weight[c] * both[:, i : i + 3, j : j + 3]).sum() + fusion.gates.bias[c]
                gate = 1 / (1 + torch.exp(-score))
                expected = own[0, c % 2, i, j] + fusion.strengths[c // 2] * gate * other[0, c % 2, i, j]
                torch.testing.assert_close(fused[0, c, i, j], expected)


def test_nothing_is_exchanged_at_first():
    texture, structure = torch.randn(2, 1, 3, 4, 4)
    assert torch.equal(GatedFusion(3)(texture, structure), torch.cat((texture, structure), dim=1))


def test_a_closed_gate_lets_nothing_through():
    fusion = GatedFusion(3)
    torch.nn.init.ones_(fusion.strengths)
    torch.nn.init.constant_(fusion.gates.bias, -1e4)
    texture, structure = torch.randn(2, 1, 3, 4, 4)
    assert torch.equal(fusion(texture, structure), torch.cat((texture, structure), dim=1))


def test_the_bottlenecks_are_crossed():
    """What changes at the deepest level of one stream moves what the other stream draws, and not its own."""
    network, batch = small(), scene()
    with torch.no_grad():
        before = network(batch, features=True).features["decoded"]
        network.structure_encoder.levels[-1].norm.bias += 1
        after = network(batch, features=True).features["decoded"]
    assert not torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1])


def test_each_position_mixes_the_scales_in_shares_of_one():
    x = torch.randn(1, 2, 16, 16)
    scales = MultiScale(2)
    for conv in scales.scales:
        torch.nn.init.zeros_(conv.weight)
        torch.nn.init.constant_(conv.bias, 3.0)
    torch.testing.assert_close(scales(x), torch.full_like(x, 3.0))


def test_the_streams_show_their_own_image_and_edges_in_training_alone():
    network, batch = small(), scene()
    aux = network.train()(il.Batch.make(batch.target.image.repeat(2, 1, 1, 1), batch.mask.repeat(2, 1, 1, 1))).aux
    assert [tuple(x.shape) for x in aux["pyramid"]] == [(2, 3, 32, 48)]
    assert aux["edge"].shape == (2, 1, 32, 48)
    assert aux["pyramid"][0].abs().max() <= 1
    assert network.eval()(batch).aux == {}
