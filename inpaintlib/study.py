"""Run the study: train an experiment, measure it on its protocols, and leave its results."""

import hashlib
import json
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from inpaintlib import checkpoint, gallery, methods, paths, results, weights
from inpaintlib.counting import deployed
from inpaintlib.crops import Crops
from inpaintlib.errors import InputError
from inpaintlib.evaluation import Instruments, evaluate
from inpaintlib.experiments import SCALES, Experiment, experiments, select
from inpaintlib.files import exclusive, sha256
from inpaintlib.inside import Inside, look_inside
from inpaintlib.methods import Method
from inpaintlib.models import build
from inpaintlib.photos import bundled
from inpaintlib.processes import share
from inpaintlib.protocols import PROTOCOLS, photographs
from inpaintlib.provenance import commit, provenance
from inpaintlib.questions import GROUPS
from inpaintlib.summaries import summarise
from inpaintlib.training import State, train
from inpaintlib.trainings import DECODER, FINAL, SPECTRA, slug
from inpaintlib.watch import Watch, strip

__all__ = [
    "DECODER",
    "FINAL",
    "SPECTRA",
    "Experiment",
    "done",
    "experiments",
    "fingerprint",
    "look",
    "measure",
    "run",
    "select",
    "slug",
]

HEADLINE = ("rows", "photographs", "psnr", "kd")
"""What run.json says of each bin."""


def done(experiment: Experiment) -> bool:
    """Whether the experiment's results are there, made with this job and these protocols."""
    try:
        run = results.read_run(experiment.id, experiment.profile)
    except InputError:
        return False
    return run["job"] == fingerprint(experiment)


def fingerprint(experiment: Experiment) -> str:
    """What decides an experiment's numbers, apart from the library's code: job, photographs, protocols.

    Of the recipe only what differs from `Recipe`'s defaults counts, so that results outlive a new option.
    """
    measured = [PROTOCOLS[name].rows().checksum for name in experiment.protocols]
    if not experiment.budget:
        parts: tuple = (experiment.model, *measured)
    else:
        job = experiment.job.as_dict() | {"recipe": experiment.job.recipe.changes()}
        soft = (experiment.soften,) if experiment.soften != 1 else ()
        parts = (job, _learned_from(experiment), *soft, *measured)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _learned_from(experiment: Experiment) -> str:
    """The checksum of the bundled photographs, or the name of a data set, which is too large to be read for it."""
    return _bundled() if experiment.data == "bundled" else experiment.data


@lru_cache(maxsize=1)
def _bundled() -> str:
    return bundled("train").checksum()


def run(
    experiment: Experiment,
    *,
    accelerator: str = "auto",
    progress: bool = True,
    until: float | None = None,
    wait: bool = True,
) -> bool:
    """Train (or go on training) an experiment, measure it, and write its weights and results; whether it is done now.

    until: the `time.monotonic()` at which to leave the training with a checkpoint. Where another process has the
    experiment, this one waits and then has nothing left to do, or, with wait=False, leaves at once. Several processes
    that torchrun or srun started train together; the first of them measures.
    """
    scratch, first = paths.runs(experiment.profile, experiment.id), share().process == 0
    with exclusive(scratch / "lock", wait) if first else nullcontext(True) as mine:
        if not mine:
            return False
        if done(experiment) and (not experiment.budget or (scratch / "weights.safetensors").exists()):
            return True
        if not experiment.budget:
            _measure(experiment, methods.classical(experiment.model), {"parameters": 0}, Inside({}, {}))
            return True
        recipe, priors = experiment.job.recipe, build(experiment.model, **experiment.config).priors
        crops = Crops(photographs(experiment.data, "train"), recipe.crop, recipe.scales)
        watch = Watch(photographs(experiment.data, "val"), recipe, priors)
        state = train(
            experiment.job, crops, scratch, accelerator=accelerator, progress=progress, watch=watch, until=until
        )
        if state.step < experiment.job.steps or not first:
            return False
        _measure_training(experiment, state, scratch, watch)
        return True


