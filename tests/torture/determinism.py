"""The same work done again, with other threads or in another order, gives the same."""

import hashlib
import random
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import torch
from small_book import small_tree, write_notebook

import inpaintlib as il
from torture.books import CHAPTERS
from torture.trial import Outcome, environment

TOLERANCE = 2e-4
"""By how much an answer, in [-1, 1], may differ between numbers of threads, which add up in another order."""
WHEN = re.compile(
    rb"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+Z)?)?)?|in \d+ s|\d+(\.\d+)? (s|min)\b|\d+\.\d GiB|digest=\w+|\?v=\w+"
)
"""What of a page says when or how fast it was made."""
NUMBER = re.compile(rb'"\d+": (\d+|\[[\d, ]*\])(, )?')
"""A number among the words of the search's index: times are, too."""


def of_threads(times: int, draw: random.Random, folder: Path) -> Outcome:
    """Every network's answer with one, two and four threads, and twice with each."""
    outcome, names, furthest = Outcome(), il.models(), 0.0
    before = torch.get_num_threads()
    try:
        for name in names[:times]:
            torch.manual_seed(0)
            network = il.build(name, width=8).eval()
            batch = il.example_batch(1, 64, priors=network.priors)
            answers = {}
            for threads in (1, 2, 4):
                torch.set_num_threads(threads)
                first, second = (_answer(network, batch) for _ in range(2))
                outcome.expect(torch.equal(first, second), f"{name}: two answers with {threads} threads differ")
                answers[threads] = first
            apart = max(float((answers[a] - answers[b]).abs().max()) for a, b in product(answers, answers))
            furthest = max(furthest, apart)
            outcome.expect(apart <= TOLERANCE, f"{name}: {apart:.2g} apart between numbers of threads")
            outcome.counts["networks"] += 1
    finally:
        torch.set_num_threads(before)
    outcome.numbers["furthest apart"] = float(f"{furthest:.2g}")
    return outcome


def _answer(network: torch.nn.Module, batch: il.Batch) -> torch.Tensor:
    torch.manual_seed(1)  # some networks draw noise
    with torch.no_grad():
        return network(batch).image


def of_books(times: int, draw: random.Random, folder: Path) -> Outcome:
    """Builds of a small tree with the real machinery, one and two notebooks at a time: figures are equal to the byte,
    pages but for dates and times."""
    outcome, seen = Outcome(), []
    tree = folder / "tree"
    for attempt in range(times):
        if tree.exists():
            tree.rename(folder / f"earlier-{attempt}")
        small_tree(tree)
        for number, name in enumerate(CHAPTERS, 1):
            written = write_notebook(tree, name, f"fig-0{number}.svg")
            first = folder / "earlier-1" / "notebooks" / written.name
            if first.exists():  # a cell is named at random when it is written
                shutil.copy(first, written)
        cores = 1 + attempt % 2
        source = (tree / "book" / "build.py").read_text()
        assert '"--cores", "all"' in source
        (tree / "book" / "build.py").write_text(source.replace('"--cores", "all"', f'"--cores", "{cores}"'))
        done = subprocess.run(
            [sys.executable, "book/build.py"], cwd=tree, env=environment(), capture_output=True, text=True, timeout=600
        )
        outcome.expect(done.returncode == 0, f"build {attempt}: {done.stdout[-300:]}")
        seen.append(_prints(tree))
        outcome.counts["books"] += 1
    for attempt, other in enumerate(seen[1:], 1):
        names = sorted(name for name in {*seen[0], *other} if seen[0].get(name) != other.get(name))
        outcome.expect(not names, f"build {attempt} differs in {names[:5]}")
    return outcome


def _prints(tree: Path) -> dict[str, str]:
    """Checksums of figures, and of pages without what says when they were made."""
    files = [*(tree / "figures").rglob("*.svg"), *(tree / "book/_build/html").rglob("*.*")]
    told = {}
    for path in sorted(path for path in files if path.is_file()):
        content = path.read_bytes()
        if path.suffix in (".html", ".js", ".ipynb", ".md"):
            content = WHEN.sub(b"", content)
        if path.name == "searchindex.js":
            content = NUMBER.sub(b"", content)
        told[path.relative_to(tree).as_posix()] = hashlib.sha256(content).hexdigest()
    return told
