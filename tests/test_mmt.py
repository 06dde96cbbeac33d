"""MMT: attention among patches, adaptive blocks, and edges that guide the image's decoder."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.mmt import _Adaptive, _AuxiliaryNorm
from inpaintlib.ops.patch_self_attention import multi_scale_attention, patch_self_attention


def scene():
    image = torch.rand(2, 3, 64, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.ones(2, 1, 64, 32)
    mask[..., 16:] = 0
    return il.Batch.make(image, mask, priors=())


def small():
    torch.manual_seed(0)
    return il.build("mmt", width=4)


def decoder_of_segmentation(labels=19):
    """Parameters of the third decoder, which is not here, and of what reads it, for the paper's faces of 19 labels."""
    steps = sum(a * b * k * k + b for a, b, k in ((512, 128, 3), (640, 128, 4), (384, 64, 4)))
    logits = sum(labels * (9 * c + 1) for c in (128, 128, 64))
    head = 64 * 64 * 16 + 64 + 2 * 32 * (67 * 9 + 1) + labels * (32 * 9 + 1)
    guides = sum(2 * (c + labels) * out for c, out in ((128, 256), (128, 128), (64, 64)))
    return steps + logits + head + guides


def test_counts_against_print():
    """51.3 M in TSGL's Table V. Its 98.3 G hold the segmentation's decoder and both heads, 12 G."""
    with torch.device("meta"):
        parts = il.counts(il.build("mmt"), 256)
    mask = 2 * 64 * 49
    assert (parts["total"].parameters - mask + decoder_of_segmentation()) / 1e6 == pytest.approx(51.3, rel=0.002)
    assert parts["total"].macs / 1e9 == pytest.approx(86.6, rel=0.001)
    assert parts["edge_head"].macs == 0


def test_patch_attention_against_a_loop():
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, 3, 4, 6, dtype=torch.float64) for _ in range(3))
    corners = [(y, x) for y in range(0, 4, 2) for x in range(0, 6, 2)]
    expected = torch.zeros_like(v)
    for y, x in corners:
        query = q[0, :, y : y + 2, x : x + 2].flatten()
        scores = torch.stack([query @ k[0, :, a : a + 2, b : b + 2].flatten() / 12**0.5 for a, b in corners])
        weights = scores.softmax(0)
        mean = sum(w * v[0, :, a : a + 2, b : b + 2] for w, (a, b) in zip(weights, corners))
        expected[0, :, y : y + 2, x : x + 2] = mean
    torch.testing.assert_close(patch_self_attention(q, k, v, 2), expected)


def test_every_head_has_its_channels_and_its_patch_size():
    q, k, v = (torch.randn(1, 5, 8, 8) for _ in range(3))
    both = multi_scale_attention(q, k, v, (2, 4))
    torch.testing.assert_close(both[:, :3], patch_self_attention(q[:, :3], k[:, :3], v[:, :3], 2))
    torch.testing.assert_close(both[:, 3:], patch_self_attention(q[:, 3:], k[:, 3:], v[:, 3:], 4))


def test_a_closed_gate_keeps_the_map_and_the_branches_are_weighed_to_one():
    torch.manual_seed(0)
    block, x = _Adaptive(4).eval(), torch.rand(1, 4, 8, 8)
    with torch.no_grad():
        block.gate.bias -= 100
        kept, gate = block(x, torch.zeros_like(x))
        torch.testing.assert_close(kept, x / (1 + block.norm.eps) ** 0.5)
        assert gate.max() < 1e-6
        block.gate.bias += 200
        for branch in block.branches:
            branch.weight.zero_()
            branch.bias.fill_(0.5)
        changed, _ = block(x, torch.zeros_like(x))
    torch.testing.assert_close(changed, torch.full_like(x, 0.5) / (1 + block.norm.eps) ** 0.5)


def test_the_edges_set_scale_and_shift_of_a_normalized_map():
    torch.manual_seed(0)
    norm, x, guide = _AuxiliaryNorm(3, 2), torch.randn(1, 3, 4, 4) * 5 + 2, torch.randn(1, 2, 4, 4)
    with torch.no_grad():
        embedded = norm.embed(guide)
        normalized = (x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt()
        expected = norm.gamma(embedded) * normalized + norm.beta(torch.cat((x, embedded), dim=1))
        torch.testing.assert_close(norm(x, guide), expected)


def test_edges_are_drawn_at_every_size_in_training_only():
    network, batch = small(), scene()
    aux = network(batch).aux
    assert aux["edge"].shape == batch.mask.shape
    assert [tuple(x.shape[1:]) for x in aux["edges"]] == [(1, 8, 4), (1, 16, 8), (1, 32, 16)]
    assert network.eval()(batch).aux == {}


def test_drawn_edges_guide_the_image():
    network, batch = small().eval(), scene()
    with torch.no_grad():
        before = network(batch).image
        for level in network.levels:
            level.logits.bias += 3
        assert not torch.equal(before, network(batch).image)


def test_too_small_a_width_gets_one_sentence():
    with pytest.raises(il.InputError) as error:
        il.build("mmt", width=3)
    assert "\n" not in str(error.value)
