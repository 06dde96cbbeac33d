"""`make bench`: every operation against a literal formulation of itself, and the whole generator, on this machine.

The two formulations take turns in one process, so that whatever else the machine does slows both; a ratio is that of
two medians. Extra memory is the growth of the peak resident set of a fresh process in which one formulation runs once.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import bench_generator as whole
import bench_training as runs
import torch
from bench_cases import CASES, Case, Inputs
from torch import Tensor

import inpaintlib as il

THREADS = 2


def step(formulation: Callable[..., Tensor], inputs: Inputs, backward: bool) -> Tensor:
    """One forward pass, without a graph; or one forward and one backward pass to all inputs that learn, into gradients
    that are new, as after `zero_grad`."""
    if not backward:
        with torch.no_grad():
            return formulation(**inputs)
    for value in inputs.values():
        if isinstance(value, Tensor):
            value.grad = None
        else:
            value.zero_grad()
    result = formulation(**inputs)
    torch.autograd.backward(result, torch.ones_like(result))
    return result


def learning(inputs: Inputs) -> Inputs:
    """The inputs as leaves that gradients reach: all but masks and fixed matrices."""
    fixed = ("mask", "bias", "matrix")
    return {name: value if name in fixed else value.requires_grad_(True) for name, value in inputs.items()}


def growth(case: Case, formulation: str, quick: bool) -> list[int]:
    """Bytes by which a forward pass, and then one with a backward pass, raise this process's peak; before that, a run
    at small sizes loads what it needs."""
    function = getattr(case, formulation)
    step(function, learning(case.inputs(quick=True)), backward=True)
    inputs = learning(case.inputs(quick))
    before = whole.peak_bytes()
    grown = []
    for backward in (False, True):
        step(function, inputs, backward)
        grown.append(whole.peak_bytes() - before)
    return grown


def compare(case: Case, quick: bool) -> list[dict[str, Any]]:
    """The rows of a case, forward and forward + backward: medians, their ratio, and extra memory where it is large."""
    inputs = learning(case.inputs(quick))
    shape = " ".join(f"{key} {value}" for key, value in (case.small if quick else case.sizes).items())
    memory = {"ours": [None, None], "literal": [None, None]}
    if case.large and not quick:
        memory = {formulation: _alone("growth", case.name, formulation) for formulation in memory}
    rows = []
    for backward, name in enumerate(("forward", "forward + backward")):
        functions = [partial(step, f, inputs, bool(backward)) for f in (case.ours, case.literal)]
        ours, slow = whole.race(functions, 3 if quick else 15)
        row = {"name": case.name, "pass": name, "shape": shape}
        row |= {"ours_ms": 1e3 * ours, "literal_ms": 1e3 * slow, "ratio": slow / ours}
        rows.append(row | {f"{who}_bytes": grown[backward] for who, grown in memory.items()})
    return rows


def _alone(*task: str) -> list[int]:
    """What a fresh process finds, in bytes."""
    call = [sys.executable, __file__, "--alone", *task]
    return json.loads(subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True).stdout)


def alone(task: str, *arguments: str) -> list[int]:
    """The other side of `_alone`: "growth", a case and a formulation; or "forward", width, size and batch."""
    if task == "growth":
        name, formulation = arguments
        (case,) = (case for case in CASES if case.name == name)
        return growth(case, formulation, quick=False)
    width, size, n = map(int, arguments)
    whole.forward(il.build("tsgl", width=width).eval(), il.example_batch(n, size))
    return [whole.peak_bytes()]


def forward_memory(width: int, size: int) -> list[whole.Figure]:
    """The peak resident set of a fresh process that builds the generator and runs one forward pass."""
    figures = []
    for n, limit in ((1, 1.3), (4, 2.5)):
        gigabytes = _alone("forward", str(width), str(size), str(n))[0] / 1e9
        name = f"peak memory of a forward pass, batch {n}"
        figures.append(whole.Figure(name, gigabytes, "GB", f"<= {limit} GB", gigabytes <= limit))
    return figures


SECTIONS: dict[str, Callable[[bool], list[whole.Figure]]] = {
    "speed": lambda quick: whole.speed(*((4, 64, 2) if quick else (64, 256, 9))),
    "memory": lambda quick: forward_memory(*((4, 64) if quick else (64, 256))),
    "compile": lambda quick: whole.compiled(*((4, 64, 2, "eager") if quick else (64, 256, 9, "inductor"))),
    "linear": lambda quick: whole.linear(*((4, (64, 128), 2) if quick else (8, (128, 256, 512, 1024), 5))),
    "training": lambda quick: whole.training_memory(*((4, 64) if quick else (64, 256))),
    "throughput": lambda quick: runs.throughput(*((4, 1) if quick else (8, 15))),
    "scaling": lambda quick: runs.scaling(*((4, 2) if quick else (32, 12))),
}
"""What is measured of the whole generator and of training, by name: quick -> figures."""


def print_row(row: dict[str, Any]) -> None:
    memory = [f"{'-' if b is None else round(b / 2**20):>7}" for b in (row["ours_bytes"], row["literal_bytes"])]
    times = f"{row['ours_ms']:9.2f} {row['literal_ms']:9.2f} {row['ratio']:6.2f}"
    print(f"{row['name']:21} {row['pass']:18} {times} {' '.join(memory)}  {row['shape']}", flush=True)


def print_figure(figure: whole.Figure) -> None:
    verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
    value = "-" if figure.value is None else f"{figure.value:.2f}"
    print(f"{figure.name:58} {value:>9} {figure.unit:7} {figure.target:10} {verdict}".rstrip(), flush=True)


def main() -> None:
    """Print both tables; write them as JSON when asked."""
    names = [case.name for case in CASES] + list(SECTIONS)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", choices=names, help=f"one of: {', '.join(names)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, few repeats: to see that it runs")
    parser.add_argument("--alone", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    if options.alone:
        print(json.dumps(alone(*options.alone)))
        return
    rows, figures = [], []
    chosen = [case for case in CASES if options.only in (None, case.name)]
    if chosen:
        print(f"{'operation':21} {'pass':18} {'ours ms':>9} {'literal':>9} {'ratio':>6} {'MiB':>7} {'literal':>7}")
    for case in chosen:
        for row in compare(case, options.quick):
            rows.append(row)
            print_row(row)
    for name, section in SECTIONS.items():
        if options.only in (None, name):
            for figure in section(options.quick):
                figures.append(asdict(figure))
                print_figure(figure)
    if options.json:
        setup = {"threads": THREADS, "torch": torch.__version__, "quick": options.quick}
        options.json.write_text(json.dumps(setup | {"operations": rows, "generator": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
