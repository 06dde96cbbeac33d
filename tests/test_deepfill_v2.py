"""DeepFill v2: what its full gates cost and do, contextual attention against a literal loop, and its published
counts."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.counting import counts
from inpaintlib.ops.contextual_attention import contextual_attention, propagate
from inpaintlib.ops.gated_conv import GatedConv


def full_size(size, **config):
    with torch.device("meta"):
        return counts(il.build("deepfill-v2", **config), size)["total"]


def test_published_counts():
    """TSGL's Table VI prints 4.00 M and 100.8 G at 512 pixels: the paper's network, without the products of attention,
    which grow with the fourth power of the side where convolutions grow with the second."""
    small, large = full_size(256), full_size(512)
    assert small.parameters / 1e6 == pytest.approx(4.00, rel=0.02)
    attention = (large.macs - 4 * small.macs) / 12
    assert 4 * (small.macs - attention) / 1e9 == pytest.approx(100.8, rel=0.001)


def test_table_v_counts_the_network_at_twice_the_width():
    """It prints 16.0 M and 103.1 G at 256 pixels: 96 channels in the first convolution, 48 of them behind the gates."""
    wide = full_size(256, width=96)
    assert wide.parameters / 1e6 == pytest.approx(16.0, rel=0.02)
    assert wide.macs / 1e9 == pytest.approx(103.1, rel=0.01)


def test_a_full_gate_is_a_convolution_with_twice_the_channels_split_in_two():
    torch.manual_seed(0)
    conv, x = GatedConv(3, 4, gate="full"), torch.randn(2, 3, 8, 8)
    weight = torch.cat((conv.features.weight, conv.gate.weight))
    bias = torch.cat((conv.features.bias, conv.gate.bias))
    features, gate = torch.nn.functional.conv2d(x, weight, bias, padding=1).chunk(2, dim=1)
    torch.testing.assert_close(conv(x), torch.nn.functional.elu(features) * torch.sigmoid(gate))


def test_propagation_sums_along_the_diagonals():
    h, w = 3, 4
    scores = torch.randn(1, h * w, h * w, dtype=torch.float64)
    s = scores[0].view(h, w, h, w)

    def summed(s, down, right):
        out = torch.zeros_like(s)
        for i, j, k, m in torch.cartesian_prod(*(torch.arange(n) for n in (h, w, h, w))).tolist():
            for step in (-1, 0, 1):
                a, b, c, d = i + step * down, j + step * right, k + step * down, m + step * right
                if 0 <= a < h and 0 <= b < w and 0 <= c < h and 0 <= d < w:
                    out[i, j, k, m] += s[a, b, c, d]
        return out

    expected = summed(summed(s, 1, 0), 0, 1).reshape(1, h * w, h * w)
    torch.testing.assert_close(propagate(scores, (h, w)), expected)


def test_attention_continues_a_pattern_into_the_hole():
    """Stripes of random colours, whose middle is unknown: the hole gets the stripes of its own columns' neighbours."""
    torch.manual_seed(0)
    period = torch.randn(1, 16, 1, 8)
    x = period.repeat(1, 1, 32, 4)
    mask = torch.ones(1, 1, 16, 16)
    mask[..., 5:11, 5:11] = 0
    seen = x * torch.nn.functional.interpolate(mask, scale_factor=2)
    out = contextual_attention(seen, mask)
    assert (out - x)[..., :8, :].abs().mean() < 0.2 * x.abs().mean()
    hidden = torch.where(torch.nn.functional.interpolate(mask, scale_factor=2) > 0, 0.0, 100.0)
    assert contextual_attention(seen + hidden, mask)[..., :4, :4].abs().max() < 10


def test_without_a_known_patch_attention_is_the_same_everywhere():
    x = torch.randn(1, 3, 8, 8)
    out = contextual_attention(x, torch.zeros(1, 1, 4, 4))
    assert out.isfinite().all()
    torch.testing.assert_close(out[..., 2:4, 2:4], out[..., 4:6, 4:6])


def test_the_guess_reaches_the_second_network_in_the_hole_only():
    torch.manual_seed(0)
    network = il.build("deepfill-v2", width=8).eval()
    whole = il.Batch.make(torch.rand(1, 3, 32, 32) * 2 - 1, torch.ones(1, 1, 32, 32), priors=())
    with torch.no_grad():
        before = network(whole).image
        network.coarse.decoder[-2].bias += 1
        assert torch.equal(before, network(whole).image)


def test_the_first_guess_is_judged_in_training_only():
    network, batch = il.build("deepfill-v2", width=8), il.example_batch(1, 32, priors=())
    (guess,) = network(batch).aux["pyramid"]
    assert guess.shape == batch.image.shape
    assert network.eval()(batch).aux == {}


def test_too_narrow_a_network_gets_one_sentence():
    with pytest.raises(il.InputError, match="at least 4"):
        il.build("deepfill-v2", width=3)
