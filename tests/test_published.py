"""The papers' numbers as they are kept: labels that the library reads, values that the paper prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import inpaintlib as il
from inpaintlib import masks


@pytest.fixture
def table():
    return il.published.table("tsgl-table-4")


def test_the_rows_are_the_variants_of_table_iv_in_order(table):
    labels = list(dict.fromkeys(table.row))
    assert labels == list(il.TABLE_IV)
    assert [il.Variant.parse(label) for label in labels] == list(il.TABLE_IV.values())


def test_every_row_has_every_number_once(table):
    assert list(table.columns) == ["table", "row", "metric", "bin", "unit", "direction", "value", "bold"]
    assert set(table.table) == {"tsgl-table-4"}
    assert set(table.bin) == set(masks.TSGL_BINS)
    assert len(table) == 12 * 3 * 2
    assert not table.duplicated(["row", "metric", "bin"]).any()
    assert not table.isna().any().any()


def test_bold_is_the_best_of_its_column(table):
    for (_, _, direction), column in table.groupby(["metric", "bin", "direction"]):
        best = column.value.max() if direction == "higher" else column.value.min()
        assert list(column.row[column.bold]) == list(column.row[column.value == best])


def test_an_unknown_id_is_refused_with_the_known_ones():
    with pytest.raises(il.InputError, match="tsgl-table-4"):
        il.published.table("tsgl-table-40")


def test_the_library_does_not_wait_for_pandas():
    code = "import sys, inpaintlib.published as p; p.ids(); sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def printed_rows(text: str) -> dict[str, list[float]]:
    """Rows of the paper's Table IV as its text has them: label without markup -> the six numbers."""
    body = text[text.index("TABLE IV: Ablation study") :].split("\n\n2) ", 1)[0]
    rows = {}
    for line in body.splitlines():
        label, *numbers = re.sub(r"</?b>|\(Ours\)|</?math>|\\text|[${}]", "", line).split("\t")
        label = re.sub(r"\s+", "", label).replace("\\rightarrow", "->").removesuffix("(Ours)")
        if len(numbers) == 6 and all(re.fullmatch(r"[\d.]+", number) for number in numbers):
            rows[label] = [float(number) for number in numbers]
    return rows


@pytest.mark.skipif("INPAINTLIB_PAPERS" not in os.environ, reason="INPAINTLIB_PAPERS names no folder with tsgl.txt")
def test_the_values_are_the_printed_ones(table):
    printed = printed_rows((Path(os.environ["INPAINTLIB_PAPERS"]) / "tsgl.txt").read_text(encoding="utf-8"))
    kept = {label: list(values) for label, values in table.groupby("row", sort=False).value}
    assert kept == printed
