"""Build the book of one profile: run the notebooks whose inputs changed, then make the pages.

A build that was killed leaves a stale lock and running kernels behind; the next one ends and removes both by itself.
"""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from inputs import measured
from layout import PROFILES, ROOT, Layout, remembered

LONGEST = ("methods", "10_cost", "03_training", "23_your_own_data", "07_curves")
"""What takes longest and is begun first, so that nothing waits for it at the end."""
MARK = "INPAINTLIB_BUILD"


class BuildRunning(Exception):
    """Another build works in this tree at this moment."""


@contextmanager
def only_build(root: Path) -> Iterator[None]:
    """Hold the tree's build lock. The system releases it when this process ends, however it ends."""
    path = root / "build" / "running"
    path.parent.mkdir(exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise BuildRunning(f"Another build is running here ({file.read()}): wait for it or end it.") from error
        file.truncate(0)
        file.write(f"process {os.getpid()} since {time.strftime('%H:%M:%S')}")
        file.flush()
        yield


def end_leftovers(root: Path) -> int:
    """End what builds of this tree started and left running, known by a mark in its environment; returns how many."""
    spared = {process.pid for process in [psutil.Process(), *psutil.Process().parents()]}
    leftovers = []
    for process in psutil.process_iter():
        try:
            if process.pid not in spared and process.environ().get(MARK) == str(root):
                process.kill()
                leftovers.append(process)
        except psutil.Error:
            continue
    psutil.wait_procs(leftovers, timeout=10)
    return len(leftovers)


def forget_spoiled_records(root: Path) -> None:
    """Remove what Snakemake remembers of files and cannot read any more: it would end there, in every build."""
    for path in (root / ".snakemake" / "metadata").glob("*"):
        if path.is_file() and not remembered(path):
            path.unlink()


def snakemake(layout: Layout, *options: str, photos: str = "") -> int:
    """Call Snakemake on this tree: its own words go to a log file, the jobs' progress to the terminal."""
    log = layout.build / "logs" / "snakemake.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    python_path = os.pathsep.join(filter(None, [str(layout.root), os.environ.get("PYTHONPATH")]))
    environment = {
        **os.environ,
        MARK: str(layout.root),
        "INPAINTLIB_HOME": str(layout.root),
        "PYTHONPATH": python_path,
        "OMP_WAIT_POLICY": "PASSIVE",
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--keep-going", "--rerun-incomplete", *options]
    longest = [name for name in LONGEST if name in {"methods", *(path.stem for path in layout.notebooks)}]
    command += ["--prioritize", *(layout.short(layout.stamp(name)) for name in longest)]
    command += ["--config", f"profile={layout.profile}", *([f"photos={photos}"] if photos else [])]
    with log.open("a") as words:
        return subprocess.run(command, cwd=layout.root, env=environment, stderr=words).returncode


def build(layout: Layout, photos: str = "") -> int:
    """Run what is out of date; when stopped, end what runs at once. Returns 0 when the book is whole.
    photos: the folder of a reader's own data, which its page then shows."""
    end_leftovers(layout.root)
    forget_spoiled_records(layout.root)
    if any((layout.root / ".snakemake" / "locks").glob("*")):
        print("The last build was cut off: its lock is removed, its unfinished notebooks run again.", flush=True)
        snakemake(layout, "--unlock")
    try:
        return snakemake(layout, photos=photos)
    finally:
        end_leftovers(layout.root)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default="laptop")
    parser.add_argument("--photos", type=Path, help="a folder of your own data, prepared and measured, for its page")
    options = parser.parse_args()
    layout, photos = Layout(options.profile), str(options.photos.resolve()) if options.photos else ""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start = time.monotonic()
    print(f"Book, profile {layout.profile}, {len(layout.notebooks)} notebooks", flush=True)
    try:
        if photos:
            measured(Path(photos))
        with only_build(ROOT):
            failed = build(layout, photos)
    except (BuildRunning, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next build goes on from here.", file=sys.stderr)
        return 130
    page = layout.html / "index.html"
    if failed:
        kept = f"the earlier book stays at {layout.short(page)}" if page.exists() else "there is no earlier book"
        log = layout.short(layout.build / "logs" / "snakemake.log")
        print(f"The book was not built ({kept}); more in {log}.", file=sys.stderr)
        return 1
    print(f"Done in {time.monotonic() - start:.0f} s. The book is at {layout.short(page)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
