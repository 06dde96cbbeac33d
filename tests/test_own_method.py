"""The chapter's network of forty lines, in a file of its own: everything picks it up, in other processes too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = """
import sys
from pathlib import Path

sys.path.insert(0, {book!r})
import inpaintlib as il
from inpaintlib import experiments, study
from inpaintlib.measurements import Measurements

assert "tiny" in il.models()
(experiment,) = study.select("smoke", ("tiny",))
assert experiment.group == "comparison"
study.run(experiment, accelerator="cpu", progress=False)
data = Measurements("comparison", "bundled-256", "smoke")
assert data.labels[-1] == "Tiny" and data.values("Tiny", "psnr").shape[0] == 1

import method_pages
from inpaintlib import plotting

plotting.style()
page = method_pages.pages()[-1]
method_pages.render(page, Path("pages"), "smoke")
text = Path("pages/tiny.md").read_text()
assert page.idea in text and page.idea.count(".") >= 3
assert Path("pages/tiny-flow.svg").exists()
"""


def example() -> str:
    """The file that the chapter writes."""
    cells = json.loads((ROOT / "notebooks" / "11_your_own.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict = {}
    source = next("".join(c["source"]) for c in cells if "".join(c["source"]).startswith("MINE"))
    exec(source.partition("file = ")[0], names)
    return names["MINE"]


def run(code, folder, plugins):
    settings = os.environ | {"INPAINTLIB_PLUGINS": plugins, "INPAINTLIB_HOME": str(folder)}
    command = [sys.executable, "-W", "error::DeprecationWarning:inpaintlib", "-c", code]
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)


def test_it_has_forty_lines():
    assert len(example().splitlines()) <= 41
    assert max(map(len, example().splitlines())) <= 120


@pytest.mark.slow
def test_study_tables_and_pages_pick_it_up(tmp_path):
    (tmp_path / "mine.py").write_text(example())
    done = run(SCRIPT.format(book=str(ROOT / "book")), tmp_path, str(tmp_path / "mine.py"))
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_plugin_that_is_no_file_gets_one_sentence(tmp_path):
    done = run("import inpaintlib", tmp_path, "nowhere.py")
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith("INPAINTLIB_PLUGINS names nowhere.py, which is not a file; give the path of a Python file.")


def test_a_label_belongs_to_one_method(tmp_path):
    (tmp_path / "mine.py").write_text(example().replace('"Tiny"', '"LaMa"'))
    done = run("import inpaintlib", tmp_path, str(tmp_path / "mine.py"))
    assert "ValueError: The label 'LaMa' is that of lama; choose another label." in done.stderr


def test_it_takes_nobodys_place(tmp_path):
    (tmp_path / "mine.py").write_text(example().replace('"tiny"', '"tsgl-balance"'))
    done = run("import inpaintlib", tmp_path, str(tmp_path / "mine.py"))
    assert "ValueError: The study has a 'tsgl-balance' already; give @il.model another name." in done.stderr
    swapped = example().replace('@il.compared("Tiny")\n@il.model("tiny")', '@il.model("tiny")\n@il.compared("Tiny")')
    (tmp_path / "mine.py").write_text(swapped)
    done = run("import inpaintlib", tmp_path, str(tmp_path / "mine.py"))
    assert "ValueError: Tiny is no model yet: @il.compared stands above @il.model." in done.stderr


JOB = """
from inpaintlib import study
print(study.fingerprint(study.select("smoke", ("tiny",))[0]))
"""


def test_an_edited_file_is_another_job_and_files_of_one_name_do_not_meet(tmp_path):
    (tmp_path / "other").mkdir()
    first, second = tmp_path / "mine.py", tmp_path / "other" / "mine.py"
    first.write_text(example())
    second.write_text("import inpaintlib as il\nil.normalization('odd')(lambda x: x)\n")
    both = os.pathsep.join(map(str, (first, second)))
    seen = [run(JOB, tmp_path, both).stdout]
    known = run("from inpaintlib.ops.normalize import NORMALIZATIONS; print('odd' in NORMALIZATIONS)", tmp_path, both)
    assert known.stdout == "True\n"
    first.write_text(example().replace("(2, 4, 8)", "(2, 4)"))
    seen.append(run(JOB, tmp_path, both).stdout)
    assert seen[0] != seen[1]
    assert all(len(x.strip()) == 16 for x in seen)
