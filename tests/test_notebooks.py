"""The notebooks as they are kept, and what happens to their outputs when one fails or a build is killed."""

import ast
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from small_book import build, environment, small_tree, write_notebook

from inpaintlib import published

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture
def tree(tmp_path):
    return small_tree(tmp_path)


@pytest.fixture
def tool(monkeypatch):
    """Import a module of book/ by name."""
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    return importlib.import_module


@each_notebook
def test_notebook_is_valid_and_holds_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


@each_notebook
def test_notebook_has_the_parameters_of_every_notebook(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if "parameters" in c.metadata.get("tags", [])]
    assert len(cells) == 1
    assert re.search(r'^profile(: str)? = "laptop"', cells[0].source, re.M)
    assert re.search(r"^seed(: int)? = 0", cells[0].source, re.M)
    assert all(isinstance(line.value, ast.Constant) for line in ast.parse(cells[0].source).body)


@each_notebook
def test_notebook_declares_its_items_and_results(path):
    declared = nbformat.read(path, as_version=4).metadata["inpaintlib"]
    assert set(declared) - {"claims"} == {"items", "groups"}
    assert all(re.fullmatch(r"[a-z]+-[a-z0-9-]+", item) for item in declared["items"])


@each_notebook
def test_notebook_begins_with_its_only_title(path):
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    titles = [line for c in cells if c.cell_type == "markdown" for line in c.source.splitlines() if line[:2] == "# "]
    assert titles == [cells[0].source.splitlines()[0]]


def test_the_index_of_figures_has_every_item_of_the_papers_and_no_orphan(tool):
    layout = tool("layout").Layout("laptop")
    index, problems = tool("figure_index").build_index(layout)
    assert not problems
    assert {item.id for item in published.items()} <= set(index)
    assert json.loads((layout.figures / "index.json").read_text()) == index


def test_the_index_names_orphans_doubles_and_what_is_missing(tool, tree):
    layout = tool("layout").Layout("laptop", tree)
    for name, item in (("a", "fig-05.svg"), ("b", "fig-5.svg"), ("c", "fig-12.svg"), ("d", "table-4.csv")):
        write_notebook(tree, name, item)
    (tree / "figures" / "tsgl").mkdir(parents=True)
    for name in ("fig-05.svg", "fig-05-maps.webp", "fig-1.svg", "table-4.csv"):
        (tree / "figures" / "tsgl" / name).write_text(name)
    index, problems = tool("figure_index").build_index(layout)
    assert set(index["tsgl-fig-5"]["files"]) == {"tsgl/fig-05.svg", "tsgl/fig-05-maps.webp"}
    assert index["tsgl-table-4"]["notebook"] == "d.ipynb"
    assert len(problems) == 3
    assert "tsgl/fig-1.svg belongs to no item" in problems[-1]
    assert any("c.ipynb declares tsgl-fig-12 but saves no file" in problem for problem in problems)


def test_the_run_table_says_what_was_made_where_and_when(tool, tree):
    layout = tool("layout").Layout("laptop", tree)
    write_notebook(tree, "a", "fig-05.svg")
    record = {
        "notebook": "a.ipynb",
        "parameters": {"profile": "laptop"},
        "status": "complete",
        "seconds": 150.0,
        "peak_bytes": 3 * 2**30,
        "device": "CPU, 2 cores",
        "commit": "abcdef1234",
        "dirty": True,
        "finished": "2030-01-02T03:04:05+00:00",
        "versions": {"torch": "2.9"},
    }
    page = tool("pages").run_table(layout, [record])
    (line,) = (line for line in page.splitlines() if "chapters/a.ipynb" in line)
    made = tool("inputs").declared(layout.notebooks[0])["items"]
    wanted = (*made, "laptop", "complete", "2.5 min", "3.0 GiB", "2 cores", r"`abcdef1234`\*", "2030-01-02 03:04")
    assert all(word in line for word in wanted)
    (head,) = (line for line in page.splitlines() if line.startswith("| Notebook"))
    assert line.count("|") == head.count("|")
    assert f"Together: 1 notebook, {len(made)} item, 2.5 min" in page
    assert "This book holds no notebooks." in tool("pages").run_table(layout, [])


def test_the_page_of_torture_tells_what_broke(tool, tree):
    layout = tool("layout").Layout("laptop", tree)
    assert tool("pages").torture_table(layout) == ""
    one = {"name": "kill -9 of a thing", "promise": "it mends", "times": 2000, "counts": {"kills": 2000}, "seconds": 90}
    one |= {"broken": ["lap-3: a | file *is* lost"], "times_broken": 1, "numbers": {"growth (%)": 0.5}, "seed": 0}
    one |= {"commit": "a" * 40, "dirty": False, "device": "CPU", "versions": {"torch": "2.15.0"}}
    again = one | {"broken": [], "times_broken": 0, "commit": "b" * 40, "dirty": True}
    file = tree / "figures" / "results" / "laptop" / "torture" / "torture.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"trials": [one, again], "of": 3}))
    page = tool("pages").torture_table(layout)
    assert "2 of 3 trials, 3.0 min in all; 1 broken promise." in page
    assert r"- **kill -9 of a thing:** it mends. *2\,000 kills\, growth \(\%\)\: 0\.5.*" in page
    assert "| kill -9 of a thing | 2,000 | 1 | 90 s | `aaaaaaa` |" in page
    assert r"| `bbbbbbb`\* |" in page
    assert page.count("On CPU, with torch") == 1
    assert r"lap\-3\: a \| file \*is\* lost" in page


