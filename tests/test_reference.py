"""The reference of the library: which names are in it, and how their docstrings are read."""

import importlib
import inspect
import pkgutil
import re
import sys
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils.nodes import Text, paragraph
from docutils.utils import new_document
from sphinx.addnodes import desc_annotation
from torch import nn

import inpaintlib as il
import inpaintlib.ops

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book" / "api").glob("*.md"))
sys.path.insert(0, str(ROOT / "book"))
import docstrings  # noqa: E402

ENTRY = re.compile(r"^\.\. auto(\w+):: (\S+)\n((?: {3}:.*\n)*)", flags=re.MULTILINE)
ENTRIES = [(page.stem, *entry) for page in PAGES for entry in ENTRY.findall(page.read_text(encoding="utf-8"))]
LISTED = [(page, name) for page, _, name, _ in ENTRIES]


def found(name: str) -> object:
    """What a full name stands for."""
    item = il
    for k, part in enumerate(name.split(".")[1:], start=2):
        try:
            item = getattr(item, part)
        except AttributeError:
            item = importlib.import_module(".".join(name.split(".")[:k]))
    return item


def public(module: object) -> dict[str, object]:
    """The functions and classes that a module offers: those in __all__, else its own."""
    listed = getattr(module, "__all__", None)
    items = {name: item for name, item in vars(module).items() if inspect.isfunction(item) or inspect.isclass(item)}
    own = [name for name, item in items.items() if item.__module__ == module.__name__ and name[0] != "_"]
    return {name: items[name] for name in (own if listed is None else listed) if name in items}


def described(kind: str, name: str, options: str) -> list[object]:
    """The functions and classes that an entry of a page describes."""
    if kind != "module":
        return [found(name)]
    if ":no-members:" in options:
        return []
    left_out = re.findall(r"\w+", "".join(re.findall(r":exclude-members:(.*)", options)))
    return [item for key, item in public(importlib.import_module(name)).items() if key not in left_out]


@pytest.fixture(scope="module")
def places() -> dict[object, list[str]]:
    """Function or class -> the pages that describe it."""
    pages = defaultdict(list)
    for page, *entry in ENTRIES:
        for item in described(*entry):
            if inspect.isfunction(item) or inspect.isclass(item):
                pages[item].append(page)
    return pages


@pytest.mark.parametrize("name", [name for _, name in LISTED])
def test_what_a_page_lists_is_there_and_says_what_it_is(name):
    assert found(name).__doc__


def test_everything_has_one_place(places):
    names = [name for _, name in LISTED]
    assert len(names) == len(set(names))
    assert {item.__qualname__: pages for item, pages in places.items() if len(pages) > 1} == {}
    assert [item.__qualname__ for item in places if not item.__doc__] == []


def test_every_door_has_an_entry(places):
    listed = {name.rpartition(".")[2] for _, name in LISTED}
    doors = [item for name in il.__all__ if inspect.isfunction(item := getattr(il, name)) or inspect.isclass(item)]
    assert len(doors) > 10
    assert [item.__qualname__ for item in doors if item not in places] == []
    assert {"TABLE_IV", "models", "diagnostics", "published"} <= listed
    assert {"losses", "metrics", "protocols", "results", "claims", "statistics", "plotting", "study"} <= listed
    assert "dataflow" in listed


def test_every_operation_has_an_entry(places):
    for one in pkgutil.iter_modules(inpaintlib.ops.__path__):
        items = public(importlib.import_module(f"inpaintlib.ops.{one.name}"))
        assert items
        assert [name for name, item in items.items() if item not in places] == []


def test_a_layer_of_the_operations_says_what_it_takes_and_gives(places):
    layers = [item for item in places if inspect.isclass(item) and issubclass(item, nn.Module)]
    layers = [layer for layer in layers if layer.__module__.startswith("inpaintlib.ops.")]
    assert len(layers) > 20
    assert [layer.__qualname__ for layer in layers if "forward(" not in layer.__doc__] == []


def test_every_page_is_in_the_contents():
    contents = (ROOT / "book" / "_toc.yml").read_text(encoding="utf-8")
    assert all(f"file: api/{page.stem}\n" in contents for page in PAGES)


def test_prose_keeps_its_stars_and_bars_and_code_its_backticks():
    assert docstrings.as_rest("a * b, KL(p || q), x_1") == r"a \* b, KL(p \|\| q), x\_1"
    assert docstrings.as_rest("see `a + b` and `il.load`") == "see ``a + b`` and :py:obj:`il.load <inpaintlib.load>`"
    assert "::\n\n    il.load()" in docstrings.as_rest("For example\n\n    il.load()\n")


def test_shapes_of_attributes_can_be_read():
    page = new_document("page")
    page += [
        desc_annotation("", "", Text(": list["), Text("Float[Tensor, 'b c']]")),
        paragraph("", "Float[Tensor, '']"),
    ]
    docstrings.shorten_types(SimpleNamespace(), page, "page")
    assert [node.astext() for node in page.children] == [": list[Float[b, c]]", "Float[Tensor, '']"]


def test_arguments_are_code_where_a_sentence_explains_them():
    names = docstrings.arguments(lambda mask, hole_width: None)
    assert names == ("mask", "hole_width")
    assert docstrings.as_rest("mask: 1 known.  hole_width: of `mask`.", names) == (
        "``mask``: 1 known.  ``hole_width``: of ``mask``."
    )
    assert docstrings.as_rest("One more mask: this one.", names) == "One more mask: this one."
    assert docstrings.arguments("a constant") == ()


def test_a_short_name_leads_to_its_door_or_to_the_only_entry():
    kinds = {"inpaintlib.load": "function", "inpaintlib.plugins.load": "function", "inpaintlib.Batch.rows": "method"}
    assert docstrings.full_name("load", kinds) == "inpaintlib.load"
    assert docstrings.full_name("plugins.load", kinds) == "inpaintlib.plugins.load"
    assert docstrings.full_name("rows", kinds) is None
    assert docstrings.full_name("Batch.rows", kinds) == "inpaintlib.Batch.rows"
    del kinds["inpaintlib.load"]
    assert docstrings.full_name("load", kinds | {"inpaintlib.other.load": "function"}) is None


@pytest.mark.parametrize(("value", "first"), [((4, 5), "``(4, 5)``"), ("x" * 99, "Said."), ({}, "Said.")])
def test_a_short_constant_begins_with_its_value(value, first):
    lines = ["Said."]
    docstrings.rewrite(SimpleNamespace(), "data", "name", value, None, lines)
    assert lines[0] == first


def test_shapes_can_be_read():
    signature = "(x: ~jaxtyping.Float[Tensor, 'b c h w'], y: jaxtyping.Bool[ndarray, 'h w']) -> None"
    assert docstrings.readable(signature) == "(x: Float[b, c, h, w], y: Bool[ndarray, h, w]) -> None"
    assert docstrings.readable("jaxtyping.Float[Tensor, '']") == "Float[()]"
    assert docstrings.readable("Float[Tensor, '*B H W']") == "Float[..., H, W]"
    assert docstrings.readable("(rows: dict = <factory>, f = <function kl>)") == "(rows: dict = ..., f = kl)"
