"""A network as a graph: what is exported is the network, and drawn are the parts and arrows of its computation."""

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib import diagram
from inpaintlib.dataflow import INPUTS, OUTPUT, dataflow


class Plain(nn.Module):
    """Parts that skip, a list of parts, one that recurs, and one that is run by its methods."""

    stride, priors = 2, ("gray",)

    def __init__(self):
        super().__init__()
        self.read = nn.Conv2d(5, 6, 3, stride=2, padding=1)
        self.stages = nn.ModuleList(nn.Conv2d(6, 6, 3, padding=1) for _ in range(2))
        self.again = nn.Conv2d(6, 6, 1)
        self.halves = Halves()

    def forward(self, batch, features=False):
        first = x = self.read(torch.cat((batch.image, batch.mask, batch.priors["gray"]), dim=1))
        for stage in self.stages:
            x = stage(x).relu()
        for _ in range(3):
            x = self.again(x)
        x = self.halves.one(x + first)
        return il.Output(torch.tanh(self.halves.other(F.interpolate(x, scale_factor=2.0))))


class Halves(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(6, 4, 1), nn.Conv2d(4, 3, 1)

    def one(self, x):
        return self.a(x)

    def other(self, x):
        return self.b(x)


@pytest.fixture(scope="module")
def flow():
    return dataflow(Plain(), 8)


def test_parts_are_the_children_and_the_members_of_lists(flow):
    assert list(flow.parts) == [INPUTS, "read", "stages[0]", "stages[1]", "again", "halves", OUTPUT]
    assert {name: part.runs for name, part in flow.parts.items() if part.runs > 1} == {"again": 3}


def test_arrows_are_what_is_read_from_where(flow):
    assert sorted(flow.arrows) == sorted(
        [
            (INPUTS, "read"),
            ("read", "stages[0]"),
            ("stages[0]", "stages[1]"),
            ("stages[1]", "again"),
            ("again", "halves"),
            ("read", "halves"),
            ("halves", OUTPUT),
        ]
    )


def test_maps_are_those_that_leave_a_part(flow):
    assert flow.parts["read"].gives == [(6, 4, 4)]
    assert flow.parts["halves"].gives == [(3, 8, 8)]
    assert set(flow.parts[INPUTS].gives) == {(3, 8, 8), (1, 8, 8)}


def test_the_mask_is_drawn_only_where_nothing_else_comes():
    arrows = dataflow(il.build("pconv", width=4), 64).arrows
    assert (INPUTS, "encoder") in arrows
    assert dataflow(il.build("regionnorm", width=4), 64).arrows == [
        (INPUTS, "encoder"),
        ("encoder", "blocks"),
        ("blocks", "decoder"),
        ("decoder", OUTPUT),
    ]


def test_a_drawing_has_a_box_a_part_and_an_arrow_for_each_arrow(flow):
    figure = diagram.draw(flow, {"read": "1 M"})
    (ax,) = figure.axes
    assert len(ax.patches) == len(flow.parts)
    heads = [t for t in ax.texts if getattr(t, "arrow_patch", None) is not None]
    assert len(heads) == len(flow.arrows)
    words = " ".join(t.get_text() for t in ax.texts)
    assert "again, 3 times" in words
    assert "6 × 4²" in words
    plt.close(figure)


def test_an_exported_network_draws_what_the_network_draws():
    network = il.build("hifill", width=4)
    batch = il.example_batch(2, 64, priors=())
    program = il.export(network, 64, batch=2)
    with torch.no_grad():
        image = network.eval()(batch).image
        torch.testing.assert_close(program.module()(batch.image, batch.mask), image, atol=1e-5, rtol=1e-4)
    assert il.build("hifill").training
    with pytest.raises(il.InputError, match="100 is no size for this network; it takes multiples of 16"):
        il.export(network, 100)
