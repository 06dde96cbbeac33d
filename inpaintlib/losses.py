"""What training minimises: TSGL Eq. 13-16, MISF Eq. 11. A model lists its terms as data; a recipe says how."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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


class Views(NamedTuple):
    """What a frozen trunk sees in a batch of images: maps for the perceptual loss, and maps for the style loss."""

    content: list[Float[Tensor, "b _ _ _"]]
    style: list[Float[Tensor, "b _ _ _"]]


Eye = Callable[[Float[Tensor, "b 3 h w"]], Views]


@dataclass(frozen=True)
class Critics:
    """Networks that losses ask about an image, each None where no term that is weighed needs it.

    judge: the discriminator.  eye: the frozen trunk of the perceptual and the style loss.
    """

    judge: Judge | None = None
    eye: Eye | None = None


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


def gram(maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c c"]:
    """Products of every two channels, summed over positions, over C H W: which textures occur together.

    Source: Gatys et al., CVPR 2016, with the divisor of EdgeConnect, to which MISF refers.
    """
    flat = maps.flatten(2)
    return flat @ flat.mT / (maps.shape[1] * flat.shape[2])


def perceptual(maps: list[Float[Tensor, "b ..."]], target: list[Float[Tensor, "b ..."]]) -> Scalar:
    """MISF Eq. 11, L_perc: the sum over layers of the mean absolute difference (Johnson et al., ECCV 2016)."""
    return torch.stack([(a - b).abs().mean() for a, b in zip(maps, target)]).sum()


def style(maps: list[Float[Tensor, "b _ _ _"]], target: list[Float[Tensor, "b _ _ _"]]) -> Scalar:
    """MISF Eq. 11, L_style: the same of Gram matrices, of images that are gray but for the hole (EdgeConnect)."""
    return perceptual([gram(a) for a in maps], [gram(b) for b in target])


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


def _reconstruction(batch: "Batch", output: "Output", critics: Critics, recipe: "Recipe") -> Scalar:
    return reconstruction(output.image, batch.target.image, batch.mask, recipe.hole_weight)


def _edge(batch: "Batch", output: "Output", critics: Critics, recipe: "Recipe") -> Scalar | None:
    if "edge" not in output.aux:
        return None
    return edge(output.aux["edge"], batch.target.edge, batch.mask, recipe.edge_hole_weight)


def _pyramid(batch: "Batch", output: "Output", critics: Critics, recipe: "Recipe") -> Scalar | None:
    if "pyramid" not in output.aux:
        return None
    return pyramid(output.aux["pyramid"], batch.target.image)


def _adversarial(batch: "Batch", output: "Output", critics: Critics, recipe: "Recipe") -> Scalar:
    return ADVERSARIAL[recipe.adversarial_form].generator(critics.judge(output.composite(batch)))


def _perceptual(batch: "Batch", output: "Output", critics: Critics, recipe: "Recipe") -> Scalar:
    return perceptual(critics.eye(output.image).content, critics.eye(batch.target.image).content)


def _style(batch: "Batch", output: "Output", critics: Critics, recipe: "Recipe") -> Scalar:
    hole = 1 - batch.mask
    return style(critics.eye(output.image * hole).style, critics.eye(batch.target.image * hole).style)


TERMS: dict[str, Callable[["Batch", "Output", Critics, "Recipe"], Scalar | None]] = {
    "reconstruction": _reconstruction,
    "edge": _edge,
    "pyramid": _pyramid,
    "adversarial": _adversarial,
    "perceptual": _perceptual,
    "style": _style,
}
"""Every term by name; one gives None when the model's output has nothing for it to judge."""


def generator_losses(
    terms: tuple[Term, ...], batch: "Batch", output: "Output", critics: Critics, recipe: "Recipe"
) -> dict[str, Scalar]:
    """Each term's value, unweighted, by name (Eq. 16 is their weighted sum).

    Left out are terms with weight 0, and those that the output has nothing for, such as the edge term of a network
    without a structure encoder. Raises ValueError on a term that does not exist.
    """
    values: dict[str, Tensor] = {}
    for term in terms:
        if term.weight == 0:
            continue
        if term.name not in TERMS:
            raise ValueError(f"There is no loss term named {term.name!r}; there is {', '.join(TERMS)}.")
        value = TERMS[term.name](batch, output, critics, recipe)
        if value is not None:
            values[term.name] = value
    return values
