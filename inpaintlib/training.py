"""One training loop for every model. What happens in step t depends on the seed and t alone, so a run that was stopped
anywhere, kill -9 included, goes on from its checkpoint to the same weights, bit for bit on a CPU."""

import copy
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from inpaintlib import checkpoint, plugins, processes
from inpaintlib.crops import Crops
from inpaintlib.feed import ON_GPU, Feed
from inpaintlib.files import write_text
from inpaintlib.losses import JUDGED, READS, SEEN
from inpaintlib.models import build
from inpaintlib.models.discriminator import DISCRIMINATORS
from inpaintlib.models.registry import find
from inpaintlib.ops.normalize import source_of
from inpaintlib.perceptual import Perceptual
from inpaintlib.provenance import commit
from inpaintlib.recipes import Recipe
from inpaintlib.resident import Resident
from inpaintlib.step import average, set_rate, update
from inpaintlib.variant import Variant
from inpaintlib.watch import Watch

RECORD = 20
"""Steps between two lines of the log, and between two looks at whether the losses are numbers."""
FITS = 1_000
"""Photographs that are put on a GPU whole; a larger set is read by READERS threads, ahead of its steps."""
READERS = 8


@dataclass(frozen=True)
class Job:
    """What is trained, and for how long: everything that decides the resulting weights, apart from the photographs."""

    model: str
    config: dict[str, Any]
    recipe: Recipe
    seed: int
    images: int

    @property
    def steps(self) -> int:
        """Optimiser steps: enough batches to have seen `images`."""
        return -(-self.images // self.recipe.batch)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON gives them back; a checkpoint of another job is recognised by them. A plugin's file is
        part of its network's job, and so is the text of a normalization that is not the library's: after an edit it
        is trained again."""
        values = {"model": self.model, "config": self.config, "recipe": self.recipe.as_dict()}
        source = plugins.source_of(find(self.model))
        values |= {"source": source} if source else {}
        branches = Variant.parse(self.config.get("variant", "Baseline")).branches
        own = {branch.norm: text for branch in branches if (text := source_of(branch.norm))}
        values |= {"normalizations": own} if own else {}
        return json.loads(json.dumps(values | {"seed": self.seed, "images": self.images}))


@dataclass
class State:
    """All that changes during training. seconds: of training so far; waited: of these, for data. log: a line each
    RECORD steps. looks: step, images, hole_psnr of every look of a `Watch`; samples: its pictures [shown,3,h,w]."""

    model: nn.Module
    average: nn.Module
    discriminator: nn.Module | None
    optimizers: dict[str, torch.optim.Optimizer]
    step: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    log: list[dict[str, float]] = field(default_factory=list)
    looks: list[dict[str, float]] = field(default_factory=list)
    samples: list[Tensor] = field(default_factory=list)

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The modules whose tensors a checkpoint holds."""
        parts = {"model": self.model, "average": self.average, "discriminator": self.discriminator}
        return {name: module for name, module in parts.items() if module is not None}


class Diverged(RuntimeError):
    """A loss stopped being a number. The last checkpoint is from before that."""


def start(job: Job) -> State:
    """Fresh weights and optimisers; the seed decides them. Weights that two variants share start out equal."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.seed)
        model = build(job.model, **job.config).to(memory_format=torch.channels_last)
        judged = any(term.weight > 0 for term in job.recipe.terms(model.losses) if term.name in JUDGED)
        judge = DISCRIMINATORS[job.recipe.adversary(model.adversary).judge]
        discriminator = judge(job.recipe.discriminator_width) if judged else None
    rates = {"model": job.recipe.lr, "discriminator": job.recipe.lr_discriminator}
    modules = {"model": model, "discriminator": discriminator}
    optimizers = {
        f"adam-{name}": torch.optim.Adam(module.parameters(), lr=rates[name], betas=job.recipe.betas)
        for name, module in modules.items()
        if module is not None
    }
    return State(model, copy.deepcopy(model).requires_grad_(False), discriminator, optimizers)


def feed(job: Job, crops: Crops, model: nn.Module, device: torch.device | str = "cpu") -> Feed:
    """The batches of a job for its network. On a GPU photographs live there, or are read ahead where they are many."""
    truth = tuple(dict.fromkeys(READS[term.name] for term in model.losses if term.name in READS))
    common = {"device": device, "share": processes.share()}
    if torch.device(device).type != "cuda":
        return Feed(crops, job.recipe, job.seed, model.priors, truth, **common)
    if len(crops.photos) > FITS:
        return Feed(crops, job.recipe, job.seed, model.priors, truth, together=ON_GPU, ahead=READERS, **common)
    source = Resident(crops, device)
    return Feed(crops, job.recipe, job.seed, model.priors, truth, source=source, together=ON_GPU, **common)


def train(
    job: Job,
    crops: Crops,
    folder: str | os.PathLike,
    *,
    accelerator: str = "auto",
    checkpoint_seconds: float = 60.0,
    progress: bool = True,
    watch: Watch | None = None,
    until: float | None = None,
) -> State:
    """Train a job to its end, or on from the checkpoint in `folder`; the state's `average` holds the final weights.

    `folder` gets checkpoint.safetensors (every `checkpoint_seconds`, and at the end) and log.jsonl, one line a RECORD
    steps. watch: looks at the averaged weights from time to time. until: the `time.monotonic()` at which to write a
    checkpoint and return; the state's step then is below the job's steps. Started by torchrun or srun, all processes
    train together, and the first one writes. Raises Diverged when a loss is not finite; the checkpoint then is from
    before.
    """
    run = Run(job, crops, Path(folder), accelerator, watch)
    state, done = run.state, run.state.step
    if state.step == job.steps:
        return state
    images, batch = job.images, job.recipe.batch
    quiet = not progress or run.fabric.global_rank > 0
    began = saved = time.monotonic()
    before = state.seconds, state.waited
    with tqdm(total=images, initial=min(done * batch, images), unit="img", disable=quiet) as bar:
        while state.step < job.steps:
            run.advance()
            now = time.monotonic()
            state.seconds, state.waited = before[0] + now - began, before[1] + run.feed.waited
            over = until is not None and run.all_agree(now >= until)
            if state.step % RECORD == 0 or state.step == job.steps:
                bar.set_postfix(run.record(), refresh=False)
            if over or now - saved > checkpoint_seconds or state.step == job.steps:
                run.save()
                saved = now
            bar.update(batch)
            if over:
                break
    return state


class Run:
    """A training in progress: its state, and what it is advanced with."""

    def __init__(self, job: Job, crops: Crops, folder: Path, accelerator: str, watch: Watch | None):
        self.job, self.folder, self.watch = job, folder, watch
        self.fabric = processes.fabric(accelerator, job.recipe.batch)
        self.state = state = start(job)
        for module in state.parts.values():
            module.to(self.fabric.device)
        _resume(job, state, folder)
        self.terms = job.recipe.terms(state.model.losses)
        self.adversary = job.recipe.adversary(state.model.adversary)
        self.unread: list[dict[str, Tensor]] = []
        if state.step == job.steps:
            return
        self.feed = feed(job, crops, state.model, self.fabric.device)
        state.model.train()
        model = processes.prepared(state.model, self.fabric.device)
        self.model = self.fabric.setup(model, state.optimizers["adam-model"])
        self.discriminator = None
        if state.discriminator is not None:
            self.discriminator = self.fabric.setup(state.discriminator, state.optimizers["adam-discriminator"])
        weighed = {term.name for term in self.terms if term.weight}
        self.eye = Perceptual(job.recipe.trunk).to(self.fabric.device) if weighed & {*SEEN} else None

    def advance(self) -> None:
        """One step, and a look when one is due."""
        state, job = self.state, self.job
        rates = {"adam-model": job.recipe.lr, "adam-discriminator": job.recipe.lr_discriminator}
        for name, optimizer in state.optimizers.items():
            set_rate(optimizer, rates[name], state.step, job.steps, job.recipe)
        batch = self.feed.batch(state.step)
        critics = self.discriminator, self.eye
        device = self.fabric.device
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(job.seed * 1_000_003 + state.step)  # noise that a network draws is that of the step
            self.unread.append(update(self.fabric, self.model, *critics, self.terms, batch, job.recipe, self.adversary))
        average(state.average, state.model, state.step + 1, job.recipe.ema)
        state.step += 1
        if self.watch is not None and self.watch.due(state.step, job.steps):
            decibels, pictures = self.watch.look(state.average)
            seen = {"step": state.step, "images": state.step * job.recipe.batch}
            state.looks.append(seen | {"hole_psnr": round(decibels, 4)})
            state.samples.append(pictures)

    def record(self) -> dict[str, str]:
        """Check the losses since the last time, and log the last ones. Returns them as text."""
        state, last = self.state, self.unread[-1]
        self.check()
        plain = {name: float(self.fabric.all_reduce(value, reduce_op="mean")) for name, value in last.items()}
        row = {"step": state.step, "images": state.step * self.job.recipe.batch, "seconds": round(state.seconds, 2)}
        state.log.append(row | {name: round(value, 5) for name, value in plain.items()})
        return {name: f"{value:.3f}" for name, value in plain.items()}

    def check(self) -> None:
        """Raise Diverged at the first step since the last time whose losses or gradient are not finite."""
        steps, self.unread = self.unread, []
        if not steps:
            return
        finite = torch.stack([torch.stack([v.float() for v in values.values()]).isfinite().all() for values in steps])
        if bool(finite.all()):
            return
        place = int(finite.long().argmin())
        told = ", ".join(f"{name} {float(value):.3g}" for name, value in steps[place].items())
        raise self.diverged(f"loss of {self.job.model} is", self.state.step - len(steps) + place, told)

    def diverged(self, what: str, step: int, told: str) -> Diverged:
        """What to raise about a step (from 0): where it happened, and which photographs it happened on."""
        names = ", ".join(dict.fromkeys(self.feed.names(step)))
        return Diverged(
            f"The {what} not a number in step {step + 1} of seed {self.job.seed} ({told}), on crops of {names}; the"
            f" last checkpoint in {self.folder} is from before."
        )

    def save(self) -> None:
        """Write checkpoint and log, unless a loss since the last look was not a number, or the weights are none now."""
        self.check()
        if not all(value.isfinite().all() for part in self.state.parts.values() for value in part.parameters()):
            raise self.diverged(f"weights of {self.job.model} are", self.state.step - 1, "its loss was one")
        if self.fabric.is_global_zero:
            _save(self.job, self.state, self.folder)

    def all_agree(self, over: bool) -> bool:
        """Whether the first process says so: all stop after the same step."""
        return over if self.fabric.world_size == 1 else self.fabric.broadcast(over)


def _save(job: Job, state: State, folder: Path) -> None:
    numbers = {"step": state.step, "seconds": state.seconds, "waited": state.waited}
    note = {"job": job.as_dict(), "commit": commit(), "log": state.log, "looks": state.looks} | numbers
    tensors = checkpoint.flatten(state.parts, state.optimizers)
    if state.samples:
        tensors["samples"] = torch.stack(state.samples)
    checkpoint.save(folder / "checkpoint.safetensors", tensors, note)
    write_text(folder / "log.jsonl", "".join(json.dumps(row) + "\n" for row in state.log))


def _resume(job: Job, state: State, folder: Path) -> None:
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return
    tensors, note = checkpoint.read(path)
    if note["job"] != job.as_dict():
        return
    state.samples = list(tensors.pop("samples", ()))
    checkpoint.unflatten(tensors, state.parts, state.optimizers)
    for name in ("step", "seconds", "waited", "log", "looks"):
        setattr(state, name, note[name])
