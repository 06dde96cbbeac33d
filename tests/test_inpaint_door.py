"""The door as a whole, for photographs and masks of any kind and size: what `il.inpaint` promises of every answer."""

import functools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import distance_transform_edt

import inpaintlib as il
from inpaintlib import windows
from inpaintlib.batch import Output

GRAY = 85
"""What `Plain` answers, of 255."""


class Plain(torch.nn.Module):
    """Answers one gray."""

    priors, stride = (), 8

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, batch):
        return Output(torch.full_like(batch.image, GRAY / 127.5 - 1))


class Seen(Plain):
    """Answers what it sees, each column's mean."""

    def forward(self, batch):
        seen = (batch.image * batch.mask).sum(2, keepdim=True) / batch.mask.sum(2, keepdim=True).clamp_min(1)
        return Output(seen.expand_as(batch.image))


SIZES = st.one_of(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from([(1, 1), (1, 1300), (1300, 1), (2, 2049), (513, 511), (77, 1031), (600, 601), (1025, 3)]),
)
PHOTOS = ("array", "array with alpha", "RGB", "RGBA", "L", "P", "1", "LA", "path", "path with alpha")
HOLES = ("stroke", "box", "border", "pixel")
MASKS = ("bool", "0 and 255", "0 and 1", "float", "PIL L", "PIL 1", "PIL RGB", "path")


def photo_of(kind, size, rng, folder):
    """A photograph as it is given, its pixels [H,W,3], and its alpha [H,W] or None."""
    pixels = rng.integers(0, 256, (*size, 4), dtype=np.uint8)
    pixels[0, 0, 3] = 7  # Alpha that is never idle.
    if kind == "array":
        return pixels[..., :3], pixels[..., :3], None
    if kind == "array with alpha":
        return pixels, pixels[..., :3], pixels[..., 3]
    if kind.startswith("path"):
        values = pixels if kind.endswith("alpha") else pixels[..., :3]
        Image.fromarray(values).save(folder / "photo.png")
        return folder / "photo.png", values[..., :3], values[..., 3] if values.shape[2] == 4 else None
    image = Image.fromarray(pixels)
    image = image.convert(kind) if "A" in kind else image.convert("RGB").convert(kind)
    alpha = np.asarray(image.getchannel("A")) if "A" in kind else None
    return image, np.asarray(image.convert("RGBA"))[..., :3], alpha


def hole_of(kind, size, rng):
    """bool [H,W]; some of it is hole."""
    h, w = size
    hole, y, x = np.zeros(size, bool), rng.integers(h), rng.integers(w)
    if kind == "pixel":
        hole[y, x] = True
    elif kind == "box":
        hole[y : y + h // 2 + 1, x : x + w // 2 + 1] = True
    elif kind == "border":
        hole[:, : w // 4 + 1] = True
    else:
        hole[y, :] = True
        hole[:, x] = True
    return hole


def mask_of(kind, hole, folder):
    white = hole.astype(np.uint8) * 255
    if kind == "path":
        Image.fromarray(white).save(folder / "mask.png")
        return folder / "mask.png"
    if kind.startswith("PIL"):
        return Image.fromarray(white).convert(kind[4:])
    return {"bool": hole, "0 and 255": white, "0 and 1": white // 255, "float": hole * 0.5}[kind]


@functools.cache
def network(kind):
    return kind().eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("door")


@given(
    size=SIZES,
    photo=st.sampled_from(PHOTOS),
    hole=st.sampled_from(HOLES),
    mask=st.sampled_from(MASKS),
    mode=st.sampled_from([*windows.MODES]),
    dilate=st.integers(0, 3),
    feather=st.integers(0, 3),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=100, deadline=None)
def test_the_hole_is_filled_and_all_else_comes_back(folder, size, photo, hole, mask, mode, dilate, feather, seed):
    rng = np.random.default_rng(seed)
    given_photo, pixels, alpha = photo_of(photo, size, rng, folder)
    inside = hole_of(hole, size, rng)
    given_mask = mask_of(mask, inside, folder)
    grown = inside if inside.all() else distance_transform_edt(~inside) <= dilate
    ask = functools.partial(
        il.inpaint, given_photo, given_mask, mode=mode, dilate=dilate, feather=feather, hole="white"
    )
    if grown.all():
        with pytest.raises(il.InputError, match="nothing is known"):
            ask(network(Plain))
        return
    result = ask(network(Plain))
    assert isinstance(result, Image.Image if isinstance(given_photo, Image.Image) else np.ndarray)
    values = np.asarray(result)
    assert values.dtype == np.uint8
    assert values.shape == (*size, 3 if alpha is None else 4)
    assert np.array_equal(values[~grown][:, :3], pixels[~grown]), "a known pixel changed"
    assert alpha is None or np.array_equal(values[..., 3], alpha)
    if feather == 0 and max(size) <= 1024:  # Beyond that a hole can be smaller than a pixel of what is looked at.
        assert (values[grown][:, :3] == GRAY).all(), "a pixel of the hole was not filled"
    both = [np.asarray(ask(network(Seen))) for _ in range(2)]
    assert np.array_equal(*both), "the same call gave two answers"


@given(size=SIZES, hole=st.sampled_from(HOLES), mode=st.sampled_from([*windows.MODES]), seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_what_the_hole_hides_is_not_read(size, hole, mode, seed):
    rng = np.random.default_rng(seed)
    pixels, inside = rng.integers(0, 256, (*size, 3), dtype=np.uint8), hole_of(hole, size, rng)
    if inside.all():
        return
    other = np.where(inside[..., None], 255 - pixels, pixels)
    answers = [il.inpaint(one, inside, network(Seen), mode=mode, hole="white") for one in (pixels, other)]
    assert np.array_equal(answers[0][inside], answers[1][inside])
    assert np.array_equal(answers[0][~inside], pixels[~inside])


@given(size=st.tuples(st.integers(2, 60), st.integers(2, 60)), mode=st.sampled_from([*windows.MODES]))
@settings(max_examples=40, deadline=None)
def test_every_doubtful_mask_is_answered_in_one_sentence_with_the_flag_that_settles_it(size, mode):
    pixels = np.full((*size, 3), 200, np.uint8)
    most = np.ones(size, np.uint8)
    most.flat[0] = 0
    cases = [
        (np.zeros(size, np.uint8), "--allow-empty (allow_empty=True)", {"allow_empty": True}),
        (np.eye(size[0] + 1, size[1] + 2) > 0, "--fit-mask (fit=True)", {"fit": True, "hole": "white"}),
        (Image.fromarray(np.full(size, 120, np.uint8)), "--threshold 0.5", {"threshold": 0.5, "allow_empty": True}),
    ]
    if most.mean() > 0.8:
        cases.append((most, "--hole black (hole='black')", {"hole": "black"}))
        cases.append((most, "--hole white (hole='white')", {"hole": "white"}))
    for mask, flag, settled in cases:
        with pytest.raises(il.InputError) as error:
            il.inpaint(pixels, mask, network(Plain), mode=mode)
        assert flag in str(error.value)
        assert str(error.value).endswith(".")
        assert "\n" not in str(error.value)
        assert il.inpaint(pixels, mask, network(Plain), mode=mode, **settled).shape == pixels.shape


def test_a_mask_of_nothing_but_hole_is_refused_whatever_is_said():
    for hole in (None, "white"):
        with pytest.raises(il.InputError, match="the whole image as hole"):
            il.inpaint(np.zeros((9, 9, 3), np.uint8), np.ones((9, 9)), network(Plain), hole=hole)
