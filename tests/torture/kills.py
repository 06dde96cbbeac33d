"""kill -9 at random moments: what was finished stays, the next start goes on, and the end is as if nothing had been."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image

from inpaintlib import checkpoint
from torture.pictures import mask, photograph
from torture.trial import ROOT, Outcome, environment, inpaintlib

TRAINING = """
import sys
from inpaintlib import training
from inpaintlib.crops import Crops
from inpaintlib.photos import bundled
from inpaintlib.recipes import recipe

settings = recipe("smoke")
job = training.Job("tsgl", {"width": 4}, settings, 0, 40 * settings.batch)
photographs = Crops([bundled("train")[i] for i in range(2)], 64, (0.5,))
training.train(job, photographs, sys.argv[1], accelerator="cpu", progress=False, checkpoint_seconds=0.2)
"""
STUDIED = ("telea-s0", "tsgl-baseline-s0", "lama-s0")
Start = Callable[[Path], subprocess.Popen]


def started(command: list[str], **options: object) -> subprocess.Popen:
    """A program in a process group of its own, whose words nobody reads."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(
        command, env=environment(**options.pop("env", {})), start_new_session=True, **silent, **options
    )


def finished(process: subprocess.Popen) -> None:
    if process.wait(timeout=900):
        raise RuntimeError(f"{process.args} ended with {process.returncode}, without having been killed")


def torment(
    start: Start, seconds: float, times: int, draw: random.Random, folder: Path, look: Callable, compare: Callable
) -> Outcome:
    """Start, kill within the time of a whole run, start again, until so many kills; each finished run is compared.

    look(place, outcome) is called after every kill, compare(place, outcome) after every run that came to its end.
    """
    outcome, lap = Outcome(), 0
    while outcome.counts["kills"] < times:
        lap += 1
        place = folder / f"lap-{lap}"
        while True:
            process = start(place)
            end = time.monotonic() + draw.uniform(0, seconds)
            while process.poll() is None and time.monotonic() < end and outcome.counts["kills"] < times:
                time.sleep(0.01)
            if process.poll() is not None or outcome.counts["kills"] >= times:
                break
            family = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
            outcome.counts["kills"] += 1
            look(place, outcome, family)
        finished(process)
        outcome.counts["runs finished"] += 1
        compare(place, outcome)
    return outcome


def timed(start: Start, place: Path) -> float:
    """Seconds of a run that nobody disturbs."""
    began = time.monotonic()
    finished(start(place))
    return time.monotonic() - began


def of_training(times: int, draw: random.Random, folder: Path) -> Outcome:
    """A network's training, which writes a checkpoint five times a second."""
    start = lambda place: started([sys.executable, "-c", TRAINING, str(place)])  # noqa: E731
    seconds = timed(start, folder / "whole")
    whole, _ = checkpoint.read(folder / "whole" / "checkpoint.safetensors")
    steps: dict[Path, int] = {}

    def look(place: Path, outcome: Outcome, _: list) -> None:
        file = place / "checkpoint.safetensors"
        step = checkpoint.read(file)[1]["step"] if file.exists() else 0
        outcome.expect(step >= steps.get(place, 0), f"{place.name}: from step {steps.get(place)} back to {step}")
        steps[place] = step

    def compare(place: Path, outcome: Outcome) -> None:
        ours, _ = checkpoint.read(place / "checkpoint.safetensors")
        same = ours.keys() == whole.keys() and all(torch.equal(whole[name], ours[name]) for name in whole)
        outcome.expect(same, f"{place.name}: other weights than without kills")
        outcome.expect(not leftovers(place), f"{place.name}: left {leftovers(place)}")

    return torment(start, seconds, times, draw, folder, look, compare)


def leftovers(place: Path) -> list[str]:
    """Temporary files that nobody will remove."""
    return [path.name for path in place.rglob(".*-????????*") if path.is_file()]


def of_study(times: int, draw: random.Random, folder: Path) -> Outcome:
    """`study run` of three experiments of the smoke profile, with its worker."""

    def start(place: Path) -> subprocess.Popen:
        words = inpaintlib("study", "run", "--profile", "smoke", "--only", *STUDIED)
        return started(words, env={"INPAINTLIB_HOME": str(place)})

    seconds = timed(start, folder / "whole")
    results = lambda place: place / "build/smoke/figures/results/smoke"  # noqa: E731
    done: dict[Path, int] = {}

    def look(place: Path, outcome: Outcome, family: list) -> None:
        _, alive = psutil.wait_procs(family, timeout=15)
        outcome.expect(not alive, f"{place.name}: {len(alive)} workers outlived what started them")
        for run in results(place).glob("*/run.json"):
            at = run.stat().st_mtime_ns
            outcome.expect(done.setdefault(run, at) == at, f"{place.name}: {run.parent.name} was made twice")

    def compare(place: Path, outcome: Outcome) -> None:
        look(place, outcome, [])
        for id in STUDIED:
            with (
                np.load(results(folder / "whole") / id / "stats.npz") as wanted,
                np.load(results(place) / id / "stats.npz") as got,
            ):
                same = wanted.files == got.files and all(
                    np.array_equal(wanted[k], got[k], equal_nan=True) for k in wanted
                )
            outcome.expect(same, f"{place.name}: {id} has other numbers than without kills")
        outcome.expect(not leftovers(results(place)), f"{place.name}: left {leftovers(results(place))}")

    return torment(start, seconds, times, draw, folder, look, compare)


def of_fills(times: int, draw: random.Random, folder: Path) -> Outcome:
    """`inpaint` on a folder of photographs."""
    for number in range(40):
        for kind, pixels in (("photos", photograph(draw)), ("masks", mask())):
            (folder / kind).mkdir(exist_ok=True)
            Image.fromarray(pixels).resize((320, 240)).save(folder / kind / f"{number}.png")

    def start(place: Path) -> subprocess.Popen:
        return started(inpaintlib("inpaint", folder / "photos", folder / "masks", "-o", place), cwd=ROOT)

    seconds = timed(start, folder / "whole")
    kept: dict[Path, int] = {}

    def look(place: Path, outcome: Outcome, _: list) -> None:
        for file in place.glob("[!.]*.png"):
            at = file.stat().st_mtime_ns
            outcome.expect(kept.setdefault(file, at) == at, f"{place.name}: {file.name} was filled twice")

    def compare(place: Path, outcome: Outcome) -> None:
        look(place, outcome, [])
        for file in (folder / "whole").glob("[!.]*.png"):
            same = (place / file.name).exists() and (place / file.name).read_bytes() == file.read_bytes()
            outcome.expect(same, f"{place.name}: {file.name} is another picture than without kills")
        outcome.expect(not leftovers(place), f"{place.name}: left {leftovers(place)}")

    return torment(start, seconds, times, draw, folder, look, compare)
