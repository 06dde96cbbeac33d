"""What a network paints over: a smooth fill that it starts from, or nothing."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.painting import Painting
from inpaintlib.ops.fill import fill_holes

SMALL = {
    "tsgl": {"width": 4, "decoder": "basic"},
    "tsgl-lama": {"width": 4, "blocks": 1},
    "lama": {"width": 4, "blocks": 1},
}


@pytest.mark.parametrize("name", SMALL)
def test_a_network_that_paints_over_a_fill_starts_as_the_fill(name):
    batch = il.example_batch(2, 64)
    network = il.build(name, **SMALL[name], over="fill").eval()
    filled = fill_holes(batch.image, batch.mask, empty=0.0)
    with torch.no_grad():
        assert torch.equal(network(batch).image, filled.clamp(-1, 1))
        network.painting.gain.fill_(0.5)
        painted = network(batch).image
    known = batch.mask.expand_as(painted) > 0
    assert torch.equal(painted[known], batch.image[known])
    assert not torch.allclose(painted[~known], filled[~known], atol=1e-3)
    assert painted.abs().max() <= 1


@pytest.mark.parametrize("name", SMALL)
def test_it_learns_from_the_first_step(name):
    """The gain starts at zero, and its own gradient does not."""
    batch = il.example_batch(2, 64)
    network = il.build(name, **SMALL[name], over="fill").train()
    (network(batch).image - batch.target.image).abs().mean().backward()
    assert network.painting.gain.grad.abs() > 0


def test_painting_over_nothing_has_no_weights_and_changes_nothing():
    painting, output = Painting("nothing"), torch.rand(1, 3, 8, 8)
    assert not list(painting.parameters())
    assert painting(output, il.example_batch(1, 64)) is output


def test_an_image_without_a_known_pixel_is_filled_with_gray():
    batch = il.Batch(torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 8), {})
    assert torch.equal(Painting("fill")(torch.rand(1, 3, 8, 8), batch), torch.zeros(1, 3, 8, 8))


def test_there_is_nothing_else_to_paint_over():
    with pytest.raises(il.InputError, match="over is 'water'"):
        il.build("lama", over="water")
