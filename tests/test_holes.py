"""Masks at the door: what could be meant in two ways is refused, and one argument settles it."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import inpaintlib as il
from inpaintlib.holes import Reading, hole_of
from inpaintlib.masks import irregular


def strokes(side=96, seed=0):
    """uint8 [side,side], 255 in the hole."""
    known = irregular(1, side, torch.Generator().manual_seed(seed), area=(0.1, 0.4))[0, 0].numpy()
    return np.uint8(known == 0) * 255


def refused(mask, shape=None, **reading):
    with pytest.raises(il.InputError) as error:
        hole_of(mask, shape or np.shape(mask), Reading(**reading))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("as_mask", [lambda m: m, lambda m: m > 0, lambda m: m / 255, Image.fromarray])
def test_white_is_hole_whatever_the_mask_is(as_mask):
    mask = strokes()
    assert np.array_equal(hole_of(as_mask(mask), mask.shape), mask > 0)


@pytest.mark.parametrize("quality", [30, 60, 75, 95])
def test_the_noise_of_jpeg_makes_no_mask_soft(tmp_path, quality):
    mask = strokes()
    Image.fromarray(mask).save(tmp_path / "mask.jpg", quality=quality)
    assert (hole_of(tmp_path / "mask.jpg", mask.shape) == (mask > 0)).mean() > 0.99


@pytest.mark.parametrize("smooth", [lambda m: cv2.GaussianBlur(m, (3, 3), 0), lambda m: cv2.blur(m, (2, 2))])
def test_a_smoothed_rim_makes_no_mask_soft(smooth):
    mask = strokes()
    assert (hole_of(Image.fromarray(smooth(mask)), mask.shape) == (mask > 0)).mean() > 0.95


@pytest.mark.parametrize(
    "soft",
    [
        cv2.GaussianBlur(strokes(), (0, 0), 12),
        np.full((96, 96), 128, np.uint8),
        np.linspace(0, 255, 96 * 96).reshape(96, 96).astype(np.uint8),
        np.where(strokes() > 0, 128, 0).astype(np.uint8),
    ],
)
def test_a_soft_mask_is_asked_about_and_a_threshold_settles_it(soft):
    assert "--threshold 0.5 (threshold=0.5)" in refused(Image.fromarray(soft))
    for share in (0.25, 0.75):
        if (soft > share * 255).any() and (soft > share * 255).mean() < 0.8:
            assert np.array_equal(
                hole_of(Image.fromarray(soft), soft.shape, Reading(threshold=share)), soft > share * 255
            )


def test_a_mostly_white_mask_is_asked_about_and_a_colour_settles_it(tmp_path):
    mask = 255 - strokes()
    mask[:, :40] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    for given in (mask, Image.fromarray(mask), tmp_path / "mask.png"):
        assert "inverted? --hole black (hole='black')" in refused(given, mask.shape)
        assert np.array_equal(hole_of(given, mask.shape, Reading(hole="black")), mask == 0)
        assert np.array_equal(hole_of(given, mask.shape, Reading(hole="white")), mask > 0)


def test_an_empty_mask_is_asked_about_and_a_flag_settles_it():
    mask = np.zeros((20, 30), np.uint8)
    assert "marks no hole" in refused(mask)
    assert "--allow-empty" in refused(mask)
    assert not hole_of(mask, mask.shape, Reading(allow_empty=True)).any()


def test_a_mask_of_another_size_is_asked_about_and_a_flag_settles_it():
    mask = strokes()
    assert "The image is 192 x 96 pixels and the mask 96 x 96 pixels; " in refused(mask, (96, 192))
    fitted = hole_of(mask, (96, 192), Reading(fit=True))
    assert np.array_equal(fitted, np.repeat(mask > 0, 2, axis=1))


def test_nothing_known_can_be_settled_by_nothing():
    for hole in (None, "white"):
        assert "nothing is known" in refused(np.ones((8, 8)), hole=hole)


@pytest.mark.parametrize(
    "mask,words",
    [
        (np.ones((8, 8, 3)), "array of numbers of shape [H, W], not float64 [8, 8, 3]"),
        (np.full((8, 8), np.nan), "not finite"),
        (np.full((8, 8), -1), "down to -1"),
        (np.array([["a"]]), "array of numbers of shape"),
        (None, "not NoneType"),
        ("absent.png", "absent.png: does not exist"),
    ],
)
def test_what_is_no_mask_is_named(mask, words):
    assert words in refused(mask, (8, 8))


@pytest.mark.parametrize("reading", [{"hole": "grey"}, {"threshold": 1.0}, {"threshold": -0.1}])
def test_a_reading_that_means_nothing_is_refused(reading):
    with pytest.raises(il.InputError, match=next(iter(reading))):
        Reading(**reading)
