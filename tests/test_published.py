"""The papers' numbers as they are kept: complete, labelled as the library reads them, and equal to the print."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import printed_tables as printed
import pytest

import inpaintlib as il
from inpaintlib import masks

IDS = [f"tsgl-table-{n}" for n in range(1, 9)] + [f"misf-table-{n}" for n in range(1, 5)]
COLUMNS = ["table", "row", "part", "metric", "bin", "unit", "direction", "value", "bold"]
CELL = ["row", "part", "metric", "bin"]
UNITS = {"PSNR": "dB", "L1": "%", "Params": "M", "FLOPs": "G", "size": "px", "kernel": "px"}  # All others: "1".
DIRECTIONS = {"PSNR": "higher", "SSIM": "higher", "L1": "lower", "LPIPS": "lower", "FID": "lower"}  # All others: "".
ROMAN = dict(zip(IDS, [f"Table {number}" for number in ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")]))

FOUR, THREE = ["10-20", "20-30", "30-40", "40-50"], ["0-20", "20-40", "40-60"]
SIZES = ["narrow", "medium", "wide"]
QUALITY = {"PSNR", "SSIM", "L1", "LPIPS"}
SHAPES = {  # Number of rows by part, metrics and bins: every row of a part has every pair of them once.
    "tsgl-table-1": ({"texture via structure": 2, "structure via texture": 2}, {"FID"}, FOUR),
    "tsgl-table-2": ({"CelebA": 12, "Places2": 13}, {"PSNR", "SSIM", "FID"}, FOUR),
    "tsgl-table-4": ({"": 12}, {"PSNR", "SSIM", "FID"}, list(masks.TSGL_BINS)),
    "tsgl-table-5": ({"": 7}, {"FLOPs", "Params"}, [""]),
    "tsgl-table-7": (
        {"Global Structure": 4, "Local Residual Structure": 4},
        {"PSNR", "SSIM", "FID"},
        ["10-30", "30-50"],
    ),
    "tsgl-table-8": ({"": 5}, {"PSNR", "SSIM", "FID"}, ["20-30", "40-50"]),
    "misf-table-4": ({"": 3}, QUALITY, THREE),
}


@pytest.fixture(scope="module")
def tables():
    return {id: il.published.table(id) for id in IDS}


def covers(note, cell) -> bool:
    """Whether a note speaks of a cell (row, part, metric, bin)."""
    return all(mine in ("", its) for mine, its in zip((note.row, note.part, note.metric, note.bin), cell))


def test_all_tables_of_both_papers_are_there(tables):
    assert il.published.ids() == IDS
    assert {id: len(table) for id, table in tables.items()} == dict(
        zip(IDS, [16, 300, 120, 72, 14, 120, 48, 30, 67, 196, 140, 36])
    )


def test_columns_units_and_directions(tables):
    for id, table in tables.items():
        assert list(table.columns) == COLUMNS
        assert set(table.table) == {id}
        assert table.value.dtype == "float64"
        assert table.bold.dtype == "bool"
        assert not table.drop(columns="value").isna().any().any()
        assert not table.duplicated(CELL).any()
        assert list(table.unit) == [UNITS.get(metric, "1") for metric in table.metric]
        assert list(table.direction) == [DIRECTIONS.get(metric, "") for metric in table.metric]
        assert not table.bold[table.value.isna()].any()


@pytest.mark.parametrize("id", SHAPES)
def test_every_row_has_every_number_once(tables, id):
    rows, metrics, bins = SHAPES[id]
    seen = tables[id].groupby("part")
    assert {part: group.row.nunique() for part, group in seen} == rows
    for _, group in tables[id].groupby(["part", "row"]):
        assert sorted(zip(group.metric, group.bin)) == sorted((metric, bin) for metric in metrics for bin in bins)


def test_every_row_of_the_512_px_tables_has_its_counts_and_three_sizes_of_hole(tables):
    whole = [("FLOPs", ""), ("Params", ""), *((metric, size) for metric in ("FID", "LPIPS") for size in SIZES)]
    for id in ("tsgl-table-3", "tsgl-table-6"):
        assert tables[id].row.nunique() == 15
        for _, group in tables[id].groupby("row"):
            assert sorted(zip(group.metric, group.bin)) == sorted(whole)


def test_dunhuang_has_its_own_holes_and_the_other_sets_three_bins(tables):
    bins = [("Dunhuang", "default"), *((part, bin) for part in ("CelebA", "Places2") for bin in THREE)]
    for id, rows in (("misf-table-2", 7), ("misf-table-3", 5)):
        assert tables[id].row.nunique() == rows
        for _, group in tables[id].groupby(["row", "metric"]):
            assert sorted(zip(group.part, group.bin)) == sorted(bins)
        assert set(tables[id].metric) == QUALITY


def test_values_lie_where_their_metric_can(tables):
    limits = {"PSNR": (10, 45), "SSIM": (0.5, 1), "LPIPS": (0, 0.6), "L1": (0, 15), "FID": (0.5, 100)}
    for table in tables.values():
        known = table.dropna(subset="value")
        for metric, value in zip(known.metric, known.value):
            low, high = limits.get(metric, (1, 4000))
            assert low <= value <= high


def test_the_rows_are_the_variants_of_table_iv_in_order(tables):
    labels = list(dict.fromkeys(tables["tsgl-table-4"].row))
    assert labels == list(il.TABLE_IV)
    assert [il.Variant.parse(label) for label in labels] == list(il.TABLE_IV.values())


def test_bold_is_the_best_of_its_column_but_where_a_note_says_so(tables):
    for id, table in tables.items():
        excuses = [note for note in il.published.notes(id) if " bold" in note.note]
        used = set()
        for key, column in table[table.direction != ""].groupby(["part", "metric", "bin", "direction"]):
            best = column.value.max() if key[-1] == "higher" else column.value.min()
            rows = list(column.row[column.value == best])
            found = {note for note in excuses if any(covers(note, (row, *key[:3])) for row in rows)}
            assert (list(column.row[column.bold]) != rows) == bool(found), key
            used |= found
        assert used == set(excuses)


TWICE = {  # Numbers printed in two tables, and where the two differ.
    ("tsgl-table-3", "tsgl-table-6"): [("LaMa", "", "FID", "wide")],
    ("misf-table-2", "misf-table-3"): [("MISF", "CelebA", "SSIM", bin) for bin in THREE],
}


@pytest.mark.parametrize("one, other", TWICE)
def test_numbers_printed_twice_agree_but_where_a_note_says_so(tables, one, other):
    first, second = (tables[id].set_index(CELL).value.dropna() for id in (one, other))
    both = first.index.intersection(second.index)
    assert len(both) == {"tsgl-table-3": 120, "misf-table-2": 28}[one]
    differing = [cell for cell in both if first[cell] != second[cell]]
    assert differing == TWICE[one, other]
    names = ROMAN | {"misf-table-2": "Table 2", "misf-table-3": "Table 3"}
    for mine, its, values in ((one, other, second), (other, one, first)):
        for cell in differing:
            texts = [n.note for n in il.published.notes(mine) if (n.row, n.part, n.metric, n.bin) == cell]
            assert any(f"{names[its]} prints {values[cell]:.4g}".replace(" 0.", " .") in text for text in texts)


def test_semantic_filtering_has_the_same_numbers_in_both_of_its_tables(tables):
    third, fourth = tables["misf-table-3"], tables["misf-table-4"]
    one = third[(third.row == "Sem-Filter") & (third.part == "CelebA")].set_index(["metric", "bin"]).value
    other = fourth[fourth.row == "Sem-Filter(F3)"].set_index(["metric", "bin"]).value
    assert len(one) == 12
    assert dict(one) == dict(other)


def test_every_note_points_at_something(tables):
    lines = (Path(il.published.__file__).parent / "notes.csv").read_text(encoding="utf-8").splitlines()
    assert sum(len(il.published.notes(id)) for id in IDS) == len(lines) - 1
    for id, table in tables.items():
        cells = list(table[CELL].itertuples(index=False, name=None))
        noted = il.published.notes(id)
        assert len(set(noted)) == len(noted) > 0
        for note in noted:
            assert any(covers(note, cell) for cell in cells), note
            assert note.note.endswith(".")


def test_a_stated_number_of_another_table_is_the_one_there(tables):
    """Notes that name a table and a number of M there: the number stands in that table."""
    checked = 0
    for id in IDS:
        for note in il.published.notes(id):
            for names, number in re.findall(r"Tables? ([IV]+(?: and [IV]+)?) prints? ([\d.]+) M", note.note):
                for name in names.split(" and "):
                    table = next(tables[key] for key, value in ROMAN.items() if value == f"Table {name}")
                    assert float(number) in set(table.value[table.metric == "Params"])
                    checked += 1
    assert checked == 8


def test_items_are_all_figures_and_tables_of_both_papers():
    items = il.published.items()
    numbers = [*range(1, 24)], [*range(1, 8), *"abcdef"]
    expected = [f"{paper}-fig-{n}" for paper, ns in zip(("tsgl", "misf"), numbers) for n in ns]
    assert sorted(item.id for item in items) == sorted(expected + IDS)
    assert Counter((item.paper, item.kind == "table") for item in items) == {
        ("tsgl", False): 23,
        ("tsgl", True): 8,
        ("misf", False): 13,
        ("misf", True): 4,
    }
    for item in items:
        paper, kind, number = item.id.split("-")
        roman = ROMAN.get(item.id, f"Table {number}")
        assert item.paper == paper
        assert item.number == (roman if kind == "table" else f"Fig. {number.upper()}")
        assert (item.kind == "table") == (kind == "table")
        assert item.kind in ("diagram", "maps", "curves", "results", "table")
        assert item.title
        assert item.needs


@pytest.mark.parametrize("read", [il.published.table, il.published.notes])
def test_an_id_without_numbers_is_refused_with_the_known_ones(read):
    with pytest.raises(il.InputError, match=r"no published numbers under 'tsgl-table-40'.*tsgl-table-4,.*misf-table-1"):
        read("tsgl-table-40")
    with pytest.raises(il.InputError, match=r"'tsgl-fig-12' is Fig\. 12.*without printed numbers.*tsgl-table-4,"):
        read("tsgl-fig-12")


def test_the_library_does_not_wait_for_pandas():
    code = "import sys, inpaintlib.published as p; p.ids(); p.notes('tsgl-table-4'); sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


with_papers = pytest.mark.skipif(
    "INPAINTLIB_PAPERS" not in os.environ, reason="INPAINTLIB_PAPERS names no folder with tsgl.txt and misf.txt"
)


@with_papers
@pytest.mark.parametrize("id", IDS)
def test_the_numbers_are_the_printed_ones_each_at_its_row_and_column(tables, id):
    kept = {
        tuple(line[:4]): (None if line.value != line.value else line.value, line.unit, line.bold)
        for line in tables[id][[*CELL, "value", "unit", "bold"]].itertuples(index=False)
    }
    letters = {cell: (value, unit if unit in "MG" else "", bold) for cell, (value, unit, bold) in kept.items()}
    expected = printed.layers() if id == "misf-table-1" else printed.results(id)
    assert letters == expected
    if id not in ("tsgl-table-5", "misf-table-1"):  # These two are not read line by line.
        assert list(letters) == list(expected)


@with_papers
def test_slips_in_a_name_have_a_note():
    for slip, name in printed.SLIPS.items():
        there = [id for id in IDS[:8] if any(printed.plain(line[0]) == slip for line in printed.lines_of(id))]
        assert there
        for id in there:
            assert any(note.row == name and f'"{slip}"' in note.note for note in il.published.notes(id))
