"""What a model may see besides the masked photograph: edges, gray, a smooth image, and the others of TSGL Table VIII.

By default no prior depends on a pixel under the hole. The papers compute them from the whole photograph and mask them
afterwards; that protocol is the named option `leak=True`.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image as Pillow
from torch import Tensor

from inpaintlib.errors import InputError
from inpaintlib.names import taken
from inpaintlib.ops.canny import canny
from inpaintlib.ops.fill import fill_holes
from inpaintlib.ops.l0 import l0_smooth
from inpaintlib.ops.sobel import sobel

__all__ = ["PRIORS", "Prior", "channels", "extract", "fill_holes", "prior", "read_segmentation"]

Image = Float[Tensor, "B 3 H W"]
Mask = Float[Tensor, "B 1 H W"] | None
Map = Float[Tensor, "B c H W"]
Function = Callable[[Image, Mask], Map]

_LUMA = (0.2125, 0.7154, 0.0721)  # The weights of skimage.color.rgb2gray.
_CELL = 8  # 256 px -> 32 px, TSGL App. F.
_REGIONS = 100  # Superpixels of the stand-in for a segmentation.


@dataclass(frozen=True)
class Prior:
    """A registered prior: call it with an image in [0, 1] and a mask (1 = known) or None for a map in [0, 1].

    truth: the field of a batch's target that it replaces where a model sees it ("edge" or "gray"), None for most.
    """

    name: str
    channels: int
    function: Function
    truth: str | None = None

    def __call__(self, image01: Image, mask: Mask = None) -> Map:
        return self.function(image01, mask)


PRIORS: dict[str, Prior] = {}
GIVEN = {"segmentation": 1}
"""Priors that are read from files and handed to `extract` as `given`, with their channels."""


def prior(name: str, channels: int = 1, truth: str | None = None) -> Callable[[Function], Function]:
    """Register a function `(image01 [B,3,H,W], mask [B,1,H,W] | None) -> [B,channels,H,W]` as a prior, all in [0, 1].

    When a mask is given, the result must not depend on hidden pixels. `truth`: see `Prior`. Raises ValueError when the
    name is taken, except by a definition of the same notebook, which is replaced.
    """

    def register(function: Function) -> Function:
        if taken(PRIORS[name].function if name in PRIORS else None, function):
            raise ValueError(f"The prior {name!r} is registered already; choose another name.")
        PRIORS[name] = Prior(name, channels, function, truth)
        return function

    return register


def channels(names: Iterable[str]) -> int:
    """How many channels the named priors have together. Raises InputError for a name that is neither registered nor one
    of GIVEN."""
    return sum(GIVEN[name] if name in GIVEN else _find(name).channels for name in names)


@torch.no_grad()
def extract(
    image: Image,
    mask: Mask,
    names: Iterable[str] = ("edge", "gray", "smooth"),
    leak: bool = False,
    given: Mapping[str, Map] | None = None,
) -> dict[str, Map]:
    """The named priors of a batch, multiplied by the mask: float32 in [0, 1], on the device of the image.

    image: [-1, 1]. mask: 1 = known, 0 = hole; None = all is known. leak=False: hidden pixels are replaced before any
    prior sees the image, so none can depend on them. leak=True: priors of the whole image, then masked, as both papers
    do (TSGL Sec. III-A). given: maps that were made elsewhere, by name, such as a segmentation read from files.
    Raises InputError for a wrong shape and for a name that is neither registered nor given.
    """
    given = given or {}
    _check_shapes(image, mask, given)
    image01 = (image.float() + 1).mul_(0.5).clamp_(0, 1)
    if mask is not None:
        mask = mask.float()
        if not leak:
            image01 = image01.where(mask > 0.5, 0.5)
    seen = None if leak else mask
    with torch.autocast(image.device.type, enabled=False):
        maps = {name: given[name].to(image01) if name in given else _find(name)(image01, seen) for name in names}
    return maps if mask is None else {name: value * mask for name, value in maps.items()}


@prior("gray")
def gray(image01: Image, mask: Mask = None) -> Float[Tensor, "B 1 H W"]:
    """Luminance with the weights of skimage.color.rgb2gray; zero under the hole."""
    red, green, blue = image01.unbind(1)
    luminance = (_LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue)[:, None]
    return luminance if mask is None else luminance.where(mask > 0.5, 0.0)


@prior("edge")
def edge(image01: Image, mask: Mask = None) -> Float[Tensor, "B 1 H W"]:
    """Canny edges of the luminance, sigma 2 (TSGL Sec. III-A), from known pixels only when a mask is given."""
    return canny(gray(image01), sigma=2.0, mask=mask)


@prior("wrapped_gray")
def wrapped_gray(image01: Image, mask: Mask = None) -> Float[Tensor, "B 1 H W"]:
    """Luminance as the released code has it: of an image in [-1, 1] that was cast to 8 bits as if it were in [0, 1].

    255 times the image is truncated toward zero and taken modulo 256: the dark half is folded over the bright one.
    """
    return gray((image01 * 2 - 1).mul(255).trunc().remainder(256) / 255, mask)


@prior("wrapped_edge", truth="edge")
def wrapped_edge(image01: Image, mask: Mask = None) -> Float[Tensor, "B 1 H W"]:
    """Canny edges of `wrapped_gray`, sigma 2: the released code's edge map, with an edge wherever mid-gray is crossed.

    The released code also trains D_S on it.
    """
    return canny(wrapped_gray(image01), sigma=2.0, mask=mask)


@prior("smooth", channels=3)
def smooth(image01: Image, mask: Mask = None) -> Image:
    """The texture image: L0 gradient minimization, lambda 0.02; a hole is first filled smoothly from known pixels."""
    return l0_smooth(image01 if mask is None else fill_holes(image01, mask)).clamp_(0, 1)


@prior("lowres", channels=3)
def lowres(image01: Image, mask: Mask = None) -> Image:
    """Averages of the known pixels in cells of 8 x 8, drawn at full size; a cell without a known pixel is zero."""
    known = torch.ones_like(image01[:, :1]) if mask is None else (mask > 0.5).to(image01.dtype)
    weight = F.avg_pool2d(known, _CELL, ceil_mode=True)
    total = F.avg_pool2d(image01.where(known > 0, 0.0), _CELL, ceil_mode=True)
    mean = torch.where(weight > 0, total / weight.clamp_min(torch.finfo(weight.dtype).tiny), 0.0)
    height, width = image01.shape[-2:]
    return mean.repeat_interleave(_CELL, -2).repeat_interleave(_CELL, -1)[..., :height, :width].contiguous()


@prior("sobel_x", channels=3)
def sobel_x(image01: Image, mask: Mask = None) -> Image:
    """Horizontal Sobel gradient of each colour, -1..1 drawn as 0..1 (0.5 is flat); flat where the window has a hole."""
    return _gradient(image01, mask, axis=1)


@prior("sobel_y", channels=3)
def sobel_y(image01: Image, mask: Mask = None) -> Image:
    """Vertical Sobel gradient of each colour, -1..1 drawn as 0..1 (0.5 is flat); flat where the window has a hole."""
    return _gradient(image01, mask, axis=0)


@prior("slic")
def slic(image01: Image, mask: Mask = None) -> Float[Tensor, "B 1 H W"]:
    """A stand-in where no semantic segmentation is at hand: about 100 SLIC superpixels, each drawn in its mean gray.

    Runs scikit-image on the CPU, one image at a time; a hole is first filled smoothly from known pixels.
    """
    from skimage.segmentation import slic as superpixels

    filled = image01 if mask is None else fill_holes(image01, mask)
    drawn = []
    for picture, tone in zip(filled, gray(filled)[:, 0]):
        labels = superpixels(picture.permute(1, 2, 0).cpu().double().numpy(), n_segments=_REGIONS, start_label=0)
        index = torch.from_numpy(labels).to(tone.device).flatten()
        total = tone.new_zeros(int(index.max()) + 1).index_add_(0, index, tone.flatten())
        drawn.append((total / index.bincount()).clamp(0, 1)[index].view_as(tone))
    return torch.stack(drawn)[:, None]


def read_segmentation(path: str | os.PathLike, classes: int = 151) -> Float[Tensor, "1 1 H W"]:
    """A label file as a map for `extract(given={"segmentation": ...})`: class number / (classes - 1), in [0, 1].

    The file holds one class number per pixel (grey or palette PNG). 151 = ADE20K's 150 classes and 0 for none.
    Raises InputError when the file is no such image, or when a label is not below `classes`.
    """
    try:
        with Pillow.open(path) as file:
            mode, labels = file.mode, np.array(file)
    except OSError as error:
        raise InputError(f"The segmentation {os.fspath(path)} cannot be read as an image: {error}.") from None
    if mode not in ("L", "P", "I;16", "I"):
        raise InputError(
            f"The segmentation {os.fspath(path)} has mode {mode}; it must hold one class number per pixel."
        )
    if labels.max() >= classes:
        raise InputError(
            f"The segmentation {os.fspath(path)} has label {labels.max()}, but there are {classes} classes."
        )
    return torch.from_numpy(labels.astype(np.float32) / (classes - 1))[None, None]


def _gradient(image01: Image, mask: Mask, axis: int) -> Image:
    if mask is None:
        return 0.5 + sobel(image01)[axis] / 8
    known = (mask > 0.5).to(image01.dtype)
    whole = -F.max_pool2d(-known, 3, stride=1, padding=1) > 0
    return 0.5 + sobel(image01.where(known > 0, 0.0))[axis].where(whole, 0.0) / 8


def _find(name: str) -> Prior:
    if name in GIVEN:
        raise InputError(f"The prior {name!r} is read from files: pass the map in `given`, or name slic, its stand-in.")
    if name not in PRIORS:
        raise InputError(
            f"There is no prior {name!r}; the priors are {', '.join((*PRIORS, *GIVEN))}, or pass the map in `given`."
        )
    return PRIORS[name]


def _check_shapes(image: Tensor, mask: Tensor | None, given: Mapping[str, Tensor]) -> None:
    if image.ndim != 4 or image.shape[1] != 3:
        raise InputError(f"Priors are extracted from images of shape [B, 3, H, W], not {list(image.shape)}.")
    if mask is not None and mask.shape != (image.shape[0], 1, *image.shape[2:]):
        expected = [image.shape[0], 1, *image.shape[2:]]
        raise InputError(f"The mask for these images must have the shape {expected}, not {list(mask.shape)}.")
    for name, value in given.items():
        if value.ndim != 4 or (len(value), *value.shape[2:]) != (len(image), *image.shape[2:]):
            expected = [len(image), "c", *image.shape[2:]]
            raise InputError(f"The given map {name!r} must have the shape {expected}, not {list(value.shape)}.")
