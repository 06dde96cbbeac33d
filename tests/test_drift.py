"""The drift gate: committed results belong to today's protocols and weights; pages take their numbers from them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from inpaintlib import methods, results, study
from inpaintlib.evaluation import Instruments, evaluate
from inpaintlib.files import read_json, sha256
from inpaintlib.models import build
from inpaintlib.paths import SHIPPED_WEIGHTS
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.weights import load

ROOT = Path(__file__).parents[1]
RUNS = sorted((ROOT / "figures" / "results").glob("*/*/run.json"))
SHIPPED = sorted(SHIPPED_WEIGHTS.glob("*/*.safetensors"))
SUBSET = range(2, 138, 29)
"""Rows of bundled-256 that the shipped networks are asked again: five photographs, five sizes of hole."""
TOLERANCE = {"psnr": 0.05, "hole_psnr": 0.05, "ssim": 0.001, "l1": 0.0005, "edge_psnr": 0.3, "lpips": 0.002}
"""How far a value may be from the stored one: float16 rounds it by up to 0.008 dB, another machine's convolutions and
8-bit rounding do the rest; an edge pixel that tips over weighs more."""

STIR = {"misf": 1.05}
"""Factor on all weights, to see that a change would be noticed, 1.01 but for networks with instance norms, behind which
most of it cannot be seen."""


def name(path):
    return f"{path.parent.parent.name}/{path.parent.name}"


def drift(method, experiment, instruments):
    """Largest distance from the stored values on the subset, metric by metric, in tolerances."""
    stored = results.read_arrays(experiment.id, experiment.profile)
    found = evaluate(
        method, PROTOCOLS[experiment.protocols[0]], instruments=instruments, rows=SUBSET, batch_size=5
    ).values
    return {m: float(np.abs(found[m] - stored[m][list(SUBSET)]).max()) / limit for m, limit in TOLERANCE.items()}


@pytest.mark.parametrize("run", RUNS, ids=name)
def test_results_belong_to_todays_protocols(run):
    """A changed photograph, mask, crop or setting makes a result worthless: `inpaintlib study measure` renews it."""
    content = read_json(run)
    for entry in (content["protocol"], *content["also"], content["diagnostics_protocol"]):
        assert entry["checksum"] == PROTOCOLS[entry["name"]].rows().checksum
    experiment = study.select(run.parent.parent.name, (run.parent.name,))[0]
    assert study.done(experiment), "the recipe or the training photographs changed; train it again"


@pytest.mark.parametrize("weights", SHIPPED, ids=lambda path: path.stem)
def test_shipped_weights_are_those_that_were_measured(weights):
    assert results.read_run(weights.stem, weights.parent.name)["weights"] == sha256(weights)


@pytest.mark.parametrize("weights", SHIPPED, ids=lambda path: path.stem)
def test_shipped_weights_still_give_the_stored_numbers(weights):
    experiment = study.select(weights.parent.name, (weights.stem,))[0]
    network = load(weights)
    asked = results.read_run(experiment.id, experiment.profile)["asked"]
    method = {"at the scale of the hole": methods.as_inpaint, "at full scale": methods.network}[asked]
    instruments = Instruments.load()
    assert max(drift(method(network), experiment, instruments).values()) <= 1
    with torch.no_grad():
        for value in network.parameters():
            value.mul_(STIR.get(experiment.model, 1.01))
    assert max(drift(method(network), experiment, instruments).values()) > 1


def test_another_network_would_be_noticed():
    experiment = study.select("laptop", ("tsgl-final-s0",))[0]
    untrained = build(experiment.model, **experiment.config)
    assert max(drift(methods.as_inpaint(untrained), experiment, Instruments.load()).values()) > 10


def test_every_table_shows_an_interval_or_an_exact_count():
    """No run keeps a bare point estimate: every metric in a summary has its lower and upper end around it."""
    for run in RUNS:
        content = read_json(run)
        for summary in (content["summary"], *(entry["summary"] for entry in content["also"])):
            for values in summary.values():
                assert {"rows", "photographs"} <= values.keys()
                for metric, value in values.items():
                    if metric not in ("rows", "photographs"):
                        mean, low, high = value
                        assert low <= mean <= high
                        assert low < high


# --- the pages

CONSTANTS = {
    "book/definitions.md": {"1.5"},  # the sigma of SSIM's window
    "book/notation.md": {"1.5", "0.1"},  # the balance module's Gaussian, the adversarial weight of Eq. 16
    "book/outgrowing.md": {"3.12"},  # the Python of an image
    "book/elsewhere.md": {"2.11", "0.26"},  # the oldest torch and torchvision that a prepared machine keeps
    "notebooks/02_structure_and_texture.ipynb": {"0.5"},  # an exercise's argument
    "notebooks/03_training.ipynb": {"0.5", "0.69", "1.39"},  # ln 2 and 2 ln 2: an undecided discriminator
    "notebooks/11_your_own.ipynb": {"0.1"},  # exercises' weights
}
"""Decimals that prose may contain: settings and mathematics. A measured number comes from a result, through a cell."""


def prose(path):
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


PAGES = sorted([*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_measured_number_is_typed_into_prose(page):
    text = prose(page)
    decimals = set(re.findall(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)", text))
    assert decimals <= CONSTANTS.get(page.relative_to(ROOT).as_posix(), set())
    assert not re.findall(r"\d (?:dB|nats)\b", text)


def test_no_allowed_constant_is_left_over():
    for page, constants in CONSTANTS.items():
        assert constants <= set(re.findall(r"\d+\.\d+", prose(ROOT / page))), page


@pytest.mark.parametrize("method", ["telea", "navier-stokes"])
def test_the_best_final_network_beats_what_a_person_would_use_without_it(method):
    """In PSNR, SSIM and LPIPS, in every bin of hole area: means over the protocol's images."""
    ours, theirs = (results.read_arrays(name, "laptop") for name in ("tsgl-final-s0", f"{method}-s0"))
    rows = PROTOCOLS["bundled-256"].rows()
    for bin in np.unique(rows.bin):
        chosen = rows.bin == bin
        for metric, sign in (("psnr", 1), ("ssim", 1), ("lpips", -1)):
            assert sign * (ours[metric][chosen].mean() - theirs[metric][chosen].mean()) > 0, (bin, metric)
