"""The chapter's commands, as it prints them, on a folder made from bundled photographs; and the page of one's own."""

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_book import environment, small_tree, write_notebook

from inpaintlib.files import read_json
from inpaintlib.image_io import read_image
from inpaintlib.photos import bundled

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "23_your_own_data.ipynb"
FULL = "--images 8000"
"""The length of the training that is printed; here it is a batch."""


def printed() -> list[str]:
    """The commands at the top of the chapter, a line each."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    block = re.search(r"```sh\n(.*?)```", "".join("".join(cell["source"]) for cell in cells), re.S)[1]
    return [line for line in block.replace("\\\n", " ").splitlines() if line]


@pytest.fixture
def tool(monkeypatch):
    """Import a module of book/ by name."""
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    return importlib.import_module


def test_the_chapter_goes_from_a_folder_to_a_filled_hole():
    words = [shlex.split(line)[:2] for line in printed()]
    assert words == [
        ["inpaintlib", "prepare"],
        ["inpaintlib", "train"],
        ["inpaintlib", "evaluate"],
        ["make", "book"],
        ["inpaintlib", "inpaint"],
    ]
    assert FULL in printed()[1]


def test_the_readme_has_the_chapters_commands():
    told = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in (printed()[0], " ".join(printed()[1].split()), printed()[3]):
        assert command in told


def test_a_page_of_ones_own_needs_what_the_commands_leave(tool, tmp_path):
    inputs = tool("inputs")
    assert (ROOT / "notebooks" / f"{inputs.OWN_DATA}.ipynb") == NOTEBOOK
    with pytest.raises(ValueError, match="was not made by `inpaintlib prepare`"):
        inputs.measured(tmp_path)
    (tmp_path / "photos.json").write_text("{}")
    with pytest.raises(ValueError, match="holds no table of several methods; make it by `inpaintlib evaluate"):
        inputs.measured(tmp_path)
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "table.csv").write_text("method")
    assert inputs.measured(tmp_path) == tmp_path / "measured"


def test_the_build_refuses_another_folder_before_it_runs_anything(tmp_path):
    command = [sys.executable, "book/build.py", "--photos", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "was not made by `inpaintlib prepare`" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_depends_on_what_was_measured(tool, tmp_path):
    inputs, layout = tool("inputs"), tool("layout").Layout("laptop", tmp_path / "tree")
    own = tmp_path / "holiday"
    (own / "measured").mkdir(parents=True)
    (own / "photos.json").write_text("{}")
    (own / "measured" / "table.csv").write_text("one")
    seen = []
    for photos, content in (("", "one"), (str(own), "one"), (str(own), "two")):
        (own / "measured" / "table.csv").write_text(content)
        inputs.write_changed(layout, inputs.OWN_DATA, "library", [], photos)
        seen.append(layout.depends(inputs.OWN_DATA).read_text())
    assert len(set(seen)) == 3


@pytest.mark.slow
def test_the_build_hands_the_folder_to_that_page_alone(tmp_path):
    tree, own = small_tree(tmp_path / "tree"), tmp_path / "my holiday"
    (own / "measured").mkdir(parents=True)
    (own / "photos.json").write_text("{}")
    (own / "measured" / "table.csv").write_text("method")
    write_notebook(tree, "01_quickstart", "fig-05.svg")
    path = write_notebook(tree, NOTEBOOK.stem, "fig-06.svg", "print(repr(photos))")
    path.write_text(path.read_text().replace("seed = 0", "seed = 0\\nphotos = ''"))
    command = [sys.executable, "book/build.py"]
    for options, shown in ((["--photos", own], own), ([], "")):
        done = subprocess.run([*command, *options], cwd=tree, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert repr(str(shown)) in (tree / "book" / "chapters" / path.name).read_text()
    assert "01_quickstart" not in done.stdout


def folder_of_a_person(folder: Path) -> None:
    """20 bundled photographs in two folders, one of them sent once more, one broken."""
    paths = bundled("test").paths[:20]
    for number, path in enumerate(paths):
        place = folder / f"part {number % 2}"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    with Image.open(paths[0]) as image:
        image.resize((640, 360)).save(folder / "sent.jpg", quality=60)
    (folder / "broken.jpg").write_bytes(paths[1].read_bytes()[:9000])


@pytest.mark.slow
def test_the_commands_of_the_chapter_run_as_printed(tmp_path):
    folder_of_a_person(tmp_path / "holiday")
    work = tmp_path / "book"
    work.mkdir()
    photo = bundled("test")[0]
    hole = np.zeros(photo.shape[:2], np.uint8)
    hole[200:240, 300:360] = 255
    Image.fromarray(photo).save(work / "photo.jpg", quality=95)
    Image.fromarray(hole).save(work / "mask.png")
    settings = os.environ | {"HOME": str(tmp_path)}
    settings["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{settings['PATH']}"
    for line in printed():
        command, place = line.replace(FULL, "--images 8"), {"INPAINTLIB_HOME": str(work)}
        if line.startswith("make"):
            own = dict(word.split("=") for word in shlex.split(line)[2:])["PHOTOS"]
            command, place = f"python -m papermill {NOTEBOOK} page.ipynb -k python3 -p photos {work / own}", {}
        run = {"shell": True, "cwd": work, "env": settings | place}
        done = subprocess.run(command, **run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"

    record = read_json(work / "holiday" / "photos.json")
    assert [row["source"] for row in record["left_out"]] == ["broken.jpg"]
    assert len(record["photographs"]) == 21
    assert {path.name for path in (work / "holiday" / "measured").iterdir() if path.is_dir()} == {
        *("mine", "tsgl", "telea", "navier-stokes", "biharmonic")
    }
    page = (work / "page.ipynb").read_text(encoding="utf-8")
    assert "mine minus biharmonic" in page
    assert "inpaintlib evaluate runs" in page
    known = read_image(work / "photo.jpg")
    filled = read_image(work / "filled.png")
    assert np.array_equal(filled[hole == 0], known[hole == 0])
    assert not np.array_equal(filled[hole > 0], known[hole > 0])
