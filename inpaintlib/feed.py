"""The batches of a training, on its device: what happens in step t depends on the seed and t alone."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from inpaintlib.batch import Batch
from inpaintlib.crops import Crops, Place
from inpaintlib.masks import irregular
from inpaintlib.masks.pool import pool, turned
from inpaintlib.recipes import Recipe

ON_GPU = 16
"""Steps whose data are made together on a GPU: many small kernels become few large ones."""


@runtime_checkable
class Source(Protocol):
    """Where crops are cut from: photographs in memory (`Crops`), or on a GPU (`resident.Resident`)."""

    def cut(self, places: Sequence[Place]) -> UInt8[Tensor, "n 3 size size"]: ...


@dataclass(frozen=True)
class Share:
    """Which crops of every batch a process trains on: those with index % processes == process."""

    process: int = 0
    processes: int = 1


class Feed:
    """batch(step) -> Batch on `device`, with the priors that a network sees and the truth's maps that its losses read.

    crops: draws where crops lie.  source: cuts them (default: the crops themselves).  seed: of the training.  together:
    steps that are made at once; a step's place among them is fixed, so that a resumed training gets the same bits.
    ahead: threads that read photographs for later steps, for data sets that do not fit into memory.  share: of several
    processes.  waited: seconds that batches have taken so far.
    """

    def __init__(
        self,
        crops: Crops,
        recipe: Recipe,
        seed: int,
        priors: tuple[str, ...],
        truth: tuple[str, ...] = ("edge", "gray"),
        *,
        source: Source | None = None,
        device: torch.device | str = "cpu",
        together: int = 1,
        ahead: int = 0,
        share: Share = Share(),
    ) -> None:
        self.crops, self.recipe, self.seed = crops, recipe, seed
        self.priors, self.truth = priors, truth
        self.source, self.device = source or crops, torch.device(device)
        self.together, self.share = together, share
        self.waited = 0.0
        self._threads = ThreadPoolExecutor(ahead) if ahead else None
        self._coming: dict[int, Future] = {}
        self._made: tuple[int, Batch | None] = (-1, None)
        self._pool = pool(recipe.holes, recipe.crop, recipe.hole_area).to(device) if recipe.holes else None

    def batch(self, step: int) -> Batch:
        """The batch of a step (of this process's share of it)."""
        began = time.perf_counter()
        block, place = divmod(step, self.together)
        if self._made[0] != block:
            self._made = block, self._make(range(block * self.together, (block + 1) * self.together))
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)  # or the time would be counted where the network waits for it
        n = self.recipe.batch // self.share.processes
        found = self._made[1].rows(slice(place * n, (place + 1) * n))
        self.waited += time.perf_counter() - began
        return found

    def names(self, step: int) -> list[str]:
        """The photographs of a step's crops."""
        return self.crops.names(self.crops.places(self.recipe.batch, self._generator(step)))

    def _make(self, steps: range) -> Batch:
        if self._threads is None:
            places, holes = zip(*map(self._draw, steps))
            images = self.source.cut([place for found in places for place in found])
        else:
            images, holes = zip(*(self._read(step).result() for step in steps))
            images = torch.cat(images)
            for step in range(steps.stop, steps.stop + 2 * len(steps)):
                self._read(step)
            self._coming = {step: future for step, future in self._coming.items() if step >= steps.stop}
        masks = torch.cat(holes).to(self.device)
        return Batch.make(images.to(self.device), masks, priors=self.priors, leak=self.recipe.leak, truth=self.truth)

    def _read(self, step: int) -> Future:
        """A step's crops and masks, on their way."""
        if step not in self._coming:
            self._coming[step] = self._threads.submit(self._draw_and_cut, step)
        return self._coming[step]

    def _draw_and_cut(self, step: int) -> tuple[Tensor, Tensor]:
        places, holes = self._draw(step)
        return self.source.cut(places), holes

    def _draw(self, step: int) -> tuple[list[Place], Float[Tensor, "n 1 size size"]]:
        """This process's share of a step's crops and masks: the draws are those of the whole batch."""
        recipe, generator = self.recipe, self._generator(step)
        mine = slice(self.share.process, None, self.share.processes)
        places = self.crops.places(recipe.batch, generator)[mine]
        if self._pool is None:
            return places, irregular(recipe.batch, recipe.crop, generator, area=recipe.hole_area)[mine]
        chosen = torch.randint(len(self._pool), (recipe.batch,), generator=generator)[mine]
        turn = torch.randint(8, (recipe.batch,), generator=generator)[mine]
        return places, turned(self._pool, chosen.to(self.device), turn.to(self.device))

    def _generator(self, step: int) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed * 1_000_003 + step)
