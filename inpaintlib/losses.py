"""What training minimises: TSGL Eq. 13-16, MISF Eq. 11. A model lists its terms as data; a recipe says how."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from inpaintlib.adversary import PLAIN, Adversary, Logits, Scalar
from inpaintlib.ops.appearance_flow import gaussian_sampling

if TYPE_CHECKING:
    from inpaintlib import recipes
    from inpaintlib.batch import Batch, Output

Judge = Callable[..., Logits | tuple[Logits, list[Tensor]]]
"""A discriminator: image to logits, or, with maps=True, to logits and its maps."""


class Views(NamedTuple):
    """What a frozen trunk sees in a batch of images: maps for the perceptual loss, and maps for the style loss."""

    content: list[Float[Tensor, "b _ _ _"]]
    style: list[Float[Tensor, "b _ _ _"]]


Eye = Callable[[Float[Tensor, "b 3 h w"]], Views]


@dataclass(frozen=True)
class Critics:
    """Networks that losses ask about an image, each None where no term that is weighed needs it.

    judge: the discriminator.  eye: the frozen trunk of the perceptual and the style losses.  adversary: by which rules
    the judge plays.
    """

    judge: Judge | None = None
    eye: Eye | None = None
    adversary: Adversary = PLAIN


FLOW_WINDOW = (4, 2.0)
"""Side and deviation of the Gaussian window with which the flow term fetches features, as StructureFlow's release."""


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


def edge_entropy(logits: Float[Tensor, "b 1 _ _"], target: Float[Tensor, "b 1 h w"]) -> Scalar:
    """Binary cross-entropy of an edge map of any size, on whose grid a cell has an edge when one of its pixels has.

    Source: CTSDG (Guo et al., ICCV 2021), Eq. 8.
    """
    return F.binary_cross_entropy_with_logits(logits, F.adaptive_max_pool2d(target, logits.shape[-2:]))


