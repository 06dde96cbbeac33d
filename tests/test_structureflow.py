"""StructureFlow: Gaussian sampling position by position, and how structure and flow guide the texture."""

import math

import pytest
import torch

import inpaintlib as il
from inpaintlib.ops.appearance_flow import AppearanceFlow, gaussian_sampling


def literal(x, flow, window, sigma):
    """The Gaussian average around each position's target, neighbour by neighbour."""
    out = torch.zeros_like(x)
    b, _, h, w = x.shape
    for n in range(b):
        for i in range(h):
            for j in range(w):
                row = min(max(i + float(flow[n, 0, i, j]), 0), h - 1)
                column = min(max(j + float(flow[n, 1, i, j]), 0), w - 1)
                total = 0.0
                for dy in range(1 - window // 2, window // 2 + 1):
                    for dx in range(1 - window // 2, window // 2 + 1):
                        y, z = math.floor(row) + dy, math.floor(column) + dx
                        if 0 <= y < h and 0 <= z < w:
                            a = math.exp(-((y - row) ** 2 + (z - column) ** 2) / (2 * sigma**2))
                            out[n, :, i, j] += a * x[n, :, y, z]
                            total += a
                out[n, :, i, j] /= total
    return out


@pytest.mark.parametrize("window,sigma", [(2, 1.0), (4, 2.0), (16, 4.0)])
def test_gaussian_sampling_equals_the_papers_equation(window, sigma):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 6, 7, dtype=torch.float64)
    flow = 4 * torch.randn(2, 2, 6, 7, dtype=torch.float64)
    torch.testing.assert_close(gaussian_sampling(x, flow, window, sigma), literal(x, flow, window, sigma))


def test_gradients():
    torch.manual_seed(0)
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    flow = (torch.rand(1, 2, 4, 4, dtype=torch.float64) * 0.8 + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: gaussian_sampling(a, b, 4, 2.0), (x, flow))


def test_a_narrow_gaussian_fetches_what_the_flow_points_to():
    x = torch.arange(48.0).view(1, 1, 6, 8)
    flow = torch.zeros(1, 2, 6, 8)
    flow[:, 0], flow[:, 1] = 2, -1
    fetched = gaussian_sampling(x, flow, 2, 0.1)
    torch.testing.assert_close(fetched[..., :4, 1:], x[..., 2:, :-1])


def test_a_wider_gaussian_feels_what_a_step_away_lies():
    """Why the paper does not sample bilinearly: the flow has a gradient from more than its four neighbours."""
    x, flow = torch.zeros(1, 1, 9, 9), torch.full((1, 2, 9, 9), 0.5).requires_grad_()
    x[..., 4, 7] = 1
    for window, sigma, felt in ((2, 0.5, False), (8, 2.0, True)):
        flow.grad = None
        gaussian_sampling(x, flow, window, sigma)[0, 0, 4, 4].backward()
        assert bool(flow.grad[0, 1, 4, 4] > 0) == felt


def test_the_module_puts_its_samplings_side_by_side():
    x, flow = torch.randn(1, 3, 5, 5), torch.randn(1, 2, 5, 5)
    fetched = AppearanceFlow(((4, 2.0), (8, 3.0)))(x, flow)
    assert torch.equal(fetched[:, :3], gaussian_sampling(x, flow, 4, 2.0))
    assert torch.equal(fetched[:, 3:], gaussian_sampling(x, flow, 8, 3.0))


def small():
    torch.manual_seed(0)
    return il.build("structureflow", width=4)


def test_full_size_counts():
    """Layer by layer as released; no table prints a total."""
    with torch.device("meta"):
        counts = il.counts(il.build("structureflow"), 256)
    millions = {name: round(counts[name].parameters / 1e6, 2) for name in ("structure", "flow", "encoder", "decoder")}
    assert millions == {"structure": 36.05, "flow": 32.88, "encoder": 3.61, "decoder": 19.97}


def test_the_texture_does_not_teach_the_structure():
    network = small()
    batch = il.example_batch(2, 64, priors=network.priors)
    output = network(batch)
    output.image.square().mean().backward(retain_graph=True)
    assert all(p.grad is None for p in network.structure.parameters())
    assert all(p.grad.abs().max() > 0 for p in network.flow.parameters())
    output.aux["structure"][0].square().mean().backward()
    assert all(p.grad is not None for p in network.structure.parameters())


def test_the_flow_is_in_positions_of_the_quarter_size_map():
    network = small()
    assert network(il.example_batch(2, 64, priors=network.priors)).aux["flow"].shape == (2, 2, 16, 16)


def test_too_narrow_a_network_gets_one_sentence():
    with pytest.raises(il.InputError, match="at least 2"):
        il.build("structureflow", width=1)
