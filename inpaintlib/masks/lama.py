"""LaMa's mask recipes (narrow, medium, wide) and single rectangles."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from inpaintlib.errors import InputError
from inpaintlib.masks.areas import as_height_width, pixel_range

Kind = Literal["narrow", "medium", "wide"]


@dataclass(frozen=True)
class Recipe:
    """One of LaMa's mask families; lengths in pixels of a 512 x 512 image, ranges with both ends.

    A mask is either a set of polygonal chains (`chains` of them, of 1 to 5 segments each, dilated to one width a
    segment) or, with probability `box_share`, a set of rectangles.
    """

    chains: tuple[int, int]
    length: tuple[int, int]
    width: tuple[int, int]
    box_share: float = 0.0
    boxes: tuple[int, int] = (0, 0)
    box_side: tuple[int, int] = (0, 0)
    box_margin: int = 0


RECIPES: dict[str, Recipe] = {
    "narrow": Recipe(chains=(4, 70), length=(10, 110), width=(5, 25)),
    "medium": Recipe((4, 10), (10, 210), (5, 105), 0.3 / 1.3, boxes=(1, 5), box_side=(30, 150)),
    "wide": Recipe((1, 5), (10, 460), (5, 255), 0.3 / 1.3, boxes=(1, 4), box_side=(30, 300), box_margin=10),
}
"""Suvorov et al. 2022, Sec. 3.4 and the settings of its 512 px evaluation masks."""

LARGEST = 0.5
"""LaMa's evaluation masks cover half of the image at most."""
_VERTICES, _HEADINGS, _REDRAWS = 5, 4, 1000


def lama(
    n: int,
    size: int | tuple[int, int],
    generator: torch.Generator,
    kind: Kind = "narrow",
    min_area: float | None = None,
) -> Float[Tensor, "n 1 h w"]:
    """`n` masks (1 known, 0 hole) after LaMa: `RECIPES[kind]`, scaled from 512 px to the short side of `size`.

    Without `min_area` a mask whose hole covers more than half of the image is drawn again, as in LaMa's evaluation.
    With it, e.g. 0.5 for TSGL App. C ("more than 50 % of the image"), further draws of the same recipe are laid on
    until the hole covers more than that share. Function of the generator's state; the masks lie on the CPU.

    Raises InputError for an unknown kind, a size below 8, or a `min_area` outside [0, 0.9].
    """
    if kind not in RECIPES:
        raise InputError(f"mask kind {kind!r}: is unknown; give one of {', '.join(RECIPES)}.")
    if min_area is not None and not 0 <= min_area <= 0.9:
        raise InputError(f"min_area {min_area}: is out of range; give a share of the image in [0, 0.9].")
    height, width = as_height_width(size)
    holes = [_hole(RECIPES[kind], (height, width), generator, min_area) for _ in range(n)]
    return 1 - torch.from_numpy(np.array(holes, np.float32).reshape(n, 1, height, width))


def box(
    n: int, size: int | tuple[int, int], generator: torch.Generator, area: tuple[float, float] = (0.1, 0.5)
) -> Float[Tensor, "n 1 h w"]:
    """`n` masks (1 known, 0 hole) of one rectangle each: its sides uniform over all whole-pixel pairs with an aspect of
    at most 2 and an area in (lo, hi], its position uniform.

    Raises InputError for an impossible size or area, or when no such rectangle exists.
    """
    height, width = as_height_width(size)
    fewest, most = pixel_range(area, height * width)
    rows, columns = torch.meshgrid(torch.arange(1, height + 1), torch.arange(1, width + 1), indexing="ij")
    fits = (rows * columns >= fewest) & (rows * columns <= most) & (rows <= 2 * columns) & (columns <= 2 * rows)
    pairs = torch.nonzero(fits) + 1
    if len(pairs) == 0:
        raise InputError(f"hole area {area}: no rectangle of {height}x{width} has it; give a wider range.")
    draws = torch.rand(n, 3, generator=generator, device=generator.device, dtype=torch.float64).cpu()
    masks = torch.ones(n, 1, height, width)
    for mask, (which, y, x) in zip(masks, draws.tolist()):
        h, w = pairs[int(which * len(pairs))].tolist()
        top, left = int(y * (height - h + 1)), int(x * (width - w + 1))
        mask[:, top : top + h, left : left + w] = 0
    return masks


