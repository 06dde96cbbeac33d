"""What the page "Look for yourself" is told: every picture is there, and every tile is cut from the right place."""

import io
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "book"))
import explored_fills
import explored_maps
import explorer
from explored import FEW, few_kinds
from metric_table import METRICS, metric_table
from pdf import Entry, article
from small_book import ROOT

from inpaintlib import gallery, paths, results, sheets
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import ROW

KILOBYTE = 1000
SMALL, LARGE = PROTOCOLS["bundled-256"], PROTOCOLS["bundled-512"]


def opened(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def cell(picture: np.ndarray, column: int, columns: int, line: int = 0, lines: int = 1) -> np.ndarray:
    """The tile that the page shows of a picture, as its style sheet cuts it."""
    return np.split(np.split(picture, lines)[line], columns, axis=1)[column]


@pytest.fixture(scope="module")
def fills():
    return explored_fills.explored("laptop")


@pytest.fixture(scope="module")
def maps():
    with few_kinds():
        return explored_maps.explored("laptop")


def methods(told) -> dict[str, list]:
    """Name -> what it filled, of the photograph itself and the compared methods."""
    return {method["name"]: method["filled"] for group in told["groups"][:2] for method in group["methods"]}


def test_a_hole_of_every_size_is_offered_and_named(fills):
    told, _ = fills
    names = [(hole["size"], hole["name"]) for hole in told["holes"]]
    small = [("256 px", f"{size} % hole") for size in ("10–20", "20–30", "30–40", "40–50")]
    assert names == small + [("512 px", f"{size} hole") for size in ("narrow", "medium", "wide")]
    rows = SMALL.rows().group[gallery.shown_rows(SMALL)]
    assert [hole["photograph"] for hole in told["holes"][:4]] == [str(name).replace("_", " ") for name in rows]


def test_the_tiles_of_the_photograph_are_the_holes_that_are_named(fills):
    told, pictures = fills
    for protocol, holes in ((SMALL, range(4)), (LARGE, range(4, 7))):
        for name, strip in zip(("Hole as given", "Original"), gallery.given(protocol)):
            for hole, original in zip(holes, gallery.apart(strip)):
                file, note = methods(told)[name][hole]
                shown = cell(opened(pictures[file]), **told["holes"][hole]["tile"]).astype(float)
                assert note == ""
                assert np.abs(shown - original).mean() < 6


def test_a_methods_tiles_are_its_own_pictures_with_its_own_numbers(fills):
    told, pictures = fills
    id = GROUPS["comparison"].rows["LaMa"] + "-s0"
    for suffix, protocol, holes in (("", SMALL, range(4)), ("-bundled-512", LARGE, range(4, 7))):
        stored = results.read_picture(id, "laptop", f"filled{suffix}")
        values = results.read_arrays(id, "laptop", f"stats{suffix}")
        for hole, row in zip(holes, gallery.shown_rows(protocol)):
            file, note = methods(told)["LaMa"][hole]
            place = told["holes"][hole]["tile"]
            assert np.array_equal(cell(opened(pictures[file]), **place), cell(stored, **place))
            assert note == f"hole PSNR {values['hole_psnr'][row]:.1f} dB, LPIPS {values['lpips'][row]:.3f}"


def test_a_hole_that_a_method_did_not_fill_is_not_offered(fills):
    told, _ = fills
    assert methods(told)["Telea"][4:] == [None] * 3
    assert all(method["filled"] and any(method["filled"]) for group in told["groups"] for method in group["methods"])
    assert methods(told)["Ours"] == [m for g in told["groups"] for m in g["methods"]][told["first"]]["filled"]


def test_fillings_of_another_protocol_are_left_out(monkeypatch, tmp_path):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    for label in ("telea", "lama"):
        shutil.copytree(ROOT / "figures/results/laptop" / f"{label}-s0", paths.results("laptop", f"{label}-s0"))
    run = paths.results("laptop", "lama-s0") / "run.json"
    run.write_text(run.read_text().replace(SMALL.rows().checksum, "0" * 16))
    told, pictures = explored_fills.explored("laptop")
    assert methods(told)["LaMa"][:4] == [None] * 4
    assert all(methods(told)["LaMa"][4:])
    assert all(methods(told)["Telea"][:4])
    assert "lama-s0.webp" not in pictures
    assert "LaMa" not in explored_fills.measured("laptop")


@pytest.mark.parametrize("how", ["shared", "own"])
def test_the_colours_of_a_tile_are_the_values_of_its_map(maps, how):
    told, pictures = maps
    kind = next(kind for kind in told["kinds"] if kind["id"] == "texture")
    assert kind["variants"] == [label.replace("->", " → ") for label in ROW]
    levels = {tuple(colour): level for level, colour in enumerate(explored_maps.colours().tolist())}
    for photograph, sheet in enumerate(kind["sheets"]):
        picture = opened(pictures[sheet["pictures"][how]])
        for line in (0, 6, 11):
            picture_, ends_ = sheets.read(f"{list(ROW.values())[line]}-s0", "laptop")
            for layer, stored in enumerate(sheets.maps(picture_, ends_, "texture", photograph)):
                low, high, mean = map(float, sheet["values"][line][layer])
                if how == "shared":
                    low, high = map(float, sheet["ends"][layer])
                shown = cell(picture, layer, told["layers"], line, len(kind["variants"]))
                steps = np.array([levels[tuple(colour)] for colour in shown.reshape(-1, 3).tolist()])
                value = low + steps.reshape(stored.shape) / (explored_maps.LEVELS - 1) * (high - low)
                assert np.abs(value - np.clip(stored, low, high)).max() < 0.02 * (high - low) + 1e-6
                assert mean == pytest.approx(stored.mean(), rel=0.01)


def test_a_spectrum_is_stored_values_and_of_no_single_photograph(maps):
    told, pictures = maps
    kind = next(kind for kind in told["kinds"] if kind["id"] == "spectrum-residual")
    (sheet,) = kind["sheets"]
    stored = results.read_arrays(f"{ROW[kind['variants'][1].replace(' → ', '->')]}-s0", "laptop", "spectra")[
        "residual_1"
    ]
    assert float(sheet["values"][1][0][2]) == pytest.approx(stored.mean(), rel=0.01)
    picture = opened(pictures[sheet["pictures"]["own"]])
    shown = cell(picture, 0, told["layers"], 1, len(kind["variants"]))
    size = len(shown) // len(stored)
    assert len(shown) == explored_maps.CELLS
    assert np.array_equal(shown, np.kron(shown[::size, ::size], np.ones((size, size, 1), np.uint8)))


def test_kinds_that_other_networks_have_show_those(maps):
    told, _ = maps
    kind = next(kind for kind in told["kinds"] if kind["id"] == "decoder-input")
    assert set(kind["variants"]) <= {label.replace("->", " → ") for label in GROUPS["decoders"].rows}
    assert [kind["id"] for kind in told["kinds"]] == list(FEW)
    assert kind["stamp"].startswith("profile laptop")


def test_every_picture_is_spoken_of_and_small(fills, maps):
    told, pictures = fills
    named = {one[0] for group in told["groups"] for method in group["methods"] for one in method["filled"] if one}
    assert named == pictures.keys()
    told, pictures_of_maps = maps
    named = {file for kind in told["kinds"] for sheet in kind["sheets"] for file in sheet["pictures"].values()}
    assert named | {told["given"]} == pictures_of_maps.keys()
    assert max(map(len, (pictures | pictures_of_maps).values())) <= 120 * KILOBYTE


@pytest.mark.slow
def test_all_kinds_of_maps_are_there_and_together_small():
    told, pictures = explored_maps.explored("laptop")
    assert [kind["id"] for kind in told["kinds"]] == list(explored_maps.KINDS)
    assert max(map(len, pictures.values())) <= 120 * KILOBYTE
    assert sum(map(len, pictures.values())) <= 3000 * KILOBYTE


class Pictures(HTMLParser):
    """The images of a part, and its data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found, self.data = [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes))

    def handle_data(self, data):
        self.data = self.data or (json.loads(data) if data.startswith("{") else None)


def test_without_scripts_there_are_plain_pictures_with_words(fills, maps):
    for text, there in ((explorer.slider(fills[0], "laptop"), fills[1]), (explorer.maps(maps[0], "laptop"), maps[1])):
        still = re.search(r"<noscript>(.*)</noscript>", text, re.S)[1]
        assert "needs JavaScript" in still
        images = Pictures(still).found
        assert images
        assert all(image["src"].removeprefix(explorer.PICTURES) in there and image["alt"] for image in images)
        assert not Pictures(text.replace(still, "")).found


def test_on_paper_the_plain_pictures_stand(fills):
    text = f'<article class="bd-article">{explorer.slider(fills[0], "laptop")}</article>'
    printed = article(BeautifulSoup(text, "html.parser"), Entry("Parts", "explore.html", 1), set())
    assert not printed.select("script, noscript")
    assert len(printed.select("img")) == 3


def test_no_label_ends_the_data_of_a_part():
    told = {"name": "</script><b>bold</b>"}
    assert "</script><b>" not in explorer.part("slider", told, "")
    assert Pictures(explorer.part("slider", told, "")).data == told | {"folder": explorer.PICTURES}


def test_a_profile_without_results_says_so(monkeypatch, tmp_path):
    explorer.write(tmp_path / "smoke", "smoke")
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    explorer.write(tmp_path / "empty", "laptop")
    for profile, folder in (("smoke", tmp_path / "smoke"), ("laptop", tmp_path / "empty")):
        assert not list((folder / "pictures").iterdir())
        for name, what in (("slider.html", "filled holes"), ("maps.html", "maps"), ("table.md", "measured methods")):
            text = (folder / "parts" / name).read_text()
            assert text.startswith(f"<p>The profile {profile} has no {what} to show")


def test_the_table_has_every_methods_numbers():
    runs = explored_fills.measured("laptop")
    assert list(runs) == [label for label in GROUPS["comparison"].rows if label in runs]
    lines = metric_table(runs).splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2 : 2 + len(runs)]] == list(runs)
    mean, low, high = runs["LaMa"]["summary"]["all"]["lpips"]
    row = lines[2 + list(runs).index("LaMa")].strip("| ").split(" | ")
    assert row[1 + list(METRICS).index("lpips")] == f"{mean:.3f} <small>[{low:.3f}, {high:.3f}]</small>"
    assert f"{len(SMALL.rows())} holes" in lines[-1]
