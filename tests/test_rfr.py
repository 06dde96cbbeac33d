"""RFR: its counts, attention that remembers, and a hole that is filled from the outside in."""

from itertools import pairwise

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.rfr import RECURRENCES, AdaptiveMerging
from inpaintlib.ops.consistent_attention import (
    SCALE,
    ConsistentAttention,
    Memory,
    consistent,
    gather,
    smoothed_scores,
)
from inpaintlib.ops.patch_attention import EPS


def test_counts_of_the_released_network():
    """Measured: 31.224 million parameters; 121.3 G MACs without the convolutions of masks and of attention. Attention
    is two products of 1024 positions with 1024, in 512 channels, six times."""
    with torch.device("meta"):
        network = il.build("rfr")
    total = il.counts(network, 256)["total"]
    attention = RECURRENCES * 2 * 1024 * 1024 * 512
    assert total.parameters / 1e6 == pytest.approx(31.224, rel=1e-4)
    assert (total.macs - attention) / 1e9 == pytest.approx(121.3, rel=1e-3)


def test_scores_are_a_softmax_of_averaged_cosines():
    x = torch.randn(1, 4, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    positions = [(i, j) for i in range(3) for j in range(4)]

    def cosine(p, q):
        a, b = x[0, :, *p], x[0, :, *q]
        return (a @ b) / torch.sqrt((a @ a + EPS) * (b @ b + EPS))

    scores = smoothed_scores(x)
    for i, j in positions:
        near = [p for p in positions if abs(p[0] - i) <= 1 and abs(p[1] - j) <= 1]
        means = torch.stack([sum(cosine(p, q) for p in near) / len(near) for q in positions])
        torch.testing.assert_close(scores[0, :, i, j], torch.exp(SCALE * means) / torch.exp(SCALE * means).sum())
    drawn = gather(x, scores)
    expected = sum(scores[0, k, 1, 2] * x[0, :, *p] for k, p in enumerate(positions))
    torch.testing.assert_close(drawn[0, :, 1, 2], expected)


def test_scores_change_freely_only_where_nothing_was_known():
    old, new = torch.rand(2, 12, 3, 4), torch.rand(2, 12, 3, 4)
    mask = torch.zeros(2, 1, 3, 4)
    mask[..., :2] = 1
    mixed = consistent(new, Memory(old, mask), torch.tensor(0.25))
    torch.testing.assert_close(mixed[..., :2], 0.75 * new[..., :2] + 0.25 * old[..., :2])
    assert torch.equal(mixed[..., 2:], new[..., 2:])


def test_full_trust_repeats_the_attention_of_the_recurrence_before():
    attention, mask = ConsistentAttention(4), torch.ones(1, 1, 4, 4)
    torch.nn.init.constant_(attention.trust, 100.0)
    with torch.no_grad():
        _, first = attention(torch.randn(1, 4, 4, 4), mask, None)
        _, second = attention(torch.randn(1, 4, 4, 4), mask, first)
    torch.testing.assert_close(first.scores, second.scores)


def test_the_hole_is_filled_from_the_outside_in():
    batch = il.Batch.make(torch.zeros(1, 3, 256, 256), torch.ones(1, 1, 256, 256), priors=())
    batch.mask[..., 28:228, 28:228] = 0
    with torch.no_grad():
        features = il.build("rfr", width=2).eval()(batch, features=True).features
    masks = features["masks"]
    assert len(masks) == RECURRENCES
    for before, after in pairwise(masks):
        grown = after - before
        assert grown.min() == 0
        assert grown.sum() > 0
        ring = torch.nn.functional.max_pool2d(before, 13, stride=1, padding=6)
        assert torch.equal(after, ring)
    assert masks[-1][..., 64, 64] == 0, "200 pixels are more than six recurrences reach"
    assert not features["decoder_input"][0][..., 64, 64].any()


def test_a_position_is_the_mean_of_the_maps_that_had_filled_it():
    maps = [torch.full((1, 2, 1, 3), float(k)) for k in (1, 2, 4)]
    masks = [torch.tensor([[[[1.0, 0.0, 0.0]]]]), torch.tensor([[[[1.0, 1.0, 0.0]]]]), torch.tensor([[[[1.0, 1, 0]]]])]
    merged = AdaptiveMerging()(maps, masks)
    torch.testing.assert_close(merged[0, 0, 0], torch.tensor([7 / 3, 3.0, 0.0]))


def test_too_small_a_width_gets_one_sentence():
    with pytest.raises(il.InputError, match="at least 2"):
        il.build("rfr", width=1)
