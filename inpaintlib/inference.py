"""Fill the hole of one photograph: the public door, with its conventions (white is hole) and its guarantees."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.batch import Batch
from inpaintlib.errors import InputError
from inpaintlib.image_io import turned
from inpaintlib.masks import read_mask
from inpaintlib.masks.files import LARGEST_HOLE
from inpaintlib.photos import read_image
from inpaintlib.weights import load

LONGEST_SIDE = 1024
"""Pixels. A larger photograph is filled at this size, and the filling is enlarged into its hole."""

REACH = 12.0
"""Pixels from the deepest point of a hole to the nearest known pixel, up to which a network is asked at full scale. The
laptop's networks learn on crops of 64 px; of twenty holes there nineteen are no deeper."""

Picture = str | os.PathLike | Image.Image | np.ndarray


def inpaint(
    image: Picture, mask: Picture, model: str | os.PathLike | nn.Module = "tsgl", profile: str | None = None
) -> np.ndarray | Image.Image:
    """Fill the hole of a photograph of any size.

    image: a path, a PIL image, or uint8 [H,W,3] RGB.  mask: a path, a PIL image, or an array [H,W] of the same size;
    white is the hole: brighter than half in a file or PIL image, anything but zero in an array.  model: a name or the
    path of a weights file, as in `load`, or a network from `build` or `load`.  profile: as in `load`.
    Returns uint8 [H,W,3], or a PIL image when one was given. Known pixels come back exactly as they were.
    Raises InputError on anything unreadable, on sizes that differ, on a mask with no hole or without known pixels, and
    on a mask file that marks more than 80 % as hole: such a file most often is inverted. An array is taken as it is.
    """
    pixels, hole = as_pixels(image), as_hole(mask)
    if pixels.shape[:2] != hole.shape:
        raise InputError(
            f"The image is {_size(pixels, image)} and the mask {_size(hole, mask)}; give a mask of the image's size."
        )
    if not hole.any():
        raise InputError("The mask marks no hole: draw what is to be filled in white on black, without transparency.")
    if hole.all():
        raise InputError("The mask marks the whole image as hole, so nothing is known; is it inverted? White is hole.")
    if isinstance(mask, (str, os.PathLike)) and hole.mean() > LARGEST_HOLE:
        raise InputError(f"{mask} marks {hole.mean():.1%} of the image as hole; is it inverted? White is hole.")
    network = model if isinstance(model, nn.Module) else load(model, profile=profile)
    result = np.where(hole[:, :, None], _filled(pixels, hole, network), pixels)
    return Image.fromarray(result) if isinstance(image, Image.Image) else result


def as_pixels(image: Picture) -> np.ndarray:
    """uint8 [H,W,3] RGB of a path, PIL image or array. Raises InputError on other kinds and shapes."""
    if isinstance(image, (str, os.PathLike)):
        return read_image(Path(image))
    if isinstance(image, Image.Image):
        return np.asarray(image.convert("RGB"))
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        given = _kind(image, pixels)
        raise InputError(f"An image is a path, a PIL image or an array, uint8 of shape [H, W, 3], not {given}.")
    return pixels


def as_hole(mask: Picture) -> np.ndarray:
    """bool [H,W], True in the hole, of a path or PIL image (brighter than half) or an array (anything but zero).

    An array of floating point numbers has one value for hole, whichever; InputError on a soft one, and on other kinds.
    """
    if isinstance(mask, (str, os.PathLike)):
        return read_mask(Path(mask), hole="white", check=False)[0].numpy() < 0.5
    if isinstance(mask, Image.Image):
        return np.asarray(mask.convert("L")) > 127
    hole = np.asarray(mask)
    if hole.ndim != 2 or 0 in hole.shape or hole.dtype.kind not in "buif":
        given = _kind(mask, hole)
        raise InputError(f"A mask is a path, a PIL image or an array of numbers of shape [H, W], not {given}.")
    if hole.dtype.kind == "f" and not np.isfinite(hole).all():
        raise InputError("The mask array holds values that are not finite numbers; give 0 for known, nonzero for hole.")
    if hole.dtype.kind == "f" and ((hole != 0) & (hole != hole.max())).any():
        raise InputError(
            f"The mask array holds values from {hole.min():g} to {hole.max():g}; give 0 for known and 1 for hole,"
            " as a threshold such as mask > 0.5 makes them."
        )
    return hole != 0


def _size(pixels: np.ndarray, given: Picture) -> str:
    exif = isinstance(given, (str, os.PathLike)) and turned(given)
    return f"{pixels.shape[1]} x {pixels.shape[0]} pixels" + " (turned as its EXIF data says)" * exif


def _kind(given: object, array: np.ndarray) -> str:
    return type(given).__name__ if array.dtype == object else f"{array.dtype} {list(array.shape)}"


def _filled(pixels: np.ndarray, hole: np.ndarray, network: nn.Module) -> np.ndarray:
    device = next(network.parameters()).device
    image = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float().to(device) / 127.5 - 1
    drawn = fill(network, image, 1 - torch.from_numpy(hole)[None, None].float().to(device))
    return ((drawn[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


@torch.no_grad()
def fill(
    network: nn.Module, image: Float[Tensor, "1 3 h w"], known: Float[Tensor, "1 1 h w"]
) -> Float[Tensor, "1 3 h w"]:
    """A network's answer for one image in [-1,1] of any size, at the scale that suits the hole; hidden pixels unread.

    Where the hole reaches further than REACH pixels from the known, the network sees a reduced image, in which it does
    not, and its answer is enlarged; so it does for images with a side above LONGEST_SIDE.
    """
    size = known.shape[-2:]
    depth = cv2.distanceTransform((known[0, 0] < 0.5).to(torch.uint8).cpu().numpy(), cv2.DIST_L2, 5).max()
    factor = max(1.0, float(depth) / REACH, max(size) / LONGEST_SIDE)
    if factor > 1:
        image, known = _reduced(image * known, known, [max(1, round(side / factor)) for side in size])
    batch = Batch.make(image, known, priors=network.priors, truth=None).padded(network.stride)
    training = network.training
    try:
        drawn = network.eval()(batch).image[:, :, : known.shape[-2], : known.shape[-1]]
    finally:
        network.train(training)
    return F.interpolate(drawn, size=size, mode="bicubic", align_corners=False) if factor > 1 else drawn


def scaled(network: nn.Module) -> Callable[[Batch], Tensor]:
    """`fill` as a method for `evaluation.evaluate`: what `inpaint` answers, image by image."""

    def method(batch: Batch) -> Tensor:
        drawn = [fill(network, image[None], known[None]) for image, known in zip(batch.image, batch.mask)]
        return torch.where(batch.mask > 0, batch.image, torch.cat(drawn))

    return method


def _reduced(masked: Tensor, known: Tensor, size: list[int]) -> tuple[Tensor, Tensor]:
    """Area averages of the known pixels; a reduced pixel is known when any pixel that it covers is."""
    share = F.interpolate(known, size=size, mode="area")
    mean = F.interpolate(masked, size=size, mode="area") / share.clamp_min(1e-6)
    return mean.clamp(-1, 1), (share > 0).float()
