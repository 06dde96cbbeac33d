"""One update of the weights: the discriminator first, on the composite, then the model, then their running average."""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from inpaintlib.adversary import Adversary, r1_penalty
from inpaintlib.batch import Batch
from inpaintlib.losses import Critics, Eye, Term, generator_losses
from inpaintlib.recipes import Recipe

Trained = tuple[nn.Module, Optimizer]
"""A module and its optimizer, as `Fabric.setup` gives them."""


def update(
    fabric: "lightning.fabric.Fabric",
    model: Trained,
    discriminator: Trained | None,
    eye: Eye | None,
    terms: tuple[Term, ...],
    batch: Batch,
    recipe: Recipe,
    adversary: Adversary,
) -> dict[str, Tensor]:
    """Change the weights once. Returns the losses, unweighted, and the gradient's norm before it was clipped.

    eye: the frozen trunk of the perceptual and the style losses, None where none is weighed.
    """
    network, optimizer = model
    output = network(batch)
    values: dict[str, Tensor] = {}
    judge = None
    if discriminator is not None:
        judge, judge_optimizer = discriminator
        real = batch.target.image.clone().requires_grad_(adversary.r1 > 0)
        truly = judge(real)
        loss = adversary.discriminator(truly, judge(output.composite(batch).detach()), batch.mask)
        if adversary.r1 > 0:
            loss = loss + r1_penalty(truly, real, adversary.r1)
        judge_optimizer.zero_grad()
        fabric.backward(loss)
        judge_optimizer.step()
        judge.requires_grad_(False)
        values["discriminator"] = loss.detach()
    losses = generator_losses(terms, batch, output, Critics(judge, eye, adversary), recipe)
    weights = {term.name: term.weight for term in terms}
    optimizer.zero_grad()
    fabric.backward(sum(weights[name] * value for name, value in losses.items()))
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip or float("inf"))
    optimizer.step()
    if judge is not None:
        judge.requires_grad_(True)
    return values | {name: value.detach() for name, value in losses.items()} | {"gradient_norm": norm.detach()}


def set_rate(optimizer: Optimizer, base: float, step: int, steps: int, recipe: Recipe) -> None:
    """The learning rate of a step: warm-up, then the fall (1 - progress) ** decay."""
    warm = min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
    for group in optimizer.param_groups:
        group["lr"] = base * warm * (1 - step / steps) ** recipe.decay


@torch.no_grad()
def average(mean: nn.Module, model: nn.Module, step: int, decay: float) -> None:
    """Move the running average toward the weights; early on faster, by (1 + step) / (10 + step)."""
    decay = min(decay, (1 + step) / (10 + step)) if decay else 0.0
    pairs = list(zip(mean.state_dict().values(), model.state_dict().values()))
    floating = [(a, b) for a, b in pairs if a.is_floating_point()]
    torch._foreach_lerp_([a for a, _ in floating], [b for _, b in floating], 1 - decay)
    for a, b in pairs:
        if not a.is_floating_point():
            a.copy_(b)