def total_variation(image: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"]) -> Scalar:
    """Mean absolute difference of neighbours, both of which lie in the hole or next to it (PConv, Liu et al., ECCV
    2018, Eq. 6): each direction over all of its pairs."""
    region = F.max_pool2d(1 - mask, 3, stride=1, padding=1)
    rows = (image[..., 1:, :] - image[..., :-1, :]).abs() * region[..., 1:, :] * region[..., :-1, :]
    columns = (image[..., 1:] - image[..., :-1]).abs() * region[..., 1:] * region[..., :-1]
    return rows.mean() + columns.mean()


def feature_matching(maps: list[Float[Tensor, "b ..."]], target: list[Float[Tensor, "b ..."]]) -> Scalar:
    """Mean over a discriminator's layers of the mean absolute difference of its maps (pix2pixHD, Wang et al., CVPR
    2018, Eq. 4)."""
    return torch.stack([(a - b.detach()).abs().mean() for a, b in zip(maps, target)]).mean()


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


def sampling_correctness(
    seen: Float[Tensor, "b c h w"],
    target: Float[Tensor, "b c h w"],
    flow: Float[Tensor, "b 2 _ _"],
    mask: Float[Tensor, "b 1 _ _"],
) -> Scalar:
    """StructureFlow's sampling correctness (Ren et al., ICCV 2019, Sec. 3.2): the mean over the hole of exp(-s / m), s
    the cosine of a trunk's features of the photograph with those that the flow fetches from the damaged image, m the
    largest that any place of it would give.

    flow: in positions of its own map, which is averaged down to the features' size.
    """
    size = target.shape[-2:]
    scale = torch.tensor([a / b for a, b in zip(size, flow.shape[-2:])], device=flow.device, dtype=flow.dtype)
    fetched = gaussian_sampling(seen, F.adaptive_avg_pool2d(flow, size) * scale.view(1, 2, 1, 1), *FLOW_WINDOW)
    reached = F.cosine_similarity(fetched, target, dim=1)
    one, other = (F.normalize(x.flatten(2), dim=1) for x in (target, seen))
    possible = (one.mT @ other).amax(dim=-1).view_as(reached)
    hole = 1 - F.interpolate(mask, size=size, mode="nearest")[:, 0]
    return (torch.exp(-reached / (possible + 1e-8)) * hole).sum() / hole.sum().clamp_min(1)


def _reconstruction(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    return reconstruction(output.image, batch.target.image, batch.mask, recipe.hole_weight)


def _known(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    return reconstruction(output.image, batch.target.image, batch.mask, 0.0)


def _hole(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    return reconstruction(output.image, batch.target.image, 1 - batch.mask, 0.0)


def _edge(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar | None:
    if "edge" not in output.aux:
        return None
    return edge(output.aux["edge"], batch.target.edge, batch.mask, recipe.edge_hole_weight)


def _edge_entropy(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar | None:
    if "edge" not in output.aux:
        return None
    maps = [output.aux["edge"], *output.aux.get("edges", ())]
    return torch.stack([edge_entropy(logits, batch.target.edge) for logits in maps]).mean()


def _pyramid(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar | None:
    if "pyramid" not in output.aux:
        return None
    return pyramid(output.aux["pyramid"], batch.target.image)


def _structure(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar | None:
    if "structure" not in output.aux:
        return None
    return pyramid(output.aux["structure"], 2 * batch.target.smooth - 1)


def _total_variation(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    return total_variation(output.composite(batch), batch.mask)


def _adversarial(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    return recipe.adversary(critics.adversary).generator(critics.judge(output.composite(batch)), batch.mask)


def _feature_matching(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    _, fake = critics.judge(output.composite(batch), maps=True)
    _, real = critics.judge(batch.target.image, maps=True)
    return feature_matching(fake, real)


def _perceptual(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    return perceptual(critics.eye(output.image).content, critics.eye(batch.target.image).content)


def _perceptual_composite(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    return perceptual(critics.eye(output.composite(batch)).content, critics.eye(batch.target.image).content)


def _style(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    hole = 1 - batch.mask
    return style(critics.eye(output.image * hole).style, critics.eye(batch.target.image * hole).style)


def _style_composite(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar:
    return style(critics.eye(output.composite(batch)).style, critics.eye(batch.target.image).style)


def _flow(batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe") -> Scalar | None:
    """On the trunk's first map that is no larger than a quarter of the image."""
    if "flow" not in output.aux:
        return None
    quarter = batch.mask.shape[-2] // 4
    seen, target = (
        next(x for x in critics.eye(image).content if x.shape[-2] <= quarter)
        for image in (batch.image, batch.target.image)
    )
    return sampling_correctness(seen, target, output.aux["flow"], batch.mask)


TERMS: dict[str, Callable[["Batch", "Output", Critics, "recipes.Recipe"], Scalar | None]] = {
    "reconstruction": _reconstruction,
    "known": _known,
    "hole": _hole,
    "edge": _edge,
    "edge_entropy": _edge_entropy,
    "pyramid": _pyramid,
    "structure": _structure,
    "total_variation": _total_variation,
    "adversarial": _adversarial,
    "feature_matching": _feature_matching,
    "perceptual": _perceptual,
    "perceptual_composite": _perceptual_composite,
    "style": _style,
    "style_composite": _style_composite,
    "flow": _flow,
}
"""Every term by name; one gives None when the model's output has nothing for it to judge."""

OF_PIXELS = ("reconstruction", "hole")
JUDGED = ("adversarial", "feature_matching")
SEEN = ("perceptual", "perceptual_composite", "style", "style_composite", "flow")
READS = {"edge": "edge", "edge_entropy": "edge", "structure": "smooth"}
"""Terms that compare the hole's pixels, those that ask the discriminator, and those that ask the frozen trunk; and the
map of the truth that a term reads."""


def generator_losses(
    terms: tuple[Term, ...], batch: "Batch", output: "Output", critics: Critics, recipe: "recipes.Recipe"
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
