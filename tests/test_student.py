"""The student edition: solutions gone, everything else there, and it runs to its end without an answer."""

import importlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def student(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    return importlib.import_module("student")


@pytest.fixture
def layout(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    return importlib.import_module("layout").Layout("laptop")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_students_get_everything_but_the_solutions(student, layout, path):
    whole = nbformat.read(path, as_version=4)
    text = student.edition(layout)[path.name]
    given = nbformat.reads(text, as_version=4)
    nbformat.validate(given)
    solutions = [cell for cell in whole.cells if "solution" in cell.metadata.get("tags", ())]
    assert len(solutions) == len(student.exercises(json.loads(text))) >= 3
    assert ".solved(" not in text
    for cell in whole.cells:
        cell.source = cell.source.replace(" A solution is hidden under each.", "")
    assert [cell for cell in whole.cells if cell not in solutions] == given.cells
    assert "hidden" not in next(cell.source for cell in given.cells if cell.source.startswith("## Exercises"))


def test_the_archive_is_the_same_twice_and_holds_every_notebook(student, layout):
    content = student.archive(layout)
    assert content == student.archive(layout)
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        assert whole.testzip() is None
        assert sorted(whole.namelist()) == [f"student-edition/{path.name}" for path in NOTEBOOKS]


def test_the_page_lists_every_exercise(student, layout):
    page = student.page(layout)
    for path in NOTEBOOKS:
        listed = student.exercises(json.loads(path.read_text(encoding="utf-8")))
        assert page.count(f"(chapters/{path.name})") == len(listed)
        assert all(f"| {one.title} | {one.difficulty} | {one.minutes} |" in page for one in listed)


@pytest.mark.slow
def test_a_chapter_of_the_student_edition_runs_without_an_answer(student, layout, tmp_path):
    source = tmp_path / "12_who_guides_whom.ipynb"
    source.write_text(student.edition(layout)[source.name], encoding="utf-8")
    command = [sys.executable, "-m", "papermill", "-p", "profile", "laptop", source, tmp_path / "run.ipynb"]
    environment = {"INPAINTLIB_HOME": str(tmp_path)}
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "results").symlink_to(ROOT / "figures" / "results")
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    outputs = [o for c in nbformat.read(tmp_path / "run.ipynb", as_version=4).cells for o in c.get("outputs", ())]
    answers = [o.data["text/markdown"] for o in outputs if "text/markdown" in o.get("data", {})]
    assert sum(text.startswith("**Not answered yet.**") for text in answers) >= 3
    assert not any(text.startswith("**Right.**") for text in answers)
