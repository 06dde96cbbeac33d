"""Whatever fills holes, as one kind of thing: networks, classical methods, a folder of other people's results."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from inpaintlib.batch import Batch
from inpaintlib.errors import InputError
from inpaintlib.files import atomic_path, write_json
from inpaintlib.image_io import list_images, read_image
from inpaintlib.inference import scaled
from inpaintlib.protocols import Protocol, Rows

Fill = Callable[[Batch], Tensor]
"""A method: a batch to whole images [B,3,H,W] in [-1,1] whose known pixels are the batch's."""
Solver = Callable[[UInt8[np.ndarray, "h w 3"], UInt8[np.ndarray, "h w"]], UInt8[np.ndarray, "h w 3"]]
"""An image whose hole is black, and the hole as 255 on 0, to the filled image."""

RADIUS = 3.0
"""Pixels around a hole pixel that OpenCV's methods look at."""
PATCH = 3
"""Pixels around a pixel that PatchMatch compares."""


@dataclass(frozen=True)
class Method:
    """fill, and what it asks of a batch: the names of its priors, and the device that it runs on."""

    fill: Fill
    priors: tuple[str, ...] = ()
    device: torch.device | str = "cpu"


def network(model: nn.Module) -> Method:
    """A network as a method, asked at full scale; it is put into evaluation mode."""
    model.eval()
    device = next(model.parameters()).device
    return Method(lambda batch: model(batch).composite(batch), model.priors, device)


def as_inpaint(model: nn.Module) -> Method:
    """A network as `il.inpaint` asks it: at the scale that suits each hole."""
    return Method(scaled(model), model.priors, next(model.parameters()).device)


