"""Adaptive filtering: against the sum that MISF Eq. 2 and 6 write down, on every path that a call can take."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib.ops import adaptive
from inpaintlib.ops.adaptive.border import fold, pad

BORDERS = ("zero", "reflect", "replicate")
HALF = {"rtol": 2e-2, "atol": 2e-2}
SHAPES = ((2, 6, 6, 3, 5, 7), (1, 6, 2, 3, 4, 4), (2, 3, 1, 5, 6, 4), (1, 2, 2, 1, 3, 2), (1, 4, 4, 7, 5, 8))
"""Batch, channels, groups of kernels, kernel size, height, width."""


@pytest.fixture
def compiled():
    """The formulation for CPUs, which a machine lent for its GPU may lack the compiler of."""
    return pytest.importorskip("inpaintlib.ops.adaptive.compiled")


def inputs(batch, channels, groups, k, h, w, dtype=torch.float64, last=False):
    torch.manual_seed(0)
    features = torch.randn(batch, channels, h, w, dtype=torch.float64).to(dtype)
    kernels = torch.randn(batch, groups, k * k, h, w, dtype=torch.float64).to(dtype)
    if last:
        features = features.contiguous(memory_format=torch.channels_last)
        kernels = kernels.permute(0, 3, 4, 2, 1).contiguous().permute(0, 4, 3, 1, 2)
    return features, kernels


def beyond(i, size, border):
    """The coordinate that `i` stands for; None where there is a zero."""
    if 0 <= i < size or border == "replicate":
        return min(max(i, 0), size - 1)
    if border == "zero":
        return None
    return -i if i < 0 else 2 * (size - 1) - i


def literal(features, kernels, border):
    """Eq. 6, number by number."""
    batch, channels, h, w = features.shape
    k, share = round(kernels.shape[2] ** 0.5), channels // kernels.shape[1]
    out = torch.zeros_like(features)
    for b in range(batch):
        for c in range(channels):
            for y in range(h):
                for x in range(w):
                    for tap in range(k * k):
                        row, column = beyond(y + tap // k - k // 2, h, border), beyond(x + tap % k - k // 2, w, border)
                        if row is not None and column is not None:
                            out[b, c, y, x] += kernels[b, c // share, tap, y, x] * features[b, c, row, column]
    return out


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_equation(shape, border):
    if border == "reflect" and min(shape[4:]) <= shape[3] // 2:
        pytest.skip("the map is too small to mirror")
    expected = literal(*inputs(*shape), border)
    for last in (False, True):
        features, kernels = inputs(*shape, last=last)
        out = il.ops.adaptive_filter(features, kernels, border)
        torch.testing.assert_close(out, expected)
        assert out.stride() == features.stride()


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("shape", [(1, 4, 4, 3, 3, 4), (2, 4, 2, 3, 3, 3), (1, 2, 1, 5, 3, 4)])
def test_gradients(shape, last, border):
    tensors = [x.requires_grad_() for x in inputs(*shape, last=last)]
    assert torch.autograd.gradcheck(lambda f, w: il.ops.adaptive_filter(f, w, border), tensors)


@pytest.mark.parametrize("border", ["zero", "reflect"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("groups", [6, 3])
def test_threads_change_nothing(monkeypatch, compiled, groups, last, border):
    features, kernels = inputs(2, 6, groups, 3, 7, 5, last=last)
    gradient = torch.randn_like(features)

    def found():
        forward, backward = compiled.forward, compiled.backward
        return forward(features, kernels, border), *backward(gradient, features, kernels, border)

    expected = found()
    monkeypatch.setattr(compiled, "ALONE", 0)
    for threads in (2, 5):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert all(torch.equal(a, b) for a, b in zip(found(), expected))


@pytest.mark.parametrize("groups", [6, 2])
def test_half_precision_is_widened_in_parts_of_any_size(monkeypatch, compiled, groups):
    features, kernels = inputs(2, 6, groups, 3, 7, 5, torch.bfloat16)
    gradient = torch.randn_like(features)
    wide = [x.float() for x in (gradient, features, kernels)]
    expected = compiled.forward(*wide[1:], "zero"), *compiled.backward(*wide, "zero")
    for size in (1, 700, 10**6):
        monkeypatch.setattr(compiled, "WIDENED", size)
        found = compiled.forward(features, kernels, "zero"), *compiled.backward(gradient, features, kernels, "zero")
        for a, b in zip(found, expected):
            torch.testing.assert_close(a, b.bfloat16(), rtol=0, atol=0)


@pytest.mark.parametrize("k", [1, 3])
def test_nothing_that_is_given_is_written_to(k):
    given = [x.requires_grad_() for x in inputs(2, 4, 2, k, 5, 6)]
    before = [x.detach().clone() for x in given]
    out = il.ops.adaptive_filter(*given)
    gradient = torch.randn_like(out)
    kept = gradient.clone()
    out.backward(gradient)
    assert all(torch.equal(a, b) for a, b in zip((*given, gradient), (*before, kept)))


def test_features_and_kernels_may_be_laid_out_differently():
    expected = literal(*inputs(2, 6, 3, 3, 5, 4), "reflect")
    for one, other in ((False, True), (True, False)):
        features, kernels = inputs(2, 6, 3, 3, 5, 4, last=one)[0], inputs(2, 6, 3, 3, 5, 4, last=other)[1]
        out = il.ops.adaptive_filter(features, kernels, "reflect")
        torch.testing.assert_close(out, expected)
        assert out.stride() == features.stride()


def test_a_kernel_of_one_tap_moves_the_map():
    features, kernels = inputs(1, 3, 3, 3, 6, 6)
    kernels.zero_()[:, :, 2] = 1  # the neighbour above, to the right
    out = il.ops.adaptive_filter(features, kernels)
    torch.testing.assert_close(out[..., 1:, :-1], features[..., :-1, 1:], rtol=0, atol=0)
    assert out[..., 0, :].abs().max() == out[..., -1].abs().max() == 0


def test_equal_kernels_everywhere_are_a_depthwise_convolution():
    features, _ = inputs(2, 4, 4, 3, 8, 6)
    weight = torch.randn(4, 1, 3, 3, dtype=torch.float64)
    kernels = weight.view(1, 4, 9, 1, 1).expand(2, 4, 9, 8, 6)
    torch.testing.assert_close(
        il.ops.adaptive_filter(features, kernels), F.conv2d(features, weight, padding=1, groups=4)
    )


@pytest.mark.parametrize("border", BORDERS)
def test_what_arrives_beyond_the_border_goes_back_where_it_came_from(border):
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    spread = torch.randn(2, 3, 9, 8, dtype=torch.float64)
    (expected,) = torch.autograd.grad(pad(x, 2, border), x, spread)
    torch.testing.assert_close(fold(spread, 2, border), expected)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # torch's own check reads it
@pytest.mark.parametrize("border", BORDERS)
def test_torch_accepts_the_operator(border):
    features, kernels = inputs(1, 4, 2, 3, 4, 5, torch.float32)
    arguments = (features.requires_grad_(), kernels.requires_grad_(), border)
    torch.library.opcheck(torch.ops.inpaintlib.adaptive_filter.default, arguments)


def test_one_graph_under_compile():
    torch.compiler.reset()
    features, kernels = (x.requires_grad_() for x in inputs(1, 4, 4, 3, 6, 6, torch.float32))
    compiled = torch.compile(il.ops.adaptive_filter, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(features, kernels), il.ops.adaptive_filter(features, kernels))
    expected = torch.autograd.grad(il.ops.adaptive_filter(features, kernels).sin().sum(), (features, kernels))
    found = torch.autograd.grad(compiled(features, kernels).sin().sum(), (features, kernels))
    torch.testing.assert_close(found, expected)


def test_half_precision_sums_in_float32():
    features, kernels = inputs(2, 8, 4, 5, 8, 8)
    half = features.bfloat16(), kernels.bfloat16()
    expected = literal(*(x.double() for x in half), "zero")
    out = il.ops.adaptive_filter(*half)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out, expected.bfloat16(), rtol=2**-8, atol=1e-3)


def test_autocast_and_mixed_precision():
    features, kernels = inputs(1, 3, 3, 3, 5, 5, torch.float32)
    assert il.ops.adaptive_filter(features.bfloat16(), kernels).dtype == torch.float32
    convolution = torch.nn.Conv2d(3, 27, 1)
    with torch.autocast("cpu", torch.bfloat16):
        predicted = convolution(features).unflatten(1, (3, 9))
        out = il.ops.adaptive_filter(features, predicted)
    assert out.dtype == torch.float32
    out.sum().backward()
    assert convolution.weight.grad.isfinite().all()


@pytest.mark.parametrize(
    "features,kernels,border,says",
    [
        ((3, 4, 4), (1, 3, 9, 4, 4), "zero", r"takes features \[B,C,H,W\]"),
        ((1, 3, 4, 4), (1, 3, 8, 4, 4), "zero", "odd k"),
        ((1, 3, 4, 4), (1, 3, 16, 4, 4), "zero", "odd k"),
        ((1, 3, 4, 4), (1, 3, 9, 4, 5), "zero", "each position"),
        ((1, 3, 4, 4), (1, 2, 9, 4, 4), "zero", "2 groups"),
        ((1, 3, 4, 4), (1, 3, 9, 4, 4), "wrap", "'wrap'"),
        ((1, 3, 4, 2), (1, 3, 25, 4, 2), "reflect", "cannot mirror 2 pixels"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(features, kernels, border, says):
    with pytest.raises(ValueError, match=says) as caught:
        il.ops.adaptive_filter(torch.zeros(features), torch.zeros(kernels), border)
    assert str(caught.value).count(". ") == 0


def test_a_device_without_a_formulation_is_refused():
    with pytest.raises(ValueError, match="runs on cpu and cuda devices, not on mps"):
        adaptive._formulation(SimpleNamespace(device=torch.device("mps")))


INTERPRETED = """
import torch
from test_adaptive_filter import BORDERS, HALF, SHAPES, inputs
from inpaintlib.ops.adaptive import compiled, fused
for dtype, tolerance in ((torch.float32, {}), (torch.bfloat16, HALF)):
    for shape in SHAPES[:4]:
        for border in BORDERS:
            for last in (False, True):
                if border == "reflect" and min(shape[4:]) <= shape[3] // 2:
                    continue
                features, kernels = inputs(*shape, dtype, last)
                gradient = torch.randn_like(features)
                torch.testing.assert_close(
                    fused.forward(features, kernels, border), compiled.forward(features, kernels, border), **tolerance
                )
                found, expected = (m.backward(gradient, features, kernels, border) for m in (fused, compiled))
                for a, b in zip(found, expected):
                    torch.testing.assert_close(a, b, **tolerance)
                    assert a.stride() == b.stride()
