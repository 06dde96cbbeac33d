"""Docker, the devcontainer, Binder and Colab: what the repository's files promise, held without any of them."""

import importlib
import importlib.util
import json
import os
import re
import runpy
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CELL = (ROOT / "scripts/setup_cell.py").read_text()
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DOCKERFILE = (ROOT / "Dockerfile").read_text()
GITHUB = "https://github.com/someone/inside-the-hole"

FAKE_PIP = """import json, os, pathlib, sys
rules = pathlib.Path(sys.argv[sys.argv.index("--constraint") + 1]).read_text().split()
pathlib.Path(os.environ["RECORD"]).write_text(json.dumps({"packages": sys.argv[1:], "constraints": rules}))
sys.exit(os.environ.get("REFUSAL"))
"""
"""In the place of pip: what it was asked for is written down."""
BARE = """import sys
from importlib.machinery import PathFinder
class Bare(PathFinder):  # this environment's inpaintlib is out of sight, as on a machine that never had it
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        own = name == "inpaintlib" and not any("inpaintlib-book" in folder for folder in sys.path)
        return None if own else PathFinder.find_spec(name, path, target)
sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in str(f).lower() and f is not PathFinder] + [Bare]
sys.path[:] = [folder for folder in sys.path if folder not in ("", OUTER)]
exec(compile(CELL, "cell", "exec"))
import os, inpaintlib
print("from", inpaintlib.__file__, "in", os.getcwd(), "children", os.environ["PYTHONPATH"].split(os.pathsep)[0])
exec(compile(CELL, "cell", "exec"))
"""