def _measure_training(experiment: Experiment, state: State, scratch: Path, watch: Watch) -> None:
    model, job = state.average, experiment.job
    if experiment.soften != 1:
        model.painting.gain.mul_(experiment.soften)
    identity = {
        "experiment": experiment.id,
        "profile": experiment.profile,
        "seed": experiment.seed,
        "model": experiment.model,
        "config": vars(model.config),
        "group": experiment.group,
        "images_seen": state.step * job.recipe.batch,
    }
    file = scratch / "weights.safetensors"
    weights.store(file, model, identity | {"commit": commit()})
    checkpoint.load_weights(file, model, missing=model.training_only)  # measured as it is stored, in half precision
    training = {
        "images_seen": identity["images_seen"],
        "recipe": job.recipe.against(model.adversary).as_dict(),
        "photographs": _learned_from(experiment),
        "soften": experiment.soften,
        "parameters": inference_parameters(model),
        "weights": sha256(file),
        "seconds": round(state.seconds, 1),
        "waited": round(state.waited, 1),
    }
    method = _as_asked(experiment, model)
    found = look_inside(experiment, model, method.device)
    samples = {"samples": strip(watch, state.samples)} if experiment.group == "final" else {}
    found = Inside(found.arrays | {"curves": curves(state)}, found.pictures | samples)
    _measure(experiment, method, {"config": identity["config"]} | training, found)


def measure(experiment: Experiment) -> None:
    """Measure an experiment again with the weights that it left, after a protocol or a metric has changed.

    The weights are those in runs/, or the shipped ones; what the training itself left stays as it is. Raises InputError
    when there are no such weights, or no results that tell how they were trained.
    """
    if not experiment.budget:
        _measure(experiment, methods.classical(experiment.model), {"parameters": 0}, Inside({}, {}))
        return
    model, before, file = _left_by(experiment)
    kept = ("config", "images_seen", "recipe", "photographs", "parameters", "seconds", "waited", "soften")
    training = {key: before[key] for key in kept if key in before} | {"weights": sha256(file)}
    method = _as_asked(experiment, model)
    _measure(experiment, method, training, look_inside(experiment, model, method.device))


def look(experiment: Experiment) -> None:
    """Keep again, with the weights that a training left, what figures show of it: maps, spectra, filled holes. What it
    measured stays; run.json names the commit as "looked". Raises InputError as `measure`."""
    model, before, _ = _left_by(experiment)
    method = _as_asked(experiment, model)
    found = look_inside(experiment, model, method.device)
    folder = paths.results(experiment.profile, experiment.id)
    arrays = {name: values for name, values in found.arrays.items() if name != "stats"}
    results.write_run(folder, before | {"looked": commit()}, found.pictures | _filled(experiment, method), **arrays)


def _left_by(experiment: Experiment) -> tuple[nn.Module, dict[str, Any], Path]:
    """The network that a training left, its run.json, and the file of its weights."""
    places = (paths.runs(experiment.profile, experiment.id) / "weights.safetensors", _shipped(experiment))
    file = next((place for place in places if place.exists()), None)
    if file is None:
        raise InputError(
            f"There are no weights of {experiment.id}; `inpaintlib study run --profile {experiment.profile} --only"
            f" {experiment.id}` trains it."
        )
    before = results.read_run(experiment.id, experiment.profile)
    model = build(experiment.model, **before["config"])
    note = checkpoint.load_weights(file, model, missing=model.training_only)
    if note["experiment"] != experiment.id or note["images_seen"] != before["images_seen"]:
        raise InputError(f"{file} was trained otherwise than the results of {experiment.id} say; run it again.")
    return model, before, file


def _shipped(experiment: Experiment) -> Path:
    return paths.SHIPPED_WEIGHTS / experiment.profile / f"{experiment.id}.safetensors"


