"""Hole masks: areas, bins, placement, recipes, files with their polarity, and the frozen sets."""

import hashlib
import itertools
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaintlib import masks
from inpaintlib.errors import InputError
from inpaintlib.files import checksum_arrays
from inpaintlib.masks import AREA_BINS, MISF_BINS, TSGL_BINS, box, frozen, hole_area, in_bin, irregular, lama
from inpaintlib.masks.areas import pixel_range


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def is_mask(mask: torch.Tensor, n: int, height: int, width: int) -> bool:
    return (
        mask.shape == (n, 1, height, width) and mask.dtype == torch.float32 and bool(((mask == 0) | (mask == 1)).all())
    )


def distance_to_border(mask: torch.Tensor) -> int:
    """Pixels between the image border and the hole pixel nearest to it, by a literal loop."""
    height, width = mask.shape[-2:]
    pixels = mask[0].tolist()
    return min(
        min(y, x, height - 1 - y, width - 1 - x) for y in range(height) for x in range(width) if pixels[y][x] == 0
    )


# --- areas


def test_bins_are_open_below_and_closed_above():
    mask = torch.ones(1, 1, 10, 100)
    mask.view(-1)[:100] = 0
    assert hole_area(mask).tolist() == [0.1]
    assert in_bin(mask, "1-10").all()
    assert not in_bin(mask, "10-20").any()
    mask.view(-1)[100] = 0
    assert in_bin(mask, "10-20").all()
    assert in_bin(mask, (0.1, 0.101)).all()
    assert AREA_BINS["1-10"] == (0.01, 0.1)
    assert list(MISF_BINS.values()) == [(0, 0.2), (0.2, 0.4), (0.4, 0.6)]
    assert list(TSGL_BINS.values()) == [(0.1, 0.3), (0.3, 0.5)]
    with pytest.raises(InputError, match="give one of 1-10, 10-20"):
        in_bin(mask, "0-10")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4000), st.integers(0, 99), st.integers(1, 100))
def test_pixel_range_is_what_a_count_finds(pixels, low, high):
    low, high = low / 100, high / 100
    inside = [k for k in range(pixels + 1) if low < k / pixels <= high]
    if not inside:
        with pytest.raises(InputError):
            pixel_range((low, high), pixels)
    else:
        assert pixel_range((low, high), pixels) == (inside[0], inside[-1])


# --- irregular strokes


@pytest.mark.parametrize("name", AREA_BINS)
@pytest.mark.parametrize("place", ["border", "interior", None])
def test_every_bin_and_placement_is_met(name, place):
    for size, band in ((64, 7), (100, 10)):  # 50/512 of the side, rounded up
        drawn = irregular(3, size, generator(1), AREA_BINS[name], place)
        assert is_mask(drawn, 3, size, size)
        assert in_bin(drawn, name).all()
        gaps = [distance_to_border(mask) for mask in drawn]
        if place == "interior":
            assert min(gaps) >= band
        if place == "border":
            assert max(gaps) < band
        if place is not None:
            assert masks.touches_border(drawn).tolist() == [place == "border"] * 3


def test_the_band_is_50_pixels_of_512():
    drawn = irregular(2, 512, generator(), (0.2, 0.3), "interior")
    assert in_bin(drawn, "20-30").all()
    band = masks.border_band(512, 512)
    assert band[49].all()
    assert not band[50, 50]
    assert not band[461, 461]
    assert band[462].all()
    assert (drawn[:, 0, band] == 1).all()


@settings(max_examples=30, deadline=None)
@given(
    st.integers(8, 40),
    st.integers(8, 60),
    st.integers(1, 80),
    st.integers(2, 15),
    st.sampled_from([None, "border"]),
    st.integers(0, 2**31),
)
def test_any_size_and_area_comes_out(height, width, low, more, place, seed):
    area = (low / 100, (low + more) / 100)
    drawn = irregular(2, (height, width), generator(seed), area, place)
    assert is_mask(drawn, 2, height, width)
    assert in_bin(drawn, area).all()


