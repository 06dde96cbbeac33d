"""The frozen protocols: what they pair, what their checksum notices, and the tables that they serve."""

import itertools
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

import inpaintlib as il
from inpaintlib import masks, published
from inpaintlib.files import checksum_arrays
from inpaintlib.photos import bundled
from inpaintlib.protocols import COLUMNS, PROTOCOLS, TABLES, Protocol

SMALL = PROTOCOLS["smoke-64"]
MAIN = PROTOCOLS["bundled-256"]


def test_rows_pair_every_crop_with_one_mask_of_every_bin():
    rows = MAIN.rows()
    assert len(rows) == len(bundled("test")) * MAIN.per_photo * len(MAIN.bins)
    for name in MAIN.bins:
        assert masks.in_bin(rows.masks[rows.bin == name], name).all()
    assert set(rows.photo) == set(bundled("test").names)
    per_crop = rows.images.view(-1, len(MAIN.bins), *rows.images.shape[1:])
    assert (per_crop == per_crop[:, :1]).all()
    assert len({rows.name(i) for i in range(len(rows))}) == len(rows)


def test_a_row_is_the_same_alone_and_among_others():
    rows = MAIN.rows()
    images, holes = rows.part([100, 3])
    assert torch.equal(images[1], rows.images[3])
    assert torch.equal(images[0], rows.images[100])
    assert torch.equal(holes[0], rows.masks[100])


def test_the_large_protocol_enlarges_nothing():
    rows = PROTOCOLS["bundled-512"].rows()
    photographs = bundled("test")
    large = [name for image, name in zip(photographs, photographs.names) if min(image.shape[:2]) >= 512]
    assert list(dict.fromkeys(rows.photo)) == large
    assert len(rows) == 3 * len(large)
    image = photographs[photographs.names.index(rows.photo[0])]
    crop = rows.part([0])[0][0].permute(1, 2, 0).numpy()
    windows = np.lib.stride_tricks.sliding_window_view(image[:, :, 0], (512, 512))
    corners = windows[:, :, 0, 0] == crop[0, 0, 0]
    assert any((windows[top, left] == crop[:, :, 0]).all() for top, left in zip(*np.nonzero(corners)))


def test_rows_never_change():
    """These checksums name what the committed results were measured on, and the pixels that they stand for: when one
    changes, every result is to be measured again (`inpaintlib study measure`)."""
    assert PROTOCOLS["bundled-256"].rows().checksum == "3b3bf0e5b3ec24e5"
    assert PROTOCOLS["bundled-512"].rows().checksum == "c45186114c923271"
    assert PROTOCOLS["diagnostics-256"].rows().checksum == "004573503bc55685"
    rows = MAIN.rows()
    assert checksum_arrays(rows.images.numpy(), rows.masks.numpy().astype(np.uint8))[:16] == "b6229bf20da9d5e0"


def test_whatever_changes_what_is_measured_changes_the_checksum():
    known = {SMALL.rows().checksum}
    for changes in (
        {"bins": ("10-20", "40-50")},
        {"photographs": 3},
        {"per_photo": 2},
        {"leak": True},
        {"split": "val"},
        {"views": ("image",)},
    ):
        changed = replace(SMALL, name="changed", **changes).rows().checksum
        assert changed not in known, changes
        known.add(changed)


