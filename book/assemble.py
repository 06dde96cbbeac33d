"""Put the book's sources together in build/<profile>/source and make the pages of them, warnings being errors.

MathJax comes from the installed package django-static-mathjax, so that no page asks the network for it. The folder of
static files is not called _static among the sources, because Jupyter Book would load every script in it on every page.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import sources
import student
import yaml
from figure_index import write_index
from finish import finish
from layout import PROFILES, Layout, read_json, write_json, write_whole
from pages import attribution, run_table, torture_table, with_its_run
from run_notebook import commit

SMOKE = (
    "<strong>Smoke build.</strong> Two optimiser steps at 64 pixels: it shows that every cell runs. "
    "No number and no picture here is a result."
)
LAUNCH = {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.research.google.com"}
"""Where the buttons of a chapter open its notebook in the repository; without a repository there are none."""


def stage(layout: Layout) -> Path:
    """Copy pages, executed notebooks and static files into a fresh source folder; returns it."""
    source, book = layout.build / "source", layout.root / "book"
    shutil.rmtree(source, ignore_errors=True)
    (source / "chapters").mkdir(parents=True)
    for page in [*sources.pages(book), sources.bibliography(book / "references.bib")]:
        shutil.copy(page, source)
    records = [read_json(layout.stamp(notebook.stem)) for notebook in layout.finished]
    for notebook, record in zip(layout.finished, records, strict=True):
        executed = read_json(layout.chapters / notebook.name)
        write_json(source / "chapters" / notebook.name, with_its_run(executed, record))
    shutil.copytree(layout.methods, source / "methods")
    shutil.copytree(book / "api", source / "api")
    (source / "extensions").mkdir()
    shutil.copy(book / "docstrings.py", source / "extensions")
    shutil.copytree(book / "_static", source / "assets")
    shutil.copytree(layout.explorer / "parts", source / "explorer")
    shutil.copytree(layout.explorer / "pictures", source / "assets" / "explorer")
    shutil.copytree(book / "_templates", source / "templates")
    copy_mathjax(source / "assets" / "mathjax")
    methods = read_json(layout.stamp("methods"))["pages"]
    write_whole(source / "attribution.md", attribution(layout, source / "thumbnails"))
    write_whole(source / "runs.md", run_table(layout, records))
    if torture := torture_table(layout):
        write_whole(source / "torture.md", torture)
    write_whole(source / "exercises.md", student.page(layout))
    write_whole(source / "student-edition.zip", student.archive(layout))
    toc = contents(book / "_toc.yml", source, methods)
    write_whole(source / "_toc.yml", yaml.safe_dump(toc, sort_keys=False))
    write_whole(source / "_config.yml", yaml.safe_dump(configuration(layout, book / "_config.yml"), sort_keys=False))
    return source


def copy_mathjax(target: Path) -> None:
    """Copy of MathJax what _config.yml lets a page load, half of its usual weight: TeX with its extensions, output with
    its fonts, and MathML for screen readers. Its menu stays away."""
    mathjax = Path(str(files("mathjax"))) / "static" / "mathjax" / "es5"
    for folder in ("input/tex", "output/chtml"):
        shutil.copytree(mathjax / folder, target / folder)
    (target / "a11y").mkdir()
    for name in ("startup.js", "core.js", "input/tex.js", "output/chtml.js", "a11y/assistive-mml.js"):
        shutil.copy(mathjax / name, target / name)


def contents(toc: Path, source: Path, methods: list[str]) -> dict:
    """The table of contents, with the pages of the methods and without the chapters that have no notebook; a notebook
    that it lacks is an error."""
    wanted = sources.contents(toc)
    listed = {chapter["file"] for part in wanted["parts"] for chapter in part["chapters"]}
    for notebook in sorted((source / "chapters").iterdir()):
        if f"chapters/{notebook.stem}" not in listed:
            raise ValueError(f"book/_toc.yml does not list chapters/{notebook.stem}: add it where it belongs.")
    for part in wanted["parts"]:
        part["chapters"] = [chapter for chapter in part["chapters"] if present(source, chapter["file"])]
        for chapter in part["chapters"]:
            if chapter["file"] == "methods/index":
                chapter["sections"] = [{"file": f"methods/{name}"} for name in methods]
    wanted["parts"] = [part for part in wanted["parts"] if part["chapters"]]
    return wanted


def present(source: Path, page: str) -> bool:
    """Whether the page or the executed notebook is there."""
    return any((source / f"{page}{suffix}").exists() for suffix in (".md", ".ipynb"))


def configuration(layout: Layout, config: Path) -> dict:
    """_config.yml with what only the build knows: profile, commit and date, the smoke stamp, the public repository."""
    wanted = sources.settings(config)
    state, day = commit(layout.root), datetime.now(UTC).date().isoformat()
    changed = " with uncommitted changes" if state["dirty"] else ""
    wanted["html"]["extra_footer"] = f"<p>Profile {layout.profile}, commit {state['commit']}{changed}, built {day}.</p>"
    if layout.profile == "smoke":
        wanted["html"]["announcement"] = SMOKE
        wanted["sphinx"]["config"]["html_css_files"].append("smoke.css")
    if repository := os.environ.get("GITHUB_REPOSITORY"):
        wanted["repository"] = {"url": f"https://github.com/{repository}", "path_to_book": "", "branch": "main"}
        wanted["launch_buttons"] |= LAUNCH
        wanted["html"]["use_repository_button"] = True
    return wanted


def jupyter_book(layout: Layout, source: Path) -> list[str]:
    """Build the pages beside the source and put them in the place of the earlier book; returns warnings, or nothing."""
    out, log = layout.build / "pages", layout.build / "logs" / "sphinx.log"
    shutil.rmtree(out, ignore_errors=True)
    program = Path(sysconfig.get_path("scripts")) / "jupyter-book"
    command = [program, "build", source, "--path-output", out, "--all", "-W", "-n", "--keep-going"]
    plain = {**os.environ, "NO_COLOR": "1"}
    with log.open("w") as words:
        code = subprocess.run(command, stdout=words, stderr=words, cwd=layout.root, env=plain).returncode
    if code:
        return amiss(log.read_text(encoding="utf-8", errors="replace"), source)
    old = layout.build / "replaced"
    shutil.rmtree(old, ignore_errors=True)
    finish(out / "_build" / "html", layout.build / "webp")
    layout.html.parent.mkdir(parents=True, exist_ok=True)
    if layout.html.exists():
        layout.html.rename(old)
    (out / "_build" / "html").rename(layout.html)
    shutil.rmtree(old, ignore_errors=True)
    return []


def amiss(log: str, source: Path) -> list[str]:
    """What Sphinx found amiss, by its log: each warning, or else what it ended with."""
    words = re.sub(r"\x1b\[[\d;]*m", "", log).replace(f"{source}{os.sep}", "")
    lines = words.splitlines()
    before, ended, _ = words.partition("\nThe above exception was the direct cause")
    return [line for line in lines if "WARNING" in line or "ERROR" in line] or (
        before.rstrip().splitlines()[-1:] if ended else lines[-20:]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, required=True)
    parser.add_argument("--stamp", type=Path, required=True, help="written when the book is whole")
    options = parser.parse_args()
    layout, start = Layout(options.profile), time.monotonic()
    print(f"  {'pages':<28}building", flush=True)
    for problem in write_index(layout):
        print(f"  {'figures':<28}{problem}", flush=True)
    try:
        warnings = jupyter_book(layout, stage(layout))
    except ValueError as error:
        print(f"  {'pages':<28}FAILED: {error}", flush=True)
        return 1
    if warnings:
        print(f"  {'pages':<28}FAILED: warnings count as errors", flush=True)
        print("\n".join(f"    {line}" for line in warnings), flush=True)
        return 1
    write_json(options.stamp, {"finished": datetime.now(UTC).isoformat(timespec="seconds")})
    print(f"  {'pages':<28}done in {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
