"""Where a network looks in a large photograph: everything in the hole is filled once, nothing else is touched."""

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import inpaintlib as il
from inpaintlib import windows
from inpaintlib.batch import Output


class Gray(torch.nn.Module):
    """Answers the mean of the known pixels of what it sees, and remembers the sizes that it saw."""

    priors, stride = (), 8

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.sizes = []

    def forward(self, batch):
        self.sizes.append(tuple(batch.image.shape[-2:]))
        known = batch.mask.sum((2, 3), keepdim=True).clamp_min(1)
        mean = (batch.image * batch.mask).sum((2, 3), keepdim=True) / known
        return Output(mean.expand_as(batch.image))


def ramp(h, w):
    """A photograph that brightens to the right."""
    return np.repeat(np.linspace(0, 255, w).astype(np.uint8)[None, :, None], h, 0).repeat(3, 2)


@given(
    size=st.tuples(st.integers(1, 1500), st.integers(1, 1500)),
    boxes=st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_every_hole_pixel_is_one_windows_own(size, boxes):
    hole = np.zeros(size, bool)
    for top, left, height, width in boxes:
        y, x = int(top * (size[0] - 1)), int(left * (size[1] - 1))
        hole[y : y + 1 + int(height * 90), x : x + 1 + int(width * 90)] = True
    owned = np.zeros(size, int)
    for window, own in windows.around_holes(hole):
        assert own.shape == hole[window].shape
        assert all(hole[window].shape[i] >= min(windows.VIEW, size[i]) for i in (0, 1))
        owned[window] += own
    assert np.array_equal(owned, hole.astype(int))


def test_a_window_shows_what_is_around_its_hole():
    hole = np.zeros((3000, 3000), bool)
    hole[1000:2000, 1200:1800] = True
    [((rows, columns), _)] = windows.around_holes(hole)
    assert rows.start <= 1000 - 500 < 2000 + 500 <= rows.stop
    assert columns.start <= 1200 - 500 < 1800 + 500 <= columns.stop


@pytest.mark.parametrize("mode", windows.MODES)
@pytest.mark.parametrize("size", [(1, 1200), (700, 513), (1100, 1300)])
def test_the_hole_is_filled_whole_and_nothing_else_is_touched(mode, size):
    pixels = ramp(*size)
    hole = np.zeros(size, bool)
    hole[size[0] // 3 : size[0] // 3 + 60, size[1] // 4 : size[1] // 4 + 60] = True
    hole[:, -20:] = True
    shown = pixels.copy()
    shown[hole] = (255, 0, 255)  # what no answer of Gray's is
    result = windows.filled(shown, hole, Gray(), mode)
    assert np.array_equal(result[~hole], pixels[~hole])
    assert (result[hole][:, 0] == result[hole][:, 1]).all(), "what the hole hides was read, or left"


def test_resize_shows_all_and_crop_and_tile_show_full_size():
    hole = np.zeros((2048, 1536), bool)
    hole[300:310, 300:310] = True
    seen = {}
    for mode in windows.MODES:
        network = Gray()
        windows.filled(ramp(*hole.shape), hole, network, mode)
        seen[mode] = network.sizes
    assert seen["resize"] == [(1024, 768)]
    assert seen["crop"] == [(512, 512)]
    assert set(seen["tile"]) == {(512, 512)}


@given(side=st.integers(1, 9000))
def test_what_is_a_tiles_own_is_seen_with_its_surroundings(side):
    stretches = windows._stretches(side)
    assert [own.start for _, own in stretches] == [0, *(own.stop for _, own in stretches[:-1])]
    for start, own in stretches:
        assert own.start < own.stop
        assert start + windows.OVERLAP // 2 <= own.start or start == own.start == 0
        assert own.stop <= start + windows.TILE - windows.OVERLAP // 2 or own.stop == side <= start + windows.TILE


@given(size=st.tuples(st.integers(1, 2500), st.integers(1, 2500)), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_tiles_show_every_hole_pixel_and_none_is_without(size, seed):
    hole = np.zeros(size, bool)
    rng = np.random.default_rng(seed)
    for y, x in zip(rng.integers(size[0], size=4), rng.integers(size[1], size=4)):
        hole[y : y + rng.integers(1, 80), x : x + rng.integers(1, 80)] = True
    left = hole.copy()
    for window in windows.tiles(hole):
        assert hole[window].any()
        left[window] = False
    assert not left.any()


@pytest.mark.parametrize("left,expected", [(10, 1), (400, 1), (440, 2), (460, 1), (880, 1)])
def test_a_tile_that_shows_only_the_border_of_anothers_hole_costs_nothing(left, expected):
    """Two tiles of 512 pixels lie along 900; their overlap is 388..512, its middle 450."""
    hole = np.zeros((512, 900), bool)
    hole[200:220, left : left + 20] = True
    network, pieces = Gray(), []
    windows.filled(ramp(*hole.shape), hole, network, "tile", lambda all_: pieces.extend(all_) or all_)
    assert len(network.sizes) == len(pieces) == expected


def test_tiles_are_blended_without_a_seam():
    """Each tile answers its own mean, which differs; the blend never jumps."""
    hole = np.zeros((512, 2400), bool)
    hole[250:258, 20:-20] = True
    result = windows.filled(ramp(*hole.shape), hole, Gray(), "tile")
    along = result[254, 20:-20, 0].astype(int)
    assert np.ptp(along) > 100
    assert np.abs(np.diff(along)).max() <= 3


def test_a_tile_without_anything_known_takes_the_answer_of_the_whole():
    hole = np.zeros((1600, 1600), bool)
    hole[200:1400, 200:1400] = True
    network = Gray()
    windows.filled(ramp(1600, 1600), hole, network, "tile")
    assert network.sizes.count((1024, 1024)) + network.sizes.count((85, 85)) <= 1
    assert any(max(size) < 512 for size in network.sizes)


def test_up_to_512_pixels_crop_is_resize():
    torch.manual_seed(0)
    network = il.build("tsgl", width=4).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (300, 512, 3), dtype=np.uint8)
    hole = np.zeros((300, 512), bool)
    hole[10:60, 20:50] = hole[200:230, 400:500] = True
    both = [windows.filled(pixels, hole, network, mode) for mode in ("crop", "resize")]
    assert np.array_equal(*both)


def test_a_mode_that_there_is_not():
    with pytest.raises(il.InputError, match="resize, crop, tile"):
        windows.filled(ramp(8, 8), np.eye(8, dtype=bool), Gray(), "zoom")


def test_every_mode_of_the_type_is_there():
    assert tuple(windows.MODES) == get_args(windows.Mode)
