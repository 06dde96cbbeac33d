"""Light gated convolution: its equation, its three gates, and what they cost; the residual that HiFill aggregates."""

import pytest
import torch
from torch.nn import functional as F

from inpaintlib.ops.gated_conv import GATES, GatedConv, gated
from inpaintlib.ops.image_residual import image_residual


def test_the_equation():
    x, gate = torch.randn(2, 3, 4, 5, dtype=torch.float64), torch.randn(2, 3, 4, 5, dtype=torch.float64)
    elu = torch.where(x > 0, x, torch.exp(x) - 1)
    torch.testing.assert_close(gated(x, gate), elu / (1 + torch.exp(-gate)))
    torch.testing.assert_close(gated(x, gate[:, :1])[:, 2], elu[:, 2] / (1 + torch.exp(-gate[:, 0])))


@pytest.mark.parametrize(
    "name,parameters", [("single", 9 * 6 + 1), ("separable", 10 * 6 + 7 * 5), ("pointwise", 7 * 5)]
)
def test_what_a_gate_costs(name, parameters):
    conv = GatedConv(6, 5, gate=name)
    assert sum(p.numel() for p in conv.gate.parameters()) == parameters
    assert sum(p.numel() for p in conv.features.parameters()) == 9 * 6 * 5 + 5


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("kernel,stride,dilation", [(3, 1, 1), (5, 2, 1), (3, 1, 16), (3, 2, 1)])
def test_sizes(name, kernel, stride, dilation):
    conv = GatedConv(3, 4, kernel, stride, dilation, name)
    assert conv(torch.randn(2, 3, 9, 6)).shape == (2, 4, -(-9 // stride), -(-6 // stride))


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_half_precision_has_the_gradients_of_the_whole(dilation, layout):
    """torch's own are wrong on a CPU for dilated depthwise kernels with channels last: 100 % off, or infinite."""
    torch.manual_seed(0)
    conv = GatedConv(4, 4, dilation=dilation).to(memory_format=layout)
    x, out = (torch.randn(2, 4, 32, 32).contiguous(memory_format=layout) for _ in range(2))
    expected = torch.autograd.grad(conv(x), list(conv.parameters()), out)
    with torch.autocast("cpu", torch.bfloat16):
        gradients = torch.autograd.grad(conv(x.bfloat16()), list(conv.parameters()), out.bfloat16())
    for gradient, truth in zip(gradients, expected):
        assert (gradient - truth).norm() < 0.02 * truth.norm()


def test_a_closed_gate_passes_nothing_and_an_open_one_everything():
    conv = GatedConv(3, 4, gate="pointwise")
    x = torch.randn(1, 3, 8, 8)
    torch.nn.init.zeros_(conv.gate.weight)
    torch.nn.init.constant_(conv.gate.bias, -200.0)
    assert conv(x).abs().max() == 0
    torch.nn.init.constant_(conv.gate.bias, 200.0)
    torch.testing.assert_close(conv(x), F.elu(conv.features(x)))


def test_the_residual_is_what_the_reduction_lost():
    image = torch.rand(1, 3, 8, 12, dtype=torch.float64) * 2 - 1
    small = image.view(1, 3, 4, 2, 6, 2).mean((3, 5))
    smooth = F.interpolate(small, size=(8, 12), mode="bilinear", align_corners=False)
    torch.testing.assert_close(image_residual(image, torch.ones_like(image[:, :1]), 2), image - smooth)


def test_the_residual_sees_no_hidden_pixel_and_takes_no_border_of_a_hole_for_detail():
    mask = torch.ones(2, 1, 16, 16)
    mask[0, 0, 3:9, 4:13] = 0
    mask[1] = 0
    flat = torch.where(mask > 0, torch.full((2, 3, 16, 16), 0.7), torch.nan)
    residual = image_residual(flat, mask, 2)
    assert residual.abs().max() < 1e-6
    image = torch.rand(2, 3, 16, 16)
    other = torch.where(mask > 0, image, torch.rand_like(image))
    assert torch.equal(image_residual(image, mask, 2), image_residual(other, mask, 2))
