"""One function measures every method on a frozen protocol and keeps a value per image."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from inpaintlib import distances, inception, metrics
from inpaintlib.alexnet import AlexNet
from inpaintlib.batch import Batch
from inpaintlib.methods import Method
from inpaintlib.metrics import Lpips
from inpaintlib.protocols import Protocol, Rows
from inpaintlib.views import VIEWS, prefix

DISTANCES: dict[str, tuple[str, Callable]] = {
    "kd": ("alexnet", distances.kernel_distance),
    "fd": ("alexnet", distances.frechet_distance),
    "kid": ("inception", distances.kernel_distance),
    "fid": ("inception", distances.frechet_distance),
}
"""Name of a distance between sets of images -> (whose features, function). kd is KD-AlexNet, fd is FD-AlexNet; kid and
fid exist only where the Inception weights do."""
OF_EVERY_VIEW = ("kd",)
"""Distances that are taken of every view; the others are taken of the image alone."""


@dataclass(frozen=True)
class Instruments:
    """The networks that measure: LPIPS, the AlexNet trunk, and Inception where its weights are."""

    lpips: nn.Module
    features: dict[str, nn.Module]

    @classmethod
    def load(cls, device: torch.device | str = "cpu") -> "Instruments":
        """All that this machine has, on a device."""
        features = {"alexnet": AlexNet().to(device)}
        if inception.find() is not None:
            features["inception"] = inception.features().to(device)
        return cls(Lpips().to(device), features)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """values: metric -> float32 [N], one a row.  distances: "kd", "edge_kd", ... -> pseudovalues [columns, photographs]
    and, of images, with "_blocks" added, the block estimates [columns, blocks]; columns as in `protocol.columns`,
    photographs in order of name."""

    protocol: Protocol
    checksum: str
    values: dict[str, np.ndarray]
    distances: dict[str, np.ndarray]


def batches(
    protocol: Protocol, priors: Sequence[str], batch_size: int = 8, rows: Sequence[int] | None = None
) -> Iterator[Batch]:
    """The protocol's rows, or some of them, as batches with their targets, in order."""
    every = protocol.rows()
    index = np.arange(len(every)) if rows is None else np.asarray(rows)
    for begin in range(0, len(index), batch_size):
        images, masks = every.part(index[begin : begin + batch_size])
        yield Batch.make(images, masks, priors=tuple(priors), leak=protocol.leak, truth=())


@torch.no_grad()
def evaluate(
    method: Method,
    protocol: Protocol,
    *,
    instruments: Instruments | None = None,
    rows: Sequence[int] | None = None,
    batch_size: int = 8,
) -> Evaluation:
    """Measure a method on a protocol: PSNR, SSIM, L1 of every row, whole image and hole alone (hole_*), PSNR and SSIM
    of the protocol's other views (edge_*, residual_*); with `instruments` LPIPS and the distances between sets as well.

    Results are rounded to 8 bits first, as a saved file would be; every method gets the same bits. `rows`: some rows of
    the protocol only, without distances.
    """
    values: dict[str, list[Tensor]] = {}
    features: dict[str, list[Tensor]] = {}
    for batch in batches(protocol, method.priors, batch_size, rows):
        batch = batch.to(method.device)
        result = (((method.fill(batch).float() + 1) * 127.5).round().clamp(0, 255)) / 255
        truth = (batch.target.image + 1) / 2
        _append(values, _rows_of(result, truth, batch, protocol, instruments))
        if instruments is not None and rows is None:
            _append(features, _features(result, protocol, instruments))
    every = protocol.rows()
    found = {name: torch.cat(parts).numpy() for name, parts in features.items()}
    if found:
        found |= _features_of_truth(every, instruments, method.device)
    return Evaluation(
        protocol,
        every.checksum,
        {name: torch.cat(parts).numpy() for name, parts in values.items()},
        _distances(found, every) if found else {},
    )


def _rows_of(
    result: Tensor, truth: Tensor, batch: Batch, protocol: Protocol, instruments: Instruments | None
) -> dict[str, Tensor]:
    row = {name: getattr(metrics, name)(result, truth) for name in ("psnr", "l1")}
    row |= {f"hole_{name}": getattr(metrics, name)(result, truth, hole=batch.mask) for name in ("psnr", "l1")}
    row["ssim"], row["hole_ssim"] = metrics.ssim_whole_and_hole(result, truth, batch.mask)
    for view in protocol.views[1:]:
        pair = VIEWS[view](result), VIEWS[view](truth)
        row |= {f"{view}_{name}": getattr(metrics, name)(*pair) for name in ("psnr", "ssim")}
    if instruments is not None:
        row["lpips"] = instruments.lpips(result * 2 - 1, batch.target.image)
    return row


def _features(image01: Tensor, protocol: Protocol, instruments: Instruments, of: str = "result") -> dict[str, Tensor]:
    """ "<view>/<trunk>/result" -> [B, d]."""
    found = {}
    for view in protocol.views:
        seen = VIEWS[view](image01).expand(-1, 3, -1, -1) * 2 - 1
        found |= {f"{view}/{trunk}/{of}": network(seen) for trunk, network in instruments.features.items()}
    return found


def _features_of_truth(rows: Rows, instruments: Instruments, device: torch.device | str) -> dict[str, np.ndarray]:
    """ "<view>/<trunk>/truth" -> [N, d]. The rows of one crop share their truth, so each crop is looked at once."""
    crops, first, of_row = np.unique(rows.crop, return_index=True, return_inverse=True)
    parts: dict[str, list[Tensor]] = {}
    for begin in range(0, len(crops), 8):
        images = rows.part(first[begin : begin + 8])[0].to(device) / 255
        _append(parts, _features(images, rows.protocol, instruments, "truth"))
    return {name: torch.cat(found).numpy()[of_row] for name, found in parts.items()}


def _distances(features: dict[str, np.ndarray], rows: Rows) -> dict[str, np.ndarray]:
    """Pseudovalues and block estimates of every distance in every column."""
    found: dict[str, list[np.ndarray]] = {}
    for name, (trunk, distance) in DISTANCES.items():
        for view in rows.protocol.views if name in OF_EVERY_VIEW else ("image",):
            if f"{view}/{trunk}/result" not in features:
                continue
            x, y = (features[f"{view}/{trunk}/{side}"].astype(np.float64) for side in ("result", "truth"))
            for column in rows.protocol.columns:
                chosen = rows.column(column)
                part = distances.measure(distance, x[chosen], y[chosen], rows.group[chosen])
                found.setdefault(prefix(view) + name, []).append(part.pseudovalues)
                if view == "image":
                    found.setdefault(f"{name}_blocks", []).append(part.blocks)
    return {name: np.stack(parts) for name, parts in found.items()}


def _append(store: dict[str, list[Tensor]], row: dict[str, Tensor]) -> None:
    for name, value in row.items():
        store.setdefault(name, []).append(value.float().cpu())
