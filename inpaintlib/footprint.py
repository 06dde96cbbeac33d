"""What a network takes on this machine: seconds and memory of one image, measured."""

import ctypes
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn

from inpaintlib import paths
from inpaintlib.counting import deployed, empty_batch
from inpaintlib.errors import InputError
from inpaintlib.files import read_json, write_json
from inpaintlib.models import build
from inpaintlib.provenance import provenance
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import TRAININGS

SMALL = 64
"""Pixels a side of the image of a first pass: every stride here divides it."""


@dataclass(frozen=True)
class Footprint:
    """seconds: of one forward pass, the median of several.  peak_bytes: the most memory that a pass took beyond what
    was held before it, the weights among that; None on a system that does not tell."""

    seconds: float
    peak_bytes: int | None


@torch.no_grad()
def footprint(network: nn.Module, size: int = 256, repeats: int = 3) -> Footprint:
    """Time and memory of the network on one image of size x size pixels, in evaluation mode, on its own device.

    Memory is that of the first pass, of the process on a CPU (Linux only) and of torch's allocator on a GPU; where
    `repeats` is above one, the first pass does not count in the time. The image is all hole.
    Raises InputError on a size that the network does not take.
    """
    network.eval()
    device = next(network.parameters()).device
    network(empty_batch(network, SMALL).to(device))  # what is compiled on the way costs neither time nor memory
    batch = empty_batch(network, size).to(device)
    meter = _Cuda(device) if device.type == "cuda" else _Process()
    seconds = []
    for _ in range(repeats + (repeats > 1)):
        began = time.perf_counter()
        network(batch)
        meter.wait()
        seconds.append(time.perf_counter() - began)
        if len(seconds) == 1:
            peak = meter.peak()
    return Footprint(median(seconds[-repeats:]), peak)


def compared(**config: Any) -> Iterator[tuple[str, nn.Module]]:
    """The networks that the papers compare, by label, as they are used after training: at the papers' own widths, or
    with the settings that `config` gives."""
    for label, name in GROUPS["comparison"].rows.items():
        if name in TRAININGS:
            own = {key: value for key, value in TRAININGS[name].config.items() if key != "width"}
            yield label, deployed(build(TRAININGS[name].model, **own, **config))


def record(size: int, found: dict[str, Footprint]) -> Path:
    """Keep what was measured of networks, by label, with where it was; returns the file."""
    file = _file(size)
    write_json(file, {**provenance(), "size": size, "networks": {label: asdict(one) for label, one in found.items()}})
    return file


def recorded(size: int) -> tuple[dict[str, Footprint], str]:
    """What `record` kept, and on which device that was. Raises InputError where nothing was."""
    file = _file(size)
    if not file.is_file():
        raise InputError(f"Nothing was measured at {size} pixels; scripts/footprints.py does.")
    kept = read_json(file)
    return {label: Footprint(**one) for label, one in kept["networks"].items()}, kept["device"]


def _file(size: int) -> Path:
    return paths.results("laptop") / f"footprints-{size}.json"


class _Process:
    """The process's resident memory above where it stood, by Linux's high-water mark, which can be set back."""

    MARK, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")

    def __init__(self) -> None:
        self.before = None
        if sys.platform == "linux" and self.RESET.exists():
            ctypes.CDLL(None).malloc_trim(0)
            self.RESET.write_text("5")
            self.before = self._read("VmRSS")

    def wait(self) -> None:
        """A CPU has computed when it returns."""

    def peak(self) -> int | None:
        return None if self.before is None else max(0, self._read("VmHWM") - self.before)

    def _read(self, name: str) -> int:
        lines = dict(line.split(":", 1) for line in self.MARK.read_text().splitlines())
        return int(lines[name].split()[0]) * 1024


class _Cuda:
    """torch's allocator above where it stood."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        self.before = torch.cuda.memory_allocated(device)

    def wait(self) -> None:
        torch.cuda.synchronize(self.device)

    def peak(self) -> int:
        return torch.cuda.max_memory_allocated(self.device) - self.before
