"""An evaluation as a table on the screen and as files that anybody can read."""

import csv
import io
import os
from pathlib import Path
from typing import Any

from inpaintlib import inception
from inpaintlib.evaluation import Evaluation
from inpaintlib.files import write_json, write_text
from inpaintlib.provenance import provenance
from inpaintlib.summaries import summarise

TITLES = {
    "kd": "KD-AlexNet",
    "fd": "FD-AlexNet",
    "kid": "KID",
    "fid": "FID",
    "edge_kd": "edge KD-AlexNet",
    "residual_kd": "residual KD-AlexNet",
}
"""Names of distances in print; what is not Inception's is not called FID."""


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


def save(folder: str | os.PathLike, method: str, found: Evaluation, device: Any) -> Path:
    """Write rows.csv (a line a row: its name, photograph, bin and every metric) and, last, run.json with the summary,
    the protocol's checksum and where the numbers come from. Returns the folder."""
    folder, rows = Path(folder), found.protocol.rows()
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(["row", "photograph", "bin", *found.values])
    for index in range(len(rows)):
        values = [f"{column[index]:.6g}" for column in found.values.values()]
        writer.writerow([rows.name(index), rows.photo[index], rows.bin[index], *values])
    write_text(folder / "rows.csv", sheet.getvalue())
    protocol = {"name": found.protocol.name, "checksum": found.checksum}
    run = {"method": method, "protocol": protocol, "summary": summarise(found)} | provenance(device)
    write_json(folder / "run.json", run)
    return folder