"""


def test_the_kernels_for_a_gpu_give_the_same():
    """Triton's interpreter runs them on the CPU, program by program."""
    pytest.importorskip("triton")
    environment = os.environ | {
        "TRITON_INTERPRET": "1",
        "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path]),
    }
    subprocess.run([sys.executable, "-c", INTERPRETED], env=environment, check=True)


def stacked(features, kernels, border):
    """Eq. 6 by torch's own operations, which know their gradients: shifted copies, times kernels, summed."""
    (h, w), k = features.shape[-2:], round(kernels.shape[2] ** 0.5)
    padded = pad(features, k // 2, border)
    taps = torch.stack([padded[:, :, i : i + h, j : j + w] for i in range(k) for j in range(k)], dim=2)
    return (taps * kernels.repeat_interleave(features.shape[1] // kernels.shape[1], dim=1)).sum(dim=2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, {}), (torch.float32, {}), (torch.bfloat16, HALF)])
def test_a_gpu_gives_the_same(border, last, dtype, tolerance):
    given = [x.cuda().requires_grad_() for x in inputs(2, 64, 32, 3, 33, 47, dtype, last)]
    exact = [x.detach().double().requires_grad_() for x in given]
    gradient = torch.randn_like(given[0])
    out, expected = il.ops.adaptive_filter(*given, border), stacked(*exact, border)
    torch.testing.assert_close(out, expected.to(dtype), **tolerance)
    found = torch.autograd.grad(out, given, gradient)
    for a, b in zip(found, torch.autograd.grad(expected, exact, gradient.double())):
        torch.testing.assert_close(a, b.to(dtype), **tolerance)


def test_the_reference_for_a_gpu_is_the_equation():
    for border in BORDERS:
        tensors = inputs(*SHAPES[1])
        torch.testing.assert_close(stacked(*tensors, border), literal(*tensors, border))
