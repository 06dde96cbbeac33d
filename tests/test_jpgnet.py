"""JPGNet: its dilated filter position by position, its uncertainty, and what reaches which branch."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.jpgnet import uncertainty
from inpaintlib.ops.dilated_filter import dilated_filter


def literal(x, kernels, dilation):
    out = torch.zeros_like(x)
    b, channels, h, w = x.shape
    k = round(kernels.shape[2] ** 0.5)
    for n in range(b):
        for c in range(channels):
            for i in range(h):
                for j in range(w):
                    for t in range(k * k):
                        row, column = i + dilation * (t // k - k // 2), j + dilation * (t % k - k // 2)
                        if 0 <= row < h and 0 <= column < w:
                            out[n, c, i, j] += kernels[n, c, t, i, j] * x[n, c, row, column]
    return out


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_the_dilated_filter_is_the_literal_sum(dilation):
    torch.manual_seed(0)
    x, kernels = torch.randn(2, 2, 7, 5, dtype=torch.float64), torch.randn(2, 2, 9, 7, 5, dtype=torch.float64)
    torch.testing.assert_close(dilated_filter(x, kernels, dilation), literal(x, kernels, dilation))


def test_without_dilation_it_is_misfs_filter():
    x, kernels = torch.randn(1, 3, 8, 8), torch.randn(1, 3, 9, 8, 8)
    assert torch.equal(dilated_filter(x, kernels, 1), il.ops.adaptive_filter(x, kernels))


def test_uncertainty_runs_from_the_smallest_to_the_largest_mean_weight_of_each_image():
    kernels = torch.zeros(2, 3, 9, 2, 2)
    kernels[0, :, :, 0, 1], kernels[0, :, :, 1, 0] = 4, 1
    assert uncertainty(kernels).tolist() == [[[[0, 1], [0.25, 0]]], [[[0, 0], [0, 0]]]]


def small(**config):
    torch.manual_seed(0)
    return il.build("jpgnet", width=2, **config)


def test_full_size_counts():
    with torch.device("meta"):
        counts = il.counts(il.build("jpgnet"), 256)
    millions = {name: round(counts[name].parameters / 1e6, 2) for name in ("generator", "filtering", "fusion")}
    assert millions == {"generator": 21.53, "filtering": 27.4, "fusion": 27.55}


def test_the_fusion_sees_known_pixels_as_they_are_and_both_branches_in_the_hole():
    network = small()
    batch = il.example_batch(2, 64, priors=network.priors)
    seen = []
    network.fusion.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs))
    output = network(batch)
    known = batch.mask.expand_as(batch.image) > 0
    for image, branch in zip(seen, output.aux["pyramid"]):
        assert torch.equal(image[known], batch.image[known])
        assert torch.equal(image[~known], branch[~known])


def test_the_fused_image_teaches_all_three_branches():
    network = small()
    network(il.example_batch(2, 64, priors=network.priors)).image.square().mean().backward()
    for branch in network.children():
        assert any(p.grad.abs().max() > 0 for p in branch.parameters())