def test_columns_pool_the_bins_that_they_name():
    for name, bins in COLUMNS.items():
        if "-" in name:
            low, high = (int(x) / 100 for x in name.split("-"))
            edges = [masks.AREA_BINS[b] for b in bins]
            assert edges[0][0] in (low, 0.01)  # App. C's groups begin at 1 %, MISF's first bin at 0.
            assert edges[-1][1] == high
            assert all(a[1] == b[0] for a, b in itertools.pairwise(edges))
    rows = MAIN.rows()
    assert rows.column("10-30").sum() == rows.column("10-20").sum() + rows.column("20-30").sum()
    assert rows.column("all").all()
    with pytest.raises(il.InputError, match="has no column 'narrow'"):
        rows.column("narrow")


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_a_protocol_here_and_on_the_papers_data(name):
    table = TABLES[name]
    for protocol in (table.here, *table.papers.values()):
        wanted = {"default"} if protocol == "dunhuang-256" else set(table.columns)
        assert wanted <= set(PROTOCOLS[protocol].columns)
    assert not PROTOCOLS[table.here].missing()
    if name in published.ids():
        printed = published.table(name)
        area = [b for b in dict.fromkeys(printed.bin) if re.fullmatch(r"\d+-\d+|narrow|medium|wide", b)]
        assert area == list(table.columns)
        assert set(printed.part) - {"Dunhuang"} >= set(table.papers) - {"", "Dunhuang"}


def test_every_table_that_has_areas_is_measured():
    with_areas = {n for n in published.ids() if any(published.table(n).bin.str.match(r"\d+-\d+|wide"))}
    assert with_areas <= set(TABLES)


def test_data_that_is_not_here_is_named(monkeypatch, tmp_path):
    for folder in (None, tmp_path):
        if folder is None:
            monkeypatch.delenv("INPAINTLIB_DATA", raising=False)
        else:
            monkeypatch.setenv("INPAINTLIB_DATA", str(folder))
        with pytest.raises(il.InputError, match=r"celeba-256 needs celeba, .* INPAINTLIB_DATA"):
            PROTOCOLS["celeba-256"].rows()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A reader's folder of data sets: six faces of CelebA's size, three paintings with a mask each."""
    monkeypatch.setenv("INPAINTLIB_DATA", str(tmp_path))
    generator = np.random.default_rng(0)

    def write(path, shape):
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), generator.integers(0, 255, shape, dtype=np.uint8))

    for i in range(30):
        write(tmp_path / "celeba" / "img_align_celeba" / f"{i:06d}.png", (218, 178, 3))
    for i in range(3):
        write(tmp_path / "dunhuang" / "test" / "images" / f"{i}.png", (300, 400, 3))
        hole = np.zeros((300, 400), np.uint8)
        hole[100 + 10 * i : 160, 150:250] = 255
        path = tmp_path / "dunhuang" / "test" / "masks" / f"{i}_mask.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), hole)
    return tmp_path


def test_faces_are_resized_and_limited_as_the_paper_splits_them(data):
    rows = PROTOCOLS["celeba-256"].rows()
    assert len(rows) == 2 * 6  # 1/15 of 30 faces is held out
    assert rows.images.shape[-2:] == (256, 256)
    limited = replace(PROTOCOLS["celeba-256"], name="one", photographs=1).rows()
    assert set(limited.photo) == {rows.photo[0]}


def test_paintings_come_with_their_own_masks(data):
    rows = PROTOCOLS["dunhuang-256"].rows()
    assert len(rows) == 3
    areas = masks.hole_area(rows.masks).tolist()
    assert areas == sorted(areas, reverse=True)
    assert areas[0] == pytest.approx(60 * 100 / 300**2, rel=0.05)
    hole = (rows.masks[0, 0] == 0).nonzero()
    assert hole.min(0).values.tolist() == pytest.approx([100 * 256 / 300, 100 * 256 / 300], abs=1.5)
    before = rows.checksum
    cv2.imwrite(str(data / "dunhuang" / "test" / "masks" / "0_mask.png"), np.pad(np.full((40, 40), 255, np.uint8), 130))
    changed = replace(PROTOCOLS["dunhuang-256"], name="dunhuang-256", photographs=99).rows().checksum
    assert changed != before


def test_a_protocol_is_plain_data():
    assert Protocol("x", "bundled", "test", 64, "irregular-64", ("10-20",)) == Protocol(
        "x", "bundled", "test", 64, "irregular-64", ("10-20",)
    )
    assert all(name == protocol.name for name, protocol in PROTOCOLS.items())
