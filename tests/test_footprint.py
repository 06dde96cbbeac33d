"""Time and memory of a network on this machine."""

import sys

import pytest
import torch

import inpaintlib as il
from inpaintlib.batch import Output
from inpaintlib.counting import deployed
from inpaintlib.footprint import footprint

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
