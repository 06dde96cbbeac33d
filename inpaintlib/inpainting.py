"""Fill the hole of one photograph: the public door, with its conventions (white is hole) and its guarantees."""

import os
from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import Bool, UInt8
from PIL import Image
from torch import nn

from inpaintlib.errors import InputError
from inpaintlib.holes import Reading, hole_of
from inpaintlib.pictures import Photograph, Picture
from inpaintlib.weights import load
from inpaintlib.windows import Mode, Shown, filled

Model = str | os.PathLike | nn.Module


def inpaint(
    image: Picture,
    mask: Picture,
    model: Model | Sequence[str | os.PathLike] = "tsgl",
    profile: str | None = None,
    *,
    mode: Mode = "crop",
    dilate: int = 0,
    feather: int = 0,
    hole: Literal["white", "black"] | None = None,
    threshold: float | None = None,
    fit: bool = False,
    allow_empty: bool = False,
    device: str = "auto",
    shown: Shown = iter,
) -> np.ndarray | Image.Image | dict[str, np.ndarray | Image.Image]:
    """Fill the hole of a photograph of any size up to 40 million pixels.

    image: a path, a PIL image, or uint8 [H,W,3] RGB or [H,W,4] with straight alpha.  mask: a path, a PIL image, or an
    array [H,W] of the same size; white is the hole: brighter than half in a file or PIL image, anything but zero in an
    array.  model: a name or the path of a weights file, as in `load`, or a network from `build` or `load`; or a list of
    names and paths.  profile: as in `load`.

    mode: how a large photograph is looked at: "crop", every hole with its surroundings; "resize", all of it, reduced to
    1024 pixels; "tile", in overlapping squares of full size. Up to 512 pixels a side crop and resize are the same.
    dilate: pixels by which the hole is enlarged first.  feather: pixels inside the hole over which what the
    photograph has there fades into the filling, for the edge of a mask that was drawn generously.
    hole, threshold, fit, allow_empty: settle what a mask could mean in two ways, as in `holes.Reading`.
    device: where a network that is named runs: "auto" is the GPU where there is one.
    shown: goes through pieces of work and may show how far it has come, as tqdm.tqdm does.

    Returns uint8 [H,W,3], [H,W,4] where the photograph has transparency, or a PIL image when one was given; for a list
    of models a dictionary of these, by name. Known pixels, and transparency everywhere, come back exactly as they were.
    The same call gives the same answer on the same machine.
    Raises InputError on anything unreadable, and on a mask of another size, without hole, without known pixels, soft,
    or with more than 80 % hole, each with the argument that settles it.
    """
    photograph = Photograph.of(image)
    reading = Reading(hole, threshold, fit, allow_empty)
    inside = grown(hole_of(mask, photograph.pixels.shape[:2], reading, photograph.size), dilate)
    if isinstance(model, Sequence) and not isinstance(model, str):
        return {
            str(one): _inpainted(photograph, inside, network(one, profile, device), mode, feather, shown)
            for one in model
        }
    return _inpainted(photograph, inside, network(model, profile, device), mode, feather, shown)


def network(model: Model, profile: str | None = None, device: str = "auto") -> nn.Module:
    """The network behind a name or path, on its device; a network is returned as it is.

    Raises InputError where there is none, or no such device.
    """
    if isinstance(model, nn.Module):
        return model
    return load(model, profile=profile, device=device_of(device))


def device_of(name: str) -> torch.device:
    """A device by name; "auto" is the GPU where there is one. Raises InputError on one that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError):
        raise InputError(
            f"There is no device {name!r} here; give auto, cpu, or cuda on a machine with a GPU."
        ) from None
    return device


def grown(hole: Bool[np.ndarray, "h w"], by: int) -> Bool[np.ndarray, "h w"]:
    """A hole enlarged by so many pixels in every direction. Raises InputError when nothing known is left."""
    if by < 0:
        raise InputError(f"dilate={by} would shrink the hole; give 0 or more pixels.")
    if by == 0 or not hole.any():
        return hole
    near = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= by
    if near.all():
        raise InputError(f"Enlarged by {by} pixels the hole is the whole image, so nothing is known; give fewer.")
    return near


def feathered(
    pixels: UInt8[np.ndarray, "h w 3"], drawn: UInt8[np.ndarray, "h w 3"], hole: Bool[np.ndarray, "h w"], over: int
) -> UInt8[np.ndarray, "h w 3"]:
    """A filling that fades in over so many pixels from the hole's rim inwards; full from there on."""
    if over < 0:
        raise InputError(f"feather={over} is no number of pixels to fade over; give 0 or more.")
    if over == 0:
        return drawn
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    result = drawn.copy()
    rim = hole & (depth <= over)
    share = (depth[rim] / (over + 1))[:, None]
    result[rim] = (drawn[rim] * share + pixels[rim] * (1 - share)).round().astype(np.uint8)
    return result


def _inpainted(
    photograph: Photograph, hole: np.ndarray, network: nn.Module, mode: Mode, feather: int, shown: Shown
) -> np.ndarray | Image.Image:
    drawn = filled(photograph.seen, hole, network, mode, shown) if hole.any() else photograph.pixels
    drawn = feathered(photograph.pixels, drawn, hole, feather)
    return photograph.like_given(np.where(hole[:, :, None], drawn, photograph.pixels))
