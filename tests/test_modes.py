"""What was measured of the modes: the holes, what is kept, and the default that follows from it."""

import inspect

import numpy as np
import pytest
import torch
from PIL import Image

import inpaintlib as il
from inpaintlib import modes
from inpaintlib.batch import Output
from inpaintlib.photos import PhotoSet, bundled
from inpaintlib.statistics import holm


class White(torch.nn.Module):
    priors, stride = (), 8

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, batch):
        return Output(torch.ones_like(batch.image))


@pytest.mark.parametrize("kind", modes.KINDS)
def test_holes_are_those_that_are_frozen(kind):
    first, again, other = (modes.hole(kind, (600, 1000), place) for place in (0, 0, 1))
    assert first.shape == (600, 1000)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 0 < first.mean() < 0.6
    around = np.ones((600, 1000), bool)
    around[172:428, 372:628] = False
    assert modes.KINDS[kind][2] == first[around].any()


def test_photographs_that_no_mode_reduces_are_left_out():
    every = bundled("test")
    names = modes.large(every).names
    assert set(names) < set(every.names)
    for name, photo in zip(every.names, every):
        assert (name in names) == (max(photo.shape) > 512)


@pytest.fixture
def two(tmp_path):
    """Two photographs that are hardly larger than a tile."""
    files = [tmp_path / name for name in ("a.png", "b.png")]
    for i, file in enumerate(files):
        Image.fromarray(bundled("test")[i][:300, :520]).save(file)
    return PhotoSet("two", files)


def test_kept_and_read_again_is_the_same(two, tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    with pytest.raises(il.InputError, match=r"scripts/modes\.py"):
        modes.recorded()
    kind = "a box in one place"
    rows = list(modes.measured(White(), two, kind))
    modes.record(two, {kind: rows}, "white")
    kept = modes.recorded()
    assert kept["photographs"] == two.names
    for name in modes.METRICS:
        for mode in modes.MODES:
            assert kept["kinds"][kind][name][mode] == [round(row[mode][name], 4) for row in rows]
    # White everywhere is white in every mode, so that nothing differs.
    assert {found.difference.mean for found in modes.differences(kept).values()} == {0.0}
    assert [*modes.differences(kept)] == [(kind, m, n) for m in ("resize", "tile") for n in modes.METRICS]
    inside = modes.hole(kind, two[0].shape[:2], 0)
    error = ((two[0][inside] / 255 - 1) ** 2).mean()
    assert rows[0]["crop"]["psnr"] == pytest.approx(-10 * np.log10(error), abs=1e-3)


def test_no_mode_is_clearly_better_than_the_default():
    """Of all that was kept, corrected for being that many comparisons; higher PSNR and lower LPIPS are better."""
    assert inspect.signature(il.inpaint).parameters["mode"].default == modes.DEFAULT
    found = modes.differences(modes.recorded())
    assert len(found) == 2 * len(modes.KINDS) * len(modes.METRICS)
    for (_, _, name), one, p in zip(found, found.values(), holm([one.p for one in found.values()])):
        assert p > 0.05 or (one.difference.mean > 0) == (name == "lpips")
