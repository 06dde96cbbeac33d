"""Photographs that live on a GPU: crops are cut there, all at once, and nothing waits for a copy."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from inpaintlib.crops import Crops, Place


class Resident:
    """Every photograph of `crops` at each of its scales, as one run of uint8 pixels on `device`.

    cut(places) equals `crops.cut(places)`, value for value. bytes: what they take.
    """

    def __init__(self, crops: Crops, device: torch.device | str) -> None:
        self.size, self.device = crops.size, torch.device(device)
        self._start: dict[tuple[int, float], tuple[int, int]] = {}
        runs, total = [], 0
        for index in range(len(crops.photos)):
            for factor in crops.factors(index):
                image = crops.scaled(index, factor)
                self._start[index, factor] = total, image.shape[1]
                runs.append(image.reshape(-1, 3))
                total += len(runs[-1])
        self._pixels = torch.from_numpy(np.concatenate(runs)).to(self.device)
        self.bytes = self._pixels.numel()

    def cut(self, places: Sequence[Place]) -> UInt8[Tensor, "n 3 size size"]:
        """The crops at these places, RGB 0..255, on the device."""
        rows = []
        for at in places:
            start, width = self._start[at.photo, at.factor]
            rows.append((start + at.top * width + at.left, width, at.mirrored))
        first, width, mirrored = torch.tensor(rows, device=self.device).T[:, :, None]
        line = torch.arange(self.size, device=self.device)
        across = torch.where(mirrored.bool(), self.size - 1 - line, line)
        index = (first + width * line)[:, :, None] + across[:, None, :]
        return self._pixels[index].permute(0, 3, 1, 2).contiguous()
