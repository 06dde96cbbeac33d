"""Irregular stroke masks with an exact hole area, batched in torch.

A mask is a level set. The field is the smallest signed distance of a pixel to any brush stroke, roughened by a little
smooth noise; strokes are added until the hole is large enough, and the level is then chosen so that exactly the wanted
number of pixels lies below it, which thins (or thickens) all strokes of the mask by one common width.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from inpaintlib.errors import InputError
from inpaintlib.masks.areas import BORDER_BAND, as_height_width, border_band, pixel_range, touches_border

Place = Literal["border", "interior"]

MAX_SEGMENTS = 160
"""A mask has so many stroke segments at most; where they do not cover the hole, the level thickens them."""
GRID = 128
"""Short side of the grid that distances are computed on; larger masks interpolate them (they are smooth)."""
_REDRAWS = 50


def irregular(
    n: int,
    size: int | tuple[int, int],
    generator: torch.Generator,
    area: tuple[float, float] = (0.1, 0.5),
    place: Place | None = None,
) -> Float[Tensor, "n 1 h w"]:
    """`n` masks (1 known, 0 hole) of random brush strokes, whose hole areas are uniform in (lo, hi].

    place: "border" = the hole reaches into the band of 50/512 of the short side along the border; "interior" = it stays
    out of it (TSGL App. C); None = anywhere. size: side, or (H, W), in pixels. The masks lie on the generator's device
    and are a function of its state.

    Raises InputError for an impossible size, area or place.
    """
    height, width = as_height_width(size)
    if place not in (None, "border", "interior"):
        raise InputError(f"place {place!r}: is unknown; give 'border', 'interior' or None.")
    fewest, most = pixel_range(area, height * width)
    room = int((~border_band(height, width)).sum())
    if place == "interior" and most > room:
        raise InputError(
            f"hole area {area}: the interior of {height}x{width} holds {room / (height * width):.3f} of the image; "
            "give a smaller upper end."
        )
    masks = _draw(n, (height, width), generator, (fewest, most), place)
    for _ in range(_REDRAWS):
        wrong = ~touches_border(masks) if place == "border" else torch.zeros(n, dtype=torch.bool, device=masks.device)
        if not wrong.any():
            return masks
        masks[wrong] = _draw(int(wrong.sum()), (height, width), generator, (fewest, most), place)
    raise InputError(f"hole area {area}: no stroke of it reached the border of {height}x{width}; give a larger area.")


def _draw(
    n: int, size: tuple[int, int], generator: torch.Generator, counts: tuple[int, int], place: Place | None
) -> Float[Tensor, "n 1 h w"]:
    device, short = generator.device, min(size)
    wanted = torch.randint(counts[0], counts[1] + 1, (n,), generator=generator, device=device)
    grid = tuple(round(side * min(1, GRID / short)) for side in size)
    field = _stroke_field(grid, wanted / math.prod(size), generator, place)
    if grid != size:
        field = functional.interpolate(field[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]
    if place == "interior":
        field = field.masked_fill(border_band(*size).to(device), math.inf)
    level = [pixels.kthvalue(count).values for pixels, count in zip(field.flatten(1), wanted.tolist())]
    return (field > torch.stack(level)[:, None, None]).float()[:, None]


def _stroke_field(
    size: tuple[int, int], share: Float[Tensor, "n"], generator: torch.Generator, place: Place | None
) -> Float[Tensor, "n h w"]:
    """Roughened signed distance (pixels) to strokes that are added until they cover `share` of each mask."""
    n, device = len(share), generator.device
    brush = _brush_radius(share, min(size), generator)[:, None, None]
    rough = brush * 0.3 * _smooth_noise(n, size, generator)
    below = rough.masked_fill(border_band(*size).to(device), -math.inf) if place == "interior" else rough
    start, stop, taper = _strokes(n, size, generator, place)
    radius, wanted = brush * taper, share * math.prod(size)
    distance = torch.full((n, *size), math.inf, device=device)
    going = torch.arange(n, device=device)  # the masks that want more strokes
    near = distance
    for k in range(MAX_SEGMENTS):
        near = torch.minimum(near, _distance(size, start[going, k], stop[going, k], radius[going, k]))
        covered = (near <= below).view(torch.uint8).flatten(1).sum(1, dtype=torch.int32)
        short_of = covered < wanted[going]
        if not short_of.all():
            distance[going[~short_of]] = near[~short_of]
            going, near, below = going[short_of], near[short_of], below[short_of]
        if len(going) == 0:
            break
    distance[going] = near
    return distance - rough


def _brush_radius(share: Float[Tensor, "n"], short: int, generator: torch.Generator) -> Float[Tensor, "n"]:
    """Radius in pixels, log-uniform over a factor of 5, wider where more is to be covered."""
    draw = torch.rand(len(share), generator=generator, device=share.device)
    return short * (0.012 + 0.035 * share) * 5.0**draw


def _smooth_noise(n: int, size: tuple[int, int], generator: torch.Generator) -> Float[Tensor, "n h w"]:
    """Noise of unit variance at about 24 nodes along the short side, interpolated: what makes outlines ragged."""
    nodes = [max(4, min(side, round(24 * side / min(size)))) for side in size]
    coarse = torch.randn(n, 1, *nodes, generator=generator, device=generator.device)
    return functional.interpolate(coarse, size=size, mode="bicubic", align_corners=False)[:, 0]


def _strokes(
    n: int, size: tuple[int, int], generator: torch.Generator, place: Place | None
) -> tuple[Float[Tensor, "n k 2"], Float[Tensor, "n k 2"], Float[Tensor, "n k 2"]]:
    """Chains of segments with a slowly turning heading: start and stop (row, column), width factor at both ends.

    The walk is folded back at the sides of the box that the centre lines stay in; with probability 0.15 a step lifts
    the brush and sets it down elsewhere. With place "border" the first stroke starts on a side of the image.
    """

    def rand(*shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator, device=generator.device)

    short = min(size)
    inset = 1.15 * BORDER_BAND * short if place == "interior" else 0.0
    extent = torch.tensor(size, dtype=torch.float32, device=generator.device) - 2 * inset
    turn = torch.randn(n, MAX_SEGMENTS, generator=generator, device=generator.device) * 0.6
    heading = turn.cumsum(1) + rand(1) * (2 * math.pi)
    length = short * (0.03 + 0.17 * rand(MAX_SEGMENTS))
    lift = rand(MAX_SEGMENTS, 1) < 0.15
    step = length[..., None] * torch.stack([heading.sin(), heading.cos()], 2)
    step = torch.where(lift, 2 * extent * rand(MAX_SEGMENTS, 2), step)
    origin = rand(2) * extent
    if place == "border":
        side = functional.one_hot((rand() * 2).long(), 2).bool()
        origin = torch.where(side, (rand(1) < 0.5) * extent, origin)
    path = torch.cat([origin[:, None], origin[:, None] + step.cumsum(1)], 1)
    path = inset + extent - (path.remainder(2 * extent) - extent).abs()
    taper = 0.6 + 0.8 * rand(MAX_SEGMENTS + 1)
    start = torch.where(lift, path[:, 1:], path[:, :-1])
    return start, path[:, 1:], torch.stack([taper[:, :-1], taper[:, 1:]], 2)


def _distance(
    size: tuple[int, int], start: Float[Tensor, "n 2"], stop: Float[Tensor, "n 2"], radius: Float[Tensor, "n 2"]
) -> Float[Tensor, "n h w"]:
    """Distance of each pixel centre to each segment, less the radius interpolated along it (pixels)."""
    span = stop - start
    squared = span.square().sum(1).clamp_min(1e-6)[:, None, None]
    down = torch.arange(size[0], device=start.device) + 0.5 - start[:, :1]
    right = torch.arange(size[1], device=start.device) + 0.5 - start[:, 1:]
    # |p - s|^2 - 2 t (p - s).v + t^2 v.v at t, the foot of the perpendicular kept within the segment
    foot = (down * span[:, :1])[:, :, None] / squared + (right * span[:, 1:])[:, None] / squared
    along = foot.clamp(0, 1)
    gap = torch.sub(along, foot, alpha=2).mul_(along).mul_(squared)
    gap = gap.add_(down.square()[:, :, None] + right.square()[:, None]).clamp_min_(0).sqrt_()
    first, last = radius[:, :1, None], radius[:, 1:, None]
    return gap.sub_(along.mul_(last - first).add_(first))
