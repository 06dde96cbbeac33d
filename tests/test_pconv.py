"""PConv: the count of its table, and a hole that shrinks down to the last level."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.partial_unet import Known, PartialUp


def test_the_papers_table():
    """Kernel, channels in and out of the sixteen layers of the paper's appendix; BatchNorm on all but two."""
    down = [(7, 3, 64), (5, 64, 128), (5, 128, 256), (3, 256, 512), *[(3, 512, 512)] * 4]
    up = [*[(3, 1024, 512)] * 4, (3, 768, 256), (3, 384, 128), (3, 192, 64), (3, 67, 3)]
    weights = sum(k * k * a * b for k, a, b in down + up)
    normed = 2 * sum(b for _, _, b in down[1:] + up[:-1])
    with torch.device("meta"):
        network = il.build("pconv")
    assert il.counts(network, 512)["total"].parameters == weights + normed + 64 + 3


def test_the_hole_shrinks_until_it_is_gone():
    batch = il.Batch.make(torch.rand(1, 3, 64, 96) * 2 - 1, torch.ones(1, 1, 64, 96), priors=())
    batch.mask[..., 16:48, 24:80] = 0
    with torch.no_grad():
        masks = il.build("pconv", width=2).eval()(batch, features=True).features["masks"]
    holes = [float(1 - mask.mean()) for mask in masks]
    assert holes == sorted(holes, reverse=True)
    assert holes[0] > 0.2
    assert holes[-1] == 0
    assert [tuple(mask.shape[-2:]) for mask in masks[-3:]] == [(1, 2), (1, 1), (1, 1)]


def test_a_level_of_the_decoder_knows_what_either_of_its_maps_knows():
    deep, skip = (Known(torch.randn(1, 2, size, size), torch.zeros(1, 1, size, size)) for size in (4, 7))
    deep.mask[..., :2, :] = 1
    skip.mask[..., 6] = 1
    x = PartialUp(2, 2, 3).eval()(deep, skip)
    assert x.map.shape == (1, 3, 7, 7)
    expected = torch.zeros(7, 7)
    expected[:5], expected[:, 5:] = 1, 1
    assert torch.equal(x.mask[0, 0], expected)


@pytest.mark.parametrize("size", [(1, 1), (5, 13)])
def test_any_size(size):
    batch = il.Batch.make(torch.rand(1, 3, *size) * 2 - 1, torch.ones(1, 1, *size), priors=())
    with torch.no_grad():
        assert il.build("pconv", width=2).eval()(batch).image.shape == (1, 3, *size)
