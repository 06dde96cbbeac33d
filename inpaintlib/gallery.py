"""The same few holes, filled by every method that is shown: in its page and in the papers' grids of results."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from inpaintlib.batch import Batch
from inpaintlib.crops import to_uint8
from inpaintlib.evaluation import batches
from inpaintlib.methods import Method
from inpaintlib.protocols import Protocol

BINS = ("10-20", "20-30", "30-40", "40-50", "narrow", "medium", "wide")
"""A hole of each of these sizes that a protocol has, in as many photographs spread over the protocol."""
SHOWN = ("comparison", "table-iv", "direction", "priors")
"""Questions whose answers are shown as pictures as well: their first seeds keep these holes."""
SIDE = 192
"""Of each picture, pixels; larger crops are reduced to it by averaging."""

Strip = UInt8[np.ndarray, "side width 3"]


def shown_rows(protocol: Protocol) -> list[int]:
    """The rows that are shown, one of each bin of BINS that the protocol has."""
    rows, bins = protocol.rows(), [name for name in BINS if name in protocol.bins]
    crops = np.unique(rows.crop)
    chosen = [crops[(2 * k + 1) * len(crops) // (2 * len(bins))] for k in range(len(bins))]
    return [int(np.flatnonzero((rows.crop == c) & (rows.bin == name))[0]) for c, name in zip(chosen, bins)]


@torch.no_grad()
def filled(method: Method, protocol: Protocol) -> Strip:
    """What a method makes of the shown rows, side by side."""
    rows = shown_rows(protocol)
    (batch,) = batches(protocol, method.priors, len(rows), rows)
    return _strip(method.fill(batch.to(method.device)))


def given(protocol: Protocol, rows: Sequence[int] | None = None) -> tuple[Strip, Strip]:
    """The shown rows, or these, as a method sees them, the hole white, and the photographs themselves."""
    rows = shown_rows(protocol) if rows is None else list(rows)
    (batch,) = batches(protocol, (), len(rows), rows)
    return _strip(torch.where(batch.mask > 0, batch.image, 1.0)), _strip(batch.target.image)


def apart(strip: Strip) -> list[UInt8[np.ndarray, "side side 3"]]:
    """The pictures of a strip."""
    return np.split(strip, strip.shape[1] // strip.shape[0], axis=1)


def case(protocol: Protocol, photograph: int, name: str) -> Batch:
    """A photograph with its hole of a bin, a batch of one; photograph: its place among the protocol's, counted again
    from the first where there are fewer."""
    rows = protocol.rows()
    names = list(dict.fromkeys(rows.photo))
    chosen = np.flatnonzero((rows.photo == names[photograph % len(names)]) & (rows.bin == name))[:1]
    return Batch.make(*rows.part(chosen), priors=())


def picture(image: Float[Tensor, "1 3 h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """An image in [-1, 1] as figures show it."""
    return to_uint8(image)[0].permute(1, 2, 0).cpu().numpy()


def seen(batch: Batch) -> UInt8[np.ndarray, "h w 3"]:
    """The known pixels of the only image of a batch, its hole white."""
    return picture(torch.where(batch.mask > 0, batch.image, 1.0))


def _strip(images: Tensor) -> Strip:
    pictures = to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()
    side = min(SIDE, pictures.shape[1])
    return np.concatenate([cv2.resize(p, (side, side), interpolation=cv2.INTER_AREA) for p in pictures], axis=1)
