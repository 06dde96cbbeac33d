"""What training minimises: TSGL Eq. 13-16. A model lists its terms as data; a recipe says how each is computed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from inpaintlib.batch import Batch, Output
    from inpaintlib.recipes import Recipe

Logits = Float[Tensor, "b 1 h w"]
Scalar = Float[Tensor, ""]
Judge = Callable[[Float[Tensor, "b 3 h w"]], Logits]


@dataclass(frozen=True)
class Term:
    """One summand of a model's loss: its name in `TERMS`, and its weight."""

    name: str
    weight: float


def reconstruction(
    image: Float[Tensor, "b c h w"],
    target: Float[Tensor, "b c h w"],
    mask: Float[Tensor, "b 1 h w"],
    hole_weight: float = 1.0,
) -> Scalar:
    """TSGL Eq. 13, mean |I_out - I_gt|; a pixel in the hole counts `hole_weight` times (the released code: 5).

    Both parts are means over all pixels, so that a large hole weighs more than a small one.
    """
    difference = (image - target).abs()
    return (difference * (mask + hole_weight * (1 - mask))).mean()


def edge(
    logits: Logits, target: Float[Tensor, "b 1 h w"], mask: Float[Tensor, "b 1 h w"], hole_weight: float = 1.0
) -> Scalar:
    """TSGL Eq. 14, mean |D_S(F_N) - I_S|, with D_S's sigmoid applied here; the hole is weighted as in Eq. 13."""
    return reconstruction(torch.sigmoid(logits), target, mask, hole_weight)


def pyramid(images: list[Float[Tensor, "b 3 _ _"]], target: Float[Tensor, "b 3 h w"]) -> Scalar:
    """PEN-Net's pyramid loss: mean over levels of mean |I_k - I_gt|, I_gt reduced to the level's size by averaging.

    images: one a level, in [-1,1], coarse to fine. Source: Zeng et al., CVPR 2019, Sec. 3.4.
    """
    levels = [(image - F.interpolate(target, image.shape[-2:], mode="area")).abs().mean() for image in images]
    return torch.stack(levels).mean()


def adversarial_generator(fake: Logits) -> Scalar:
    """TSGL Eq. 15, first line: -E log D(I_out), from logits."""
    return F.softplus(-fake).mean()


def adversarial_discriminator(real: Logits, fake: Logits) -> Scalar:
    """TSGL Eq. 15, second line: -E log D(I_gt) - E log(1 - D(I_out)), from logits."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def hinge_generator(fake: Logits) -> Scalar:
    """The released code's form of Eq. 15's first line: -E D(I_out), of logits."""
    return -fake.mean()


def hinge_discriminator(real: Logits, fake: Logits) -> Scalar:
    """The released code's form of Eq. 15's second line: E max(0, 1 - D(I_gt)) + E max(0, 1 + D(I_out)), of logits."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


@dataclass(frozen=True)
class Adversarial:
    """A form of the adversarial game: what the generator and what the discriminator minimises."""

    generator: Callable[[Logits], Scalar]
    discriminator: Callable[[Logits, Logits], Scalar]


ADVERSARIAL: dict[str, Adversarial] = {
    "log": Adversarial(adversarial_generator, adversarial_discriminator),
    "hinge": Adversarial(hinge_generator, hinge_discriminator),
}
"""What a recipe's `adversarial_form` names."""


def _reconstruction(batch: "Batch", output: "Output", judge: Judge | None, recipe: "Recipe") -> Scalar:
    return reconstruction(output.image, batch.target.image, batch.mask, recipe.hole_weight)


def _edge(batch: "Batch", output: "Output", judge: Judge | None, recipe: "Recipe") -> Scalar | None:
    if "edge" not in output.aux:
        return None
    return edge(output.aux["edge"], batch.target.edge, batch.mask, recipe.edge_hole_weight)


def _pyramid(batch: "Batch", output: "Output", judge: Judge | None, recipe: "Recipe") -> Scalar | None:
    if "pyramid" not in output.aux:
        return None
    return pyramid(output.aux["pyramid"], batch.target.image)


def _adversarial(batch: "Batch", output: "Output", judge: Judge, recipe: "Recipe") -> Scalar:
    return ADVERSARIAL[recipe.adversarial_form].generator(judge(output.composite(batch)))


TERMS: dict[str, Callable[["Batch", "Output", Judge | None, "Recipe"], Scalar | None]] = {
    "reconstruction": _reconstruction,
    "edge": _edge,
    "pyramid": _pyramid,
    "adversarial": _adversarial,
}
"""Every term by name; one gives None when the model's output has nothing for it to judge."""


def generator_losses(
    terms: tuple[Term, ...], batch: "Batch", output: "Output", judge: Judge | None, recipe: "Recipe"
) -> dict[str, Scalar]:
    """Each term's value, unweighted, by name (Eq. 16 is their weighted sum).

    Left out are terms with weight 0, and those that the output has nothing for, such as the edge term of a network
    without a structure encoder. `judge` is the discriminator, None where no adversarial term is weighed. Raises
    ValueError on a term that does not exist.
    """
    values: dict[str, Tensor] = {}
    for term in terms:
        if term.weight == 0:
            continue
        if term.name not in TERMS:
            raise ValueError(f"There is no loss term named {term.name!r}; there is {', '.join(TERMS)}.")
        value = TERMS[term.name](batch, output, judge, recipe)
        if value is not None:
            values[term.name] = value
    return values
