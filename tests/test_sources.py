"""What a person wrote for the book, and what earlier builds made, where it is not what it should be."""

import importlib
import json
import shutil

import pytest
from small_book import ROOT, build, small_tree, write_notebook

NOTEBOOK = '{"cells": [], "metadata": {"inpaintlib": %s}}'


@pytest.fixture
def tool(monkeypatch):
    """Import a module of book/ by name."""
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    return importlib.import_module


def test_the_books_own_sources_are_read(tool):
    sources = tool("sources")
    assert ROOT / "book" / "intro.md" in sources.pages(ROOT / "book")
    assert sources.bibliography(ROOT / "book" / "references.bib").name == "references.bib"
    assert sources.contents(ROOT / "book" / "_toc.yml")["root"] == "intro"
    assert "smoke.css" not in sources.settings(ROOT / "book" / "_config.yml")["sphinx"]["config"]["html_css_files"]


@pytest.mark.parametrize(
    "reader, name, content, refusal",
    [
        ("text", "intro.md", b"# In\xff", "book/intro.md is no text in UTF-8"),
        ("bibliography", "references.bib", b"@article{a, title = {A}", "book/references.bib is no whole BibTeX file"),
        ("bibliography", "references.bib", b"hello", "book/references.bib holds no reference"),
        ("contents", "_toc.yml", b"parts: [", "book/_toc.yml is no YAML"),
        ("contents", "_toc.yml", b"hello", "book/_toc.yml holds no YAML mapping"),
        ("contents", "_toc.yml", b"root: intro\nparts: [{chapters: [intro]}]", "book/_toc.yml needs a root and parts"),
        ("contents", "_toc.yml", b"root: intro\nparts: []", "book/_toc.yml needs a root and parts"),
        ("settings", "_config.yml", b"html: 3", "book/_config.yml needs the sections html"),
        ("settings", "_config.yml", b"html: {}\nlaunch_buttons: {}\nsphinx: {config: 1}", "needs the list html_css"),
    ],
)
def test_a_damaged_source_is_named_in_one_sentence(tool, tmp_path, reader, name, content, refusal):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"^[^\n]*{refusal}[^\n]*\.$"):
        getattr(tool("sources"), reader)(tmp_path / name)


@pytest.mark.parametrize(
    "content, refusal",
    [
        ('{"cells": [', r"a\.ipynb is no whole JSON file \(.*\)"),
        ("[]", r"a\.ipynb holds no JSON object"),
        ('{"cells": []}', r"notebooks/a\.ipynb is no notebook: it has no cells or no metadata"),
        (NOTEBOOK % '{"items": "tsgl-fig-1", "groups": []}', r"notebooks/a\.ipynb has no lists of names"),
        (NOTEBOOK % '{"items": [1], "groups": []}', r"notebooks/a\.ipynb has no lists of names"),
        (NOTEBOOK % "[]", r"notebooks/a\.ipynb has no lists of names"),
    ],
)
def test_a_damaged_notebook_is_named_in_one_sentence(tool, tmp_path, content, refusal):
    (tmp_path / "a.ipynb").write_text(content)
    with pytest.raises(ValueError, match=rf"^[^\n]*{refusal}[^\n]*\.$"):
        tool("inputs").declared(tmp_path / "a.ipynb")


def test_a_log_of_sphinx_tells_its_warnings_or_else_its_end(tool, tmp_path):
    amiss = tool("assemble").amiss
    warned = f"reading\n\x1b[91m{tmp_path}/intro.md:3: WARNING: no such key\x1b[39;49;00m\ndone\n"
    assert amiss(warned, tmp_path) == ["intro.md:3: WARNING: no such key"]
    crashed = "Traceback\n  File x\nTypeError: wrong\n\nThe above exception was the direct cause of\nRuntimeError: box"
    assert amiss(crashed, tmp_path) == ["TypeError: wrong"]
    assert amiss("a\nb", tmp_path) == ["a", "b"]


@pytest.mark.slow
def test_what_an_earlier_build_made_is_made_anew_where_it_is_spoiled(tmp_path):
    tree = small_tree(tmp_path / "tree")
    write_notebook(tree, "01_quickstart", "fig-05.svg")
    assert build(tree).returncode == 0
    made = tree / "build" / "laptop"
    for file in (made / "inputs/methods.json", made / "done/methods.json", made / "records/01_quickstart.json"):
        file.write_bytes(file.read_bytes()[:-20])
    changed = json.loads((made / "done/explorer.json").read_text())
    (made / "done/explorer.json").write_text(json.dumps([changed]))
    for file in (tree / ".snakemake/metadata").iterdir():
        file.write_text("{")
    run = build(tree)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "01_quickstart               done" in run.stdout
    assert json.loads((made / "records/01_quickstart.json").read_text())["status"] == "complete"
    assert "done in" in run.stdout
    assert "done in" not in build(tree).stdout


@pytest.mark.slow
def test_a_damaged_source_stops_a_build_in_one_sentence_and_the_earlier_book_stays(tmp_path):
    tree = small_tree(tmp_path / "tree")
    notebook = write_notebook(tree, "01_quickstart", "fig-05.svg")
    assert build(tree).returncode == 0
    page = (tree / "book/_build/html/chapters/01_quickstart.html").read_bytes()
    shutil.copy(notebook, tmp_path)
    notebook.write_bytes(notebook.read_bytes()[:100])
    run = build(tree)
    assert run.returncode == 1
    assert "FAILED: notebooks/01_quickstart.ipynb is no whole JSON file" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
    assert (tree / "book/_build/html/chapters/01_quickstart.html").read_bytes() == page
    shutil.copy(tmp_path / notebook.name, notebook)
    assert build(tree).returncode == 0