def test_strokes_are_a_function_of_the_generators_state():
    first = generator(5)
    irregular(3, 32, first)
    state = first.get_state()
    drawn = irregular(3, 32, first)
    again = torch.Generator()
    again.set_state(state)
    assert torch.equal(irregular(3, 32, again), drawn)
    assert torch.equal(again.get_state(), first.get_state())
    assert not torch.equal(irregular(3, 32, again), drawn)
    assert len({mask.numpy().tobytes() for mask in irregular(64, 32, generator())}) == 64


def test_areas_are_spread_over_the_range():
    areas = hole_area(irregular(400, 32, generator(), (0.1, 0.5)))
    counts = torch.histc(areas.float(), 4, 0.1, 0.5)
    assert counts.min() > 70
    assert counts.max() < 130


def test_holes_are_strokes_and_not_speckle():
    """A hole has few parts, and most of it is thicker than one pixel: the number of its outline pixels is small."""
    for mask in irregular(20, 128, generator(), (0.1, 0.4)):
        hole = (mask[0] == 0).numpy().astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(hole)
        sizes = np.sort(stats[1:, cv2.CC_STAT_AREA])[::-1]
        assert sizes[:6].sum() > 0.75 * hole.sum()
        assert cv2.erode(hole, np.ones((3, 3))).sum() > 0.25 * hole.sum()


def test_impossible_strokes_are_refused():
    for arguments, message in (
        ({"size": 64, "area": (0.6, 0.9), "place": "interior"}, "give a smaller upper end"),
        ({"size": 64, "area": (0.5, 0.4)}, "give .lo, hi. with"),
        ({"size": 64, "area": (0.5, 1.4)}, "give .lo, hi. with"),
        ({"size": 10, "area": (0.501, 0.509)}, "give a wider range"),
        ({"size": 4}, "at least 8 pixels"),
        ({"size": 64, "place": "centre"}, "give 'border', 'interior' or None"),
    ):
        with pytest.raises(InputError, match=message):
            irregular(1, generator=generator(), **arguments)


# --- LaMa's recipes and boxes


@pytest.mark.parametrize("kind", masks.RECIPES)
@pytest.mark.parametrize("size", [64, (48, 80)])
def test_lamas_masks(kind, size):
    drawn = lama(20, size, generator(), kind)
    height, width = (size, size) if isinstance(size, int) else size
    assert is_mask(drawn, 20, height, width)
    assert hole_area(drawn).min() > 0
    assert hole_area(drawn).max() <= 0.5
    assert torch.equal(drawn, lama(20, size, generator(), kind))
    large = lama(8, size, generator(), kind, min_area=0.5)
    assert hole_area(large).min() > 0.5
    assert hole_area(large).max() < 1


def test_narrow_medium_wide_deserve_their_names():
    def thickness(kind: str) -> float:
        holes = (lama(40, 128, generator(2), kind) == 0).numpy()[:, 0].astype(np.uint8)
        return float(np.mean([cv2.distanceTransform(hole, cv2.DIST_L2, 5).max() for hole in holes]))

    narrow, medium, wide = (thickness(kind) for kind in ("narrow", "medium", "wide"))
    assert 2 * narrow < 2 * medium < 1.9 * wide
    assert narrow < 10


def test_lama_refuses_what_it_does_not_know():
    with pytest.raises(InputError, match="give one of narrow, medium, wide"):
        lama(1, 64, generator(), "thick")
    with pytest.raises(InputError, match="give a share"):
        lama(1, 64, generator(), "wide", min_area=1)
    assert lama(0, 64, generator()).shape == (0, 1, 64, 64)


@pytest.mark.parametrize("name", AREA_BINS)
def test_a_box_is_one_rectangle_of_its_bin(name):
    drawn = box(12, (64, 80), generator(), AREA_BINS[name])
    assert is_mask(drawn, 12, 64, 80)
    assert in_bin(drawn, name).all()
    for mask in drawn:
        rows, columns = (mask[0] == 0).any(1), (mask[0] == 0).any(0)
        height, width = int(rows.sum()), int(columns.sum())
        assert height * width == int((mask == 0).sum())
        assert max(height, width) <= 2 * min(height, width)
    with pytest.raises(InputError, match="no rectangle"):
        box(1, (8, 64), generator(), (0.5, 0.6))


# --- files


def save(path: Path, white: np.ndarray, mode: str = "L") -> Path:
    Image.fromarray((white * 255).astype(np.uint8)).convert(mode).save(path)
    return path


