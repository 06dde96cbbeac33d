"""MI-GAN: branches that merge into one kernel, its resampling filters, and its published counts."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.counting import counts
from inpaintlib.ops.branched_conv import BranchedConv, merge
from inpaintlib.ops.resample import enlarge, halve

TAPS = (1, 3, 3, 1)


def test_published_counts():
    """TSGL's Table VI prints 5.98 M and 15.69 G at 512 pixels. MI-GAN's export keeps its fixed filters as parameters,
    16 for each channel that is halved and 20 for each that is doubled; and its authors count activations and sums
    too."""
    with torch.device("meta"):
        total = counts(il.build("mi-gan", branches=1), 512)["total"]
    resampled = 64 * (1 + 2 + 4 + 8 * 4)
    fixed = 16 * resampled + 20 * (resampled + 7 * 3)
    assert (total.parameters + fixed) / 1e6 == pytest.approx(5.98, rel=0.001)
    assert total.macs / 1e9 == pytest.approx(15.69, rel=0.08)


def test_the_merged_network_draws_the_same():
    torch.manual_seed(0)
    network, batch = il.build("mi-gan", width=4, branches=3).eval(), il.example_batch(2, 64, priors=())
    with torch.no_grad():
        single = network.merged()
        torch.testing.assert_close(single(batch).image, network(batch).image, atol=1e-5, rtol=1e-4)
    sizes = [sum(p.numel() for p in n.parameters() if p.dim() > 1) for n in (network, single)]
    read = network.encoder.read.kernels.numel()
    assert sizes[0] - read == 3 * (sizes[1] - read)


def test_kernels_have_norm_one_and_merging_twice_changes_nothing():
    kernels = torch.randn(9 * 5, 2, 3, 3, dtype=torch.float64)
    kernel = merge(kernels, 9)
    summed = sum(kernels[5 * i : 5 * i + 5] for i in range(9))
    torch.testing.assert_close(kernel, summed / summed.flatten(1).norm(dim=1)[:, None, None, None])
    torch.testing.assert_close(merge(kernel, 1), kernel)


def test_branches_are_one_sum_of_convolutions():
    torch.manual_seed(0)
    conv, x = BranchedConv(2, 3, 3, branches=4), torch.randn(1, 2, 6, 6)
    apart = sum(torch.nn.functional.conv2d(x, k, padding=1) for k in conv.kernels.chunk(4))
    length = sum(conv.kernels.chunk(4)).flatten(1).norm(dim=1)[:, None, None]
    torch.testing.assert_close(conv(x), apart / length, atol=1e-5, rtol=1e-4)


def test_under_adam_branches_are_one_kernel_with_a_larger_step():
    torch.manual_seed(0)
    x, out = torch.randn(2, 2, 6, 6, dtype=torch.float64), torch.randn(2, 3, 6, 6, dtype=torch.float64)
    many, one = (BranchedConv(2, 3, 3, branches).double() for branches in (9, 1))
    one.kernels.data = sum(many.kernels.data.chunk(9)) / 3
    for conv, rate in ((many, 0.01), (one, 0.03)):
        optimizer = torch.optim.Adam(conv.parameters(), lr=rate, eps=0.0)
        for _ in range(20):
            optimizer.zero_grad()
            (conv(x) - out).square().mean().backward()
            conv.bias.grad = None
            optimizer.step()
    torch.testing.assert_close(merge(many.kernels, 9), merge(one.kernels, 1), atol=1e-6, rtol=1e-5)


def test_halving_is_the_filter_and_every_second_position():
    x = torch.randn(1, 2, 6, 5, dtype=torch.float64)
    out = halve(x)
    assert out.shape == (1, 2, 3, 3)
    for i in range(3):
        for j in range(3):
            value = torch.zeros(2, dtype=torch.float64)
            for a, down in enumerate(TAPS):
                for b, right in enumerate(TAPS):
                    row, column = min(max(2 * i - 1 + a, 0), 5), min(max(2 * j - 1 + b, 0), 4)
                    value += down * right / 64 * x[0, :, row, column]
            torch.testing.assert_close(out[0, :, i, j], value)


def test_doubling_is_zeros_between_and_the_filter():
    x = torch.randn(1, 2, 4, 5, dtype=torch.float64)
    taps = torch.tensor(TAPS, dtype=torch.float64) / 4
    kernel = torch.outer(taps, taps).expand(2, 1, 4, 4)
    expected = torch.nn.functional.conv_transpose2d(x, kernel, stride=2, padding=1, groups=2)
    torch.testing.assert_close(enlarge(x, (8, 10))[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])
    assert enlarge(x, (7, 9)).shape[-2:] == (7, 9)
    assert enlarge(x, x.shape[-2:]) is x


def test_a_map_of_one_position_stays_one():
    x = torch.randn(1, 2, 1, 1)
    torch.testing.assert_close(halve(x), x)
    torch.testing.assert_close(enlarge(x, (2, 2)), x.expand(1, 2, 2, 2))
