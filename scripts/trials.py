"""What was tried for the recipe of the final networks: short trainings, measured on validation photographs.

`.venv/bin/python scripts/trials.py` writes figures/results/trials.csv, a line a trial, and Telea's method beside them.
A trial that stands there is not run again; delete its line to repeat it.
"""

import csv
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from inpaintlib import methods, paths
from inpaintlib.crops import Crops
from inpaintlib.evaluation import Instruments, evaluate
from inpaintlib.files import write_text
from inpaintlib.metrics import Lpips
from inpaintlib.photos import bundled
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.provenance import commit
from inpaintlib.recipes import FINALS, recipe
from inpaintlib.training import Job, train
from inpaintlib.trainings import SOFTEN
from inpaintlib.weights import load

IMAGES, WIDTH = 3_000, 12
FILE = paths.home() / "figures" / "results" / "trials.csv"
COLUMNS = ("trial", "model", "images", "minutes", "psnr", "ssim", "lpips", "psnr 40-50", "lpips 40-50", "commit")


@dataclass(frozen=True)
class Trial:
    """config: of the network.  changes: to the laptop's recipe."""

    model: str = "tsgl"
    config: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)


PLAIN, OVER = {"decoder": "basic"}, {"decoder": "basic", "over": "fill"}
POOL = {"holes": 4096}
FINAL = FINALS["laptop"]

TRIALS = {
    "as the ablations": Trial(config=PLAIN, changes=POOL),
    "crops of 128, batch 2": Trial(config=PLAIN, changes=POOL | {"crop": 128, "batch": 2}),
    "over a fill": Trial(config=OVER, changes=POOL | {"lr": 1e-3}),
    "over a fill, adversary 0.03": Trial(config=OVER, changes=FINAL | {"adversarial": 0.03}),
    "over a fill, adversary 0.1 (chosen)": Trial(config=OVER, changes=FINAL),
    "over a fill, adversary 0.3": Trial(config=OVER, changes=FINAL | {"adversarial": 0.3}),
    "LaMa, the chosen recipe": Trial("lama", {"blocks": 6, "over": "fill"}, FINAL),
    "LaMa, as the ablations": Trial("lama", {"blocks": 6}, POOL),
}


def measured(method: methods.Method) -> dict[str, str]:
    """Means over all images with holes of 10 to 50 %, and of 40 to 50 %."""
    protocol = PROTOCOLS["validation-256"]
    found = evaluate(method, protocol, instruments=Instruments(Lpips(), {}))
    bins = protocol.rows().bin
    parts = {"": np.isin(bins, ("10-20", "20-30", "30-40", "40-50")), " 40-50": bins == "40-50"}
    values = {
        f"{name}{part}": found.values[name][chosen].mean() for part, chosen in parts.items() for name in found.values
    }
    return {name: f"{values[name]:.4f}" for name in COLUMNS if name in values}


def run(trial: Trial) -> dict[str, str]:
    """Train and measure one trial."""
    setting = replace(recipe("laptop"), **trial.changes)
    job = Job(trial.model, {"width": WIDTH} | trial.config, setting, 0, IMAGES)
    crops = Crops(bundled("train"), setting.crop, setting.scales)
    with tempfile.TemporaryDirectory() as folder:
        state = train(job, crops, folder, accelerator="cpu")
    told = {"model": trial.model, "images": str(IMAGES), "minutes": f"{state.seconds / 60:.1f}", "commit": commit()[:7]}
    return told | measured(methods.as_inpaint(state.average))


def softened(factor: float) -> dict[str, str]:
    """The final network with another factor than SOFTEN on the gain that it was trained to."""
    network = load("tsgl", profile="laptop")
    with torch.no_grad():
        network.painting.gain.mul_(factor / SOFTEN)
    return {"model": "tsgl", "images": "", "minutes": "", "commit": commit()[:7]} | measured(
        methods.as_inpaint(network)
    )


def tasks() -> Iterator[tuple[str, Callable[[], dict[str, str]]]]:
    """Every line of the table: its name, and what measures it."""
    for name in ("telea", "navier-stokes"):
        yield name, partial(lambda name: measured(methods.classical(name)), name)
    for name, trial in TRIALS.items():
        yield name, partial(run, trial)
    for factor in (1.0, 0.5, SOFTEN, 0.2):
        yield f"the final network, gain times {factor}", partial(softened, factor)


def main() -> None:
    """Run what is missing, and write the table after each."""
    rows = list(csv.DictReader(FILE.open(encoding="utf-8"))) if FILE.exists() else []
    for name, task in tasks():
        if any(row["trial"] == name for row in rows):
            continue
        print(name, file=sys.stderr, flush=True)
        rows.append({"trial": name} | task())
        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
        write_text(FILE, sheet.getvalue())


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