@pytest.fixture
def hole() -> np.ndarray:
    hole = np.zeros((20, 30))
    hole[5:15, 5:15] = 1
    return hole


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA"])
def test_both_polarities_in_every_mode(tmp_path, hole, mode):
    expected = torch.from_numpy(1 - hole).float()[None]
    assert torch.equal(masks.read_mask(save(tmp_path / "white.png", hole, mode)), expected)
    assert torch.equal(masks.read_mask(save(tmp_path / "black.png", 1 - hole, mode), hole="black"), expected)


def test_soft_coloured_transparent_and_zero_one_masks(tmp_path, hole):
    expected = torch.from_numpy(1 - hole).float()[None]
    soft = np.where(hole > 0, 128, 127).astype(np.uint8)
    Image.fromarray(soft).save(tmp_path / "soft.png")
    assert torch.equal(masks.read_mask(tmp_path / "soft.png"), expected)
    Image.fromarray(np.stack([hole * 255, hole * 0, hole * 0], 2).astype(np.uint8)).save(tmp_path / "red.png")
    assert torch.equal(masks.read_mask(tmp_path / "red.png"), expected)
    painted = np.full((20, 30, 4), 255, np.uint8)
    painted[..., 3] = hole * 255
    Image.fromarray(painted).save(tmp_path / "layer.png")
    assert torch.equal(masks.read_mask(tmp_path / "layer.png"), expected)
    Image.fromarray(hole.astype(np.uint8)).save(tmp_path / "bits.png")
    assert torch.equal(masks.read_mask(tmp_path / "bits.png"), expected)
    save(tmp_path / "lossy.jpg", hole)
    assert torch.equal(masks.read_mask(tmp_path / "lossy.jpg"), expected)


def test_masks_are_resized_to_the_nearest_pixel(tmp_path, hole):
    read = masks.read_mask(save(tmp_path / "a.png", hole), size=(40, 60))
    assert torch.equal(read, torch.from_numpy(1 - hole.repeat(2, 0).repeat(2, 1)).float()[None])
    assert masks.read_mask(tmp_path / "a.png", size=10).shape == (1, 10, 10)


def test_a_mask_of_the_other_polarity_is_refused_with_the_way_out(tmp_path, hole):
    path = save(tmp_path / "a.png", hole)
    with pytest.raises(InputError, match="is 83% hole when black marks the hole; give hole='white'") as caught:
        masks.read_mask(path, hole="black")
    assert str(path) in str(caught.value)
    assert "check=False" in str(caught.value)
    assert masks.read_mask(path, hole="black", check=False).mean() < 0.2
    blank = save(tmp_path / "blank.png", hole * 0)
    with pytest.raises(InputError, match="marks no hole at all when white marks the hole"):
        masks.read_mask(blank)
    assert masks.read_mask(blank, check=False).all()
    with pytest.raises(InputError, match="give hole='white' or hole='black'"):
        masks.read_mask(path, hole="grey")
    with pytest.raises(InputError, match="does not exist"):
        masks.read_mask(tmp_path / "absent.png")


def test_a_folder_of_masks(tmp_path, hole, capsys):
    for i in range(4):
        save(tmp_path / f"{i}.png", np.roll(hole, i, 0))
    (tmp_path / "x.png").write_text("no image")
    found = masks.mask_folder(tmp_path, size=16)
    assert len(found) == 4
    assert [path.name for path, _ in found.skipped] == ["x.png"]
    assert "1 of 5 masks skipped" in capsys.readouterr().err
    drawn = found.sample(40, generator())
    assert is_mask(drawn, 40, 16, 16)
    assert torch.equal(drawn, found.sample(40, generator()))
    candidates = [side for mask in found for side in (mask, mask.flip(-1))]
    assert all(any(torch.equal(mask, c) for c in candidates) for mask in drawn)
    with pytest.raises(InputError, match="5 of 5 masks are unusable"):
        masks.mask_folder(tmp_path, hole="black")
    assert len(masks.mask_folder(tmp_path, hole="black", check=False)) == 5
    with pytest.raises(InputError, match="give mask_folder a size"):
        masks.mask_folder(tmp_path).sample(1, generator())
    (tmp_path / "inner").mkdir()
    with pytest.raises(InputError, match="holds no mask files"):
        masks.mask_folder(tmp_path / "inner")


