"""A process of the study: takes one unfinished experiment after the other, in order of priority, until time is up.

`runner` starts it, with a JSON object of its settings as the argument. Each line that it prints is a JSON object about
one experiment: {"id", "state": "begun" | "done" | "failed", "why"}.
"""

import json
import time
import traceback
from collections.abc import Iterator
from typing import Any

import torch

from inpaintlib import paths, study
from inpaintlib.errors import InputError
from inpaintlib.experiments import Experiment
from inpaintlib.files import held
from inpaintlib.training import Diverged


def work(
    experiments: list[Experiment], *, until: float | None, progress: bool, wait: bool = False
) -> Iterator[dict[str, Any]]:
    """Run what is not done and what no other process has, in order; tell of each when it is begun, done or failed.

    until: `time.monotonic()` at which to leave. One that fails is told and left; the others go on.
    """
    for experiment in experiments:
        if until is not None and time.monotonic() >= until:
            return
        lock = paths.runs(experiment.profile, experiment.id) / "lock"
        if study.done(experiment) or (not wait and held(lock)):
            continue
        yield {"id": experiment.id, "state": "begun"}
        try:
            if study.run(experiment, progress=progress, until=until, wait=wait):
                yield {"id": experiment.id, "state": "done"}
        except (InputError, Diverged, torch.OutOfMemoryError) as error:
            yield {"id": experiment.id, "state": "failed", "why": str(error)}
        except Exception as error:  # a night's work must not end with one experiment
            traceback.print_exc()
            yield {"id": experiment.id, "state": "failed", "why": f"{type(error).__name__}: {error}"}


def main(settings: dict[str, Any]) -> None:
    """Work by these settings: profile, only, end (`time.time()` at which to leave, or null), progress."""
    end = settings["end"]
    until = None if end is None else time.monotonic() + end - time.time()
    chosen = study.select(settings["profile"], tuple(settings["only"]))
    for told in work(chosen, until=until, progress=settings["progress"]):
        print(json.dumps(told), flush=True)
