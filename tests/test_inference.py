"""il.inpaint: any size, known pixels exact, and one sentence for what cannot be done."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import inpaintlib as il
from inpaintlib import inference
from inpaintlib.masks import irregular
from inpaintlib.recipes import RECIPES


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


def test_a_hole_no_deeper_than_in_training_is_filled_at_full_scale(network):
    image, known = torch.rand(1, 3, 64, 64) * 2 - 1, torch.ones(1, 1, 64, 64)
    known[:, :, 20:30, 10:60] = 0
    with torch.no_grad():
        direct = network(il.Batch.make(image, known)).image
    assert torch.equal(inference.fill(network, image, known), direct)


def test_a_deep_hole_is_seen_reduced_until_it_is_not_deep(network):
    seen = []

    class Spy(torch.nn.Module):
        priors, stride = network.priors, network.stride

        def forward(self, batch):
            seen.append(batch)
            return network(batch)

    spy = Spy()
    spy.register_parameter("scale", torch.nn.Parameter(torch.zeros(1)))
    image, known = torch.rand(1, 3, 160, 192) * 2 - 1, torch.ones(1, 1, 160, 192)
    known[:, :, 40:104, 50:114] = 0
    out = inference.fill(spy, image, known)
    assert out.shape == image.shape
    factor = cv2.distanceTransform((known[0, 0] < 0.5).byte().numpy(), cv2.DIST_L2, 5).max() / inference.REACH
    assert factor == pytest.approx(32 / inference.REACH, rel=0.05)
    h, w = round(160 / factor), round(192 / factor)
    inside = seen[0].mask[0, 0, :h, :w]
    assert seen[0].mask.sum() == inside.sum()
    assert (64 / factor - 3) ** 2 <= int((inside == 0).sum()) <= (64 / factor) ** 2


def test_nineteen_of_twenty_training_holes_are_within_reach():
    holes = irregular(200, 64, torch.Generator().manual_seed(0), area=RECIPES["laptop"].hole_area)
    depths = [cv2.distanceTransform((1 - m[0]).byte().numpy(), cv2.DIST_L2, 5).max() for m in holes]
    assert np.percentile(depths, 95) == pytest.approx(inference.REACH, rel=0.1)


def test_as_a_method_it_is_what_inpaint_answers(network):
    batch = il.example_batch(2, 64)
    drawn = inference.scaled(network)(batch)
    images = ((batch.target.image + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    for i in range(2):
        answer = il.inpaint(images[i], batch.mask[i, 0].numpy() == 0, model=network)
        ours = ((drawn[i].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).byte().numpy()
        assert np.abs(answer.astype(int) - ours.astype(int)).max() <= 1


@pytest.mark.parametrize(
    "image,mask,words",
    [
        (photo(8, 8), np.zeros((8, 8)), "marks no hole"),
        (photo(8, 8), np.ones((8, 8)), "inverted"),
        (photo(8, 8), np.ones((8, 9)), "8 x 8 pixels and the mask 9 x 8"),
        (photo(8, 8).astype(float), np.ones((8, 8)), "uint8 of shape"),
        (photo(8, 8)[:, :, 0], np.ones((8, 8)), "uint8 of shape"),
        (photo(8, 8), np.ones((8, 8, 3)), "array of numbers of shape [H, W], not float64 [8, 8, 3]"),
        (photo(8, 8), np.full((8, 8), np.nan), "not finite"),
        (photo(8, 8), np.linspace(0, 0.9, 64).reshape(8, 8), "The mask is soft"),
        (photo(8, 8), np.array([["a"]]), "array of numbers of shape"),
        (photo(8, 8), None, "A mask is a path, a PIL image or an array of numbers of shape [H, W], not NoneType."),
        (
            None,
            np.ones((8, 8)),
            "An image is a path, a PIL image or an array, uint8 of shape [H, W, 3] or [H, W, 4], not NoneType.",
        ),
        ("absent.png", np.ones((8, 8)), "absent.png"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence(network, image, mask, words):
    with pytest.raises(il.InputError) as error:
        il.inpaint(image, mask, model=network)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_an_array_of_floating_point_numbers_may_have_any_one_value_for_hole(network):
    image, mask = photo(64, 64), hole(64, 64)
    expected = il.inpaint(image, mask, model=network)
    for value in (1.0, 255.0):
        assert np.array_equal(il.inpaint(image, (mask > 0) * value, model=network), expected)


def refusal(*arguments):
    with pytest.raises(il.InputError) as error:
        il.inpaint(*arguments)
    return str(error.value)


def test_a_mask_file_gets_the_sentences_of_the_door(tmp_path, network):
    path, mask = tmp_path / "mask.png", np.full((40, 40), 255, np.uint8)
    Image.fromarray(mask).save(path)
    assert refusal(photo(40, 40), path, network).endswith("nothing is known; is it inverted? White is hole.")
    assert "40 x 30 pixels and the mask 40 x 40" in refusal(photo(30, 40), path, network)
    mask[:4] = 0
    Image.fromarray(np.dstack([mask, mask, mask, 0 * mask])).save(path)
    assert "in white on black, without transparency;" in refusal(photo(40, 40), path, network)


def test_a_photograph_that_its_file_turns_says_so_where_sizes_differ(tmp_path, network):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(30, 40)).save(tmp_path / "photo.jpg", exif=exif)
    told = refusal(tmp_path / "photo.jpg", hole(30, 40), network)
    assert "The image is 30 x 40 pixels (turned as its EXIF data says) and the mask 40 x 30 pixels;" in told
    assert il.inpaint(tmp_path / "photo.jpg", hole(40, 30), network).shape == (40, 30, 3)


def test_a_network_in_training_stays_in_training():
    network = il.build("tsgl", width=4).train()
    photo = np.zeros((64, 64, 3), np.uint8)
    hole = np.zeros((64, 64), bool)
    hole[20:30, 20:30] = True
    il.inpaint(photo, hole, network)
    assert network.training
