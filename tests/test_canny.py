"""Canny against scikit-image on photographs, against a literal loop, and for what must not depend on what."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.feature import canny as reference

from inpaintlib import photos, priors
from inpaintlib.ops.canny import canny


@pytest.fixture(scope="module")
def grays():
    crops, _, _ = photos.evaluation_crops(photos.bundled("test"), 256)
    return priors.gray(crops[::3].float() / 255)


def half_known(shape, seed):
    """A random blob of hole, known elsewhere."""
    noise = torch.rand(1, 1, *(max(2, side // 16) for side in shape), generator=torch.Generator().manual_seed(seed))
    return (torch.nn.functional.interpolate(noise, size=shape, mode="bicubic") > 0.4).float()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", [(256, 256), (64, 64), (97, 131)])
def test_equals_scikit_image_on_the_test_photographs(grays, shape, masked):
    gray = grays[..., : shape[0], : shape[1]].contiguous()
    mask = torch.cat([half_known(shape, seed) for seed in range(len(gray))]) if masked else None
    edges = canny(gray, mask=mask)
    agree = []
    for i, picture in enumerate(gray[:, 0].numpy()):
        wanted = reference(picture, sigma=2.0, mask=None if mask is None else mask[i, 0].numpy() > 0.5)
        agree.append((edges[i, 0].numpy() == wanted).mean())
    assert min(agree) >= 0.999
    assert edges.sum() > 0


@pytest.mark.parametrize("sigma, low, high", [(1.0, 0.1, 0.2), (3.0, 0.02, 0.3), (0.6, 0.2, 0.2)])
def test_equals_scikit_image_for_other_settings(grays, sigma, low, high):
    gray = grays[:2, :, :120, :90].contiguous()
    edges = canny(gray, sigma, low, high)
    wanted = np.stack([reference(picture, sigma, low, high) for picture in gray[:, 0].numpy()])
    assert (edges[:, 0].numpy() == wanted).mean() >= 0.999


def literal(gray, known, sigma=2.0, low=0.1, high=0.2):
    """The definition in loops over pixels, float64."""
    height, width = gray.shape
    radius = int(4 * sigma + 0.5)
    weight = [
        [math.exp(-0.5 * (i * i + j * j) / sigma**2) for j in range(-radius, radius + 1)]
        for i in range(-radius, radius + 1)
    ]
    total = sum(map(sum, weight))
    inside = lambda y, x: 0 <= y < height and 0 <= x < width  # noqa: E731
    blurred = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            value = share = 0.0
            for i in range(-radius, radius + 1):
                for j in range(-radius, radius + 1):
                    if inside(y + i, x + j) and known[y + i, x + j]:
                        value += weight[i + radius][j + radius] / total * gray[y + i, x + j]
                        share += weight[i + radius][j + radius] / total
            blurred[y, x] = value / (share + np.finfo(np.float64).eps)
    at = lambda y, x: blurred[min(max(y, 0), height - 1), min(max(x, 0), width - 1)]  # noqa: E731
    slope = np.zeros((height, width, 2))
    for y in range(height):
        for x in range(width):
            for k, wide in ((-1, 1), (0, 2), (1, 1)):
                slope[y, x, 0] += wide * (at(y + 1, x + k) - at(y - 1, x + k))
                slope[y, x, 1] += wide * (at(y + k, x + 1) - at(y + k, x - 1))
    size = np.hypot(slope[..., 0], slope[..., 1])
    weak = np.zeros((height, width), bool)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if size[y, x] < low or not known[y - 1 : y + 2, x - 1 : x + 2].all():
                continue
            along, across = slope[y, x]
            longer = max(abs(along), abs(across))
            step = (along / longer, across / longer)  # one coordinate is +-1, the other interpolates two pixels
            passed = True
            for sign in (1, -1):
                dy, dx = sign * step[0], sign * step[1]
                y0, x0 = y + math.floor(dy), x + math.floor(dx)
                fy, fx = dy - math.floor(dy), dx - math.floor(dx)
                between = sum(
                    (fy if i else 1 - fy) * (fx if j else 1 - fx) * size[y0 + i, x0 + j]
                    for i in (0, 1)
                    for j in (0, 1)
                    if (fy if i else 1 - fy) * (fx if j else 1 - fx) > 0
                )
                passed &= between <= size[y, x]
            weak[y, x] = passed
    edges, queue = np.zeros((height, width), bool), [tuple(p) for p in np.argwhere(weak & (size >= high))]
    while queue:
        y, x = queue.pop()
        if not edges[y, x]:
            edges[y, x] = True
            queue += [
                (y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if inside(y + i, x + j) and weak[y + i, x + j]
            ]
    return edges


@pytest.mark.parametrize("masked", [False, True])
def test_equals_a_literal_loop(grays, masked):
    gray = grays[:3, :, 100:124, 80:111].double()
    gray = torch.cat([gray, torch.rand(1, 1, 24, 31, generator=torch.Generator().manual_seed(1), dtype=torch.float64)])
    mask = torch.ones_like(gray)
    if masked:
        mask[:, :, 5:13, 9:20] = 0
        mask[:, :, 18:, :4] = 0
    edges = canny(gray, sigma=1.2, low=0.05, high=0.15, mask=mask if masked else None)
    wanted = [literal(g.numpy(), m.numpy() > 0, 1.2, 0.05, 0.15) for g, m in zip(gray[:, 0], mask[:, 0])]
    assert edges.sum() > 40
    assert (edges[:, 0].bool().numpy() == np.stack(wanted)).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), known=st.floats(0, 1), height=st.integers(1, 40), width=st.integers(1, 40))
def test_hidden_pixels_do_not_matter(seed, known, height, width):
    generator = torch.Generator().manual_seed(seed)
    gray = torch.rand(2, 1, height, width, generator=generator)
    mask = (torch.rand(2, 1, height, width, generator=generator) < known).float()
    other = gray.where(mask > 0, torch.full_like(gray, float("nan")))
    assert torch.equal(canny(gray, mask=mask), canny(other, mask=mask))


def test_a_batch_is_its_images_one_by_one(grays):
    gray = grays[:5, :, :80, :80].contiguous()
    assert torch.equal(canny(gray), torch.cat([canny(one[None]) for one in gray]))


def test_weak_edges_follow_a_strong_one_for_hundreds_of_pixels():
    """A line that fades from strong to weak stays whole, though only its beginning is strong."""
    gray = torch.zeros(1, 1, 40, 400)
    gray[..., 20:, :] = torch.linspace(0.14, 0.08, 400)
    edges = canny(gray)
    assert torch.equal(edges[0, 0].bool(), torch.from_numpy(reference(gray[0, 0].numpy(), sigma=2.0)))
    assert edges[..., 1:-1].amax(2).all()
    assert not canny(gray[..., 150:]).any()


def test_flat_images_have_no_edges():
    assert not canny(torch.full((2, 1, 30, 30), 0.7)).any()


def test_a_mask_of_ones_changes_nothing(grays):
    assert torch.equal(canny(grays[:2], mask=torch.ones_like(grays[:2])), canny(grays[:2]))


@pytest.mark.parametrize("shape", [(3, 20, 20), (1, 3, 20, 20)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"\[B, 1, H, W\]"):
        canny(torch.zeros(shape))


@pytest.mark.parametrize("settings", [{"low": 0.3}, {"sigma": 0.0}, {"low": 0.0}])
def test_wrong_settings_are_refused(settings):
    with pytest.raises(ValueError, match="low <= high"):
        canny(torch.zeros(1, 1, 9, 9), **settings)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_gpu_gives_the_same_edges(grays):
    assert (canny(grays.cuda()).cpu() == canny(grays)).float().mean() >= 0.9999
