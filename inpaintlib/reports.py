"""An evaluation, or several beside each other, as a table on the screen and as files that anybody can read."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inpaintlib import gallery, inception
from inpaintlib.errors import InputError
from inpaintlib.evaluation import Evaluation
from inpaintlib.files import atomic_path, read_json, write_json, write_text
from inpaintlib.image_io import png
from inpaintlib.methods import Method
from inpaintlib.protocols import Protocol
from inpaintlib.provenance import provenance
from inpaintlib.statistics import Interval, bootstrap
from inpaintlib.summaries import FEWEST, summarise

TITLES = {
    "kd": "KD-AlexNet",
    "fd": "FD-AlexNet",
    "kid": "KID",
    "fid": "FID",
    "edge_kd": "edge KD-AlexNet",
    "residual_kd": "residual KD-AlexNet",
}
"""Names of distances in print; what is not Inception's is not called FID."""
BESIDE = {"psnr": ("PSNR, dB", 2), "ssim": ("SSIM", 3), "lpips": ("LPIPS", 3), "kd": ("KD-AlexNet", 4)}
"""What stands in a table of several methods: metric -> its title, and the decimals on the screen."""
TABLE = "table.csv"
COLUMNS = (
    *("method", "holes", "metric", "mean", "low", "high"),
    *("first_minus", "first_minus_low", "first_minus_high", "crops", "photographs"),
)
"""Of TABLE. first_minus: the first method minus this one, on the same photographs."""


def text(method: str, found: Evaluation) -> str:
    """Every metric of every bin with its 95 % interval, and how many rows and photographs stand behind it."""
    lines = [f"{method} on {found.protocol.name} ({found.checksum}): mean [95 % interval over photographs]"]
    for column, values in summarise(found).items():
        counted = f"{values.pop('rows')} crops of {values.pop('photographs')} photographs"
        lines.append(f"{column} % hole, {counted}" if column[0].isdigit() else f"{column}, {counted}")
        lines += [
            f"  {TITLES.get(metric, metric):<26} {mean:9.4f} [{low:.4f}, {high:.4f}]"
            for metric, (mean, low, high) in values.items()
        ]
    return "\n".join([*lines, *filter(None, [inception.absent()])])


def beside(found: dict[str, Evaluation]) -> str:
    """Methods beside each other over all holes, and the first minus each other one: mean [95 % interval]. Raises
    InputError on evaluations of two protocols."""
    first = next(iter(found))
    rows = [row for row in _compared(found) if row["holes"] == "all"]
    crops, photographs = rows[0]["crops"], rows[0]["photographs"]
    named = found[first]
    wide = max(len(f"{first} minus {label}") for label in found) + 2
    lines = [
        f"{named.protocol.name} ({named.checksum}), {crops} crops of {photographs} photographs:"
        " mean [95 % interval over photographs]",
        " " * wide + "".join(f"{title:<26}" for title, _ in BESIDE.values()).rstrip(),
    ]
    for key, prefix in (("mean", ""), ("first_minus", f"{first} minus ")):
        for label in found if key == "mean" else list(found)[1:]:
            cells = {row["metric"]: _cell(row, key) for row in rows if row["method"] == label}
            lines.append(f"{prefix + label:<{wide}}" + "".join(f"{cells.get(m, '-'):<26}" for m in BESIDE).rstrip())
    return "\n".join(lines)


def expect(folder: str | os.PathLike, protocol: Protocol) -> None:
    """Raise InputError when a folder holds results of another protocol: they share no table."""
    for run in sorted(Path(folder).glob("**/run.json")):
        other = read_json(run).get("protocol", {})
        if other.get("checksum") != protocol.rows().checksum:
            raise InputError(
                f"{run.parent} holds results on other photographs or holes ({other.get('name')},"
                f" {other.get('checksum')}) than {protocol.name} ({protocol.rows().checksum}); give another --out."
            )


