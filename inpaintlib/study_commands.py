"""The command line of the study: `inpaintlib study list | status | stamp | run | measure | merge`."""

import argparse
import os
import re
import sys
import time
from pathlib import Path

from inpaintlib.arguments import place, positive
from inpaintlib.errors import InputError

UNITS = {"s": 1, "m": 60, "h": 3600}


def began() -> float:
    """The `time.time()` at which this process was started, by the kernel's count; now, where it does not tell.

    A time box counts from there: importing torch takes seconds, on a busy machine many.
    """
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        ticks = 0
    if not ticks:
        return time.time()
    return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))


def _list(options: argparse.Namespace) -> int:
    from inpaintlib.progress import listing

    print(listing(_progress(options)))
    return 0


def _status(options: argparse.Namespace) -> int:
    from inpaintlib.progress import table

    print(table(_progress(options)))
    return 0


def _progress(options: argparse.Namespace) -> list:
    from inpaintlib.experiments import select
    from inpaintlib.progress import progress

    return progress(select(options.profile, tuple(options.only)))


def _stamp(_: argparse.Namespace) -> int:
    from inpaintlib.provenance import stamp

    print(stamp())
    return 0


def _run(options: argparse.Namespace) -> int:
    from inpaintlib.processes import share

    if share().processes > 1:
        return _run_together(options)
    from inpaintlib import runner

    end = None if options.time_box is None else began() + options.time_box
    found = runner.run(options.profile, options.only, workers=options.workers, end=end, out=options.out)
    for name, why in found.failed.items():
        print(f"inpaintlib: {name}: {why}", file=sys.stderr)
    if found.left and end is None and not found.failed:
        print(f"inpaintlib: another process has {', '.join(found.left)}; start again when it is done.", file=sys.stderr)
    over = end is not None and time.time() >= end - runner.LEAVE
    print(_outcome(found.total, len(found.left), over, bool(found.done)))
    return 1 if found.failed or (found.left and end is None) else 0


def _outcome(total: int, left: int, over: bool, worked: bool) -> str:
    """The last line of a run. over: whether its time box is; worked: whether it has finished anything."""
    if not left:
        return f"all {total} are done" + " already" * (not worked)
    counted = f"{total - left} done, {left} left"
    return f"the time box is over: {counted}" if over else counted


def _run_together(options: argparse.Namespace) -> int:
    """One experiment on all the processes that torchrun or srun has started."""
    from inpaintlib import study, worker
    from inpaintlib.experiments import select
    from inpaintlib.processes import share

    if options.out or options.workers:
        raise InputError("--out and --workers are for a study in one process; leave them out under torchrun and srun.")
    chosen = select(options.profile, tuple(options.only))
    if len(chosen) != 1:
        raise InputError(
            f"Under torchrun and srun all processes train one experiment, and --only names {len(chosen)}; name one id."
        )
    until = None if options.time_box is None else time.monotonic() + began() + options.time_box - time.time()
    failed, worked = 0, False
    for told in worker.work(chosen, until=until, progress=sys.stderr.isatty(), wait=True):
        print(": ".join(told.values()), flush=True)
        failed |= told["state"] == "failed"
        worked |= told["state"] == "done"
    if share().process == 0:
        left = sum(not study.done(experiment) for experiment in chosen)
        print(_outcome(len(chosen), left, until is not None and time.monotonic() >= until, worked))
    return failed


def _measure(options: argparse.Namespace) -> int:
    from inpaintlib import study

    for experiment in study.select(options.profile, tuple(options.only)):
        if study.done(experiment):
            print(f"{experiment.id}: measured on today's protocols already", flush=True)
        else:
            print(f"{experiment.id}: measuring", flush=True)
            study.measure(experiment)
    return 0


def _look(options: argparse.Namespace) -> int:
    from inpaintlib import study

    for experiment in study.select(options.profile, tuple(options.only)):
        print(f"{experiment.id}: looking inside", flush=True)
        study.look(experiment)
    return 0


def _merge(options: argparse.Namespace) -> int:
    from inpaintlib.parcel import merge

    told = merge(options.folder, anyway=options.anyway)
    for id, what in told.items():
        print(f"{id}: {what}")
    return 1 if any(what.startswith("refused") for what in told.values()) else 0


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time as in 90s, 8m or 1h")
    if not float(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} leaves no time for anything; give some, as in 8m")
    return float(match[1]) * UNITS[match[2]]


def _choosing(actions: argparse._SubParsersAction, name: str, description: str) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=description)
    action.add_argument("--profile", default="laptop", help="default: %(default)s")
    action.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="NAME", help="experiments or groups (default: all)"
    )
    return action


def add(commands: argparse._SubParsersAction) -> None:
    """Add `study` and its actions to the command line."""
    actions = commands.add_parser("study", help="the book's experiments").add_subparsers(
        required=True, metavar="ACTION"
    )
    _choosing(actions, "list", "which there are, and what comes before what").set_defaults(run=_list)
    _choosing(actions, "status", "how many are done, running and left, and the time to go").set_defaults(run=_status)
    run = _choosing(actions, "run", "train and measure what is not done; goes on where it was stopped")
    run.add_argument(
        "--time-box", type=_seconds, metavar="TIME", help="leave in time, as in 8m: everything is written by then"
    )
    run.add_argument(
        "--out", type=place, metavar="FOLDER", help="also pack what this commit has finished, for study merge"
    )
    run.add_argument("--workers", type=positive, metavar="N", help="processes (default: 1; 4 where there is a GPU)")
    run.set_defaults(run=_run)
    measure = _choosing(actions, "measure", "measure again with the weights at hand what an older protocol measured")
    measure.set_defaults(run=_measure)
    look = _choosing(actions, "look", "keep again what figures show of the maps and fillings of trainings at hand")
    look.set_defaults(run=_look)
    stamp = actions.add_parser("stamp", help="write down the commit of these files, for a copy without git")
    stamp.set_defaults(run=_stamp)
    merge = actions.add_parser("merge", help="put what study run --out packed where the book reads it")
    merge.add_argument("folder", type=place, metavar="FOLDER", help="which --out named")
    merge.add_argument("--anyway", action="store_true", help="also results of another protocol or of a changed tree")
    merge.set_defaults(run=_merge)
