"""What git tracks: how large it may be, how long a file, and what must not be in it."""

import ast
import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MEGABYTE = 10**6

# Folder or file -> megabytes. The tree as a whole has TOTAL.
BUDGETS = {
    "inpaintlib/data/photos/": 15,
    "inpaintlib/data/alexnet_features.safetensors": 10,
    "inpaintlib/data/weights/": 15,
    "figures/": 10,
    "figures/results/": 4,
}
TOTAL = 56
RUN_BYTES = 20 * 1024
ONCE_BYTES = {
    "spectra.npz": 20 * 1024,
    "alternatives.npz": 13 * 1024,
    "sheet.npz": 4 * 1024,
    "sheet.webp": 60 * 1024,
    "samples.webp": 60 * 1024,
    "filled.webp": 20 * 1024,
    "filled-bundled-512.webp": 28 * 1024,
    "curves.npz": 4 * 1024,
}
"""What a run may keep besides: pictures and spectra some with the first seed, the curve of its training each."""
MODULE_LINES = 300
FUNCTION_LINES = 40
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".cff",
    ".csv",
    ".json",
    ".ipynb",
    ".lock",
    ".sh",
    ".bib",
    ".css",
    ".txt",
    "",
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this tree is no git checkout")
    names = listed.stdout.decode().split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


def size(paths: list[Path]) -> int:
    return sum((ROOT / path).stat().st_size for path in paths)


def modules() -> list[Path]:
    return [path for path in tracked() if path.suffix in (".py", ".js") and path.parts[0] in ("inpaintlib", "book")]


@pytest.mark.parametrize("room", BUDGETS)
def test_each_room_keeps_its_budget(room):
    assert size([p for p in tracked() if p.as_posix().startswith(room)]) <= BUDGETS[room] * MEGABYTE


def test_the_whole_tree_keeps_its_budget():
    assert size(tracked()) <= TOTAL * MEGABYTE


def test_the_numbers_of_one_run_stay_small():
    runs = defaultdict(list)
    for path in tracked():
        if path.parts[:2] == ("figures", "results") and path.name not in ONCE_BYTES:
            runs[path.parent].append(path)
    too_large = {str(run): size(files) for run, files in runs.items() if size(files) > RUN_BYTES}
    assert not too_large


@pytest.mark.parametrize("name", ONCE_BYTES)
def test_what_few_runs_keep_stays_small(name):
    found = {str(path): size([path]) for path in tracked() if path.name == name}
    assert not {path: bytes for path, bytes in found.items() if bytes > ONCE_BYTES[name]}


def test_modules_are_short():
    lines = {str(path): len((ROOT / path).read_text().splitlines()) for path in modules()}
    assert not {path: count for path, count in lines.items() if count > MODULE_LINES}


def body_lines(function: ast.FunctionDef) -> int:
    """Lines of a function from its first statement on; signature and docstring do not count."""
    first = function.body[1] if ast.get_docstring(function) and function.body[1:] else function.body[0]
    return function.end_lineno - first.lineno + 1


def test_functions_are_short():
    too_long = {}
    for path in (path for path in modules() if path.suffix == ".py"):
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.FunctionDef) and body_lines(node) > FUNCTION_LINES:
                too_long[f"{path}:{node.name}"] = body_lines(node)
    assert not too_long


def test_notebooks_hold_no_outputs():
    for path in tracked():
        if path.suffix == ".ipynb":
            cells = json.loads((ROOT / path).read_text())["cells"]
            dirty = [i for i, cell in enumerate(cells) if cell.get("outputs") or cell.get("execution_count")]
            assert not dirty, f"{path}: cells {dirty}"


def matches(pattern: str) -> list[str]:
    """file:line of each match in the tracked text, this file excepted."""
    found = []
    for path in tracked():
        if path.suffix in TEXT and path != Path("tests/test_tree.py"):
            text = (ROOT / path).read_text(encoding="utf-8")
            found += [f"{path}:{text.count(chr(10), 0, m.start()) + 1}: {m[0]}" for m in re.finditer(pattern, text)]
    return found


def test_no_path_of_a_machine_is_written_down():
    assert not matches(r"(?<![\w.:/])/(?:work|root|home|Users|opt|tmp)/\w+")


def test_no_registry_host_is_written_down():
    assert not matches(
        r"(?:pypi|test\.pypi)\.org|pythonhosted\.org|download\.pytorch\.org|registry\.npmjs|conda\.anaconda"
    )
