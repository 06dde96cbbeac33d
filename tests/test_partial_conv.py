"""Partial convolution against the text of TSGL Eq. 1 and 2, position by position."""

from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F

from inpaintlib.ops.partial_conv import PartialConv, join, mask_chain, partial_conv, update_mask


def convolved(x, mask, weight, bias=None, stride=1):
    """The map and the mask after it."""
    update = update_mask(mask, weight.shape[-1], stride)
    return partial_conv(x, update, weight, bias, stride), update.after


def literal(x, mask, weight, bias, stride):
    """Eq. 1 and 2 as loops: sum(1) counts the window positions that lie inside the image."""
    b, _, h, w = x.shape
    out_channels, _, k, _ = weight.shape
    r = k // 2
    rows, columns = range(0, h, stride), range(0, w, stride)
    out = torch.zeros(b, out_channels, len(rows), len(columns), dtype=x.dtype)
    new = torch.zeros(b, 1, len(rows), len(columns), dtype=x.dtype)
    for n in range(b):
        for i, top in enumerate(rows):
            for j, left in enumerate(columns):
                ones = known = 0.0
                total = torch.zeros(out_channels, dtype=x.dtype)
                for dy in range(-r, r + 1):
                    for dx in range(-r, r + 1):
                        y, z = top + dy, left + dx
                        if 0 <= y < h and 0 <= z < w:
                            ones += 1
                            known += float(mask[n, 0, y, z])
                            total += weight[:, :, dy + r, dx + r] @ (x[n, :, y, z] * mask[n, 0, y, z])
                if known > 0:
                    out[n, :, i, j] = total * ones / known + (bias if bias is not None else 0)
                    new[n, 0, i, j] = 1
    return out, new


@pytest.mark.parametrize("kernel,stride,size", [(3, 1, (7, 9)), (3, 2, (8, 6)), (5, 2, (9, 7)), (7, 2, (8, 8))])
@pytest.mark.parametrize("biased", [True, False])
def test_equals_the_papers_equation(kernel, stride, size, biased):
    torch.manual_seed(0)
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    mask = (torch.rand(2, 1, *size) > 0.5).double()
    mask[1] = 0
    mask[1, 0, 0, 0] = 1
    weight = torch.randn(4, 3, kernel, kernel, dtype=torch.float64)
    bias = torch.randn(4, dtype=torch.float64) if biased else None
    out, new = convolved(x, mask, weight, bias, stride)
    expected, expected_mask = literal(x, mask, weight, bias, stride)
    torch.testing.assert_close(out, expected)
    assert torch.equal(new, expected_mask)
    assert 0 < new.mean() < 1


def test_a_mask_of_ones_gives_a_plain_convolution():
    x, weight, bias = torch.randn(1, 3, 11, 8), torch.randn(5, 3, 5, 5), torch.randn(5)
    out, new = convolved(x, torch.ones(1, 1, 11, 8), weight, bias, 2)
    torch.testing.assert_close(out, F.conv2d(x, weight, bias, stride=2, padding=2))
    assert new.min() == 1


def test_hidden_values_never_reach_the_result():
    mask = (torch.rand(1, 1, 12, 12) > 0.5).float()
    weight = torch.randn(2, 3, 3, 3)
    x = torch.randn(1, 3, 12, 12)
    other = torch.where(mask > 0, x, torch.randn_like(x) * 100)
    assert torch.equal(convolved(x, mask, weight)[0], convolved(other, mask, weight)[0])


def test_nothing_known_gives_zero_and_stays_unknown():
    out, new = convolved(torch.randn(1, 2, 6, 6), torch.zeros(1, 1, 6, 6), torch.randn(3, 2, 3, 3), torch.ones(3))
    assert out.abs().max() == 0
    assert new.max() == 0


def test_gradients():
    torch.manual_seed(0)
    x = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(2, dtype=torch.float64, requires_grad=True)
    mask = (torch.rand(1, 1, 5, 5) > 0.5).double()
    assert torch.autograd.gradcheck(lambda a, b, c: convolved(a, mask, b, c, 2)[0], (x, weight, bias))


def test_the_module_is_the_function():
    module = PartialConv(3, 4, 5, stride=2, bias=True)
    x, mask = torch.randn(1, 3, 9, 9), (torch.rand(1, 1, 9, 9) > 0.5).float()
    for ours, theirs in zip(module(x, mask), convolved(x, mask, module.weight, module.bias, 2)):
        assert torch.equal(ours, theirs)


def test_a_chain_of_masks_is_one_update_after_another_until_the_hole_is_closed():
    mask = torch.ones(1, 1, 12, 12)
    mask[:, :, 2:9, 3:10] = 0
    chain = mask_chain(mask, 3, 5)
    for first, second in pairwise(chain):
        assert torch.equal(first.after, second.before)
        assert torch.equal(update_mask(second.before, 3).after, second.after)
    assert [int((1 - update.before).sum()) for update in chain] == [49, 25, 9, 1, 0]


def test_a_shared_update_gives_what_the_module_gives():
    module, mask = PartialConv(3, 4, 5), (torch.rand(1, 1, 9, 9) > 0.8).float()
    x = torch.randn(1, 3, 9, 9)
    assert torch.equal(module(x, mask)[0], module.with_update(x, update_mask(mask, 5)))


def test_a_joined_map_is_convolved_as_with_masks_of_full_depth():
    """PConv Eq. 1 and 2 with a mask value for each channel, so that sum(M) and sum(1) run over channels too."""
    torch.manual_seed(0)
    a, b = torch.randn(1, 2, 4, 5, dtype=torch.float64), torch.randn(1, 3, 4, 5, dtype=torch.float64)
    known_a, known_b = ((torch.rand(1, 1, 4, 5) > 0.7).double() for _ in range(2))
    weight, bias = torch.randn(4, 5, 3, 3, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    x, share = join(a, known_a, b, known_b)
    update = update_mask(share, 3)
    out = partial_conv(x, update, weight, bias, masked=True)

    maps, masks = torch.cat((a, b), 1)[0], torch.cat((known_a.expand(a.shape), known_b.expand(b.shape)), 1)[0]
    for i in range(4):
        for j in range(5):
            total, ones, known = torch.zeros(4, dtype=torch.float64), 0.0, 0.0
            for y in range(max(0, i - 1), min(4, i + 2)):
                for z in range(max(0, j - 1), min(5, j + 2)):
                    for c in range(5):
                        total += weight[:, c, y - i + 1, z - j + 1] * maps[c, y, z] * masks[c, y, z]
                        ones, known = ones + 1, known + float(masks[c, y, z])
            expected = total * ones / known + bias if known else torch.zeros_like(bias)
            torch.testing.assert_close(out[0, :, i, j], expected)
            assert update.after[0, 0, i, j] == (known > 0)
    assert 0 < update.after.mean() < 1
