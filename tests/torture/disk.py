"""A disk that is full at a random moment: one sentence, what was whole stays, and with room the work is finished."""

import random
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from inpaintlib import checkpoint
from inpaintlib.files import sha256
from torture.kills import leftovers
from torture.pictures import mask
from torture.trial import ROOT, Outcome, environment, inpaintlib

PAGE = 4096


@dataclass
class Room:
    """A place with so much room. Where this machine may mount one it is a small file system; elsewhere the programs
    themselves may write no file beyond a size."""

    place: Path
    mounted: bool
    limit: int = 0

    def more(self) -> None:
        """Room for everything."""
        self.limit = 0
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,size=256m", str(self.place)], check=True)

    def run(self, words: list[str]) -> subprocess.CompletedProcess:
        """A program that works in the place."""
        bounds = (self.limit, self.limit) if self.limit and not self.mounted else None
        bound = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, bounds)) if bounds else None
        settings = {"INPAINTLIB_HOME": str(self.place / "home")}
        told = {"capture_output": True, "text": True, "timeout": 900}
        return subprocess.run(words, env=environment(**settings), cwd=ROOT, preexec_fn=bound, **told)


@contextmanager
def room(place: Path, bytes: int) -> Iterator[Room]:
    """A folder with room for so many bytes."""
    place.mkdir()
    size = max(PAGE, bytes // PAGE * PAGE)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    mounted = subprocess.run(mounting, capture_output=True).returncode == 0
    try:
        yield Room(place, mounted, bytes)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def contents(place: Path) -> dict[str, str]:
    """Checksums of the pictures, arrays and weights below a folder; other files say when they were written."""
    kinds = (".png", ".npz", ".webp", ".safetensors")
    files = [path for path in sorted(place.rglob("[!.]*")) if path.suffix in kinds]
    return {path.relative_to(place).as_posix(): _checksum(path) for path in files}


def _checksum(path: Path) -> str:
    """Of the bytes; of weights, whose note tells the time, of the numbers."""
    return checkpoint.digest(checkpoint.read(path)[0]) if path.suffix == ".safetensors" else sha256(path)


def _commands(folder: Path, draw: random.Random) -> list[Callable[[Path], list[str]]]:
    """What is run, with its results below a place."""
    for number in range(24):
        blobs = np.random.default_rng(draw.randrange(2**32)).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        for kind, pixels in (("photos", blobs), ("masks", mask())):
            (folder / kind).mkdir(exist_ok=True)
            Image.fromarray(pixels).resize((300, 280)).save(folder / kind / f"{number}.png")
    return [
        lambda place: inpaintlib("inpaint", folder / "photos", folder / "masks", "-o", place / "filled"),
        lambda place: inpaintlib("prepare", folder / "photos", "--out", place / "ready"),
        lambda place: inpaintlib(
            "train", "tsgl", "--name", "x", "--profile", "smoke", "--images", 8, "--set", "width=4"
        ),
        lambda place: inpaintlib("study", "run", "--profile", "smoke", "--only", "telea-s0", "tsgl-baseline-s0"),
    ]


def full(times: int, draw: random.Random, folder: Path) -> Outcome:
    """Fill photographs, prepare a folder, train, and run a study, each with too little room."""
    outcome, commands, wanted = Outcome(), _commands(folder, draw), {}
    for number, command in enumerate(commands):
        with room(folder / f"whole-{number}", 2**28) as ample:
            done = ample.run(command(ample.place))
            outcome.expect(done.returncode == 0, f"with all room: {done.stderr[-300:]}")
            sizes = [path.stat().st_size for path in ample.place.rglob("*") if path.is_file()]
            wanted[number] = contents(ample.place), sum(sizes) if ample.mounted else max(sizes)
            outcome.expect(bool(wanted[number][0]), "with all room: nothing was written that could be compared")
    for attempt in range(times):
        number = attempt % len(commands)
        whole, size = wanted[number]
        with room(folder / f"full-{attempt}", draw.randrange(size)) as scarce:
            what = " ".join(commands[number](Path("."))[3:5])
            done = scarce.run(commands[number](scarce.place))
            said = done.stderr + done.stdout
            outcome.counts["stopped in a sentence" if done.returncode else "had room enough"] += 1
            sentence = "cannot be written" in said or "there is no room" in said
            outcome.expect("Traceback" not in said, f"{what}: {said[-400:]}")
            outcome.expect(not done.returncode or sentence, f"{what} ended with {done.returncode}: {said[-300:]}")
            half = {name: sum for name, sum in contents(scarce.place).items() if whole.get(name) != sum}
            outcome.expect(not half, f"{what}: left {sorted(half)[:3]}, which are not whole")
            outcome.expect(not leftovers(scarce.place), f"{what}: left {leftovers(scarce.place)}")
            if done.returncode:
                scarce.more()
                again = scarce.run(commands[number](scarce.place))
                outcome.expect(again.returncode == 0, f"{what}, with room again: {again.stderr[-300:]}")
                outcome.counts["finished with room again"] += again.returncode == 0
            ours = contents(scarce.place)
            other = sorted(name for name in {*whole, *ours} if whole.get(name) != ours.get(name))
            outcome.expect(not other, f"{what}, in the end: {other[:3]} are not what they are with all room")
            outcome.numbers["of them on a file system of that size"] = attempt + 1 if scarce.mounted else 0
    return outcome
