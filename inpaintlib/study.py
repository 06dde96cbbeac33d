"""The study: which trainings there are, as data, and what one of them leaves behind."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from inpaintlib import dump, evaluation, inference, paths, results, weights
from inpaintlib.crops import Crops
from inpaintlib.errors import InputError
from inpaintlib.evaluation import PROTOCOLS
from inpaintlib.files import exclusive
from inpaintlib.metrics import Lpips
from inpaintlib.photos import bundled
from inpaintlib.recipes import recipe
from inpaintlib.statistics import bootstrap
from inpaintlib.training import Job, State, train
from inpaintlib.variant import TABLE_IV, Variant

FINAL = "2Global(Local)->Global(Local)"
DECODER = "basic"
"""The plain decoder: what differs between two rows is their encoders alone."""
SPECTRA = ("Baseline", "Global->Global", "Global->Local", FINAL)
"""Rows of Table IV whose spectrograms a figure shows."""


@dataclass(frozen=True)
class Experiment:
    """One training and its evaluation. id = <name>-s<seed>; budget: images seen; group: what it is evidence for."""

    id: str
    model: str
    config: dict[str, Any] = field(hash=False)
    profile: str
    seed: int
    budget: int
    group: str

    @property
    def job(self) -> Job:
        """What the training loop is given."""
        return Job(self.model, self.config, recipe(self.profile), self.seed, self.budget)


@dataclass(frozen=True)
class Scale:
    """How large a profile's experiments are: widths and images seen of the ablations and of the final network."""

    width: int
    budget: int
    final_width: int
    final_budget: int
    protocol: str
    diagnostics: str


SCALES: dict[str, Scale] = {
    "smoke": Scale(8, 4, 8, 4, "smoke-64", "smoke-64"),
    "laptop": Scale(8, 8_000, 12, 40_000, "bundled-256", "diagnostics-256"),
}


def slug(variant: Variant | str) -> str:
    """A variant as part of a file name: "Global(2Local)->Global(Local)" gives "global-2local-to-global-local"."""
    return re.sub(r"[()]+", "-", str(variant).lower().replace("->", "-to-")).replace("--", "-").strip("-")


def experiments(profile: str) -> list[Experiment]:
    """Every experiment of a profile: Table IV's twelve rows, and the final network. Raises InputError on a profile
    without a study."""
    if profile not in SCALES:
        raise InputError(f"There is no study in the profile {profile!r}; there is one in {', '.join(SCALES)}.")
    scale = SCALES[profile]
    rows = [
        Experiment(
            f"tsgl-{slug(v)}-s0",
            "tsgl",
            {"variant": str(v), "width": scale.width, "decoder": DECODER},
            profile,
            0,
            scale.budget,
            "table-iv",
        )
        for v in TABLE_IV.values()
    ]
    final = {"variant": FINAL, "width": scale.final_width, "decoder": DECODER}
    return [*rows, Experiment("tsgl-final-s0", "tsgl", final, profile, 0, scale.final_budget, "final")]


def select(profile: str, only: tuple[str, ...] = ()) -> list[Experiment]:
    """The experiments of a profile whose id or group is named; all when none is. Raises InputError on a wrong name."""
    every = experiments(profile)
    for name in only:
        if name not in {e.id for e in every} | {e.group for e in every}:
            known = ", ".join(e.id for e in every)
            raise InputError(f"The profile {profile} has no experiment or group {name!r}; it has {known}.")
    return [e for e in every if not only or e.id in only or e.group in only]


def done(experiment: Experiment) -> bool:
    """Whether the experiment's results are there, made with this job and this protocol."""
    try:
        run = results.read_run(experiment.id, experiment.profile)
    except InputError:
        return False
    return run["job"] == fingerprint(experiment)


