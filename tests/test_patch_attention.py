"""Patch attention and transfer against loops over patches, and where there is nothing to attend to."""

import math

import pytest
import torch

from inpaintlib.ops.patch_attention import (
    EPS,
    affinity,
    attention,
    fill,
    known_patches,
    transfer,
    weigh,
)
from inpaintlib.ops.reduce_mask import reduce_mask


def patch(x, i, j, kernel):
    """The kernel x kernel patch around a position of [C,h,w], zeros outside."""
    r = kernel // 2
    out = torch.zeros(x.shape[0], kernel, kernel, dtype=x.dtype)
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            if 0 <= i + dy < x.shape[1] and 0 <= j + dx < x.shape[2]:
                out[:, dy + r, dx + r] = x[:, i + dy, j + dx]
    return out


def literal_attention(x, mask, kernel):
    b, _, h, w = x.shape
    places = [(i, j) for i in range(h) for j in range(w)]
    weights = torch.zeros(b, h * w, h * w, dtype=x.dtype)
    for n in range(b):
        keys = [k for k, p in enumerate(places) if patch(1 - mask[n], *p, kernel).sum() == 0]
        for q, place in enumerate(places):
            a = patch(x[n], *place, kernel)
            exps = {}
            for k in keys:
                c = patch(x[n], *places[k], kernel)
                cosine = (a * c).sum() / math.sqrt((a * a).sum() + EPS) / math.sqrt((c * c).sum() + EPS)
                exps[k] = math.exp(10 * cosine)
            for k in range(h * w):
                weights[n, q, k] = exps.get(k, 0) / sum(exps.values()) if keys else 1 / (h * w)
    return weights


def literal_transfer(weights, x, factor, overlap):
    """Every output patch is the weighted mean of all input patches; where patches meet, their mean."""
    big_h, big_w = x.shape[2:]
    h, w = big_h // factor, big_w // factor
    start, side = (-(factor // 2), 2 * factor) if overlap else (0, factor)
    total, count = torch.zeros_like(x), torch.zeros(big_h, big_w, dtype=x.dtype)
    for q in range(h * w):
        for dy in range(side):
            for dx in range(side):
                top, left = q // w * factor + start + dy, q % w * factor + start + dx
                if not (0 <= top < big_h and 0 <= left < big_w):
                    continue
                count[top, left] += 1
                for k in range(h * w):
                    y = min(max(k // w * factor + start + dy, 0), big_h - 1)
                    z = min(max(k % w * factor + start + dx, 0), big_w - 1)
                    total[:, :, top, left] += weights[:, q, k, None] * x[:, :, y, z]
    return total / count


@pytest.fixture
def scene():
    torch.manual_seed(0)
    x = torch.randn(3, 2, 4, 5, dtype=torch.float64)
    mask = torch.ones(3, 1, 4, 5, dtype=torch.float64)
    mask[0, 0, 3, 3:] = 0
    mask[1] = 0
    mask[2, 0, 0, 0] = 0
    return x, mask


@pytest.mark.parametrize("kernel", [1, 3])
def test_attention_literally(scene, kernel):
    x, mask = scene
    weights = attention(x, mask, kernel)
    torch.testing.assert_close(weights, literal_attention(x, mask, kernel))
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))
    assert weights[1].std() == 0


@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_transfer_literally(scene, factor, overlap):
    x, mask = scene
    shallow = torch.randn(3, 2, 4 * factor, 5 * factor, dtype=torch.float64)
    weights = attention(x, mask)
    torch.testing.assert_close(
        transfer(weights, shallow, factor, overlap), literal_transfer(weights, shallow, factor, overlap)
    )


@pytest.mark.parametrize("overlap", [True, False])
def test_properties_of_transfer(scene, overlap):
    weights = attention(*scene)
    constant = torch.full((3, 4, 8, 10), 3.0, dtype=torch.float64)
    torch.testing.assert_close(transfer(weights, constant, 2, overlap), constant)
    itself = torch.eye(20, dtype=torch.float64).expand(3, -1, -1)
    shallow = torch.randn(3, 2, 16, 20, dtype=torch.float64)
    torch.testing.assert_close(transfer(itself, shallow, 4, overlap), shallow)


def test_what_is_moved_comes_from_known_patches(scene):
    x, mask = scene
    shallow = torch.randn(3, 2, 8, 10, dtype=torch.float64)
    big = mask.repeat_interleave(2, 2).repeat_interleave(2, 3)
    other = torch.where(big > 0, shallow, 100.0)
    weights = attention(x, mask)
    for n in (0, 2):
        assert torch.equal(*(transfer(weights, s, 2)[n] for s in (shallow, other)))


def test_identical_patches_share_the_weight():
    x = torch.tensor([[1.0, 1.0], [-1.0, 1.0]], dtype=torch.float64).expand(1, 1, 2, 2)
    weights = attention(x, torch.ones(1, 1, 2, 2, dtype=torch.float64), kernel=1)[0]
    torch.testing.assert_close(weights[0, [0, 1, 3]], weights[0, 0].expand(3))
    assert weights[0, 2] < 1e-8
    assert weights[2, 2] > 1 - 1e-7


def test_hidden_values_of_queries_only_choose():
    known = torch.tensor([[True, False, True]])
    weights = weigh(torch.zeros(1, 3, 3), known)
    assert weights[0].tolist() == [[0.5, 0, 0.5]] * 3


def test_a_position_is_known_from_half_of_its_pixels_on():
    mask = torch.tensor([[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]).float()[None, None]
    assert reduce_mask(mask, (2, 2))[0, 0].tolist() == [[1, 0], [1, 0]]
    assert reduce_mask(mask, (4, 4)).equal(mask)


def test_a_patch_is_known_when_nothing_of_it_is_missing():
    mask = torch.ones(1, 1, 3, 4)
    mask[0, 0, 0, 0] = 0
    assert known_patches(mask, 3)[0].view(3, 4).int().tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1]]
    assert known_patches(mask, 1)[0].view(3, 4).equal(mask[0, 0].bool())


def test_filling_keeps_what_is_known():
    x, moved, mask = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4), (torch.rand(2, 1, 4, 4) > 0.5).float()
    filled = fill(x, moved, mask)
    assert torch.equal(filled, x * mask + moved * (1 - mask))


@pytest.mark.parametrize("overlap", [True, False])
def test_gradients(scene, overlap):
    x, mask = scene
    shallow = torch.randn(3, 1, 8, 10, dtype=torch.float64, requires_grad=True)
    deep = x.clone().requires_grad_()

    def function(a, b):
        return transfer(attention(a, mask), b, 2, overlap)

    assert torch.autograd.gradcheck(function, (deep, shallow))


def test_zeros_have_no_direction_and_a_bounded_gradient():
    x = torch.zeros(1, 2, 4, 4, requires_grad=True)
    scores = affinity(x)
    assert scores.abs().max() == 0
    transfer(weigh(scores, torch.ones(1, 16, dtype=torch.bool)), torch.randn(1, 2, 8, 8), 2).sum().backward()
    assert x.grad.isfinite().all()


def test_a_map_that_is_no_multiple_is_refused():
    with pytest.raises(ValueError, match="no multiple"):
        transfer(torch.ones(1, 4, 4), torch.ones(1, 1, 5, 4), 2)
