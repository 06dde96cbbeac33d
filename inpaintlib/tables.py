"""A published table, measured again: our numbers with their intervals, who is best, and the print's numbers beside."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from inpaintlib import published
from inpaintlib.errors import InputError
from inpaintlib.evaluation import DISTANCES
from inpaintlib.measurements import Measurements, NotRun
from inpaintlib.protocols import TABLES
from inpaintlib.regenerated import rows_of
from inpaintlib.statistics import LEVEL, Comparison, Interval, bootstrap, compare, holm


@dataclass(frozen=True)
class Metric:
    """How a metric is printed: its title, whether more is better, the factor and decimals of its numbers, what the
    papers print in its place, and the part of their table that prints it, where that is a view of the image."""

    title: str
    more: bool
    factor: float
    decimals: int
    theirs: str
    view: str = ""


METRICS: dict[str, Metric] = {
    "psnr": Metric("PSNR (dB) ↑", True, 1, 2, "PSNR"),
    "ssim": Metric("SSIM ↑", True, 1, 3, "SSIM"),
    "l1": Metric("L1 (%) ↓", False, 100, 2, "L1"),
    "lpips": Metric("LPIPS ↓", False, 1, 3, "LPIPS"),
    "kd": Metric("KD-AlexNet ↓", False, 1, 4, "FID"),
    "edge_psnr": Metric("edge PSNR (dB) ↑", True, 1, 2, "PSNR", "Global Structure"),
    "edge_ssim": Metric("edge SSIM ↑", True, 1, 3, "SSIM", "Global Structure"),
    "edge_kd": Metric("edge KD-AlexNet ↓", False, 1, 4, "FID", "Global Structure"),
    "residual_psnr": Metric("residual PSNR (dB) ↑", True, 1, 2, "PSNR", "Local Residual Structure"),
    "residual_ssim": Metric("residual SSIM ↑", True, 1, 3, "SSIM", "Local Residual Structure"),
    "residual_kd": Metric("residual KD-AlexNet ↓", False, 1, 4, "FID", "Local Residual Structure"),
}
"""Name in the results -> how it is printed. The papers' FID has our KD-AlexNet beside it, under its own name."""


