"""What a training step is fed: a function of seed and step, wherever the photographs lie and however many processes."""

from dataclasses import replace

import pytest
import torch

from inpaintlib.crops import Crops
from inpaintlib.feed import Feed, Share
from inpaintlib.masks import hole_area, irregular
from inpaintlib.masks.pool import pool, turned
from inpaintlib.photos import bundled
from inpaintlib.recipes import RECIPES
from inpaintlib.resident import Resident

PRIORS = ("edge", "gray", "smooth")
RECIPE = replace(RECIPES["smoke"], batch=4, scales=(1.0, 0.5))
POOLED = replace(RECIPE, holes=300)


@pytest.fixture(scope="module")
def crops():
    return Crops(bundled("train")[:3], 64, RECIPE.scales)


def equal(a, b):
    pairs = [(a.image, b.image), (a.mask, b.mask), (a.target.image, b.target.image), (a.target.edge, b.target.edge)]
    return all(torch.equal(x, y) for x, y in [*pairs, *((a.priors[name], b.priors[name]) for name in a.priors)])


@pytest.mark.parametrize("recipe", [RECIPE, POOLED], ids=["drawn", "pooled"])
def test_a_batch_is_a_function_of_seed_and_step(crops, recipe):
    first, again, later, other = (
        Feed(crops, recipe, seed, PRIORS).batch(step) for seed, step in ((1, 5), (1, 5), (1, 6), (2, 5))
    )
    assert equal(first, again)
    assert not torch.equal(first.mask, later.mask)
    assert not torch.equal(first.image, other.image)
    assert (hole_area(first.mask) <= recipe.hole_area[1]).all()


def test_a_batch_is_the_crops_and_masks_of_one_generator(crops):
    generator = torch.Generator().manual_seed(7 * 1_000_003 + 2)
    images = crops.sample(4, generator)
    masks = irregular(4, 64, generator, area=RECIPE.hole_area)
    batch = Feed(crops, RECIPE, 7, PRIORS).batch(2)
    assert torch.equal(batch.mask, masks)
    assert torch.equal(batch.target.image, images.float() / 127.5 - 1)


@pytest.mark.parametrize("recipe", [RECIPE, POOLED], ids=["drawn", "pooled"])
@pytest.mark.parametrize("how", ["together", "resident", "ahead"])
def test_how_batches_are_made_changes_nothing(crops, recipe, how):
    plain = Feed(crops, recipe, 1, PRIORS)
    options = {
        "together": {"together": 4},
        "resident": {"together": 4, "source": Resident(crops, "cpu")},
        "ahead": {"together": 2, "ahead": 3},
    }
    feed = Feed(crops, recipe, 1, PRIORS, **options[how])
    for step in (0, 1, 2, 5, 6, 3):
        a, b = plain.batch(step), feed.batch(step)
        assert torch.equal(a.target.image, b.target.image)
        assert torch.equal(a.mask, b.mask)
        assert torch.equal(a.priors["edge"], b.priors["edge"])
        assert torch.allclose(a.priors["smooth"], b.priors["smooth"], atol=1e-5)
    assert feed.waited > 0


@pytest.mark.parametrize("recipe", [RECIPE, POOLED], ids=["drawn", "pooled"])
def test_processes_share_the_batch_of_one(crops, recipe):
    whole = Feed(crops, recipe, 1, PRIORS).batch(3)
    for process in range(2):
        part = Feed(crops, recipe, 1, PRIORS, share=Share(process, 2), together=2).batch(3)
        assert torch.equal(part.target.image, whole.target.image[process::2])
        assert torch.equal(part.mask, whole.mask[process::2])


def test_a_resident_crop_is_the_same_crop():
    small = [bundled("train")[0][:50, :70], bundled("train")[1], bundled("train")[2]]
    crops = Crops(small, 64, (1.0, 0.7, 0.5))
    places = crops.places(200, torch.Generator().manual_seed(0))
    assert {p.photo for p in places} == {0, 1, 2}
    assert {p.mirrored for p in places} == {True, False}
    assert torch.equal(Resident(crops, "cpu").cut(places), crops.cut(places))


def test_the_photographs_of_a_step_have_names(crops):
    feed = Feed(crops, RECIPE, 1, PRIORS)
    names = feed.names(4)
    assert len(names) == RECIPE.batch
    assert set(names) <= set(crops.photos.names)
    unnamed = Feed(Crops([crops.photos[0]], 64), RECIPE, 1, PRIORS)
    assert unnamed.names(4) == ["photograph 0"] * RECIPE.batch


def test_a_pool_is_the_same_everywhere_and_a_larger_one_begins_alike():
    small, large = pool(40, 32, (0.1, 0.5)), pool(300, 32, (0.1, 0.5))
    assert torch.equal(small, large[:40])
    area = 1 - large.float().mean(dim=(1, 2))
    assert ((area > 0.1 - 1e-3) & (area <= 0.5 + 1e-3)).all()
    assert len({m.numpy().tobytes() for m in large}) == 300


def test_a_mask_is_turned_into_its_eight_positions():
    mask = torch.tensor([[1, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.bool)
    mask[0, 1] = False
    mask[2, 1] = True
    expected = []
    for bits in range(8):
        x = mask
        x = x.flip(0) if bits & 1 else x
        x = x.flip(1) if bits & 2 else x
        expected.append(x.T if bits & 4 else x)
    found = turned(mask[None], torch.zeros(8, dtype=torch.long), torch.arange(8))
    assert found.shape == (8, 1, 3, 3)
    assert torch.equal(found[:, 0].bool(), torch.stack(expected))
    assert len({m.numpy().tobytes() for m in found}) == 8
