"""Masked window attention against TSGL Eq. 3-5, token by token."""

import math

import pytest
import torch

from inpaintlib.ops.attention import (
    AttentionBlock,
    attention_bias,
    contextual_attention,
    from_windows,
    refine_validity,
    to_windows,
)


def literal_attention(q, k, v, invalid, tau):
    """Eq. 4 for one head: q, k, v [t, d], invalid [t] as M of Eq. 5 (1 for an invalid key)."""
    t, d = q.shape
    out = torch.zeros_like(v)
    for i in range(t):
        scores = [(float(q[i] @ k[j]) - tau * float(invalid[j])) / math.sqrt(d) for j in range(t)]
        top = max(scores)
        weights = [math.exp(s - top) for s in scores]
        for j in range(t):
            out[i] += weights[j] / sum(weights) * v[j]
    return out


@pytest.mark.parametrize("tau", [0.0, 5.0, 100.0])
def test_equation_4(tau):
    torch.manual_seed(1)
    q, k, v = torch.randn(3, 16, 6, dtype=torch.float64).unbind(0)
    valid = torch.ones(1, 1, 4, 4, dtype=torch.float64)
    valid[0, 0, 1:3, 2:] = 0
    bias = attention_bias(valid, (4, 4), (4, 4), (0, 0), tau / math.sqrt(6))
    out = contextual_attention(*(x[None, None] for x in (q, k, v)), bias)[0, 0]
    torch.testing.assert_close(out, literal_attention(q, k, v, 1 - valid.flatten(), tau))


def literal_block(block, x, valid, shift, tau):
    """Eq. 3 on one image, pixel by pixel: attention among the pixels of one (shifted) window, then FC, then MLP."""
    c, h, w = x.shape
    e, heads = block.window, block.heads
    tokens = x.flatten(1).T
    normal = tokens / tokens.norm(dim=1, keepdim=True).clamp_min(1e-12)
    q, k, v = block.q(normal), block.k(normal), block.v(tokens)

    def home(y, z):
        y, z = y - shift, z - shift
        return ((y % h) // e, (z % w) // e, y < 0, z < 0)

    homes = [home(y, z) for y in range(h) for z in range(w)]
    mixed = torch.zeros_like(tokens)
    d = c // heads
    for i, mine in enumerate(homes):
        peers = [j for j, other in enumerate(homes) if other == mine]
        for a in range(heads):
            part = slice(a * d, (a + 1) * d)
            scores = torch.stack(
                [(q[i, part] @ k[j, part] - tau * (1 - valid.flatten()[j])) / math.sqrt(d) for j in peers]
            )
            mixed[i, part] = torch.softmax(scores, 0) @ v[peers][:, part]
    hidden = torch.nn.functional.leaky_relu(block.fc(torch.cat((mixed, tokens), 1)), 0.2)
    return block.mlp(hidden).T.reshape(c, h, w)


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("inside", [True, False])
def test_a_block_equals_equation_3(shifted, inside):
    """tau after the division is tau times sqrt(d) inside it; here d = 4."""
    torch.manual_seed(2)
    block = AttentionBlock(8, 2, 4, shifted, 3.0, inside).double()
    x = torch.randn(1, 8, 8, 12, dtype=torch.float64)
    valid = (torch.rand(1, 1, 8, 12) > 0.4).double()
    with torch.no_grad():
        out, _, _ = block(x, valid)
        torch.testing.assert_close(
            out[0], literal_block(block, x[0], valid[0, 0], 2 if shifted else 0, 3.0 if inside else 6.0)
        )


def test_windows_come_back():
    x = torch.randn(2, 5, 12, 8)
    tokens = to_windows(x, (4, 2))
    assert tokens.shape == (2 * 3 * 4, 8, 5)
    assert torch.equal(from_windows(tokens, (4, 2), (12, 8)), x)


def test_a_window_with_one_valid_token_becomes_valid_and_others_do_not():
    valid = torch.zeros(1, 1, 8, 8)
    valid[0, 0, 5, 6] = 1
    refined = refine_validity(valid, (4, 4))
    assert refined[0, 0, 4:, 4:].min() == 1
    assert refined.sum() == 16


@pytest.mark.parametrize("size", [(8, 8), (5, 7), (13, 10), (2, 2), (3, 20)])
@pytest.mark.parametrize("shifted", [False, True])
def test_any_size_and_padding_changes_nothing(size, shifted):
    torch.manual_seed(3)
    block = AttentionBlock(8, 2, 4, shifted, 100.0)
    x, valid = torch.randn(2, 8, *size), (torch.rand(2, 1, *size) > 0.5).float()
    out, refined, mass = block(x, valid, measure=True)
    assert out.shape == x.shape
    assert out.isfinite().all()
    assert (refined >= valid).all()
    assert 0 <= mass <= 1


def test_hole_tokens_get_no_attention_at_tau_100_and_some_at_0():
    torch.manual_seed(4)
    x, valid = torch.randn(1, 8, 8, 8), (torch.rand(1, 1, 8, 8) > 0.5).float()
    masses = []
    for tau in (0.0, 100.0):
        torch.manual_seed(5)
        block = AttentionBlock(8, 2, 4, False, tau).requires_grad_(False)
        masses.append(float(block(x, valid, measure=True)[2]))
    assert masses[0] > 0.2
    assert masses[1] < 1e-6


def test_gradients():
    torch.manual_seed(6)
    block = AttentionBlock(4, 2, 2, True, 10.0).double()
    valid = (torch.rand(1, 1, 4, 4) > 0.3).double()
    x = torch.randn(1, 4, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: block(t, valid)[0], (x,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_tokens_that_are_zero_stay_numbers_in_every_precision(dtype):
    """As they are where nothing of a photograph is known."""
    block = AttentionBlock(8, 2, 4, shifted=False, tau=100.0).to(dtype)
    with torch.no_grad():
        answer, _, _ = block(torch.zeros(1, 8, 8, 8, dtype=dtype), torch.zeros(1, 1, 8, 8, dtype=dtype))
    assert answer.isfinite().all()
