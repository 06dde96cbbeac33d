"""A tree with the study's rules and a library of a few lines in the place of the real one, and a SLURM of one file."""

import os
import subprocess
import sys
from pathlib import Path

from small_book import environment, small_tree

EXPERIMENTS = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Experiment:
    id: str
    priority: int = 0
    after: tuple = ()
    minutes: int = 20

def experiments(profile):
    return [
        Experiment("first-s0"),
        Experiment("second-s0", 1, ("reference-s0",), 90),
        Experiment("reference-s0", 2),
        Experiment("last-s0", 5),
    ]
"""
STUDY = """
from pathlib import Path
from inpaintlib.experiments import experiments

def result(profile, id):
    return Path("figures/results", profile, id, "run.json")

def done(experiment):
    path = result("gpu", experiment.id)
    return path.exists() and path.read_text() == '{"group": "today"}'

def select(profile, only=()):
    return [e for e in experiments(profile) if not only or e.id in only]
"""
CLI = """
import os, sys, time
from pathlib import Path
from inpaintlib.study import result

profile, id = sys.argv[sys.argv.index("--profile") + 1], sys.argv[sys.argv.index("--only") + 1]
with open("calls", "a") as calls:
    print(os.environ["OMP_NUM_THREADS"], *sys.argv[1:], file=calls)
if Path("hangs").exists():
    time.sleep(600)
if id in os.environ.get("BROKEN", "").split():
    sys.exit(1)
result(profile, id).parent.mkdir(parents=True, exist_ok=True)
result(profile, id).write_text('{"group": "today"}')
"""
SLURM = r"""#!/bin/sh
# One program under all names: sbatch runs what it is given at once, sacct and squeue say how that went.
case ${0##*/} in
sbatch)
    id=$(($(ls "$FAKE_SLURM" | grep -c '^sbatch') + 1))
    printf '%s\0' "$@" > "$FAKE_SLURM/sbatch-$id"
    for argument; do case $argument in --wrap=*) command=${argument#--wrap=} ;; esac; done
    if sh -c "$command" > "$FAKE_SLURM/log-$id" 2>&1; then state=COMPLETED; else state=FAILED; fi
    echo "$id|$state" >> "$FAKE_SLURM/states"
    echo "$id" ;;
srun)
    printf '%s\0' "$@" > "$FAKE_SLURM/srun-$$"
    while case $1 in -*) true ;; *) false ;; esac; do shift; done
    exec "$@" ;;
sacct | squeue) cat "$FAKE_SLURM/states" ;;
scontrol) printf 'MaxArraySize = 1001\nMinJobAge = 300 sec\n' ;;
esac
"""
PROGRAMS = ("sbatch", "srun", "sacct", "squeue", "scontrol", "sinfo", "sacctmgr", "sshare", "scancel")


def small_study(folder: Path) -> Path:
    """The tree: four experiments, of which the second is compared with the third."""
    tree = small_tree(folder)
    for name, text in {"__init__": "", "experiments": EXPERIMENTS, "study": STUDY, "cli": CLI}.items():
        (tree / "inpaintlib" / f"{name}.py").write_text(text)
    return tree


def small_slurm(folder: Path) -> dict[str, str]:
    """Put SLURM's programs into `folder`; returns the environment in which they are found and leave their records."""
    for made in ("bin", "records"):
        (folder / made).mkdir(parents=True)
    for name in PROGRAMS:
        (folder / "bin" / name).write_text(SLURM)
        (folder / "bin" / name).chmod(0o755)
    return {"FAKE_SLURM": str(folder / "records"), "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def arguments(record: Path) -> list[str]:
    """What one of SLURM's programs was called with."""
    return record.read_text().split("\0")[:-1]


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", *options]


def surroundings(tree: Path, **extra: str) -> dict[str, str]:
    """The environment in which the tree's study writes into the tree, whichever library it runs."""
    return {**environment(), "INPAINTLIB_HOME": str(tree), **extra}


def study(tree: Path, *options: str, **extra: str) -> subprocess.CompletedProcess:
    """Run the tree's target `study` to its end."""
    called = command("study", *options)
    return subprocess.run(
        called, cwd=tree, env=surroundings(tree, **extra), capture_output=True, text=True, timeout=600
    )