def _hole(
    recipe: Recipe, size: tuple[int, int], generator: torch.Generator, min_area: float | None
) -> UInt8[np.ndarray, "h w"]:
    canvas = np.zeros(size, np.uint8)
    for _ in range(_REDRAWS):
        _paint(canvas, recipe, generator)
        share = canvas.mean()
        wanted = 0 < share <= LARGEST if min_area is None else min_area < share < 1
        if wanted:
            return canvas
        if min_area is None or share == 1:
            canvas[:] = 0
    raise InputError(f"{recipe}: {_REDRAWS} draws at {size[0]}x{size[1]} gave no mask of the wanted area.")


def _paint(canvas: UInt8[np.ndarray, "h w"], recipe: Recipe, generator: torch.Generator) -> None:
    """Lay one draw of the recipe on the canvas (1 = hole)."""
    as_box = float(_uniform(generator, 1)[0]) < recipe.box_share
    (_paint_boxes if as_box else _paint_chains)(canvas, recipe, generator)


def _paint_chains(canvas: UInt8[np.ndarray, "h w"], recipe: Recipe, generator: torch.Generator) -> None:
    height, width = canvas.shape
    scale = min(canvas.shape) / 512
    count = _whole(_uniform(generator, 1), *recipe.chains).item()
    corners = _whole(_uniform(generator, count), 1, _VERTICES)
    starts = _uniform(generator, count, 2) * (width, height)
    draws = _uniform(generator, count, _VERTICES, 3)
    angle = 0.01 + _whole(draws[..., 0], 0, _HEADINGS - 1)  # radians; every other segment turns the other way
    angle[:, ::2] *= -1
    length = scale * (recipe.length[0] + draws[..., 1] * (recipe.length[1] - recipe.length[0]))
    thickness = scale * (recipe.width[0] + draws[..., 2] * (recipe.width[1] - recipe.width[0]))
    steps = length[..., None] * np.stack([np.sin(angle), np.cos(angle)], -1)
    for chain, (point, segments) in enumerate(zip(starts, corners)):
        for k in range(segments):
            stop = np.clip(point + steps[chain, k], 0, (width, height))
            ends = (tuple(int(v) for v in point), tuple(int(v) for v in stop))
            cv2.line(canvas, *ends, 1, max(1, round(thickness[chain, k])))
            point = stop


def _paint_boxes(canvas: UInt8[np.ndarray, "h w"], recipe: Recipe, generator: torch.Generator) -> None:
    scale = min(canvas.shape) / 512
    count = _whole(_uniform(generator, 1), *recipe.boxes).item()
    margin = round(scale * recipe.box_margin)
    for draw in _uniform(generator, count, 4):
        sides = np.maximum(1, np.round(scale * _whole(draw[:2], *recipe.box_side))).astype(int)
        top, left = (margin + int(d * (s - 2 * margin - side + 1)) for d, s, side in zip(draw[2:], canvas.shape, sides))
        canvas[top : top + sides[0], left : left + sides[1]] = 1


def _uniform(generator: torch.Generator, *shape: int) -> np.ndarray:
    return torch.rand(*shape, generator=generator, device=generator.device, dtype=torch.float64).cpu().numpy()


def _whole(draw: np.ndarray, low: int, high: int) -> np.ndarray:
    """Uniform draws in [0, 1) -> whole numbers from `low` to `high`, both included."""
    return np.floor(low + draw * (high - low + 1)).astype(int)