def test_a_touched_file_changes_no_dependency_and_a_changed_one_does(tool, tree):
    layout = tool("layout").Layout("laptop", tree)
    notebook = write_notebook(tree, "a", "fig-1.svg")
    metadata = json.loads(notebook.read_text())
    metadata["metadata"]["inpaintlib"]["groups"] = ["table-iv"]
    notebook.write_text(json.dumps(metadata))
    result = tree / "figures" / "results" / "laptop" / "x-s0" / "run.json"
    result.parent.mkdir(parents=True)
    result.write_text('{"group": "table-iv"}')
    source = tree / "inpaintlib" / "one.py"
    source.write_text("x = 1")

    def written() -> tuple[str, int]:
        tool("inputs").write_dependencies(layout)
        return layout.depends("a").read_text(), layout.depends("a").stat().st_mtime_ns

    first = written()
    os.utime(source)
    assert written() == first
    source.write_text("x = 2")
    second = written()
    assert second[0] != first[0]
    result.write_text('{"group": "table-iv", "summary": 1}')
    assert written()[0] != second[0]


@pytest.mark.parametrize(
    "given, refusal",
    [
        ("sed=1", "a.ipynb has no parameter 'sed'; it has: profile, seed."),
        ("seed=one", "a.ipynb takes seed = 0 or another number, not 'one'."),
        ("profile=desktop", "There is no profile 'desktop'; there are: smoke, laptop, gpu, paper."),
    ],
)
def test_a_wrong_parameter_is_refused_in_one_sentence(tree, given, refusal):
    notebook = write_notebook(tree, "a", "fig-1.svg")
    command = [sys.executable, "book/run_notebook.py", notebook, "out.ipynb", "--profile", "smoke", "--set", given]
    run = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    assert run.returncode == 1
    assert f"FAILED: {refusal}\n" in run.stdout
    assert not (tree / "out.ipynb").exists()


def test_a_second_build_says_that_one_is_running(tool, tree):
    with tool("build").only_build(tree):
        run = build(tree)
    assert run.returncode == 1
    assert "Another build is running here (process" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.slow
def test_a_failing_notebook_leaves_its_copy_and_all_earlier_outputs(tree):
    write_notebook(tree, "01_quickstart", "fig-05.svg")
    assert build(tree).returncode == 0
    chapter, page = tree / "book/chapters/01_quickstart.ipynb", tree / "book/_build/html/chapters/01_quickstart.html"
    figure = tree / "figures/tsgl/fig-05.svg"
    before = chapter.read_bytes(), page.read_bytes(), figure.read_bytes()
    write_notebook(tree, "01_quickstart", "fig-05.svg", "raise KeyError('injected')", word="paint")
    run = build(tree)
    assert run.returncode == 1
    assert "KeyError: 'injected'" in run.stdout
    assert (chapter.read_bytes(), page.read_bytes(), figure.read_bytes()) == before
    assert "injected" in (tree / "build/laptop/logs/01_quickstart.ipynb").read_text()
    write_notebook(tree, "01_quickstart", "fig-05.svg", word="paint")
    assert build(tree).returncode == 0
    assert figure.read_text() == "drawn with paint"


@pytest.mark.slow
def test_only_what_changed_runs_again(tree):
    write_notebook(tree, "01_quickstart", "fig-05.svg")
    write_notebook(tree, "03_training", "fig-07.svg")
    run = build(tree)
    assert run.returncode == 0
    assert run.stdout.count("done in") == 3
    for notebook in (tree / "notebooks").iterdir():
        os.utime(notebook)
    start = time.monotonic()
    assert "done in" not in build(tree).stdout
    assert time.monotonic() - start < 20
    write_notebook(tree, "03_training", "fig-07.svg", "print('more')")
    assert re.findall(r"(\w+) +done in", build(tree).stdout) == ["03_training", "pages"]
    (tree / "figures/tsgl/fig-05.svg").unlink()
    assert re.findall(r"(\w+) +done in", build(tree).stdout) == ["01_quickstart", "pages"]


def test_smoke_trains_again_when_the_library_changed(tool, tree):
    layout = tool("layout").Layout("smoke", tree)
    weights, result = tree / "build/smoke/runs/x-s0/weights", tree / "build/smoke/figures/results/smoke/x-s0/run.json"
    tool("inputs").write_dependencies(layout)
    for path in (weights, result):
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    tool("inputs").write_dependencies(layout)
    assert weights.exists()
    assert result.exists()
    (tree / "inpaintlib" / "one.py").write_text("x = 1")
    tool("inputs").write_dependencies(layout)
    assert not weights.exists()
    assert not result.exists()


@pytest.mark.slow
def test_smoke_touches_nothing_that_is_tracked(tree):
    write_notebook(tree, "01_quickstart", "fig-05.svg")
    assert build(tree, "smoke").returncode == 0
    assert (tree / "build/smoke/figures/tsgl/fig-05.svg").exists()
    assert not (tree / "figures").exists()
    assert not (tree / "book/_build").exists()
    assert not (tree / "book/chapters").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_build_is_mended_by_the_next(tree, number):
    write_notebook(tree, "01_quickstart", "fig-05.svg", "import time; time.sleep(600)")
    first = subprocess.Popen([sys.executable, "book/build.py"], cwd=tree, env=environment(), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not (tree / "figures/tsgl/fig-05.svg").exists():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    left = psutil.Process(first.pid).children(recursive=True)
    assert any("ipykernel" in " ".join(process.cmdline()) for process in left)
    first.send_signal(number)
    first.wait(timeout=30)
    assert list((tree / ".snakemake/locks").iterdir())
    write_notebook(tree, "01_quickstart", "fig-05.svg", word="paint")
    run = build(tree)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "The last build was cut off" in run.stdout
    assert not [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert (tree / "figures/tsgl/fig-05.svg").read_text() == "drawn with paint"
