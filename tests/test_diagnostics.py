"""Each diagnostic against its definition written out, and against what it must say of simple maps."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaintlib import diagnostics as d


def test_distribution_is_each_channels_share_of_the_activation():
    f = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    for n in range(2):
        sums = [sum(abs(float(v)) for v in f[n, c].flatten()) for c in range(3)]
        expected = [s / sum(sums) for s in sums]
        assert d.channel_distribution(f)[n].tolist() == pytest.approx(expected)
    torch.testing.assert_close(d.channel_distribution(f * 7), d.channel_distribution(f))
    torch.testing.assert_close(d.channel_distribution(torch.zeros(1, 4, 2, 2)), torch.full((1, 4), 0.25))


positive = st.lists(st.floats(0.01, 10), min_size=5, max_size=5)


@given(positive, positive)
@settings(deadline=None)
def test_kl_is_the_sum_is_never_negative_and_zero_for_equals(a, b):
    p, q = (torch.tensor(x, dtype=torch.float64) / sum(x) for x in (a, b))
    expected = sum(float(x) * math.log(float(x) / float(y)) for x, y in zip(p, q))
    assert float(d.kl(p, q)) == pytest.approx(expected, abs=1e-9)
    assert float(d.kl(p, q)) >= -1e-12
    assert float(d.kl(p, p)) == 0


def test_kl_takes_zeros_of_p_as_nothing():
    assert float(d.kl(torch.tensor([0.0, 1.0]), torch.tensor([0.5, 0.5]))) == pytest.approx(math.log(2))


def test_entropy_from_one_channel_to_all():
    f = torch.zeros(1, 8, 2, 2)
    f[0, 3, 0, 0] = -5
    f[0, :, 0, 1] = 2
    f[0, :2, 1, 0] = torch.tensor([1.0, -1.0])
    assert d.channel_entropy(f)[0].flatten().tolist() == pytest.approx([0, 3, 1, 3], abs=1e-6)


def test_high_pass_removes_constants_and_keeps_the_highest_frequency():
    checker = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2.0 - 1
    assert d.high_pass(torch.full((1, 2, 16, 16), 3.0)).abs().max() < 1e-5
    torch.testing.assert_close(d.high_pass(checker[None, None]), checker[None, None])
    wave = torch.cos(2 * math.pi * d.CUTOFF * torch.arange(16.0)).expand(1, 1, 16, 16)
    torch.testing.assert_close(d.high_pass(wave), wave * (1 - math.exp(-0.5)), atol=1e-5, rtol=0)


def test_spectrogram_puts_a_wave_where_its_frequency_is():
    x = torch.cos(2 * math.pi * 3 / 32 * torch.arange(32.0)).expand(1, 4, 32, 32)
    spectrum = d.spectrogram(x)[0]
    peaks = (spectrum > 0.5 * spectrum.max()).nonzero().tolist()
    assert peaks == [[16, 13], [16, 19]]
    assert float(spectrum.max()) == pytest.approx(math.log1p(16))


def test_spectrogram_as_a_literal_sum():
    x = torch.randn(1, 1, 4, 4, dtype=torch.float64)
    for u in range(4):
        for v in range(4):
            total = sum(
                complex(float(x[0, 0, i, j])) * complex(math.cos(a := -2 * math.pi * (u * i + v * j) / 4), math.sin(a))
                for i in range(4)
                for j in range(4)
            )
            shifted = d.spectrogram(x)[0, (u + 2) % 4, (v + 2) % 4]
            assert float(shifted) == pytest.approx(math.log1p(abs(total) / 4), rel=1e-5)


def test_correlation_is_that_of_all_numbers_of_two_maps():
    a, b = torch.randn(2, 3, 4, 5, dtype=torch.float64), torch.randn(2, 3, 4, 5, dtype=torch.float64)
    for n in range(2):
        x, y = ([float(v) for v in maps[n].flatten()] for maps in (a, b))
        mean_x, mean_y = sum(x) / 60, sum(y) / 60
        together = sum((p - mean_x) * (q - mean_y) for p, q in zip(x, y))
        alone = (sum((p - mean_x) ** 2 for p in x) * sum((q - mean_y) ** 2 for q in y)) ** 0.5
        assert float(d.correlation(a, b)[n]) == pytest.approx(together / alone)
    assert d.correlation(a, 3 * a + 1).tolist() == pytest.approx([1, 1])
    assert d.correlation(a, -a).tolist() == pytest.approx([-1, -1])
    assert d.correlation(a, torch.ones_like(a)).tolist() == [0, 0]


def test_difference_is_the_mean_over_channels():
    a, b = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    a[0, :, 1, 0], b[0, 2, 1, 0] = 0.5, 1.0
    assert d.difference(a, b)[0].tolist() == [[0, 0], [0.5, 0]]
