"""il.inpaint: any size, known pixels exact, and one sentence for what cannot be done."""

import numpy as np
import pytest
import torch
from PIL import Image

import inpaintlib as il


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return il.build("tsgl", width=4).eval()


def photo(h, w):
    return np.random.default_rng(0).integers(0, 256, (h, w, 3), dtype=np.uint8)


def hole(h, w):
    mask = np.zeros((h, w), np.uint8)
    mask[h // 4 : h // 2 + 1, w // 4 : w // 2 + 1] = 255
    return mask


@pytest.mark.parametrize("size", [(64, 64), (65, 31), (1, 7), (130, 200), (40, 1100)])
def test_known_pixels_come_back_exactly_at_any_size(network, size):
    image, mask = photo(*size), hole(*size)
    out = il.inpaint(image, mask, model=network)
    assert out.shape == image.shape
    assert out.dtype == np.uint8
    assert np.array_equal(out[mask == 0], image[mask == 0])
    assert not np.array_equal(out[mask > 0], image[mask > 0])


def test_the_answer_does_not_depend_on_what_is_hidden(network):
    image, mask = photo(70, 90), hole(70, 90)
    other = np.where(mask[:, :, None] > 0, 255 - image, image)
    assert np.array_equal(il.inpaint(image, mask, model=network), il.inpaint(other, mask, model=network))


def test_not_even_in_a_photograph_that_is_reduced_first(network):
    image, mask = photo(300, 1500), hole(300, 1500)
    other = np.where(mask[:, :, None] > 0, 255 - image, image)
    first = il.inpaint(image, mask, model=network)
    assert np.array_equal(first, il.inpaint(other, mask, model=network))
    assert np.array_equal(first[mask == 0], image[mask == 0])


def test_paths_and_pil_images_give_the_same_as_arrays(network, tmp_path):
    image, mask = photo(64, 80), hole(64, 80)
    Image.fromarray(image).save(tmp_path / "photo.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    expected = il.inpaint(image, mask, model=network)
    assert np.array_equal(il.inpaint(tmp_path / "photo.png", str(tmp_path / "mask.png"), model=network), expected)
    drawn = il.inpaint(Image.fromarray(image), Image.fromarray(mask), model=network)
    assert isinstance(drawn, Image.Image)
    assert np.array_equal(np.asarray(drawn), expected)
    assert np.array_equal(il.inpaint(image, mask > 0, model=network), expected)


@pytest.mark.parametrize(
    "image,mask,words",
    [
        (photo(8, 8), np.zeros((8, 8)), "marks no hole"),
        (photo(8, 8), np.ones((8, 8)), "inverted"),
        (photo(8, 8), np.ones((8, 9)), "8 x 8 pixels and the mask 9 x 8"),
        (photo(8, 8).astype(float), np.ones((8, 8)), "uint8 of shape"),
        (photo(8, 8)[:, :, 0], np.ones((8, 8)), "uint8 of shape"),
        (photo(8, 8), np.ones((8, 8, 3)), "mask array must be"),
        (photo(8, 8), np.full((8, 8), np.nan), "not finite"),
        (photo(8, 8), np.array([["a"]]), "mask array must be"),
        ("absent.png", np.ones((8, 8)), "absent.png"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence(network, image, mask, words):
    with pytest.raises(il.InputError) as error:
        il.inpaint(image, mask, model=network)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
