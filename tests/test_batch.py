"""Batch and Output: what a model may see, and what comes out of it."""

import pytest
import torch

import inpaintlib as il


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(0)
    image = torch.rand(2, 3, 48, 40) * 2 - 1
    mask = torch.ones(2, 1, 48, 40)
    mask[:, :, 10:30, 5:25] = 0
    return image, mask


def everything_seen(batch):
    return [batch.image, batch.mask, *batch.priors.values()]


def test_nothing_seen_depends_on_hidden_pixels_unless_it_is_asked_to(pair):
    image, mask = pair
    other = torch.where(mask > 0, image, -image)
    fair = [everything_seen(il.Batch.make(x, mask)) for x in (image, other)]
    assert all(torch.equal(a, b) for a, b in zip(*fair))
    leaking = [everything_seen(il.Batch.make(x, mask, leak=True)) for x in (image, other)]
    assert not all(torch.equal(a, b) for a, b in zip(*leaking))


def test_ranges_and_zeros_in_the_hole(pair):
    batch = il.Batch.make(*pair)
    assert set(batch.priors) == {"edge", "gray", "smooth"}
    for value in (batch.image, *batch.priors.values()):
        assert (value * (1 - batch.mask)).abs().max() == 0
    assert all(p.min() >= 0 and p.max() <= 1 for p in batch.priors.values())
    assert torch.equal(batch.target.image, pair[0])
    assert len(batch) == 2


def test_8_bit_images_are_the_same_as_floats(pair):
    image, mask = pair
    bytes_ = ((image + 1) * 127.5).round().to(torch.uint8)
    first, second = il.Batch.make(bytes_, mask), il.Batch.make(bytes_.float() / 127.5 - 1, mask)
    assert torch.equal(first.image, second.image)


def test_the_target_can_be_left_out_and_a_prior_given(pair):
    image, mask = pair
    labels = torch.rand(2, 1, 48, 40)
    batch = il.Batch.make(image, mask, ("gray", "segmentation"), truth=None, given={"segmentation": labels})
    assert batch.target is None
    assert torch.equal(batch.priors["segmentation"], labels * mask)


def test_moving_keeps_everything(pair):
    batch = il.Batch.make(*pair)
    moved = batch.to("meta")
    assert {t.device.type for t in (*everything_seen(moved), moved.target.edge)} == {"meta"}
    assert batch.image.device.type == "cpu"


def test_a_composite_takes_the_hole_from_the_model_and_the_rest_from_the_batch(pair):
    batch = il.Batch.make(*pair)
    drawn = torch.full_like(batch.image, 0.25)
    result = il.Output(drawn).composite(batch)
    kept = batch.mask.expand_as(result) > 0
    assert torch.equal(result[kept], batch.image[kept])
    assert (result[~kept] == 0.25).all()