# --- the frozen sets


STORE = Path(masks.__file__).parent.parent / "data" / "masks.npz"


def test_frozen_bits_are_those_of_the_first_day():
    """Written down a second time: whoever draws the sets again has to change this line as well, and should not."""
    assert masks.checksum() == "60e12f373d4b137b"
    assert STORE.stat().st_size <= 500_000
    first = ("irregular-64", "irregular-128", "irregular-256", "lama-256", "large-256", "box-256")
    assert (*first, "lama-512") == masks.FROZEN
    digests = "".join(masks.CHECKSUMS[name] for name in first)
    assert hashlib.sha256(digests.encode()).hexdigest()[:16] == "1098001bb1a82782"  # as before lama-512 joined them


def test_the_checksum_is_over_what_is_stored():
    with np.load(STORE) as store:
        digests = "".join(checksum_arrays(store[name], store[f"{name}.bins"]) for name in masks.FROZEN)
    assert hashlib.sha256(digests.encode()).hexdigest()[:16] == masks.checksum()


@pytest.mark.parametrize("side", [64, 128, 256])
def test_frozen_strokes_lie_in_their_bins_and_places(side):
    name = f"irregular-{side}"
    drawn, bins = frozen(name), masks.frozen_bins(name)
    assert is_mask(drawn, 48, side, side)
    assert bins == [key for key in AREA_BINS for _ in range(8)]
    for i, key in enumerate(bins):
        assert in_bin(drawn[i : i + 1], key).all()
    assert masks.touches_border(drawn).tolist() == ([True] * 4 + [False] * 4) * 6


def test_frozen_recipes_and_boxes_lie_in_their_bins():
    assert is_mask(frozen("lama-256"), 24, 256, 256)
    assert masks.frozen_bins("lama-256") == [kind for kind in masks.RECIPES for _ in range(8)]
    assert masks.frozen_bins("lama-512") == masks.frozen_bins("lama-256")
    assert is_mask(frozen("lama-512"), 24, 512, 512)
    assert hole_area(frozen("lama-256")).max() <= 0.5
    assert is_mask(frozen("large-256"), 8, 256, 256)
    assert hole_area(frozen("large-256")).min() > 0.5
    assert set(masks.frozen_bins("large-256")) == set(masks.RECIPES)
    boxes, bins = frozen("box-256"), masks.frozen_bins("box-256")
    assert is_mask(boxes, 8, 256, 256)
    assert all(in_bin(boxes[i : i + 1], key).all() for i, key in enumerate(bins))


def test_frozen_masks_differ_from_each_other():
    for name in masks.FROZEN:
        assert all(not torch.equal(a, b) for a, b in itertools.combinations(frozen(name), 2))


def test_changed_bits_are_noticed(tmp_path, monkeypatch):
    with np.load(STORE) as store:
        arrays = {key: store[key] for key in store.files}
    arrays["box-256"] = arrays["box-256"] ^ np.uint8(1)
    np.savez_compressed(tmp_path / "masks.npz", **arrays)
    monkeypatch.setattr(sys.modules["inpaintlib.masks.frozen"], "STORE", tmp_path / "masks.npz")
    with pytest.raises(InputError, match="box-256 does not have its checksum"):
        frozen("box-256")
    assert len(frozen("lama-256")) == 24
    with pytest.raises(InputError, match="give one of irregular-64"):
        frozen("irregular-32")


def test_drawing_a_set_of_ones_own_leaves_the_stored_one_alone(tmp_path):
    before = STORE.read_bytes()
    checksums = masks.draw_frozen(tmp_path / "own.npz", seed=1)
    assert tuple(checksums) == masks.FROZEN
    assert masks.draw_frozen(tmp_path / "again.npz", seed=1) == checksums
    with np.load(tmp_path / "own.npz") as store:
        assert checksum_arrays(store["box-256"], store["box-256.bins"]) == checksums["box-256"]
    assert STORE.read_bytes() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_masks_are_drawn_on_the_generators_device():
    drawn = irregular(16, 64, torch.Generator("cuda").manual_seed(0), (0.1, 0.2), "border")
    assert drawn.is_cuda
    assert in_bin(drawn, "10-20").all()
    assert masks.touches_border(drawn).all()
