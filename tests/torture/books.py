"""`make book` as it should not be begun, ended or found: killed at any moment, twice at once, over spoiled files."""

import base64
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
from small_book import small_tree, write_notebook

from torture.kills import finished, started
from torture.pictures import DAMAGES
from torture.trial import Outcome, environment

CHAPTERS = ("01_quickstart", "05_which_structure", "07_curves")
BUILD = [sys.executable, "book/build.py"]


def tree_of_chapters(folder: Path, seconds: float = 0) -> Path:
    """A small tree with three chapters, each of which takes so many seconds to run."""
    tree = small_tree(folder)
    for number, name in enumerate(CHAPTERS, 1):
        write_notebook(tree, name, f"fig-0{number}.svg", f"import time; time.sleep({seconds})")
    return tree


def built(tree: Path) -> subprocess.CompletedProcess:
    """A build that runs to its end, with what it said."""
    told = {"capture_output": True, "text": True, "timeout": 600}
    return subprocess.run(BUILD, cwd=tree, env=environment(), **told)


def figures(tree: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((tree / "figures/tsgl").glob("*.svg"))}


def done(tree: Path) -> dict[str, int]:
    """When the chapters that are finished, by Snakemake's own record too, were executed."""
    unfinished = {path.name for path in (tree / ".snakemake" / "incomplete").glob("*")}
    stamps = {name: f"build/laptop/done/{name}.json" for name in CHAPTERS}
    whole = [n for n, stamp in stamps.items() if (tree / stamp).exists() and _snakemakes_name(stamp) not in unfinished]
    return {name: (tree / "book/chapters" / f"{name}.ipynb").stat().st_mtime_ns for name in whole}


def _snakemakes_name(file: str) -> str:
    """Under which name Snakemake keeps its record of a file."""
    return base64.b64encode(file.encode()).decode()


def of_kills(times: int, draw: random.Random, folder: Path) -> Outcome:
    """`make book` of a small tree with the real machinery: its first process, or one of those below it (Snakemake, a
    notebook's runner, a kernel), or all at once."""
    outcome, tree = Outcome(), tree_of_chapters(folder / "tree", seconds=2)
    began = time.monotonic()
    finished(started(BUILD, cwd=tree))
    seconds, whole = time.monotonic() - began, figures(tree)
    for attempt in range(times):
        for made in ("figures", "build", ".snakemake", "book/_build", "book/chapters"):
            shutil.rmtree(tree / made, ignore_errors=True)
        process = started(BUILD, cwd=tree)
        end = time.monotonic() + draw.uniform(0.05, 0.9) * seconds
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        victims = draw.choice([[], below, below[: draw.randrange(len(below) + 1)][-1:]])
        for victim in [*victims, psutil.Process(process.pid)] if process.poll() is None else []:
            victim.kill()
        process.wait()
        outcome.counts["kills"] += 1
        kept = done(tree)
        again = built(tree)
        outcome.expect(again.returncode == 0, f"kill {attempt}: the next build failed: {again.stdout[-300:]}")
        outcome.expect(figures(tree) == whole, f"kill {attempt}: other figures than without it")
        twice = [name for name, at in kept.items() if done(tree).get(name) != at]
        outcome.expect(not twice, f"kill {attempt}: {twice} had been finished and ran again")
        outcome.counts["finished chapters kept"] += len(kept)
        _, alive = psutil.wait_procs(below, timeout=10)
        outcome.expect(not alive, f"kill {attempt}: {len(alive)} processes outlived the next build")
        outcome.counts["books finished"] += again.returncode == 0
    return outcome


def of_two(times: int, draw: random.Random, folder: Path) -> Outcome:
    """Two builds of one tree at once: one works, the other says so, and ends."""
    outcome, tree = Outcome(), small_tree(folder / "tree")
    write_notebook(tree, CHAPTERS[0], "fig-01.svg", "import time; time.sleep(5)")
    for _ in range(times):
        shutil.rmtree(tree / "build", ignore_errors=True)
        first = started(BUILD, cwd=tree)
        while first.poll() is None and not (tree / "build" / "running").exists():
            time.sleep(0.02)
        time.sleep(draw.uniform(0.2, 4))
        second = built(tree)
        said = "Another build is running here" in second.stderr
        outcome.counts["told that another one works" if said else "not told"] += 1
        outcome.expect(said and second.returncode == 1, f"the second build said {second.stderr[-200:]!r}")
        outcome.expect(first.wait(timeout=300) == 0, "the first build did not end well")
    return outcome


SOURCES = ("notebooks/*.ipynb", "book/_*.yml", "book/references.bib", "book/intro.md")
MADE = ("build/laptop/*/*.json", "book/chapters/*.ipynb", ".snakemake/metadata/*", "figures/tsgl/*", "figures/*.json")


def of_spoiled(times: int, draw: random.Random, folder: Path) -> Outcome:
    """A file of a built tree spoiled, and built again. One that a person wrote is named in a sentence, and the earlier
    book stays; one that an earlier build made is made anew. With what was spoiled put right, all is as before."""
    outcome, tree = Outcome(), tree_of_chapters(folder / "tree")
    outcome.expect(built(tree).returncode == 0, "the whole tree was not built")
    whole, page = figures(tree), (tree / "book/_build/html/index.html")
    for attempt in range(times):
        written = attempt % 2 == 0
        file = draw.choice(sorted(path for kind in (SOURCES if written else MADE) for path in tree.glob(kind)))
        right, change = file.read_bytes(), draw.choice(DAMAGES)
        file.write_bytes(change(right, draw) if right else b"x")
        what = f"{file.relative_to(tree)}, {change.__name__.replace('_', ' ')}"
        run = built(tree)
        said = run.stdout + run.stderr
        outcome.expect("Traceback" not in said, f"{what}: {said[-400:]}")
        outcome.expect(page.exists(), f"{what}: the earlier book is gone")
        if written:
            outcome.counts["refused in a sentence" if run.returncode else "another text, built"] += 1
            named = file.name in said or file.stem in said
            outcome.expect(run.returncode == 0 or named, f"{what}: does not name the file: {said[-400:]}")
            file.write_bytes(right)
            run = built(tree)
        else:
            outcome.counts["made anew"] += run.returncode == 0
        outcome.expect(run.returncode == 0, f"{what}: not built: {(run.stdout + run.stderr)[-400:]}")
        outcome.expect(figures(tree) == whole, f"{what}: other figures than before")
    return outcome