@pytest.fixture
def elsewhere(monkeypatch):
    """The module scripts/elsewhere.py."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("elsewhere")


@pytest.fixture
def tool(monkeypatch):
    """Import a module of book/ by name."""
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    return importlib.import_module


def instructions(text: str = DOCKERFILE) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, with their arguments on one line."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.M))
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line]


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this tree is no git checkout")
    return [name for name in listed.stdout.split("\0") if name]


class TestImage:
    def test_packages_come_from_the_lock_through_the_one_script(self):
        runs = [what for name, what in instructions() if name == "RUN"]
        (installing,) = (what for what in runs if "bootstrap.sh" in what)
        assert installing.endswith("sh scripts/bootstrap.sh")
        assert not any(re.search(r"\b(pip|uv|conda)\b", what) for what in runs)

    def test_its_packages_are_made_again_when_the_lock_changes_and_not_when_sources_do(self):
        told = instructions()
        before = told[: next(i for i, (kind, what) in enumerate(told) if kind == "RUN" and "bootstrap.sh" in what)]
        copied = [name for kind, what in before if kind == "COPY" for name in what.split()[1:-1]]
        assert copied == ["requirements.lock", "pyproject.toml", "scripts/bootstrap.sh"]

    def test_what_it_copies_is_there_and_in_git(self):
        names = tracked()
        copied = [name for kind, what in instructions() if kind == "COPY" for name in what.split()[1:-1]]
        assert copied[-1] == "."
        assert set(copied[:-1]) <= set(names)

    def test_its_python_is_one_that_the_project_takes(self):
        version = re.fullmatch(r"python:(\d+\.\d+)-slim", instructions()[0][1])[1]
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert Requirement(f"python{project['requires-python']}").specifier.contains(version)
        assert version in (ROOT / "scripts/bootstrap.sh").read_text()

    def test_nobody_in_it_is_root_once_it_is_made(self):
        kinds = [kind for kind, _ in instructions()]
        assert kinds.count("USER") == 1
        assert kinds.index("USER") < kinds.index("COPY")
        assert all(what.startswith("--chown=$NB_UID ") for kind, what in instructions() if kind == "COPY")

    def test_dockerignore_is_gitignore_in_dockers_spelling(self):
        def spelled(name):
            rooted = name.strip("/") if "/" in name.rstrip("/") else f"**/{name.strip('/')}"
            return rooted.removeprefix("/")

        git = [line for line in (ROOT / ".gitignore").read_text().splitlines() if line and line[0] != "#"]
        docker = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
        assert docker == [spelled(name) for name in git]

    def test_its_steps_leave_the_environment_that_make_finds(self, tmp_path):
        """The steps after the system's, run in a folder; a stand-in for uv writes down what it is asked for."""
        book, shims, asked = tmp_path / "book", tmp_path / "shims", tmp_path / "asked"
        book.mkdir()
        shims.mkdir()
        wanted = re.search(r"^uv==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)[1]
        uv = f'#!/bin/sh\n[ "$1" = --version ] && echo "uv {wanted}" && exit\necho "$@" >> {asked}\n'
        new = f"mkdir -p .venv/bin; cp {shims}/uv .venv/bin; cp {shims}/python3.12 .venv/bin/python"
        python = f'#!/bin/sh\ncase $* in *venv*.venv) {new};; *) exec {sys.executable} "$@";; esac\n'
        for name, text in {"uv": uv, "python3.12": python, "python3.13": "#!/bin/sh\nexit 1\n"}.items():
            (shims / name).write_text(text)
            (shims / name).chmod(0o755)
        settings = {"PATH": f"{shims}:{os.defpath}", "HOME": str(tmp_path)}
        for kind, what in instructions():
            if kind == "COPY" and not what.endswith(" . ."):
                *names, folder = what.split()[1:]
                for name in names:
                    (book / folder).mkdir(exist_ok=True)
                    (book / folder / Path(name).name).write_bytes((ROOT / name).read_bytes())
            if kind == "RUN" and "apt-get" not in what:
                subprocess.run(["sh", "-ec", what], cwd=book, env=settings, check=True, capture_output=True)
        assert [line.split("--quiet ")[1] for line in asked.read_text().splitlines()] == [
            "--require-hashes requirements.lock",
            "--no-deps --no-build-isolation --offline --editable .",
        ]
        for name in ("README.md", "LICENSE", "inpaintlib/__init__.py"):
            (book / name).write_bytes((ROOT / name).read_bytes())  # the sources come
        subprocess.run(["sh", "scripts/bootstrap.sh"], cwd=book, env=settings, check=True)
        assert len(asked.read_text().splitlines()) == 2


class TestOneImageForAll:
    def test_binder_reads_the_same_file(self):
        """Binder takes the Dockerfile at the top unless a folder of its own is there; it passes user and id, and starts
        the JupyterLab that is on the path, in the working folder."""
        assert not [name for name in (".binder", "binder") if (ROOT / name).exists()]
        names = [what.partition("=")[0] for kind, what in instructions() if kind == "ARG"]
        assert names == ["NB_USER", "NB_UID"]
        assert "ENTRYPOINT" not in [kind for kind, _ in instructions()]
        settings = dict(part.split("=", 1) for kind, what in instructions() if kind == "ENV" for part in what.split())
        assert settings["PATH"].split(":")[0] == f"{dict(instructions())['WORKDIR']}/.venv/bin"

    def test_the_devcontainer_reads_the_same_file_and_keeps_its_environment(self):
        path = ROOT / ".devcontainer/devcontainer.json"
        settings = json.loads(path.read_text())
        assert (path.parent / settings["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
        assert (path.parent / settings["build"]["context"]).resolve() == ROOT
        folder = dict(instructions())["WORKDIR"]
        mounts = [
            dict(part.split("=") for part in text.split(","))
            for text in (settings["workspaceMount"], *settings["mounts"])
        ]
        assert settings["workspaceFolder"] == folder
        assert [(m["target"], m["type"]) for m in mounts] == [(folder, "bind"), (f"{folder}/.venv", "volume")]
        assert settings["postCreateCommand"] == "make env"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_begins_with_the_one_cell(path):
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert code[0].source == CELL.rstrip("\n"), "scripts/setup_cell.py is the first code cell of every notebook"
    assert code[0].metadata.tags == ["remove-cell"]
    assert "parameters" in code[1].metadata.tags


def test_the_cell_does_nothing_where_the_library_is(monkeypatch):
    monkeypatch.setattr(runpy, "run_path", None)
    before = sys.path[:]
    exec(compile(CELL, "cell", "exec"), {})
    assert sys.path == before


def run_cell(folder: Path, **settings: str) -> subprocess.CompletedProcess:
    """Run the cell twice where inpaintlib is absent, with a stand-in for pip."""
    (folder / "shims/pip").mkdir(parents=True, exist_ok=True)
    (folder / "shims/pip/__init__.py").touch()
    (folder / "shims/pip/__main__.py").write_text(FAKE_PIP)
    outer = {name: value for name, value in os.environ.items() if not name.startswith("INPAINTLIB_")}
    mine = {"PYTHONPATH": str(folder / "shims"), "RECORD": str(folder / "asked.json"), **settings}
    script = f"CELL, OUTER = {CELL!r}, {str(ROOT)!r}\n{BARE}"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=folder, env=outer | mine, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path):
    """A repository like this one, with a library of one line."""
    folder = tmp_path / "origin"
    for name in ("requirements.lock", "pyproject.toml", "scripts/elsewhere.py", "inpaintlib/doctor.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "inpaintlib/__init__.py").write_text("")
    (folder / "notebooks").mkdir()
    (folder / "notebooks/one.ipynb").write_text("{}")
    who = ("-c", "user.name=t", "-c", "user.email=t@t")
    for step in (("init", "-q", "-b", "more/notes"), ("add", "."), (*who, "commit", "-qm", "all")):
        subprocess.run(["git", *step], cwd=folder, check=True)
    return folder


@pytest.fixture
def colab():
    """Colab's answer to which notebooks are open; the port on which it is given."""
    sessions = [
        {"name": "one.ipynb", "path": f"fileId={GITHUB.replace(':', '%3A')}/blob/more/notes/notebooks/one.ipynb"}
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/api/sessions" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(sessions).encode())

        def log_message(self, *words):
            """Nothing is logged."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_port)
    server.shutdown()
    server.server_close()


def test_on_colab_the_repository_is_the_one_that_the_notebook_is_from(repository, colab, tmp_path):
    redirected = {"GIT_CONFIG_KEY_0": f"url.file://{repository}.insteadOf", "GIT_CONFIG_VALUE_0": GITHUB}
    redirected |= {"GIT_CONFIG_COUNT": "1", "COLAB_JUPYTER_IP": "127.0.0.1", "KMP_TARGET_PORT": colab}
    run = run_cell(tmp_path, **redirected)
    assert run.returncode == 0, run.stderr
    clone = tmp_path / "inpaintlib-book"
    assert f"from {clone}/inpaintlib/__init__.py in {clone}/notebooks children {clone}" in run.stdout
    assert len(re.findall(r"^Ready in .*: torch .* on the (CPU|GPU) ", run.stdout, re.M)) == 1
    branch = subprocess.run(["git", "branch", "--show-current"], cwd=clone, capture_output=True, text=True, check=True)
    assert branch.stdout.strip() == "more/notes"
    assert not (tmp_path / "asked.json").exists()  # this environment has all that the lock names


def test_a_named_repository_needs_no_colab(repository, tmp_path):
    run = run_cell(tmp_path, INPAINTLIB_REPOSITORY=f"file://{repository}", COLAB_JUPYTER_IP="127.0.0.1:1")
    assert run.returncode == 0, run.stderr
    assert "Ready in" in run.stdout


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "set the environment variable INPAINTLIB_REPOSITORY to the address of the book's repository"),
        ({"INPAINTLIB_REPOSITORY": "file:///nowhere/at/all"}, "file:///nowhere/at/all could not be fetched: "),
    ],
)
def test_what_is_not_found_is_said_in_a_sentence(settings, sentence, tmp_path):
    run = run_cell(tmp_path, COLAB_JUPYTER_IP="127.0.0.1", KMP_TARGET_PORT="1", **settings)
    assert run.returncode == 1
    assert sentence in run.stderr.splitlines()[-1] or sentence in run.stderr
    assert not (tmp_path / "inpaintlib-book").exists()


class TestPlan:
    """What is installed on a machine, from what is there."""

    @pytest.fixture
    def machine(self, elsewhere):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        pins = elsewhere.locked((ROOT / "requirements.lock").read_text())
        return SimpleNamespace(pins=pins, plan=lambda there: elsewhere.plan(elsewhere.needed(project), pins, there))

    def test_every_pin_fits_what_it_is_for(self, machine):
        assert machine.plan(machine.pins) == (
            [],
            [f"{name}=={machine.pins[name]}" for name in ("torch", "torchvision", "numpy")],
        )

    @pytest.mark.parametrize("torch", [("2.15.0+cu126", "0.29.2+cu126"), ("2.11.0+cu130", "0.26.0+cu130")])
    def test_a_torch_that_the_book_runs_with_stays(self, machine, torch):
        there = machine.pins | dict(zip(("torch", "torchvision"), torch)) | {"numpy": "2.2.6"}
        packages, constraints = machine.plan({k: v for k, v in there.items() if k not in ("lightning", "torchmetrics")})
        assert packages == [f"{name}=={machine.pins[name]}" for name in ("lightning", "torchmetrics")]
        assert {f"torch=={torch[0]}", f"torchvision=={torch[1]}", "numpy==2.2.6"} <= set(constraints)

    @pytest.mark.parametrize("lacking", [{"torch": "2.4.0"}, {"torchvision": "0.19.0"}])
    def test_torch_and_torchvision_come_as_a_pair(self, machine, lacking):
        packages, constraints = machine.plan(machine.pins | lacking)
        assert packages == [f"{name}=={machine.pins[name]}" for name in ("torch", "torchvision")]
        assert not any(rule.startswith("torch") for rule in constraints)

    def test_what_comes_along_has_the_version_of_the_lock(self, machine):
        there = {name: pin for name, pin in machine.pins.items() if name not in ("numba", "llvmlite")}
        packages, constraints = machine.plan(there)
        assert packages == [f"numba=={machine.pins['numba']}"]
        assert f"llvmlite=={machine.pins['llvmlite']}" in constraints

    def test_the_books_machinery_is_not_asked_for(self, machine):
        packages, _ = machine.plan({})
        names = {package.partition("==")[0] for package in packages}
        assert {"torch", "pandas", "anywidget", "ipywidgets"} <= names
        assert not {"jupyter-book", "snakemake", "playwright", "pytest", "jupyterlab"} & names


def test_what_is_asked_of_pip_and_what_it_answers(elsewhere, tmp_path, monkeypatch):
    run_cell(tmp_path, KMP_TARGET_PORT="1", COLAB_JUPYTER_IP="127.0.0.1")  # puts the stand-in there
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "shims"))
    monkeypatch.setenv("RECORD", str(tmp_path / "asked.json"))
    elsewhere.install(["scour==0.38.2"], ["torch==2.11.0", "numpy==2.2.6"])
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert asked["packages"][0] == "install"
    assert asked["packages"][-1] == "scour==0.38.2"
    assert asked["constraints"] == ["torch==2.11.0", "numpy==2.2.6"]
    monkeypatch.setenv("REFUSAL", "no such thing")
    with pytest.raises(RuntimeError, match=r"pip could not install scour==0\.38\.2: no such thing"):
        elsewhere.install(["scour==0.38.2"], [])


def test_a_package_that_the_kernel_holds_in_another_version_is_named(elsewhere):
    assert elsewhere.loaded(["numpy==9.9", "packaging==9.9", "never-heard-of==1"]) == ["numpy", "packaging"]


class TestButtons:
    """What the theme makes of the configuration, and the build of the theme's addresses."""

    def buttons(self, tool, monkeypatch, repository: str) -> dict[str, str]:
        launch = importlib.import_module("sphinx_book_theme.header_buttons.launch")
        monkeypatch.setenv("GITHUB_REPOSITORY", repository)
        wanted = tool("assemble").configuration(tool("layout").Layout("laptop"), ROOT / "book/_config.yml")
        told = wanted.get("repository", {})
        options = {"launch_buttons": wanted["launch_buttons"], "repository_branch": told.get("branch")}
        options["path_to_docs"] = told.get("path_to_book", "")
        page = "chapters/01_quickstart"
        env = SimpleNamespace(doc2path=lambda name: f"{name}.ipynb", metadata={page: {"kernelspec": {}}})
        app = SimpleNamespace(env=env, config={"html_theme_options": options})
        owner, _, name = repository.partition("/")
        context = {"pagename": page, "sourcename": "01_quickstart.ipynb", "header_buttons": []}
        if told:
            context |= {"github_url": "https://github.com", "github_user": owner, "github_repo": name}
        launch.add_launch_buttons(app, page, "", context, None)
        shown = [one for group in context["header_buttons"] for one in group["buttons"]]
        links = "".join(f'<a href="{one["url"]}">' for one in shown)
        found = re.findall(r'href="([^"]+)"', tool("finish").finished(links, ROOT, {}))
        return dict(zip([one["text"] for one in shown], found))

    def test_they_open_the_notebook_of_the_repository(self, tool, monkeypatch):
        assert self.buttons(tool, monkeypatch, "someone/chapters") == {
            "Binder": "https://mybinder.org/v2/gh/someone/chapters/main?urlpath=lab/tree/notebooks/01_quickstart.ipynb",
            "Colab": "https://colab.research.google.com/github/someone/chapters/blob/main/notebooks/01_quickstart.ipynb",
        }

    def test_their_logos_are_as_large_as_the_theme_has_them(self, tool):
        logo = '<img src="../_static/images/logo_colab.png" alt="Colab logo">'
        assert tool("finish").finished(logo, ROOT, {}) == logo

    def test_without_a_repository_there_are_none(self, tool, monkeypatch):
        assert self.buttons(tool, monkeypatch, "") == {}


def test_a_chapter_begins_with_how_long_it_ran_and_where(tool):
    title = {"cell_type": "markdown", "source": ["# A title\n", "\n", "Its text."]}
    notebook = {"cells": [title, {"cell_type": "code"}]}
    record = {"seconds": 150.0, "device": "CPU, 2 cores", "peak_bytes": 3 * 2**29, "parameters": {"profile": "smoke"}}
    first, second = tool("pages").with_its_run(notebook, record)["cells"]
    title, _, line, _, text = first["source"].split("\n")
    assert (title, text, second) == ("# A title", "Its text.", {"cell_type": "code"})
    assert all(word in line for word in ("2.5 min", r"CPU\, 2 cores", "1.5 GiB", "smoke", "(../elsewhere.md)"))
