"""Evaluation on fixed photographs, crops and masks: every method sees the same holes and keeps a value per image."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from inpaintlib import masks, metrics
from inpaintlib.batch import Batch
from inpaintlib.crops import evaluation_crops
from inpaintlib.files import checksum_arrays
from inpaintlib.photos import bundled

METRICS = ("psnr", "ssim", "l1", "lpips", "hole_psnr", "hole_ssim", "hole_l1")
Fill = Callable[[Batch], Tensor]
"""A method: a batch to whole images [B,3,H,W] in [-1,1] whose known pixels are the batch's."""


@dataclass(frozen=True)
class Protocol:
    """Which photographs, crops, masks and bins. Each crop is paired with one mask of every bin.

    masks: name of a frozen set of that size.  leak: priors from the ground truth, then masked.
    """

    name: str
    split: str
    size: int
    per_photo: int
    masks: str
    bins: tuple[str, ...]
    photographs: int | None = None
    leak: bool = False

    def rows(self) -> "Rows":
        """The protocol's rows, drawn once a process."""
        return _rows(self)


@dataclass(frozen=True, eq=False)
class Rows:
    """images uint8 [N,3,S,S] and masks [N,1,S,S] in the protocol's order; photo, group and bin name each row."""

    images: Tensor
    masks: Tensor
    photo: np.ndarray
    group: np.ndarray
    bin: np.ndarray
    checksum: str

    def __len__(self) -> int:
        return len(self.images)


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol("bundled-256", "test", 256, 2, "irregular-256", ("10-20", "20-30", "30-40", "40-50")),
        Protocol("diagnostics-256", "test", 256, 1, "irregular-256", ("20-30",), photographs=12),
        Protocol("smoke-64", "test", 64, 1, "irregular-64", ("10-20", "40-50"), photographs=2),
    )
}


@lru_cache(maxsize=4)
def _rows(protocol: Protocol) -> Rows:
    crops, names, groups = evaluation_crops(bundled(protocol.split), protocol.size, protocol.per_photo)
    count = len(crops) if protocol.photographs is None else protocol.photographs * protocol.per_photo
    holes = masks.frozen(protocol.masks)
    labels = np.array(masks.frozen_bins(protocol.masks))
    picked, photo, group, bins = [], [], [], []
    for index in range(count):
        for name in protocol.bins:
            candidates = np.flatnonzero(labels == name)
            picked.append((index, int(candidates[index % len(candidates)])))
            photo.append(names[index])
            group.append(groups[index])
            bins.append(name)
    image_index, mask_index = (list(values) for values in zip(*picked))
    images, chosen = crops[image_index], holes[mask_index]
    setting = np.frombuffer(repr(sorted(asdict(protocol).items())).encode(), np.uint8)
    checksum = checksum_arrays(setting, images.numpy(), chosen.numpy().astype(np.uint8))[:16]
    return Rows(images, chosen, np.array(photo), np.array(group), np.array(bins), checksum)


def batches(protocol: Protocol, priors: Sequence[str], batch_size: int = 8) -> Iterator[Batch]:
    """The protocol's rows as batches with their targets, in order."""
    rows = protocol.rows()
    for begin in range(0, len(rows), batch_size):
        part = slice(begin, begin + batch_size)
        yield Batch.make(rows.images[part], rows.masks[part], priors=tuple(priors), leak=protocol.leak)


@torch.no_grad()
def evaluate(
    fill: Fill,
    protocol: Protocol,
    *,
    priors: Sequence[str] = (),
    lpips: nn.Module | None = None,
    device: torch.device | str = "cpu",
    batch_size: int = 8,
) -> dict[str, np.ndarray]:
    """Every metric of every row, float32 [N] under its name in METRICS (LPIPS only when its module is given).

    Images are rounded to 8 bits first, as a saved file would be. Whole image, and hole alone (hole_*).
    """
    values: dict[str, list[Tensor]] = {}
    for batch in batches(protocol, priors, batch_size):
        batch = batch.to(device)
        result = (((fill(batch).float() + 1) * 127.5).round().clamp(0, 255)) / 255
        truth = (batch.target.image + 1) / 2
        row = {name: getattr(metrics, name)(result, truth) for name in ("psnr", "ssim", "l1")}
        row |= {f"hole_{n}": getattr(metrics, n)(result, truth, hole=batch.mask) for n in ("psnr", "ssim", "l1")}
        if lpips is not None:
            row["lpips"] = lpips(result * 2 - 1, batch.target.image)
        for name, value in row.items():
            values.setdefault(name, []).append(value.float().cpu())
    return {name: torch.cat(parts).numpy() for name, parts in values.items()}


def network(model: nn.Module) -> Fill:
    """A trained network as a method; the network is put into evaluation mode."""
    model.eval()
    return lambda batch: model(batch).composite(batch)


def opencv(name: str, radius: float = 3.0) -> Fill:
    """OpenCV's classical inpainting as a method: "telea" or "navier-stokes"; `radius` in pixels."""
    flag = {"telea": cv2.INPAINT_TELEA, "navier-stokes": cv2.INPAINT_NS}[name]

    def fill(batch: Batch) -> Tensor:
        images = ((batch.image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        holes = (batch.mask[:, 0] < 0.5).to(torch.uint8).cpu().numpy() * 255
        filled = np.stack([cv2.inpaint(np.ascontiguousarray(i), h, radius, flag) for i, h in zip(images, holes)])
        drawn = torch.from_numpy(filled).permute(0, 3, 1, 2).to(batch.image) / 127.5 - 1
        return torch.where(batch.mask > 0, batch.image, drawn)

    return fill
