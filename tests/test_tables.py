"""Published tables measured again: whose numbers stand where, and who is best."""

import numpy as np
import pytest

import inpaintlib as il
from inpaintlib import tables
from inpaintlib.errors import InputError
from inpaintlib.measurements import Measurements
from inpaintlib.protocols import TABLES
from inpaintlib.statistics import bootstrap


class Told:
    """Measurements that were made up: three photographs of four holes each, the same in every column."""

    profile = "laptop"

    def __init__(self, values, protocol):
        self.made = values
        self.rows = Measurements("direction", protocol, "laptop").rows
        self.labels = list(values)
        self.photographs = np.unique(self.rows.group)

    def seeds(self, *labels):
        return [0, 1]

    def column(self, name):
        return self.rows.column(name)

    def values(self, label, metric, seeds=None):
        rng = np.random.default_rng(0)  # the same for all: differences are exact
        level, spread = self.made[label]
        own = np.random.default_rng(len(label)).normal(size=(2, len(self.rows)))
        return (level + rng.normal(size=(2, len(self.rows))) + spread * own)[slice(None) if seeds is None else [*seeds]]

    def distance(self, label, metric, column, seeds=None):
        every = np.full((2, len(self.photographs)), self.made[label][0]) + np.arange(len(self.photographs)) / 100
        return every[slice(None) if seeds is None else [*seeds]]


ROWS = {
    "Baseline": (20.0, 0.0),
    "Global->Global": (20.0, 0.01),
    "Global->Local": (25.0, 0.0),
    "Local->Global": (24.95, 0.5),
}


@pytest.fixture
def told():
    return tables.Regenerated("tsgl-table-4", Told(ROWS, TABLES["tsgl-table-4"].here))


def test_a_table_of_some_trainings_asks_for_no_others(told):
    first = tables.Regenerated("tsgl-table-4", told.data, trainings=(0,))
    chosen = told.data.column("10-30")
    alone = bootstrap(told.data.values("Baseline", "psnr")[:1, chosen], told.data.rows.group[chosen])
    assert first.interval("psnr", "10-30", "Baseline") == alone
    assert told.interval("psnr", "10-30", "Baseline") != alone


def test_the_best_and_what_is_not_separated_from_it(told):
    assert told.ranks("psnr", "10-30") == {
        "Baseline": "",
        "Global->Global": "",
        "Global->Local": "best",
        "Local->Global": "level",
    }
    assert told.ranks("lpips", "10-30")["Baseline"] == "best"  # less is better


def test_a_row_stands_ahead_of_another_where_its_interval_lies_on_the_better_side(told):
    assert told.standing("Global->Local", "Baseline", ("psnr",)) == (2, 0, 0)
    assert told.standing("Global->Local", "Baseline", ("lpips",)) == (0, 2, 0)  # less is better
    assert told.standing("Global->Local", "Local->Global", ("psnr",)) == (0, 0, 2)
    assert sum(told.standing("Global->Local", "Baseline")) == 2 * len(TABLES["tsgl-table-4"].metrics)


def test_rows_stand_in_the_order_of_print_with_its_numbers_beside(told):
    frame = told.frame(("psnr",))
    assert list(frame.row.unique()) == list(il.TABLE_IV)
    line = frame[(frame.row == "Global->Local") & (frame["bin"] == "10-30")].iloc[0]
    printed = il.published.table("tsgl-table-4").set_index(["row", "metric", "bin"]).value
    assert line.published == printed["Global->Local", "PSNR", "10-30"]
    chosen = told.data.column("10-30")
    wanted = bootstrap(told.data.values("Global->Local", "psnr")[:, chosen], told.data.rows.group[chosen])
    assert (line.ours, line.low, line.high) == pytest.approx((wanted.mean, wanted.low, wanted.high))
    absent = frame[frame.row == "Texture->Local"].iloc[0]
    assert np.isnan(absent.ours)
    assert absent.state.startswith("published only")


def test_views_of_an_image_have_the_prints_part_of_that_view():
    told = tables.Regenerated("tsgl-table-7", Told({"Ours": (20.0, 0.0)}, TABLES["tsgl-table-7"].here))
    printed = il.published.table("tsgl-table-7").set_index(["row", "part", "metric", "bin"]).value
    for metric, part in (("edge_psnr", "Global Structure"), ("residual_psnr", "Local Residual Structure")):
        frame = told.frame((metric,))
        line = frame[(frame.row == "Ours") & (frame["bin"] == "30-50")].iloc[0]
        assert line.published == printed["Ours", part, "PSNR", "30-50"]


def test_a_table_whose_parts_divide_its_rows():
    told = tables.Regenerated("tsgl-table-1", Told({"texture alone": (1.0, 0.0)}, TABLES["tsgl-table-1"].here))
    frame = told.frame()
    assert frame.published.notna().all()


def test_the_page_marks_the_best_in_bold_and_the_print_in_gray(told):
    page = told.html("psnr")
    assert page.count("<b>") == 2
    assert "Global→Local" in page
    assert '<span class="published">' in page
    assert 'class="dataframe sortable"' in page


def test_a_table_that_is_not_measured_is_refused():
    with pytest.raises(InputError, match="no measured table 'tsgl-table-5'"):
        tables.Regenerated("tsgl-table-5", None)
