"""What was measured of the modes: the holes, what is kept, and the default that follows from it."""

import numpy as np
import pytest
import torch

import inpaintlib as il
from inpaintlib import modes
from inpaintlib.batch import Output
from inpaintlib.photos import PhotoSet, bundled


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


def test_kept_and_read_again_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    with pytest.raises(il.InputError, match=r"scripts/modes\.py"):
        modes.recorded()
    every = bundled("test")
    two = PhotoSet("two", every.paths[:2], names=every.names[:2], groups=every.groups[:2])
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


def test_a_modes_psnr_is_that_of_the_hole():
    every = bundled("test")
    one = PhotoSet("one", every.paths[:1], names=every.names[:1], groups=every.groups[:1])
    [row] = modes.measured(White(), one, "a box in one place")
    inside = modes.hole("a box in one place", every[0].shape[:2], 0)
    error = ((every[0][inside] / 255 - 1) ** 2).mean()
    assert row["crop"]["psnr"] == pytest.approx(-10 * np.log10(error), abs=1e-3)
