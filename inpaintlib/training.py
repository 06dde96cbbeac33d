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
from lightning.fabric import Fabric
from torch import Tensor, nn
from tqdm.auto import tqdm

from inpaintlib import checkpoint
from inpaintlib.batch import Batch
from inpaintlib.crops import Crops
from inpaintlib.files import write_text
from inpaintlib.losses import ADVERSARIAL, Term, generator_losses
from inpaintlib.masks import irregular
from inpaintlib.models import build
from inpaintlib.models.discriminator import DISCRIMINATORS
from inpaintlib.recipes import Recipe
from inpaintlib.results import commit


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
        """Plain values, as JSON gives them back; a checkpoint of another job is recognised by them."""
        values = {"model": self.model, "config": self.config, "recipe": self.recipe.as_dict()}
        return json.loads(json.dumps(values | {"seed": self.seed, "images": self.images}))


@dataclass
class State:
    """All that changes during training."""

    model: nn.Module
    average: nn.Module
    discriminator: nn.Module | None
    optimizers: dict[str, torch.optim.Optimizer]
    step: int = 0
    seconds: float = 0.0
    log: list[dict[str, float]] = field(default_factory=list)

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The modules whose tensors a checkpoint holds."""
        parts = {"model": self.model, "average": self.average, "discriminator": self.discriminator}
        return {name: module for name, module in parts.items() if module is not None}


class Diverged(RuntimeError):
    """A loss stopped being a number. The last checkpoint is from before that."""


def precision(device: torch.device) -> str:
    """Fabric's precision for a device: bf16 on a GPU that multiplies it; float32 on every CPU, so that what is compared
    was trained alike whatever the processor can do."""
    return "bf16-mixed" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "32-true"


def make_batch(crops: Crops, recipe: Recipe, seed: int, step: int, priors: tuple[str, ...]) -> Batch:
    """The batch of a step: a pure function of the photographs, the recipe, the seed and the step."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
    images = crops.sample(recipe.batch, generator)
    masks = irregular(recipe.batch, recipe.crop, generator, area=recipe.hole_area)
    return Batch.make(images, masks, priors=priors, leak=recipe.leak)


