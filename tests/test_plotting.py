"""The house style: what a saved figure says, how large it is, and that drawing it twice gives the same bytes."""

import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from inpaintlib import plotting
from inpaintlib.errors import InputError

mpl.use("Agg")
STAMP = plotting.Stamp("laptop", "3 photographs", (0, 1), "abc1234")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    with mpl.rc_context():
        plotting.style()
        yield tmp_path
    plt.close("all")


def curve():
    figure, axes = plt.subplots()
    axes.plot([0, 1, 2], [1, 3, 2])
    axes.set(xlabel="steps", ylabel="PSNR (dB)")
    return figure


def photographs(rows=2, columns=3, side=8, seed=0):
    random = np.random.default_rng(seed)
    return [[random.integers(0, 256, (side, side, 3), np.uint8) for _ in range(columns)] for _ in range(rows)]


def pixels(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer).convert("RGB")).astype(int)


def test_a_drawing_becomes_the_same_svg_every_time(home):
    first = plotting.save(curve(), "tsgl/fig-99", STAMP)
    written = (home / "figures/tsgl/fig-99.svg").read_bytes()
    again = plotting.save(curve(), "tsgl/fig-99", STAMP)
    assert (home / "figures/tsgl/fig-99.svg").read_bytes() == written
    assert first == again
    assert written.decode() == first.content
    assert first.path == "figures/tsgl/fig-99.svg"


def test_an_svg_needs_no_font_and_holds_no_date(home):
    text = plotting.save(curve(), "tsgl/fig-99", STAMP).content
    assert "<text" not in text
    assert "dc:date" not in text


def test_photographs_become_a_webp_at_double_size(home):
    figure = plotting.image_grid(photographs(), ["a", "b", "c"])
    width, height = figure.get_size_inches()
    picture = plotting.save(figure, "book/x", STAMP, photographs=True)
    with Image.open(home / "figures/book/x.webp") as saved:
        assert saved.format == "WEBP"
        assert saved.size == (round(width * 200), int(height * 200))
    assert picture.width == 700


def test_quality_falls_until_the_file_fits(home):
    plotting.save(plotting.image_grid(photographs(), list("abc")), "book/x", STAMP, photographs=True)
    best = (home / "figures/book/x.webp").stat().st_size
    figure = plotting.image_grid(photographs(), list("abc"))
    plotting.save(figure, "book/x", STAMP, photographs=True, limit=best - 1)
    assert (home / "figures/book/x.webp").stat().st_size < best


@pytest.mark.parametrize("photo", [False, True])
def test_a_file_that_cannot_fit_is_refused_and_the_earlier_one_stays(home, photo):
    plotting.save(curve(), "book/x", STAMP, photographs=photo)
    (file,) = (home / "figures/book").iterdir()
    before = file.read_bytes()
    with pytest.raises(InputError, match=r"^book/x takes \d+ KB, more than 1: "):
        plotting.save(curve(), "book/x", STAMP, photographs=photo, limit=1000)
    assert [p.read_bytes() for p in (home / "figures/book").iterdir()] == [before]


def test_the_stamp_says_profile_samples_seeds_and_commit():
    run = {"profile": "laptop", "seed": 1, "commit": "0123456789abcdef", "dirty": False}
    stamp = plotting.Stamp.of("48 images", run, run | {"seed": 0})
    assert str(stamp) == "profile laptop | 48 images | seeds 0, 1 | commit 0123456"
    assert str(plotting.Stamp.of("1 image", run | {"dirty": True})).endswith("| seed 1 | commit 0123456-dirty")
    assert plotting.Stamp.of("x", run, run | {"commit": "f" * 40}).commit == "0123456 and 1 more"


def test_a_stamp_of_two_profiles_or_of_nothing_is_refused():
    run = {"profile": "laptop", "seed": 0, "commit": "a", "dirty": False}
    with pytest.raises(InputError, match="one profile"):
        plotting.Stamp.of("x", run, run | {"profile": "gpu"})
    with pytest.raises(InputError, match="one profile"):
        plotting.Stamp.of("x")