class Regenerated:
    """A table of the papers with what a group of experiments measured, rows in the order of print.

    data: measurements on the table's own protocol.  trainings: the seeds that enter, by default all that a row has.
    Rows that are not measured here keep their printed numbers alone.  seed: of the resampling behind intervals.  Raises
    InputError on a table that `protocols.TABLES` does not hold.
    """

    def __init__(self, table: str, data: Measurements, seed: int = 0, trainings: tuple[int, ...] | None = None):
        if table not in TABLES:
            raise InputError(f"There is no measured table {table!r}; there is {', '.join(TABLES)}.")
        self.table, self.data, self.seed, self.trainings = table, data, seed, trainings
        there = [column for column in TABLES[table].columns if column in data.rows.protocol.columns]
        self.columns = there or ["all"]
        self.labels = {row: self._label(row) for row in rows_of(table)}

    def interval(self, metric: str, column: str, row: str) -> Interval:
        """Mean of a row with its 95 % interval."""
        return bootstrap(*self._values(metric, column, row), seed=self.seed)

    def compared(self, metric: str, column: str, one: str, other: str) -> Comparison:
        """One row minus another on the same photographs and holes."""
        mine, groups = self._values(metric, column, one)
        return compare(mine, self._values(metric, column, other)[0], groups, seed=self.seed)

    def standing(self, one: str, other: str, metrics: tuple[str, ...] = ()) -> tuple[int, int, int]:
        """In how many of metrics (by default the table's) and columns one row is better than another, worse, and not
        separated from it by the 95 % interval of their difference."""
        found = []
        for metric in metrics or TABLES[self.table].metrics:
            for column in self.columns:
                d = self.compared(metric, column, one, other).difference
                found.append((1 if METRICS[metric].more else -1) * (int(d.low > 0) - int(d.high < 0)))
        return found.count(1), found.count(-1), found.count(0)

    def ranks(self, metric: str, column: str) -> dict[str, str]:
        """Measured row -> "best", "level" (not separated from the best at 5 %, Holm-corrected) or ""."""
        rows = [row for row, label in self.labels.items() if label]
        if not rows:
            return {}
        sign = 1 if METRICS[metric].more else -1
        best = max(rows, key=lambda row: sign * self.interval(metric, column, row).mean)
        others = [row for row in rows if row != best]
        p = holm([self.compared(metric, column, best, row).p for row in others]) if others else []
        level = {row: "level" if value >= 1 - LEVEL else "" for row, value in zip(others, p)}
        return {row: "best" if row == best else level[row] for row in rows}

    def frame(self, metrics: tuple[str, ...] = ()) -> pd.DataFrame:
        """A line for each row, metric, column and part: state, published value, ours with its interval, and rank.

        metrics: by default those of the table.  Numbers are in the papers' units.
        """
        origins, lines = rows_of(self.table), []
        for metric in metrics or TABLES[self.table].metrics:
            how = METRICS[metric]
            for column in self.columns:
                ranks = self.ranks(metric, column)
                for row, label in self.labels.items():
                    found = self.interval(metric, column, row) if label else None
                    ours = [how.factor * x for x in (found.mean, found.low, found.high)] if found else 3 * [np.nan]
                    state = "measured here" if label else f"published only: {origins[row].why}"
                    for part in TABLES[self.table].papers:
                        value = self._printed(row, part, how, column)
                        lines.append((row, state, metric, column, part, value, *ours, ranks.get(row, "")))
        names = ["row", "state", "metric", "bin", "part", "published", "ours", "low", "high", "rank"]
        return pd.DataFrame(lines, columns=names).assign(profile=self.data.profile, table=self.table)

    def html(self, metric: str, part: str = "") -> str:
        """One metric as an HTML table: a line a row, for each bin ours with its interval and the print's in gray. The
        best is bold; ≈ marks what is not separated from it."""
        how, frame = METRICS[metric], self.frame((metric,))
        frame = frame[frame["part"] == part]
        found: dict[str, dict[str, str]] = {}
        for line in frame.itertuples():
            entry = found.setdefault(line.row.replace("->", "→"), {})
            entry[f"{line.bin} %" if line.bin[0].isdigit() else line.bin] = _cell(line, how.decimals)
            if frame.published.notna().any():
                value = f'<span class="published">{line.published:g}</span>' if np.isfinite(line.published) else "–"
                entry[f"{line.bin}, published {how.theirs}"] = value
        shown = pd.DataFrame.from_dict(found, orient="index").rename_axis(how.title, axis=1)
        return shown.to_html(escape=False, border=0, classes="sortable")

    def _printed(self, row: str, part: str, how: Metric, column: str) -> float:
        """The print's number; of a table whose parts divide its rows, whichever part has the row."""
        frame = published.table(self.table)
        found = frame[(frame.row == row) & (frame.metric == how.theirs) & (frame["bin"] == column)]
        chosen = found[found["part"] == (how.view or part)] if found["part"].nunique() > 1 else found
        return float(chosen.value.iloc[0]) if len(chosen) else np.nan

    def _label(self, row: str) -> str:
        """What the group calls the row; "" where it has no results here."""
        label = rows_of(self.table)[row].label
        try:
            return label if label in self.data.labels and self.data.seeds(label) else ""
        except NotRun:
            return ""

    def _values(self, metric: str, column: str, row: str) -> tuple[np.ndarray, np.ndarray]:
        """A row's values, a line a seed, and the photograph of each."""
        label = self.labels[row]
        if metric.rpartition("_")[2] in DISTANCES:
            return self.data.distance(label, metric, column, self.trainings), self.data.photographs
        chosen = self.data.column(column)
        return self.data.values(label, metric, self.trainings)[:, chosen], self.data.rows.group[chosen]


def _cell(line: object, decimals: int) -> str:
    if not np.isfinite(line.ours):
        return "–"
    mean = f"{line.ours:.{decimals}f}"
    mark = {"best": f"<b>{mean}</b>", "level": f"{mean} ≈", "": mean}[line.rank]
    return f"{mark} <small>[{line.low:.{decimals}f}, {line.high:.{decimals}f}]</small>"
