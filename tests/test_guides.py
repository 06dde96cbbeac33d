"""Normalization, denormalization and local residual against TSGL Eq. 6-8, element by element."""

import math
import pickle

import pytest
import torch
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib.ops.denormalize import Denormalize, denormalize
from inpaintlib.ops.normalize import EPS, NORMALIZATIONS, build_normalization, global_normalization, local_normalization
from inpaintlib.ops.residual import local_residual, residual_guide


def literal(x, groups):
    """(F - mu) / sigma with mean and deviation over each group of positions."""
    out = torch.zeros_like(x)
    for group in groups:
        values = [float(x[at]) for at in group]
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values) + EPS)
        for at, value in zip(group, values):
            out[at] = (value - mean) / deviation
    return out


def test_global_is_equation_7_and_local_is_equation_8():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64) * 3 + 1
    b, c, h, w = (range(n) for n in x.shape)
    per_channel = [[(n, k, i, j) for i in h for j in w] for n in b for k in c]
    per_position = [[(n, k, i, j) for k in c] for n in b for i in h for j in w]
    torch.testing.assert_close(global_normalization(x), literal(x, per_channel))
    torch.testing.assert_close(local_normalization(x), literal(x, per_position))


def test_batch_statistics_are_over_images_too_and_remembered():
    norm = build_normalization("Batch", 3)
    x = torch.randn(4, 3, 5, 5) * 2 + 1
    out = norm(x)
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert not torch.allclose(out.mean((2, 3)), torch.zeros(4, 3), atol=1e-2)
    norm.eval()
    assert not torch.allclose(norm(x), out)


def test_equation_6():
    x, gamma, beta = torch.randn(3, 2, 3, 4, 4, dtype=torch.float64).unbind(0)
    out = denormalize(x, gamma, beta)
    for at in torch.cartesian_prod(*(torch.arange(n) for n in x.shape)).tolist():
        at = tuple(at)
        assert float(out[at]) == pytest.approx(float(gamma[at]) * float(x[at]) + float(beta[at]))


def test_a_denormalization_reads_gamma_and_beta_off_its_guide():
    torch.manual_seed(0)
    module = Denormalize(4, 2, 8, global_normalization).double()
    x, guide = torch.randn(1, 4, 6, 6, dtype=torch.float64), torch.randn(1, 2, 6, 6, dtype=torch.float64)
    both = module.gamma_beta(F.relu(module.read(guide)))
    torch.testing.assert_close(module(x, guide), both[:, :4] * global_normalization(x) + both[:, 4:])
    torch.testing.assert_close(module(x, torch.zeros_like(guide)), global_normalization(x))


@pytest.mark.parametrize("norm", ["global", "local"])
def test_gradients(norm):
    torch.manual_seed(1)
    module = Denormalize(3, 2, 4, build_normalization(norm, 3)).double()
    x = torch.randn(1, 3, 3, 3, dtype=torch.float64, requires_grad=True)
    guide = torch.randn(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, (x, guide))


def test_gamma_and_one_plus_gamma_start_alike_and_are_one_family():
    torch.manual_seed(0)
    plain = Denormalize(4, 2, 8, global_normalization, "gamma").double()
    torch.manual_seed(0)
    plus = Denormalize(4, 2, 8, global_normalization, "1+gamma").double()
    x, guide = torch.randn(1, 4, 6, 6, dtype=torch.float64), torch.randn(1, 2, 6, 6, dtype=torch.float64)
    torch.testing.assert_close(plain(x, guide), plus(x, guide))
    assert plus.gamma_beta.bias.abs().max() == 0
    both = plus.gamma_beta(F.relu(plus.read(guide)))
    torch.testing.assert_close(plus(x, guide), (1 + both[:, :4]) * global_normalization(x) + both[:, 4:])
    for module in (plain, plus):
        torch.nn.init.zeros_(module.gamma_beta.bias)
    assert not torch.allclose(plain(x, guide), plus(x, guide))


@pytest.mark.parametrize("mean", [0.0, 10.0, 100.0])
@pytest.mark.parametrize("normalise", [global_normalization, local_normalization])
def test_single_precision_survives_a_large_mean(normalise, mean):
    x = torch.randn(2, 24, 16, 16).contiguous(memory_format=torch.channels_last) + mean
    torch.testing.assert_close(normalise(x).double(), normalise(x.double()), atol=2e-4, rtol=0)


def test_residual_is_zero_where_upsampling_reproduces_the_map():
    small = torch.randn(1, 3, 4, 5)
    big = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert local_residual(big, small).abs().max() == 0
    assert residual_guide(big, small).abs().max() < 1e-5


def test_the_guide_is_the_reduced_residual():
    """Reducing F_{k-1} - Upsample(F_k) between the corner pixels, against the identity that the library uses."""
    before, after = torch.randn(2, 3, 10, 14, dtype=torch.float64), torch.randn(2, 3, 5, 7, dtype=torch.float64)
    residual = local_residual(before, after)
    for i in range(5):
        for j in range(7):
            y, z = i * 9 / 4, j * 13 / 6
            top, left = min(int(y), 8), min(int(z), 12)
            a, b = y - top, z - left
            corners = residual[:, :, top : top + 2, left : left + 2]
            weights = torch.tensor([[(1 - a) * (1 - b), (1 - a) * b], [a * (1 - b), a * b]], dtype=torch.float64)
            torch.testing.assert_close(residual_guide(before, after)[:, :, i, j], (corners * weights).sum((2, 3)))


def test_residual_element_by_element():
    before, after = torch.randn(1, 2, 6, 8, dtype=torch.float64), torch.randn(1, 2, 3, 4, dtype=torch.float64)
    out = local_residual(before, after)
    for i in range(6):
        for j in range(8):
            assert torch.equal(out[:, :, i, j], before[:, :, i, j] - after[:, :, i // 2, j // 2])


class Halving(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()

    def forward(self, x):
        return x[:, :, ::2]


@pytest.mark.parametrize(
    ("target", "made"),
    [
        (lambda x: x[:, :1], r"\[1, 1, 4, 4\]"),
        (lambda x: None, "NoneType"),
        (Halving, r"\[1, 2, 2, 4\]"),
    ],
)
def test_a_normalization_that_does_not_keep_the_shape_is_refused(monkeypatch, target, made):
    monkeypatch.setitem(NORMALIZATIONS, "odd", target)
    x = torch.randn(1, 2, 4, 4)
    module = Denormalize(2, 2, 4, pickle.loads(pickle.dumps(build_normalization("global", 2))))
    assert module(x, x).shape == x.shape
    with pytest.raises(ValueError, match=rf"'odd' makes {made} of a map \[1, 2, 4, 4\]; it must keep the shape"):
        build_normalization("odd", 2)(x)


def test_a_students_normalization_enters_a_variant():
    @il.normalization("halved")
    def halved(x):
        return x / 2

    try:
        variant = il.Variant.parse("2Global(Local)->halved(Local)")
        assert str(variant) == "2Global(Local)->halved(Local)"
        network = il.build("tsgl", variant=str(variant), width=4)
        assert network(il.example_batch(1, 64)).image.shape == (1, 3, 64, 64)
        with pytest.raises(ValueError, match="exists already"):
            il.normalization("Halved")(halved)
        with pytest.raises(ValueError, match="letters"):
            il.normalization("not a name")
    finally:
        del NORMALIZATIONS["halved"]