def _telea(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The hole is filled pixel by pixel from its rim inwards, in the order of a front that marches into it. A pixel
    gets the weighted mean of what its known neighbours and their gradients foretell, and counts as known from then on.
    It takes milliseconds, continues smooth shades well, and knows nothing of texture.
    """
    return cv2.inpaint(image, hole, RADIUS, cv2.INPAINT_TELEA)


def _navier_stokes(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The image is taken for the stream function of a fluid, whose lines of equal brightness are stream lines. Its
    smoothness is carried along these lines from the rim into the hole, as the equations of Navier and Stokes carry
    vorticity. Edges that meet the hole go on inside it, while texture does not.
    """
    return cv2.inpaint(image, hole, RADIUS, cv2.INPAINT_NS)


def _biharmonic(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The hole becomes the surface that meets the known pixels and whose bilaplacian is zero, like a thin plate that is
    clamped at the rim. Values and slopes therefore go on across the rim without a step. It is the smoothest answer
    there is, which makes it strong in PSNR and poor in texture.
    """
    try:
        from skimage.restoration import inpaint_biharmonic
    except ModuleNotFoundError:
        raise InputError("biharmonic is scikit-image's; install it with `pip install scikit-image`.") from None
    filled = inpaint_biharmonic(image, hole > 0, channel_axis=-1, split_into_regions=True)
    return np.round(filled * 255).clip(0, 255).astype(np.uint8)


def _patchmatch(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Every patch of the hole looks for the known patch that is most like it, and the hole becomes the mean of what
    they propose. The search starts at random, and neighbours pass good offsets on to each other, so that it takes a few
    rounds only. Working from a small copy of the image to the whole one, it repeats texture that the photograph has
    elsewhere.
    """
    try:
        import patchmatch
    except ModuleNotFoundError:
        raise InputError("patchmatch is PyPatchMatch's; install it with `pip install PyPatchMatch`.") from None
    patchmatch.set_random_seed(0)
    return patchmatch.inpaint(image, hole, patch_size=PATCH)


CLASSICAL: dict[str, Solver] = {
    "telea": _telea,
    "navier-stokes": _navier_stokes,
    "biharmonic": _biharmonic,
    "patchmatch": _patchmatch,
}
"""Methods that learn nothing: Telea 2004 and Navier-Stokes (OpenCV, radius RADIUS), biharmonic (scikit-image), and
PatchMatch (PyPatchMatch, radius PATCH)."""


REFERENCES = {
    "telea": "telea",
    "navier-stokes": "navierstokes",
    "biharmonic": "biharmonic",
    "patchmatch": "patchmatch",
}
"""The papers of the classical methods, keys of the book's bibliography."""


def classical(name: str) -> Method:
    """A method of CLASSICAL. Raises InputError on another name."""
    if name not in CLASSICAL:
        raise InputError(f"There is no classical method {name!r}; there is {', '.join(CLASSICAL)}.")
    solver = CLASSICAL[name]

    def fill(batch: Batch) -> Tensor:
        images = ((batch.image + 1) * 127.5 * batch.mask).round().clamp(0, 255).to(torch.uint8)
        images = images.permute(0, 2, 3, 1).cpu().numpy()
        holes = (batch.mask[:, 0] < 0.5).to(torch.uint8).cpu().numpy() * 255
        filled = np.stack([solver(np.ascontiguousarray(i), h) for i, h in zip(images, holes)])
        drawn = torch.from_numpy(filled).permute(0, 3, 1, 2).to(batch.image) / 127.5 - 1
        return torch.where(batch.mask > 0, batch.image, drawn)

    return Method(fill)


MANIFEST = "protocol.json"


def export(protocol: Protocol, folder: str | os.PathLike) -> int:
    """Write a protocol's inputs for a method that is not in this library; returns the number of rows.

    masked/<row>.png (RGB, hole black), masks/<row>.png (white = hole), and protocol.json with name and checksum.
    """
    folder, rows = Path(folder), protocol.rows()
    for index in range(len(rows)):
        image, mask = (part[0].numpy() for part in rows.part([index]))
        known = (image * mask.astype(np.uint8)).transpose(1, 2, 0)
        hole = (mask[0] < 0.5).astype(np.uint8) * 255
        for name, picture in (("masked", known[:, :, ::-1]), ("masks", hole)):
            with atomic_path(folder / name / f"{rows.name(index)}.png") as temporary:
                cv2.imwrite(str(temporary), picture)
    write_json(folder / MANIFEST, {"protocol": protocol.name, "checksum": rows.checksum, "rows": len(rows)})
    return len(rows)


def folder(path: str | os.PathLike, protocol: Protocol) -> Method:
    """Somebody's results for the inputs that `export` wrote: one image a row, named as the row, any image suffix.

    Known pixels are taken from the protocol. The rows are handed out in the protocol's order, so the method serves one
    evaluation. Raises InputError when a row has no file or two, when a file is of another size,
    and for the folder that `export` wrote.
    """
    if (Path(path) / MANIFEST).exists():
        raise InputError(f"{path}: is what was exported, not results for it; give the folder of your own answers.")
    rows, files = protocol.rows(), {}
    for file in list_images(Path(path)):
        if file.stem in files:
            raise InputError(
                f"{path}: holds two results for {file.stem}, {files[file.stem].name} and {file}; keep one."
            )
        files[file.stem] = file
    missing = [rows.name(i) for i in range(len(rows)) if rows.name(i) not in files]
    if missing:
        raise InputError(
            f"{path}: holds no result named {missing[0]} ({len(missing)} of {len(rows)} rows are missing); give one"
            f" image a row of {protocol.name}, named as `inpaintlib evaluate --export` names them."
        )
    results = _results(rows, files, protocol.size)

    def fill(batch: Batch) -> Tensor:
        drawn = np.stack([next(results) for _ in range(len(batch))])
        drawn = torch.from_numpy(drawn).permute(0, 3, 1, 2).to(batch.image) / 127.5 - 1
        return torch.where(batch.mask > 0, batch.image, drawn)

    return Method(fill)


def _results(rows: Rows, files: dict[str, Path], size: int) -> Iterator[np.ndarray]:
    for index in range(len(rows)):
        file = files[rows.name(index)]
        image = read_image(file)
        if image.shape[:2] != (size, size):
            raise InputError(f"{file}: is {image.shape[1]} x {image.shape[0]} pixels; give {size} x {size}.")
        yield image
