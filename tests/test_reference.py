"""The reference of the library: which names are in it, and how their docstrings are read."""

import importlib
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import inpaintlib as il
import inpaintlib.ops

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book" / "api").glob("*.md"))
sys.path.insert(0, str(ROOT / "book"))
import docstrings  # noqa: E402

LISTED = [
    (page.stem, name)
    for page in PAGES
    for name in re.findall(r"^\.\. auto\w+:: (\S+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
]


@pytest.mark.parametrize("name", [name for _, name in LISTED])
def test_what_a_page_lists_is_there_and_says_what_it_is(name):
    item = il
    for k, part in enumerate(name.split(".")[1:], start=2):
        try:
            item = getattr(item, part)
        except AttributeError:
            item = importlib.import_module(".".join(name.split(".")[:k]))
    assert item.__doc__


def test_a_name_has_one_place():
    names = [name for _, name in LISTED]
    assert len(names) == len(set(names))


def test_every_door_and_every_operation_has_an_entry():
    names = {name for _, name in LISTED}
    operations = {f"inpaintlib.ops.{module.name}" for module in pkgutil.iter_modules(inpaintlib.ops.__path__)}
    assert operations <= names
    doors = {name.rpartition(".")[2] for name in names}
    assert {"inpaint", "build", "load", "models", "Variant", "TABLE_IV", "model", "normalization", "prior"} <= doors
    assert {"Batch", "Output", "counts", "example_batch", "compared"} <= doors


def test_every_page_is_in_the_contents():
    contents = (ROOT / "book" / "_toc.yml").read_text(encoding="utf-8")
    assert all(f"file: api/{page.stem}\n" in contents for page in PAGES)


def test_prose_keeps_its_stars_and_bars_and_code_its_backticks():
    assert docstrings.as_rest("a * b, KL(p || q), x_1") == r"a \* b, KL(p \|\| q), x\_1"
    assert docstrings.as_rest("see `il.load` and `a + b`") == "see :py:obj:`il.load` and ``a + b``"
    assert "::\n\n    il.load()" in docstrings.as_rest("For example\n\n    il.load()\n")


def test_shapes_can_be_read():
    signature = "(x: ~jaxtyping.Float[Tensor, 'b c h w'], y: jaxtyping.Bool[ndarray, 'h w']) -> None"
    assert docstrings.readable(signature) == "(x: Float[b, c, h, w], y: Bool[ndarray, h, w]) -> None"
