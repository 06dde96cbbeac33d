"""Time and memory of a network on this machine."""

import sys

import pytest
import torch

import inpaintlib as il
from inpaintlib import footprint as footprints
from inpaintlib.batch import Output
from inpaintlib.counting import deployed
from inpaintlib.footprint import footprint
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import TRAININGS

MEGABYTE = 2**20


class Hungry(torch.nn.Module):
    """Holds 64 MiB for a while."""

    stride, priors = 1, ()

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.passes = 0

    def forward(self, batch):
        self.passes += 1
        held = torch.ones(64 * MEGABYTE // 4)
        return Output(batch.image * held.sum())


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is set back on Linux alone")
def test_the_peak_is_what_a_pass_takes():
    found = footprint(Hungry(), 32)
    assert 60 * MEGABYTE < found.peak_bytes < 90 * MEGABYTE
    assert found.seconds > 0


def test_the_first_of_several_passes_does_not_count():
    network = Hungry()
    footprint(network, 32, repeats=3)
    assert network.passes == 1 + 4
    footprint(network, 32, repeats=1)
    assert network.passes == 5 + 1 + 1


def test_sums_of_kernels_are_deployed_as_one():
    many = il.build("mi-gan", width=4)
    one = deployed(many)
    assert sum(p.numel() for p in one.parameters()) < sum(p.numel() for p in many.parameters()) / 5
    lama = il.build("lama", width=4)
    assert deployed(lama) is lama


def test_what_is_kept_is_of_every_compared_network():
    found, device = footprints.recorded(512)
    assert [*found] == [label for label, name in GROUPS["comparison"].rows.items() if name in TRAININGS]
    assert device
    assert all(one.seconds > 0 and one.peak_bytes > MEGABYTE for one in found.values())


def test_kept_and_read_again_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    with pytest.raises(il.InputError, match=r"scripts/footprints\.py"):
        footprints.recorded(64)
    found = {"a": footprints.Footprint(0.5, 12), "b": footprints.Footprint(1.5, None)}
    footprints.record(64, found)
    assert footprints.recorded(64)[0] == found