def test_the_stamp_stands_below_everything_else(home):
    figure = curve()
    plotting.save(figure, "book/x", STAMP)
    (stamp,) = [t for t in figure.texts if t.get_text() == str(STAMP)]
    renderer = FigureCanvasAgg(figure).get_renderer()
    axes = figure.axes[0].get_tightbbox(renderer)
    box = stamp.get_window_extent(renderer)
    assert 0 <= box.y0 < box.y1 <= axes.y0
    assert box.x1 <= figure.bbox.x1


def test_smoke_figures_are_marked_and_kept_apart(home):
    figure = curve()
    picture = plotting.save(figure, "tsgl/fig-99", plotting.Stamp("smoke", "2 images", (0,), "abc"))
    assert "smoke: not a result" in [t.get_text() for t in figure.texts]
    assert picture.path == "build/smoke/figures/tsgl/fig-99.svg"
    assert not (home / "figures").exists()
    other = curve()
    plotting.save(other, "tsgl/fig-99", STAMP)
    assert not any("smoke" in t.get_text() for t in other.texts)


def test_saving_closes_the_figure_and_a_notebook_can_show_it(home):
    data, metadata = plotting.save(curve(), "book/x", STAMP)._repr_mimebundle_()
    assert plt.get_fignums() == []
    assert data["text/plain"] == "figures/book/x.svg"
    assert data["image/svg+xml"].startswith("<?xml")
    assert metadata["image/svg+xml"] == {"width": 700}
    data, _ = plotting.save(curve(), "book/y", STAMP, photographs=True)._repr_mimebundle_()
    assert Image.open(io.BytesIO(data["image/jpeg"])).format == "JPEG"


def test_no_text_of_a_grid_overlaps_another():
    notes = [["", "20 % hole", "22.5 dB\nLPIPS 0.112"]] * 2
    figure = plotting.image_grid(photographs(), ["original", "hole", "network"], ["first", "second"], notes)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    labels = [t for a in figure.axes for t in (a.title, a.xaxis.label, a.yaxis.label) if t.get_text()]
    boxes = [t.get_window_extent(renderer) for t in labels] + [a.get_window_extent(renderer) for a in figure.axes]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert not any(min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1 for a, b in pairs)
    assert all(b.y0 >= -1 and b.y1 <= figure.bbox.y1 + 1 and b.x0 >= -1 for b in boxes)


def test_a_gray_picture_shows_half_as_middle_gray():
    _, axes = plt.subplots()
    shown = plotting.show(axes, np.full((4, 4), 0.5, np.float32), "gray")
    assert shown.get_clim() == (0, 1)
    assert np.allclose(shown.cmap(shown.norm(0.5))[:3], 0.5, atol=0.01)


def test_a_signed_map_is_symmetric_around_a_pale_zero():
    figure, axes = plt.subplots()
    values = np.linspace(-1, 3, 64).reshape(8, 8)
    shown = plotting.heat(axes, values, signed=True, limit=2.0, label="activation")
    assert shown.get_clim() == (-2, 2)
    assert min(shown.cmap(0.5)[:3]) > 0.8
    bar = figure.axes[1]
    assert [t.get_text() for t in bar.get_xticklabels()] == ["-2", "0", "2"]
    assert bar.get_xlabel() == "activation"


def test_one_extreme_value_does_not_darken_a_map_and_a_flat_map_has_a_scale():
    _, (left, right) = plt.subplots(1, 2)
    values = np.ones((64, 64))
    values[0, 0] = 1000
    assert plotting.heat(left, values).get_clim() == (0, 1)
    assert plotting.heat(right, np.zeros((8, 8)), signed=True).get_clim() == (-1, 1)


def test_the_palette_stays_apart_for_colour_blind_readers():
    """Viénot's simulation of deuteranopia and protanopia: the first five colours differ in every view."""
    rgb = np.array([mpl.colors.to_rgb(c) for c in plotting.PALETTE[:5]]) ** 2.2
    blind = {
        "protan": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
        "deutan": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
    }
    for matrix in blind.values():
        seen = (rgb @ matrix.T).clip(0, 1) ** (1 / 2.2)
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[np.triu_indices(5, 1)]
        assert apart.min() > 0.08


def test_the_style_uses_a_font_that_matplotlib_ships():
    assert re.search("DejaVuSans", mpl.font_manager.findfont(mpl.rcParams["font.family"][0], fallback_to_default=False))