def save(folder: str | os.PathLike, method: str, found: Evaluation, device: Any) -> Path:
    """Write rows.csv (a line a row: its name, photograph, bin and every metric) and, last, run.json with the summary,
    the protocol's checksum and where the numbers come from. Returns the folder."""
    folder, rows = Path(folder), found.protocol.rows()
    values = [
        [rows.name(i), rows.photo[i], rows.bin[i], *(f"{column[i]:.6g}" for column in found.values.values())]
        for i in range(len(rows))
    ]
    _write_csv(folder / "rows.csv", ["row", "photograph", "bin", *found.values], values)
    protocol = {"name": found.protocol.name, "checksum": found.checksum}
    run = {"method": method, "protocol": protocol, "summary": summarise(found)} | provenance(device)
    write_json(folder / "run.json", run)
    return folder


def save_beside(folder: str | os.PathLike, found: dict[str, Evaluation], methods: dict[str, Method]) -> Path:
    """Write table.csv, a line for each method, bin and metric of BESIDE, and PNG strips of a few rows: given.png, the
    holes white, truth.png, and <method>/filled.png. Returns the folder. Raises InputError as `beside`."""
    folder, protocol = Path(folder), next(iter(found.values())).protocol
    _write_csv(folder / TABLE, COLUMNS, [[row[name] for name in COLUMNS] for row in _compared(found)])
    given, truth = gallery.given(protocol)
    strips = {"given": given, "truth": truth}
    strips |= {f"{label}/filled": gallery.filled(method, protocol) for label, method in methods.items()}
    for name, strip in strips.items():
        with atomic_path(folder / f"{name}.png") as temporary:
            temporary.write_bytes(png(strip))
    return folder


def _compared(found: dict[str, Evaluation]) -> Iterator[dict[str, Any]]:
    first = next(iter(found.values()))
    if len({one.checksum for one in found.values()}) > 1:
        raise InputError("Results of two protocols share no table; measure the methods on the same photographs.")
    rows = first.protocol.rows()
    for column in [name for name in first.protocol.columns if name in first.protocol.bins or name == "all"]:
        picked = rows.column(column)
        counted = {"crops": int(picked.sum()), "photographs": len(np.unique(rows.group[picked]))}
        for label, one in found.items():
            for metric in BESIDE:
                values, other = (_values(e, metric, column, picked) for e in (one, first))
                if values is not None:
                    line = {"method": label, "holes": column, "metric": metric, **counted}
                    line |= _ends(bootstrap(*values), ("mean", "low", "high"))
                    ends = ("first_minus", "first_minus_low", "first_minus_high")
                    difference = bootstrap(other[0] - values[0], values[1])
                    yield line | (dict.fromkeys(ends, "") if one is first else _ends(difference, ends))


def _values(found: Evaluation, metric: str, column: str, picked: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """A metric's values in a column, and the photograph of each; None where there are too few for a distance."""
    groups = found.protocol.rows().group[picked]
    if metric in found.values:
        return found.values[metric][picked], groups
    names = np.unique(groups)
    return (
        (found.distances[metric][list(found.protocol.columns).index(column)], names) if len(names) >= FEWEST else None
    )


def _ends(interval: Interval, names: Sequence[str]) -> dict[str, str]:
    return {name: f"{end:.5g}" for name, end in zip(names, (interval.mean, interval.low, interval.high))}


def _cell(row: dict[str, Any], key: str) -> str:
    ends = ("mean", "low", "high") if key == "mean" else (key, f"{key}_low", f"{key}_high")
    decimals = BESIDE[row["metric"]][1]
    mean, low, high = (f"{float(row[name]):{'' if key == 'mean' else '+'}.{decimals}f}" for name in ends)
    return f"{mean} [{low}, {high}]"


def _write_csv(path: Path, head: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    sheet = io.StringIO()
    csv.writer(sheet, lineterminator="\n").writerows([head, *lines])
    write_text(path, sheet.getvalue())
