"""Fast Fourier convolution against numpy's transform, and its convolutions one by one."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from inpaintlib.ops.fourier import (
    FourierBlock,
    FourierConv,
    FourierUnit,
    SpectralTransform,
    from_spectrum,
    reflect_pad,
    spectrum,
)

SIZES = [(1, 1), (1, 5), (4, 4), (5, 7), (6, 3)]


@pytest.mark.parametrize("size", SIZES)
def test_the_spectrum_is_numpys_and_comes_back(size):
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    expected = np.fft.rfft2(x.numpy(), norm="ortho")
    s = spectrum(x)
    np.testing.assert_allclose(s[:, :3], expected.real, atol=1e-12)
    np.testing.assert_allclose(s[:, 3:], expected.imag, atol=1e-12)
    torch.testing.assert_close(from_spectrum(s, size), x)


def literal_unit(unit, x):
    """The transform by its definition, a sum over all pixels; then convolution, norm, ReLU frequency by frequency."""
    b, c, h, w = x.shape
    rows, columns = torch.arange(h).double(), torch.arange(w).double()
    weight, norm = unit.conv.weight[:, :, 0, 0], unit.norm
    full = torch.zeros(b, c, h, w, dtype=torch.complex128)
    for u in range(h):
        for v in range(w // 2 + 1):
            angle = -2 * torch.pi * (u * rows[:, None] / h + v * columns[None, :] / w)
            wave = torch.polar(torch.ones_like(angle), angle)
            value = (x * wave).sum((2, 3)) / (h * w) ** 0.5
            stacked = torch.cat((value.real, value.imag), dim=1) @ weight.T
            stacked = (stacked - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias
            real, imaginary = F.relu(stacked).chunk(2, dim=1)
            full[:, :, u, v] = torch.complex(real, imaginary)
    for u in range(h):
        for v in range(w // 2 + 1, w):
            full[:, :, u, v] = full[:, :, -u % h, w - v].conj()
    return torch.fft.ifft2(full, norm="ortho").real


def test_the_fourier_unit_literally():
    torch.manual_seed(0)
    unit = FourierUnit(2).double().eval()
    unit.norm.running_mean.normal_()
    unit.norm.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 2, 5, 7, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(unit(x), literal_unit(unit, x))


def test_one_pixel_reaches_every_other_through_the_unit_only():
    torch.manual_seed(0)
    conv = FourierConv(2, 6).double().eval()
    inputs = [torch.randn(1, c, 9, 9, dtype=torch.float64) for c in (2, 6)]
    with torch.no_grad():
        before = conv(*inputs)
        inputs[1][0, :, 0, 0] += 100
        after = conv(*inputs)
    changed = [(a != b).any(1)[0] for a, b in zip(before, after)]
    assert not changed[0][2:].any()
    assert not changed[0][:, 2:].any()
    assert changed[1].double().mean() > 0.9


def test_the_stacked_convolution_is_chis_equation():
    torch.manual_seed(0)
    conv = FourierConv(2, 4).double().train()
    x, y = torch.randn(2, 2, 6, 5, dtype=torch.float64), torch.randn(2, 4, 6, 5, dtype=torch.float64)
    to_local, to_global = conv.from_local.weight.split((2, 4))
    padded = [F.pad(t, (1, 1, 1, 1), mode="reflect") for t in (x, y)]
    local = F.conv2d(padded[0], to_local) + F.conv2d(padded[1], conv.global_to_local.weight)
    far = F.conv2d(padded[0], to_global) + conv.global_to_global(y)
    expected = [F.relu(F.batch_norm(t, None, None, training=True)) for t in (local, far)]
    for ours, theirs in zip(conv(x, y), expected):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [(1, 1), (2, 3), (1, 7)])
def test_any_size_and_any_split(size, channels):
    block = FourierBlock(*channels).eval()
    inputs = [torch.randn(2, c, *size) for c in channels]
    for x, y in zip(inputs, block(*inputs)):
        assert x.shape == y.shape
        assert y.isfinite().all()


def test_a_small_map_repeats_its_border():
    x = torch.randn(1, 1, 3, 5)
    torch.testing.assert_close(reflect_pad(x, 2), F.pad(x, (2, 2, 2, 2), mode="reflect"))
    torch.testing.assert_close(reflect_pad(x, 3), F.pad(x, (3, 3, 3, 3), mode="replicate"))


def test_the_transform_stays_in_float32_under_autocast():
    x = torch.randn(1, 2, 6, 6)
    assert spectrum(x.bfloat16()).dtype == torch.float32
    assert from_spectrum(spectrum(x).bfloat16(), (6, 6)).dtype == torch.float32
    transform = SpectralTransform(4).eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        out = transform(torch.randn(1, 4, 6, 6))
    assert out.isfinite().all()


def test_gradients():
    torch.manual_seed(0)
    x = torch.randn(1, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: from_spectrum(torch.sigmoid(spectrum(a)), (4, 5)), (x,))