def fingerprint(experiment: Experiment) -> str:
    """What decides an experiment's numbers, apart from the library's code: job, photographs, protocol.

    Of the recipe only what differs from `Recipe`'s defaults counts, so that results outlive a new option.
    """
    protocol = PROTOCOLS[SCALES[experiment.profile].protocol]
    job = experiment.job.as_dict() | {"recipe": experiment.job.recipe.changes()}
    parts = (job, bundled("train").checksum(), protocol.rows().checksum)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def run(experiment: Experiment, *, accelerator: str = "auto", progress: bool = True) -> None:
    """Train (or go on training) an experiment, evaluate it, and write its weights and results.

    When another process runs the same experiment this one waits, and then has nothing left to do.
    """
    scratch = paths.runs(experiment.profile, experiment.id)
    with exclusive(scratch / "lock"):
        if not ((scratch / "weights.safetensors").exists() and done(experiment)):
            _train_and_measure(experiment, scratch, accelerator, progress)


def _train_and_measure(experiment: Experiment, scratch: Path, accelerator: str, progress: bool) -> None:
    crops = Crops(bundled("train"), experiment.job.recipe.crop, experiment.job.recipe.scales)
    state = train(experiment.job, crops, scratch, accelerator=accelerator, progress=progress)
    device = next(state.average.parameters()).device
    identity = {
        "experiment": experiment.id,
        "profile": experiment.profile,
        "seed": experiment.seed,
        "model": experiment.model,
        "config": vars(state.average.config),
        "group": experiment.group,
        "images_seen": state.step * experiment.job.recipe.batch,
    }
    made = results.provenance(device)
    weights.store(scratch / "weights.safetensors", state.average, identity | {"commit": made["commit"]})
    _write(experiment, state, identity | made, device)


def _write(experiment: Experiment, state: State, note: dict[str, Any], device: torch.device) -> None:
    scale, model = SCALES[experiment.profile], state.average
    protocol, looked = PROTOCOLS[scale.protocol], PROTOCOLS[scale.diagnostics]
    measure = Lpips().to(device)
    fill = inference.scaled(model) if experiment.group == "final" else evaluation.network(model)
    values = evaluation.evaluate(fill, protocol, priors=model.priors, lpips=measure, device=device)
    arrays = {"stats": values, "curves": curves(state)}
    if experiment.group == "table-iv":
        arrays["diagnostics"] = dump.statistics(model, looked, device)
    if experiment.group == "table-iv" and experiment.config["variant"] in SPECTRA:
        arrays["spectra"] = dump.spectra(model, looked, device)
    measured = {
        "job": fingerprint(experiment),
        "recipe": experiment.job.recipe.as_dict(),
        "asked": "at the scale of the hole" if experiment.group == "final" else "at full scale",
        "parameters": inference_parameters(model),
        "photographs": bundled("train").checksum(),
        "protocol": {"name": protocol.name, "checksum": protocol.rows().checksum},
        "diagnostics_protocol": {"name": looked.name, "checksum": looked.rows().checksum},
        "seconds": round(state.seconds, 1),
        "peak_bytes": results.peak_bytes(device),
        "summary": summarise(values, protocol),
    }
    results.write_run(paths.results(experiment.profile, experiment.id), note | measured, **arrays)


def summarise(values: dict[str, Any], protocol: evaluation.Protocol) -> dict[str, Any]:
    """Mean and 95 % interval over photographs of every metric, in every bin of the protocol and over all of them."""
    rows = protocol.rows()
    groups: dict[str, Callable] = {"all": lambda b: b == b} | {n: (lambda b, n=n: b == n) for n in protocol.bins}
    summary: dict[str, Any] = {}
    for name, chosen in groups.items():
        picked = chosen(rows.bin)
        summary[name] = {
            metric: [round(x, 5) for x in (i.mean, i.low, i.high)]
            for metric, i in ((m, bootstrap(v[picked], rows.group[picked])) for m, v in values.items())
        }
    return summary


def curves(state: State, points: int = 60) -> dict[str, np.ndarray]:
    """The training log thinned to at most `points` rows: one array a column, the last row always among them."""
    chosen = np.unique(np.linspace(0, len(state.log) - 1, min(points, len(state.log))).round().astype(int))
    columns = {name: np.array([state.log[i][name] for i in chosen]) for name in state.log[0] if name != "seconds"}
    return {name: v.astype(np.int32) if name in ("step", "images") else v for name, v in columns.items()}


def inference_parameters(model: nn.Module) -> int:
    """Trainable parameters that inference uses."""
    return sum(p.numel() for n, p in model.named_parameters() if n.split(".")[0] not in model.training_only)
