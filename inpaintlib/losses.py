"""What training minimises: TSGL Eq. 13-16. A model lists its terms as data; a recipe may weigh them anew."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from inpaintlib.batch import Batch, Output


@dataclass(frozen=True)
class Term:
    """One summand of a model's loss: its name in this module, and its weight."""

    name: str
    weight: float


def reconstruction(
    image: Float[Tensor, "b 3 h w"],
    target: Float[Tensor, "b 3 h w"],
    mask: Float[Tensor, "b 1 h w"],
    hole_weight: float = 1.0,
) -> Float[Tensor, ""]:
    """TSGL Eq. 13, mean |I_out - I_gt|; a pixel in the hole counts `hole_weight` times (the released code: 5).

    Both parts are means over all pixels, so that a large hole weighs more than a small one.
    """
    difference = (image - target).abs()
    return (difference * (mask + hole_weight * (1 - mask))).mean()


def edge(logits: Float[Tensor, "b 1 h w"], target: Float[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """TSGL Eq. 14, mean |D_S(F_N) - I_S|, with D_S's sigmoid applied here."""
    return (torch.sigmoid(logits) - target).abs().mean()


def adversarial_generator(fake: Float[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """TSGL Eq. 15, first line: -E log D(I_out), from logits."""
    return F.softplus(-fake).mean()


def adversarial_discriminator(real: Float[Tensor, "b 1 h w"], fake: Float[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """TSGL Eq. 15, second line: -E log D(I_gt) - E log(1 - D(I_out)), from logits."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_losses(
    terms: tuple[Term, ...],
    batch: "Batch",
    output: "Output",
    discriminate: Callable[[Tensor], Tensor],
    hole_weight: float,
) -> dict[str, Float[Tensor, ""]]:
    """Each term's value, unweighted, by name (Eq. 16 is their weighted sum). Terms with weight 0 are left out, and so
    is the edge term of a network without a structure encoder. Raises ValueError on a term that does not exist."""
    values: dict[str, Tensor] = {}
    for term in terms:
        if term.weight == 0:
            continue
        if term.name == "reconstruction":
            values[term.name] = reconstruction(output.image, batch.target.image, batch.mask, hole_weight)
        elif term.name == "adversarial":
            values[term.name] = adversarial_generator(discriminate(output.composite(batch)))
        elif term.name != "edge":
            raise ValueError(f"There is no loss term named {term.name!r}; see inpaintlib/losses.py.")
        elif "edge" in output.aux:
            values[term.name] = edge(output.aux["edge"], batch.target.edge)
    return values