def _as_asked(experiment: Experiment, model: nn.Module) -> Method:
    """The network that is shipped is measured as `il.inpaint` asks it, the others at full scale."""
    return methods.as_inpaint(model) if experiment.group == "final" else methods.network(model)


_instruments = lru_cache(maxsize=1)(Instruments.load)


def _measure(
    experiment: Experiment,
    method: Method,
    training: dict[str, Any],
    inside: Inside,
) -> None:
    """Measure a method on the experiment's protocols, and write everything."""
    instruments, measured = _instruments(method.device), []
    arrays = dict(inside.arrays)
    for name in experiment.protocols:
        found = evaluate(method, PROTOCOLS[name], instruments=instruments)
        suffix = f"-{name}" if measured else ""
        stats, distances = f"stats{suffix}", f"distances{suffix}"
        arrays |= {stats: found.values | arrays.get(stats, {}), distances: found.distances}
        measured.append({"name": name, "checksum": found.checksum, "summary": _headline(summarise(found))})
    looked = PROTOCOLS[SCALES[experiment.profile].diagnostics]
    note = {
        "experiment": experiment.id,
        "profile": experiment.profile,
        "seed": experiment.seed,
        "model": experiment.model,
        "config": {},
        "group": experiment.group,
        "images_seen": 0,
        "job": fingerprint(experiment),
        "asked": "at the scale of the hole" if experiment.group == "final" else "at full scale",
        "protocol": {key: measured[0][key] for key in ("name", "checksum")},
        "diagnostics_protocol": {"name": looked.name, "checksum": looked.rows().checksum},
        "peak_bytes": results.peak_bytes(method.device),
        "seconds": 0.0,
        "summary": measured[0]["summary"],
        "also": measured[1:],
    }
    made = provenance(method.device)
    folder = paths.results(experiment.profile, experiment.id)
    results.write_run(folder, note | made | training, inside.pictures | _filled(experiment, method), **arrays)


def _filled(experiment: Experiment, method: Method) -> dict[str, np.ndarray]:
    """The holes that are shown, of each protocol, where the experiment is among those that figures show."""
    shown = any(experiment.training in GROUPS[group].rows.values() for group in gallery.SHOWN)
    if experiment.seed or not shown:
        return {}
    first, *others = experiment.protocols
    names = {"filled": first} | {f"filled-{name}": name for name in others}
    return {kept: gallery.filled(method, PROTOCOLS[name]) for kept, name in names.items()}


def _headline(summary: dict[str, Any]) -> dict[str, Any]:
    """A summary short enough for run.json: everything of all rows, and the main metrics of each bin."""
    return {
        column: {k: v for k, v in values.items() if k in HEADLINE or column == list(summary)[-1]}
        for column, values in summary.items()
    }


def curves(state: State, points: int = 60) -> dict[str, np.ndarray]:
    """The training log thinned to at most `points` rows: one array a column, the last row always among them; and
    hole PSNR (dB, held-out crops, averaged weights) over images at the looks, as look_hole_psnr and look_images. Their
    order is the same however often a training was resumed."""
    chosen = np.unique(np.linspace(0, len(state.log) - 1, min(points, len(state.log))).round().astype(int))
    names = sorted(name for name in state.log[0] if name != "seconds")  # a training that was resumed has another order
    columns = {name: np.array([state.log[i][name] for i in chosen]) for name in names}
    columns |= {f"look_{name}": np.array([look[name] for look in state.looks]) for name in ("images", "hole_psnr")}
    return {name: v.astype(np.int32) if name.endswith(("step", "images")) else v for name, v in columns.items()}


def inference_parameters(model: nn.Module) -> int:
    """Trainable parameters that inference uses; of a network that training writes as sums of others, the sums'."""
    return sum(p.numel() for n, p in deployed(model).named_parameters() if n.split(".")[0] not in model.training_only)
