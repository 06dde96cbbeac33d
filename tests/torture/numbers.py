"""What is hard for numbers: masks of all or nothing, flat and extreme images, half precision, long training."""

import gc
import os
import random
from itertools import product
from pathlib import Path

import torch

import inpaintlib as il
from inpaintlib import training
from inpaintlib.batch import Batch
from inpaintlib.crops import Crops
from inpaintlib.masks import irregular
from inpaintlib.photos import bundled
from inpaintlib.recipes import recipe
from torture.trial import Outcome

SIDE = 64
DRIFT = 0.02
"""Share by which the memory of a long training may grow after its first tenth."""
IMAGES = {
    "black": lambda g: torch.zeros(1, 3, SIDE, SIDE),
    "white": lambda g: torch.ones(1, 3, SIDE, SIDE),
    "one pixel": lambda g: torch.zeros(1, 3, SIDE, SIDE).index_fill(3, torch.tensor([7]), 1.0),
    "checkerboard": lambda g: ((torch.arange(SIDE)[:, None] + torch.arange(SIDE)) % 2).float().expand(1, 3, -1, -1),
    "noise": lambda g: torch.rand(1, 3, SIDE, SIDE, generator=g),
}
MASKS = {
    "all hole": lambda g: torch.zeros(1, 1, SIDE, SIDE),
    "all known": lambda g: torch.ones(1, 1, SIDE, SIDE),
    "one known pixel": lambda g: torch.zeros(1, 1, SIDE, SIDE).index_fill(2, torch.tensor([3]), 1.0),
    "strokes": lambda g: irregular(1, SIDE, g),
}
PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}


def of_networks(times: int, draw: random.Random, folder: Path) -> Outcome:
    """Every network on a drawn image, mask and precision: in float32 its answer and its gradients are numbers, in half
    precision, where it sees one image alone, its answer."""
    outcome, names = Outcome(), il.models()
    cases = list(product(IMAGES, MASKS, PRECISIONS))
    for attempt in range(times):
        name = names[attempt % len(names)]
        image, hole, precision = draw.choice(cases)
        g = torch.Generator().manual_seed(attempt)
        torch.manual_seed(attempt)
        network = il.build(name, width=8).train(precision == "float32")
        several = 2 if precision == "float32" else 1  # in training, batch normalization needs more than one value
        pair = (maps[case](g).expand(several, -1, -1, -1) for maps, case in ((IMAGES, image), (MASKS, hole)))
        batch = Batch.make(*pair, priors=network.priors)
        what = f"{name}, {image}, {hole}, {precision}"
        half = PRECISIONS[precision]
        with (
            torch.set_grad_enabled(half is None),
            torch.autocast("cpu", half or torch.bfloat16, enabled=half is not None),
        ):
            answer = network(batch).image
        outcome.expect(bool(answer.float().isfinite().all()), f"{what}: not a number in the answer")
        if half is None:
            answer.square().mean().backward()
            bad = [n for n, p in network.named_parameters() if p.grad is not None and not p.grad.isfinite().all()]
            outcome.expect(not bad, f"{what}: not a number in the gradient of {bad[:2]}")
        outcome.counts[precision] += 1
    return outcome


def of_long_training(times: int, draw: random.Random, folder: Path) -> Outcome:
    """So many steps of a small network on random masks: losses are numbers, memory and open files stay."""
    settings = recipe("smoke")
    job = training.Job("tsgl", {"width": 4}, settings, 0, times * settings.batch)
    crops = Crops([bundled("train")[i] for i in range(4)], settings.crop, settings.scales)
    run = training.Run(job, crops, folder, "cpu", None)
    outcome, seen = Outcome(), []
    for step in range(times):
        run.advance()
        if (step + 1) % training.RECORD == 0:
            run.record()
        if (step + 1) % max(1, times // 20) == 0:
            gc.collect()
            seen.append((resident(), len(os.listdir("/proc/self/fd"))))
    run.save()
    memory, files = zip(*seen[1:])
    grown = memory[-1] / memory[0] - 1
    outcome.counts["steps"] = run.state.step
    outcome.numbers["growth of memory (%)"] = round(100 * grown, 2)
    outcome.numbers["open files at most"] = max(files)
    outcome.expect(grown < DRIFT, f"memory grew by {grown:.1%}")
    outcome.expect(max(files) == min(files), f"open files: {min(files)} to {max(files)}")
    return outcome


def resident() -> int:
    """Bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
