"""Exercises: what a check says of answers, and that every chapter has its own, in the form that readers rely on."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from inpaintlib.exercises import DIFFICULTIES, exercise, expect

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
HEADING = re.compile(r"^### Exercise (\d+): (.+) \((easy|medium|hard), (\d+) minutes\)$")


@exercise("Half", "easy", minutes=2)
def half(answer):
    """a number."""
    expect(isinstance(answer, (int, float)), "A half is a number.")
    expect(answer != 2, "That is the double.")
    expect(abs(answer - 0.5) < 0.01, "Divide one by two.")
    return "One of two equal parts."


def test_an_answer_is_right_wrong_or_not_there():
    assert half().right is None
    assert str(half(...)) == "Not answered yet. An answer is a number."
    assert half(0.5).right
    assert half(0.501)._repr_markdown_() == "**Right.** One of two equal parts."
    assert str(half(2)) == "Not yet. That is the double."
    assert str(half("one half")) == "Not yet. A half is a number."


def test_what_an_answer_raises_is_told():
    @exercise("Call", "hard", minutes=5)
    def call(answer):
        """a function of nothing."""
        answer()

    assert call(lambda: 1).right
    assert str(call(lambda: 1 / 0)) == (
        "Not yet. Checking it raised ZeroDivisionError (division by zero); an answer is a function of nothing."
    )


def test_a_solution_is_held_to_its_check():
    shown = half.solved(0.5, wrong=[2, "two"])._repr_markdown_()
    assert shown.startswith("**Right.** One of two")
    assert "- `2`: That is the double." in shown
    with pytest.raises(AssertionError, match=r"refuses its solution: That is the double\."):
        half.solved(2, wrong=["x"])
    with pytest.raises(AssertionError, match=r"takes the wrong answer `0\.5`"):
        half.solved(0.5, wrong=[2, 0.5])
    with pytest.raises(AssertionError, match="names no wrong answer"):
        half.solved(0.5, wrong=[])


def test_a_crash_is_no_explanation():
    @exercise("Length", "easy", minutes=1)
    def length(answer):
        """a list."""
        expect(len(answer) == 2, "It has two.")

    with pytest.raises(TypeError):
        length.solved([1, 2], wrong=[3])


def test_an_exercise_says_what_an_answer_is_and_how_hard_it_is():
    with pytest.raises(ValueError, match="one of easy, medium, hard"):
        exercise("Half", "trivial", minutes=1)
    with pytest.raises(ValueError, match="no docstring"):
        exercise("Half", "easy", minutes=1)(lambda answer: None)


def exercises(path):
    """The exercises of a notebook: heading, and the three cells that follow it, check, stub and solution."""
    cells = nbformat.read(path, as_version=4).cells
    found = []
    for i, cell in enumerate(cells):
        if cell.cell_type == "markdown" and (match := HEADING.match(cell.source.splitlines()[0])):
            found.append((match, *cells[i + 1 : i + 4]))
    return found


def tags(cell):
    return set(cell.metadata.get("tags", ()))


@each_notebook
def test_a_chapter_has_three_exercises_or_more_in_order(path):
    found = exercises(path)
    assert len(found) >= 3
    assert [int(match[1]) for match, *_ in found] == list(range(1, len(found) + 1))
    assert len({match[3] for match, *_ in found}) >= 2  # not all equally hard
    titles = [line for c in nbformat.read(path, as_version=4).cells for line in c.source.splitlines()]
    assert titles.count("## Exercises") == 1


@each_notebook
def test_an_exercise_is_a_check_a_place_for_the_answer_and_a_hidden_solution(path):
    for match, check, stub, solution in exercises(path):
        assert tags(check) == {"exercise-check", "hide-input"}
        assert tags(stub) == {"exercise"}
        assert tags(solution) == {"solution", "hide-cell"}
        (declared,) = (node for node in ast.parse(check.source).body if _decorated(node))
        call = declared.decorator_list[0]
        assert [ast.literal_eval(argument) for argument in call.args] == [match[2], match[3]]
        assert ast.literal_eval(call.keywords[0].value) == int(match[4])
        assert f"{declared.name}(" in stub.source
        assert "..." in stub.source
        assert f"{declared.name}.solved(" in solution.source
        assert "wrong=" in solution.source
        assert match[3] in DIFFICULTIES


def _decorated(node):
    """Whether a statement defines a check."""
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(d, ast.Call) and isinstance(d.func, ast.Name) and d.func.id == "exercise"
        for d in node.decorator_list
    )
