"""Priors: none sees under the hole, each equals its reference, and the registry refuses what it must."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2gray
from skimage.feature import canny

from inpaintlib import photos, priors
from inpaintlib.batch import Batch
from inpaintlib.errors import InputError
from inpaintlib.ops.l0 import l0_smooth

NAMES = ("edge", "gray", "wrapped_edge", "wrapped_gray", "smooth", "lowres", "sobel_x", "sobel_y", "slic")


@pytest.fixture(scope="module")
def images():
    """Photographs in [0, 1]; 50 x 67, so that no size is a multiple of anything."""
    crops, _, _ = photos.evaluation_crops(photos.bundled("test"), 256)
    return crops[::7, :, 100:150, 60:127].float() / 255


@pytest.fixture(scope="module")
def mask(images):
    mask = torch.ones(len(images), 1, 50, 67)
    mask[:, :, 12:30, 20:45] = 0
    mask[:, :, 41:, 60:] = 0
    return mask


def test_the_registry_has_the_priors_of_the_paper():
    assert set(NAMES) <= set(priors.PRIORS)
    assert priors.channels(("edge", "gray")) == 2
    assert priors.channels(("smooth",)) == priors.channels(("lowres",)) == 3


@pytest.mark.parametrize("name", list(priors.PRIORS))
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), known=st.floats(0, 1), cell=st.sampled_from([1, 5, 40]))
def test_hidden_pixels_do_not_matter(name, seed, known, cell):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(2, 3, 40, 33, generator=generator) * 2 - 1
    coarse = (torch.rand(2, 1, 40, 40, generator=generator) < known).float()
    mask = coarse.repeat_interleave(cell, 2).repeat_interleave(cell, 3)[:, :, :40, :33]
    for hidden in (torch.rand(2, 3, 40, 33, generator=generator) * 2 - 1, torch.full_like(image, float("nan"))):
        other = image.where(mask > 0, hidden)
        first, second = (priors.extract(x, mask, [name])[name] for x in (image, other))
        assert torch.equal(first, second)
        # The prior by itself, without the door's protection.
        alone = priors.PRIORS[name]
        assert torch.equal(alone((image + 1) / 2, mask), alone((other + 1) / 2, mask))
    assert first.shape == (2, priors.channels([name]), 40, 33)
    assert first.dtype == torch.float32
    assert 0 <= first.min() <= first.max() <= 1
    assert (first * (1 - mask) == 0).all()


@pytest.mark.parametrize("name", list(priors.PRIORS))
def test_the_papers_protocol_is_the_whole_image_masked(images, mask, name):
    got = priors.extract(images * 2 - 1, mask, [name], leak=True)[name]
    whole = priors.extract(images * 2 - 1, None, [name])[name]
    assert torch.equal(got, whole * mask)
    other = torch.where(mask > 0, images, images.flip(0, 2)) * 2 - 1
    changed = priors.extract(other, mask, [name], leak=True)[name]
    assert torch.equal(got, changed) == (name in ("gray", "wrapped_gray"))  # a pixelwise prior has nothing to leak


def test_default_priors(images, mask):
    maps = priors.extract(images * 2 - 1, mask)
    assert {name: value.shape[1] for name, value in maps.items()} == {"edge": 1, "gray": 1, "smooth": 3}


def test_gray_and_edge_equal_scikit_image(images, mask):
    maps = priors.extract(images * 2 - 1, mask, ("gray", "edge"))
    for i, picture in enumerate(images.permute(0, 2, 3, 1).numpy()):
        known = mask[i, 0].numpy() > 0
        gray = rgb2gray(picture)
        np.testing.assert_allclose(maps["gray"][i, 0], gray * known, atol=1e-6)
        assert (maps["edge"][i, 0].numpy() == canny(gray, sigma=2.0, mask=known)).mean() >= 0.999


@pytest.mark.parametrize("value, byte", [(-1, 1), (-0.5, 129), (-0.1, 231), (0, 0), (0.5, 127), (1, 255)])
def test_wrapped_gray_casts_the_image_as_the_released_code_does(value, byte):
    drawn = priors.extract(torch.full((1, 3, 4, 4), float(value)), None, ["wrapped_gray"])["wrapped_gray"]
    torch.testing.assert_close(drawn * 255, torch.full((1, 1, 4, 4), float(byte)), atol=1e-4, rtol=0)


def test_wrapped_maps_equal_scikit_image_on_the_wrapped_bytes(images, mask):
    maps = priors.extract(images * 2 - 1, mask, ("wrapped_gray", "wrapped_edge"))
    folded = ((images - 0.5) / 0.5 * 255).int().numpy().astype(np.uint8)
    for i, picture in enumerate(folded.transpose(0, 2, 3, 1)):
        known = mask[i, 0].numpy() > 0
        np.testing.assert_allclose(maps["wrapped_gray"][i, 0], rgb2gray(picture) * known, atol=1e-6)
        edges = canny(rgb2gray(picture), sigma=2.0, mask=known)
        assert (maps["wrapped_edge"][i, 0].numpy() == edges).mean() >= 0.999


def test_a_ramp_through_mid_gray_has_an_edge_only_when_it_wraps():
    ramp = torch.linspace(-0.5, 0.5, 64).expand(1, 3, 64, 64)
    maps = priors.extract(ramp, None, ("edge", "wrapped_edge"))
    assert maps["edge"].sum() == 0
    assert maps["wrapped_edge"][..., 31:33].sum() >= 60


@pytest.mark.parametrize("leak", [False, True])
def test_a_model_that_sees_wrapped_edges_is_trained_on_wrapped_edges(images, mask, leak):
    whole = priors.extract(images * 2 - 1, None, ("edge", "wrapped_edge", "gray"))
    for names, wanted in (
        (("edge", "gray"), "edge"),
        (("wrapped_gray", "smooth"), "edge"),
        (("wrapped_edge", "wrapped_gray"), "wrapped_edge"),
        (("edge", "wrapped_edge"), "wrapped_edge"),
    ):
        target = Batch.make(images * 2 - 1, mask, names, leak=leak).target
        assert torch.equal(target.edge, whole[wanted])
        assert torch.equal(target.gray, whole["gray"])


def test_smooth_is_l0_of_the_filled_image(images, mask):
    wanted = l0_smooth(priors.fill_holes(images, mask)).clamp(0, 1)
    torch.testing.assert_close(priors.smooth(images, mask), wanted)
    torch.testing.assert_close(priors.smooth(images), l0_smooth(images).clamp(0, 1))


def test_lowres_averages_known_pixels_in_cells_of_eight(images, mask):
    got = priors.lowres(images, mask)
    for y in range(0, 50, 8):
        for x in range(0, 67, 8):
            known = mask[0, 0, y : y + 8, x : x + 8] > 0
            cell = images[0, :, y : y + 8, x : x + 8]
            mean = cell[:, known].mean(1) if known.any() else torch.zeros(3)
            torch.testing.assert_close(got[0, :, y : y + 8, x : x + 8], mean[:, None, None].expand_as(cell))


@pytest.mark.parametrize("name, axis", [("sobel_x", -1), ("sobel_y", -2)])
def test_sobel_equals_scipy_and_is_flat_beside_the_hole(images, mask, name, axis):
    planes = images.double().flatten(0, 1).numpy()
    wanted = 0.5 + np.stack([ndimage.sobel(plane, axis) for plane in planes]).reshape(images.shape) / 8
    np.testing.assert_allclose(priors.PRIORS[name](images), wanted, atol=1e-6)
    touched = ndimage.binary_dilation(mask.numpy() == 0, np.ones((1, 1, 3, 3)))
    np.testing.assert_allclose(priors.PRIORS[name](images, mask), np.where(touched, 0.5, wanted), atol=1e-6)


def test_slic_draws_flat_regions(images):
    drawn = priors.slic(images)
    tones = [len(one.unique()) for one in drawn]
    assert all(10 < count <= 150 for count in tones)
    torch.testing.assert_close(drawn.mean((1, 2, 3)), priors.gray(images).mean((1, 2, 3)), atol=1e-4, rtol=0)


def test_fill_keeps_known_pixels_and_stays_in_their_range(images, mask):
    filled = priors.fill_holes(images, mask)
    known = mask.expand_as(images) > 0
    assert torch.equal(filled[known], images[known])
    for one, before, at in zip(filled, images, known):
        for colour in range(3):
            seen = before[colour][at[colour]]
            assert seen.min() - 1e-6 <= one[colour].min() <= one[colour].max() <= seen.max() + 1e-6


def test_fill_of_nothing_is_gray_and_of_one_pixel_is_its_colour():
    image = torch.rand(2, 3, 21, 40, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(2, 1, 21, 40)
    mask[1, 0, 20, 3] = 1
    filled = priors.fill_holes(image, mask)
    torch.testing.assert_close(filled[0], torch.full((3, 21, 40), 0.5))
    torch.testing.assert_close(filled[1], image[1, :, 20, 3][:, None, None].expand(3, 21, 40))


def test_fill_is_smooth_across_a_ramp():
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, 64).contiguous()
    mask = torch.ones(1, 1, 64, 64)
    mask[..., 20:44, 20:44] = 0
    filled = priors.fill_holes(ramp, mask)
    assert (filled - ramp).abs().max() < 0.2
    assert filled.diff(dim=-1).abs().max() < 0.1


def test_maps_from_elsewhere_are_masked_like_the_others(images, mask, tmp_path):
    labels = np.random.default_rng(0).integers(0, 151, (50, 67), dtype=np.uint8)
    Image.fromarray(labels).save(tmp_path / "labels.png")
    segmentation = priors.read_segmentation(tmp_path / "labels.png")
    maps = priors.extract(images[:1] * 2 - 1, mask[:1], ("gray", "segmentation"), given={"segmentation": segmentation})
    np.testing.assert_allclose(maps["segmentation"][0, 0], labels / 150 * mask[0, 0].numpy(), atol=1e-6)


def test_a_given_map_of_another_size_is_refused(images, mask):
    with pytest.raises(InputError, match=r"map 'segmentation' must have the shape .*, not \[1, 1, 5, 5\]"):
        priors.extract(images, mask, ["segmentation"], given={"segmentation": torch.zeros(1, 1, 5, 5)})


def test_bad_label_files_are_refused_by_name(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    Image.new("RGB", (4, 4)).save(tmp_path / "colour.png")
    Image.new("L", (4, 4), 200).save(tmp_path / "high.png")
    for name, reason in (("text", "cannot be read"), ("colour", "mode RGB"), ("high", "label 200")):
        with pytest.raises(InputError, match=rf"{name}\.png.*{reason}"):
            priors.read_segmentation(tmp_path / f"{name}.png")


def test_the_door_protects_a_careless_prior(images, mask, monkeypatch):
    monkeypatch.setattr(priors, "PRIORS", dict(priors.PRIORS))

    @priors.prior("shifted", channels=3)
    def shifted(image01, mask=None):
        return image01.roll(5, -1)

    other = torch.where(mask > 0, images, 1 - images)
    first, second = (priors.extract(x * 2 - 1, mask, ["shifted"])["shifted"] for x in (images, other))
    assert torch.equal(first, second)
    with pytest.raises(ValueError, match="'shifted' is registered already"):
        priors.prior("shifted")(shifted)


def test_autocast_changes_nothing(images, mask):
    plain = priors.extract(images * 2 - 1, mask, NAMES)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = priors.extract(images * 2 - 1, mask, NAMES)
    assert all(torch.equal(plain[name], mixed[name]) for name in NAMES)


@pytest.mark.parametrize(
    "image, mask, names, message",
    [
        ((1, 1, 8, 8), (1, 1, 8, 8), ("gray",), r"\[B, 3, H, W\]"),
        ((2, 3, 8, 8), (1, 1, 8, 8), ("gray",), r"shape \[2, 1, 8, 8\]"),
        ((1, 3, 8, 8), (1, 1, 8, 8), ("depth",), "no prior 'depth'; the priors are"),
    ],
)
def test_bad_input_gets_one_sentence(image, mask, names, message):
    with pytest.raises(InputError, match=message):
        priors.extract(torch.zeros(image), torch.ones(mask), names)


def test_the_training_path_imports_none_of_the_references():
    code = (
        "import sys, torch, inpaintlib.priors as p, inpaintlib.metrics\n"
        "p.extract(torch.zeros(1, 3, 16, 16), torch.ones(1, 1, 16, 16), ('edge', 'gray', 'smooth', 'lowres'))\n"
        "print(sorted({'skimage', 'lpips', 'torchmetrics', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
