"""Figures that chapters share: what is drawn is what was given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

import inpaintlib as il
from inpaintlib import panels, plotting
from inpaintlib.models.misf.config import ABLATIONS
from inpaintlib.questions import GROUPS
from inpaintlib.schemes import Place, Scheme
from inpaintlib.statistics import Interval


@pytest.fixture(autouse=True)
def house_style():
    plotting.style()
    yield
    plt.close("all")


def test_a_variant_has_one_colour_by_its_guide_and_one_line_by_its_normalization():
    styles = {label: panels.style_of(label) for label in il.TABLE_IV}
    for guide in ("Global", "Local", "Texture"):
        one, other = styles[f"{guide}->Global"], styles[f"{guide}->Local"]
        assert one["color"] == other["color"]
        assert one["linestyle"] != other["linestyle"]
        assert one["marker"] != other["marker"]
    single = [styles[label]["color"] for label in ("Baseline", "Global->Global", "Local->Global", "Texture->Global")]
    ours = styles["2Global(Local)->Global(Local)"]["color"]
    assert len({*single, ours, styles["2Global(Local)->Local(Local)"]["color"]}) == 6
    assert panels.style_of("Ours")["color"] == panels.style_of("Ours(LaMa)")["color"] == ours
    assert panels.style_of("PENNet")["color"] != ours
    colours = [panels.style_of(label)["color"] for label in ("En-decoder", "Img-Filter", "Sem-Filter", "MISF")]
    assert len({*colours}) == 4
    assert panels.style_of("En-decoder-Filter")["color"] == colours[1]
    assert {panels.style_of(f"Sem-Filter(F{k})")["color"] for k in (1, 2, 3)} == {colours[2]}
    assert {*panels.FILTERS} == {*ABLATIONS, *GROUPS["misf-depth"].rows} - {"MISF"}


def test_curves_stand_at_their_layers():
    line = [Interval(k, k - 0.5, k + 0.25, 8) for k in range(5)]
    figure = panels.curves({"a": {"Baseline": line, "Local->Local": line[1:]}}, [128, 64, 32, 16, 8], "KL (nats)")
    full, short = (container.lines[0] for container in figure.axes[0].containers)
    assert full.get_ydata() == pytest.approx(range(5))
    assert np.round(short.get_xdata()).tolist() == [1, 2, 3, 4]
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["128", "64", "32", "16", "8"]
    assert figure.legends[0].get_texts()[1].get_text() == "Local→Local"


def test_dots_share_their_lines_and_published_values_have_a_scale_of_their_own():
    found = {"PSNR": {"Baseline": Interval(20, 19, 21, 8), "Global->Local": Interval(22, 21, 24, 8)}}
    figure = panels.dots(found, {"PSNR": {"Baseline": 30.0, "not measured": 31.0}}, reference=20.5)
    ax, above = figure.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Baseline", "Global→Local"]
    assert above.lines[0].get_xdata().tolist() == [30.0]
    assert ax.containers[1].lines[0].get_ydata() == pytest.approx([1])


def test_a_row_of_maps_shares_its_scale_and_an_absent_map_is_empty():
    low, high = np.zeros((4, 4)), np.full((4, 4), 7.0)
    figure = panels.map_rows({"128 px": [low, high, None]}, ["a", "b", "c"], "bits")
    limits = [ax.images[0].get_clim() for ax in figure.axes[:2]]
    assert limits == [(0, 7), (0, 7)]
    assert not figure.axes[2].images
    assert figure.axes[3].get_ylabel() == "bits"
    alone = panels.map_rows({"128 px": [low + np.eye(4), high + np.eye(4)]}, ["a", "b"], "", shared=False)
    assert [ax.images[0].get_clim() for ax in alone.axes] == [(0, 1), (7, 8)]


def test_the_zoom_shows_the_most_hole_and_the_same_place_for_all():
    hole = np.zeros((40, 60), bool)
    hole[30:38, 40:58] = True
    left, top, width, height = panels.zoom_box(hole)
    assert (width, height) == (24, 12)
    assert hole[top : top + height, left : left + width].sum() == hole.sum()
    pictures = {name: [np.full((40, 60, 3), shade, np.uint8)] for name, shade in (("one", 10), ("other", 200))}
    figure = panels.results_grid(pictures, ["20-30 %"], [(left, top, width, height)], {"one": ["20.0 dB"]})
    assert figure.axes[0].images[0].get_array().shape == (40 + 3 + 30, 60, 3)
    assert figure.axes[0].get_xlabel() == "20.0 dB"
    assert figure.axes[0].patches[0].get_xy() == figure.axes[1].patches[0].get_xy() == (left, top)


def test_colours_of_families_can_be_told_apart():
    colours = {to_hex(c) for c in (*panels.FAMILIES.values(), panels.OURS_COLOUR, panels.CLASSICAL)}
    assert len(colours) == len(panels.FAMILIES) + 2


def test_arrows_of_a_scheme_end_at_the_borders():
    place = Place(2, 1, 1.0, 0.5)
    assert place.side(1, 0) == (2.5, 1)
    assert place.side(0, -1) == (2, 0.75)
    x, y = place.side(1, 1)
    assert (x, y) == (2.25, 1.25)
    scheme = Scheme(2.0)
    box, picture = scheme.box(1, 1, "conv"), scheme.picture(3, 1, np.eye(4), "map")
    scheme.arrow(box, picture, "reads")
    assert picture == Place(3, 1, 0.62, 0.62)
    assert [t.get_text() for t in scheme.canvas.texts] == ["conv", "reads"]
    scheme.picture(5, 1, -np.eye(4), signed=True)
    assert scheme.figure.axes[-1].images[0].get_clim() == (-1, 1)


def test_a_legend_is_no_wider_than_its_figure():
    names = [f"a name of some length, number {k}" for k in range(5)]
    lines = {name: [Interval(k, k - 0.5, k + 0.5, 8) for k in range(3)] for name in names}
    figure = panels.curves({"a": lines}, [64, 32, 16], "KL (nats)")
    figure.canvas.draw()
    [legend] = figure.legends
    found = legend.get_window_extent()
    assert 0 <= found.x0 < found.x1 <= figure.bbox.width
    assert len(legend.get_texts()) == 5