def start(job: Job) -> State:
    """Fresh weights and optimisers; the seed decides them. Weights that two variants share start out equal."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.seed)
        model = build(job.model, **job.config).to(memory_format=torch.channels_last)
        terms = {t.name: t.weight for t in job.recipe.terms(model.losses)}
        adversarial = terms.get("adversarial", 0) > 0
        judge = DISCRIMINATORS[job.recipe.discriminator]
        discriminator = judge(job.recipe.discriminator_width) if adversarial else None
    rates = {"model": job.recipe.lr, "discriminator": job.recipe.lr_discriminator}
    modules = {"model": model, "discriminator": discriminator}
    optimizers = {
        f"adam-{name}": torch.optim.Adam(module.parameters(), lr=rates[name], betas=job.recipe.betas)
        for name, module in modules.items()
        if module is not None
    }
    return State(model, copy.deepcopy(model).requires_grad_(False), discriminator, optimizers)


def train(
    job: Job,
    crops: Crops,
    folder: str | os.PathLike,
    *,
    accelerator: str = "auto",
    checkpoint_seconds: float = 60.0,
    progress: bool = True,
) -> State:
    """Train a job to its end, or on from the checkpoint in `folder`; the state's `average` holds the final weights.

    `folder` gets checkpoint.safetensors (every `checkpoint_seconds`, and at the end) and log.jsonl, one line a 20
    steps. Raises Diverged when a loss is not finite; the checkpoint then is from before.
    """
    folder = Path(folder)
    fabric = Fabric(accelerator=accelerator, devices=1, precision=_precision_of(accelerator))
    state = start(job)
    for module in state.parts.values():
        module.to(fabric.device)
    _resume(job, state, folder)
    if state.step == job.steps:
        return state
    model, optimizer = fabric.setup(state.model, state.optimizers["adam-model"])
    discriminator = None
    if state.discriminator is not None:
        discriminator = fabric.setup(state.discriminator, state.optimizers["adam-discriminator"])
    terms = job.recipe.terms(state.model.losses)
    state.model.train()
    bar = tqdm(
        total=job.images, initial=min(state.step * job.recipe.batch, job.images), unit="img", disable=not progress
    )
    began = saved = time.monotonic()
    before = state.seconds
    while state.step < job.steps:
        batch = make_batch(crops, job.recipe, job.seed, state.step, state.model.priors).to(fabric.device)
        _set_rate(state, job)
        values = _step(fabric, model, optimizer, discriminator, terms, batch, job.recipe)
        state.step += 1
        _average(state, job.recipe.ema)
        now = time.monotonic()
        state.seconds = before + now - began
        if state.step % 20 == 0 or state.step == job.steps:
            _record(state, values, job, bar)
        if now - saved > checkpoint_seconds or state.step == job.steps:
            _save(job, state, folder)
            saved = now
        bar.update(job.recipe.batch)
    bar.close()
    return state


def _precision_of(accelerator: str) -> str:
    cuda = accelerator in ("auto", "cuda", "gpu") and torch.cuda.is_available()
    return precision(torch.device("cuda" if cuda else "cpu"))


def _step(
    fabric: Fabric,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    discriminator: tuple[nn.Module, torch.optim.Optimizer] | None,
    terms: tuple[Term, ...],
    batch: Batch,
    recipe: Recipe,
) -> dict[str, Tensor]:
    """One update: the discriminator first, on the composite, then the model. Returns the losses and gradient norm."""
    output = model(batch)
    values: dict[str, Tensor] = {}
    judge = None
    if discriminator is not None:
        judge, judge_optimizer = discriminator
        game = ADVERSARIAL[recipe.adversarial_form]
        loss = game.discriminator(judge(batch.target.image), judge(output.composite(batch).detach()))
        judge_optimizer.zero_grad()
        fabric.backward(loss)
        judge_optimizer.step()
        judge.requires_grad_(False)
        values["discriminator"] = loss.detach()
    losses = generator_losses(terms, batch, output, judge, recipe)
    weights = {term.name: term.weight for term in terms}
    optimizer.zero_grad()
    fabric.backward(sum(weights[name] * value for name, value in losses.items()))
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip or float("inf"))
    optimizer.step()
    if judge is not None:
        judge.requires_grad_(True)
    return values | {name: value.detach() for name, value in losses.items()} | {"gradient_norm": norm}


def _set_rate(state: State, job: Job) -> None:
    warm = min(1.0, (state.step + 1) / job.recipe.warmup) if job.recipe.warmup else 1.0
    factor = warm * (1 - state.step / job.steps) ** job.recipe.decay
    for key, base in (("adam-model", job.recipe.lr), ("adam-discriminator", job.recipe.lr_discriminator)):
        for group in state.optimizers[key].param_groups if key in state.optimizers else ():
            group["lr"] = base * factor


@torch.no_grad()
def _average(state: State, decay: float) -> None:
    decay = min(decay, (1 + state.step) / (10 + state.step)) if decay else 0.0
    for mean, value in zip(state.average.state_dict().values(), state.model.state_dict().values()):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


def _record(state: State, values: dict[str, Tensor], job: Job, bar: tqdm) -> None:
    plain = {name: float(value) for name, value in values.items()}
    if not all(map(torch.isfinite, values.values())):
        raise Diverged(f"The loss of {job.model} (seed {job.seed}) is not a number at step {state.step}: {plain}.")
    row = {"step": state.step, "images": state.step * job.recipe.batch, "seconds": round(state.seconds, 2)}
    state.log.append(row | {name: round(value, 5) for name, value in plain.items()})
    bar.set_postfix({name: f"{value:.3f}" for name, value in plain.items()}, refresh=False)


def _save(job: Job, state: State, folder: Path) -> None:
    note = {"job": job.as_dict(), "commit": commit(), "step": state.step, "seconds": state.seconds, "log": state.log}
    checkpoint.save(folder / "checkpoint.safetensors", checkpoint.flatten(state.parts, state.optimizers), note)
    write_text(folder / "log.jsonl", "".join(json.dumps(row) + "\n" for row in state.log))


def _resume(job: Job, state: State, folder: Path) -> None:
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return
    tensors, note = checkpoint.read(path)
    if note["job"] != job.as_dict():
        return
    checkpoint.unflatten(tensors, state.parts, state.optimizers)
    state.step, state.seconds, state.log = note["step"], note["seconds"], note["log"]
