"""ZITS: masking positions, axial attention, and structure that is added with gains from zero."""

import pytest
import torch
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib.ops.axial_attention import AxialAttention, SelfAttention, relative_bias
from inpaintlib.ops.masking_position import MaskingPosition, hole_directions, hole_distance, sinusoid


def scene():
    image = torch.rand(2, 3, 32, 40, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.ones(2, 1, 32, 40)
    mask[..., 16:] = 0
    return il.Batch.make(image, mask, priors=("edge",))


def small():
    torch.manual_seed(0)
    return il.build("zits", width=3)


def test_counts_against_print():
    """78.4 M in TSGL's Table VI. The released code needs a line detector, HAWP, whose weights would be about the 10.3 M
    between; its products are unknown here, and the prints are 112.4 G at 256 pixels and 666.9 G at 512."""
    with torch.device("meta"):
        total = il.counts(il.build("zits"), 256)["total"]
    assert total.parameters / 1e6 == pytest.approx(68.06, rel=0.001)
    assert total.macs / 1e9 == pytest.approx(100.2, rel=0.001)


def growing(mask, farthest):
    """Distance and corners as the paper makes them: what is known grows by a pixel until nothing is unknown."""
    h, w = mask.shape
    known, steps = mask.bool().tolist(), 0
    distance, corners = torch.zeros(h, w), torch.zeros(4, h, w)
    while not all(map(all, known)) and steps < farthest:
        steps, grown = steps + 1, [row[:] for row in known]
        for y in range(h):
            for x in range(w):
                if known[y][x]:
                    continue
                near = {
                    (dy, dx): 0 <= y + dy < h and 0 <= x + dx < w and known[y + dy][x + dx]
                    for dy in (-1, 0, 1)
                    for dx in (-1, 0, 1)
                }
                grown[y][x] = any(near.values())
                distance[y, x] = steps
                for k, (down, right) in enumerate(((-1, -1), (1, -1), (-1, 1), (1, 1))):
                    corners[k, y, x] = near[down, 0] or near[0, right] or near[down, right]
        known = grown
    return distance, corners


def test_distance_and_corners_against_growing_step_by_step():
    mask = (torch.rand(3, 1, 9, 12, generator=torch.Generator().manual_seed(1)) < 0.06).float()
    assert mask.flatten(1).any(1).all()
    distance = hole_distance(mask)
    for one, near, sides in zip(mask, distance, hole_directions(distance)):
        expected, corners = growing(one[0], 127)
        torch.testing.assert_close(near[0], expected)
        torch.testing.assert_close(sides, corners)


def test_distance_is_cut_off_and_defined_where_nothing_is_known():
    mask = torch.zeros(2, 1, 4, 9)
    mask[0, 0, 0, 0] = 1
    distance = hole_distance(mask, farthest=5)
    assert distance[0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 5, 5, 5]
    assert (distance[1] == 5).all()
    assert not hole_directions(distance)[1].any()


def test_sinusoid_against_the_formula():
    position = torch.tensor([0.0, 1.0, 50.0], dtype=torch.float64).view(1, 1, 1, 3)
    angles = [position[0, 0] / 10000 ** (2 * k / 6) for k in range(3)]
    torch.testing.assert_close(
        sinusoid(position, 6)[0], torch.stack([f(a) for f in (torch.sin, torch.cos) for a in angles])
    )


def test_the_bias_depends_on_the_offset_and_is_shared_far_away():
    table = torch.arange(10.0).view(2, 5)
    bias = relative_bias(table, 6)
    for i in range(6):
        for j in range(6):
            assert torch.equal(bias[:, i, j], table[:, max(-2, min(2, j - i)) + 2])


def test_self_attention_against_a_loop():
    torch.manual_seed(0)
    attention, x = SelfAttention(6, 2).double(), torch.randn(2, 5, 6, dtype=torch.float64)
    bias = torch.randn(2, 5, 5, dtype=torch.float64)
    q, k, v = attention.qkv(x).split(6, dim=-1)
    mixed = torch.zeros_like(x)
    for b in range(2):
        for head in range(2):
            part = slice(3 * head, 3 * head + 3)
            for i in range(5):
                scores = torch.stack([q[b, i, part] @ k[b, j, part] / 3**0.5 + bias[head, i, j] for j in range(5)])
                weights = scores.softmax(0)
                mixed[b, i, part] = sum(weights[j] * v[b, j, part] for j in range(5))
    torch.testing.assert_close(attention(x, bias), attention.out(mixed))


def test_a_token_hears_of_its_row_and_its_column_alone():
    attention = AxialAttention(8, 2)
    x = torch.randn(1, 5, 6, 8, requires_grad=True)
    attention(x)[0, 2, 3].sum().backward()
    heard = x.grad[0].abs().sum(-1) > 0
    expected = torch.zeros(5, 6, dtype=torch.bool)
    expected[2], expected[:, 3] = True, True
    assert torch.equal(heard, expected)


def test_an_untrained_network_draws_without_structure_and_position():
    network, batch = small().eval(), scene()
    with torch.no_grad():
        before = network(batch).image
        network.upsampler[-1].bias += 5
        assert torch.equal(before, network(batch).image)
        for gains in (network.structure.gains, network.positions.gains):
            gains += 1
        after = network(batch).image
        network.upsampler[-1].bias -= 10
        assert not torch.equal(before, after)
        assert not torch.equal(after, network(batch).image)


def test_known_edges_stay_and_the_hole_gets_drawn_ones():
    network, batch = small().eval(), scene()
    with torch.no_grad():
        edge = network(batch, features=True).features["edge"][0]
    known = batch.mask > 0
    assert torch.equal(edge[known], batch.priors["edge"][known])
    assert ((edge[~known] > 0) & (edge[~known] < 1)).all()


def test_edges_train_the_transformer_and_the_image_does_not():
    network, batch = small(), scene()
    output = network(batch)
    output.image.sum().backward()
    assert all(p.grad is None for p in network.transformer.parameters())
    F.binary_cross_entropy_with_logits(output.aux["edge"], batch.target.edge).backward()
    assert all(p.grad.any() for p in network.upsampler.parameters())
    assert any(p.grad.any() for p in network.transformer.parameters())
    assert network.eval()(batch).aux == {}


def test_positions_of_a_hole_differ_and_those_of_known_pixels_do_not():
    positions = MaskingPosition(5)
    with torch.no_grad():
        positions.gains += 1
        at = positions(scene().mask)[0]
    assert (at[:, :, :16] == at[:, :1, :1]).all()
    assert len(at[0, 16, 16:].unique()) > 10
