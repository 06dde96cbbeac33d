"""Run a study in worker processes, for as long as it takes or in a time box, and show how far it is."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

import torch

from inpaintlib import parcel
from inpaintlib.experiments import Experiment, select
from inpaintlib.progress import progress, table
from inpaintlib.provenance import provenance
from inpaintlib.study import done

LEAVE, KILL = 20.0, 5.0
"""Seconds before the end of a time box at which workers write a checkpoint and leave, and at which those that have not
left are killed. Every file is whole or absent, so a killed one loses what it did since its last checkpoint."""
SHOWN = 5.0
"""Seconds between two looks at how far the study is."""
ON_GPU = 4
"""Workers that share a GPU: a network of the gpu profile's ablations does not fill it."""


WORKER = """
import os, sys, threading

threading.Thread(target=lambda: (os.read(0, 1), os._exit(3)), daemon=True).start()

import json
from inpaintlib.worker import main

main(json.loads(sys.argv[1]))
"""
"""A worker's program. Its first act is to end with the process that started it, however that one dies: our end of its
stdin is closed then. That must not wait for torch to be imported."""


@dataclass
class Report:
    """What a run came to: ids that it finished, why others failed, those that are still not done; of so many in all."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    total: int = 0


def run(
    profile: str,
    only: Sequence[str] = (),
    *,
    workers: int | None = None,
    end: float | None = None,
    out: Path | None = None,
) -> Report:
    """Train and measure what is not done, in order of priority.

    workers: processes; by default one, or ON_GPU where there is a CUDA device.  end: `time.time()` at which everything
    is over, files in `out` included.  out: a folder for what `parcel.merge` reads; what this commit has finished, in
    this run or before, is packed into it. Ctrl-C stops the workers, and what is finished is packed then too; starting
    again goes on.
    """
    provenance()  # a copy whose files are not those of its stamp is refused before anything is trained
    chosen = select(profile, tuple(only))
    if workers is None:
        workers = ON_GPU if torch.cuda.is_available() else 1
    left = sum(not done(e) for e in chosen)
    print(f"{left} of {len(chosen)} experiments of the profile {profile} are left", flush=True)
    try:
        report = _attended(_Crew(profile, only, min(workers, len(chosen)), end), chosen, end) if left else Report()
    finally:
        finished = [e for e in chosen if done(e)]
        if out is not None:
            print(f"packed into {out}: {len(parcel.pack(out, finished))} files", flush=True)
    report.left, report.total = [e.id for e in chosen if e not in finished], len(chosen)
    return report


def _attended(crew: "_Crew", chosen: list[Experiment], end: float | None) -> Report:
    """Follow the crew to its end, or to that of the time box, and leave none of it behind."""
    try:
        return _follow(crew, chosen, end)
    finally:
        crew.kill()


class _Crew:
    """The worker processes. They die when this process does."""

    def __init__(self, profile: str, only: Sequence[str], count: int, end: float | None) -> None:
        leave = None if end is None else end - LEAVE
        shows = count == 1 and sys.stderr.isatty() and end is None
        settings = json.dumps({"profile": profile, "only": list(only), "end": leave, "progress": shows})
        threads = max(1, (os.cpu_count() or 1) // count)
        environment = {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"} | os.environ
        command = [sys.executable, "-c", WORKER, settings]
        self.told: Queue[dict[str, str] | None] = Queue()
        self.working = count
        self.processes = [
            subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        for process in self.processes:
            threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen) -> None:
        for line in process.stdout:
            self.told.put(json.loads(line))
        self.told.put(None)

    def lines(self, seconds: float) -> Iterator[dict[str, str]]:
        """What workers tell within so many seconds, or until the last of them has left."""
        until = time.monotonic() + seconds
        while self.working and (rest := until - time.monotonic()) > 0:
            try:
                told = self.told.get(timeout=rest)
            except Empty:
                return
            if told is None:
                self.working -= 1
            else:
                yield told

    def kill(self) -> None:
        """End what still runs, and wait until it has."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
            process.stdin.close()

    def crashed(self) -> int:
        """How many workers ended otherwise than by having nothing left to do."""
        return sum(process.wait() != 0 for process in self.processes)


def _follow(crew: _Crew, chosen: list[Experiment], end: float | None) -> Report:
    report, screen = Report(), _Screen(chosen)
    while crew.working:
        rest = SHOWN if end is None else min(SHOWN, end - KILL - time.time())
        if rest <= 0:
            return report
        for told in crew.lines(rest):
            if told["state"] == "done":
                report.done.append(told["id"])
            if told["state"] == "failed":
                report.failed[told["id"]] = told["why"]
            screen.tell(told)
        screen.show()
    if crew.crashed():
        report.failed["worker"] = "a worker process ended before its work did; what it printed says why"
    return report


class _Screen:
    """A live table on a terminal; elsewhere a line an event."""

    def __init__(self, chosen: list[Experiment]) -> None:
        self.chosen, self.live, self.height = chosen, sys.stdout.isatty(), 0

    def tell(self, told: dict[str, str]) -> None:
        """An event, which stays on the screen."""
        text = f"{told['id']}: {told['state']}" + (f": {told['why']}" if "why" in told else "")
        self._write(text)
        self.height = 0

    def show(self) -> None:
        """The table, in the place of the last one."""
        if self.live:
            text = table(progress(self.chosen))
            self._write(text)
            self.height = text.count("\n") + 1

    def _write(self, text: str) -> None:
        up = f"\033[{self.height}F\033[J" if self.live and self.height else ""
        print(up + text, flush=True)
