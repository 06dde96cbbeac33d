"""The doors of the project: the lock, the Makefile and its bootstrap, CI, and the command line."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from inpaintlib import cli, weights
from inpaintlib.errors import InputError
from inpaintlib.models import build
from inpaintlib.photos import bundled, read_image

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def lock_entries() -> dict[str, str]:
    """Package name -> its whole entry in the lock, markers and hashes included."""
    entries = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)
    return {re.match(r"[a-z0-9._-]+", entry)[0]: entry for entry in entries if not entry.startswith("#")}


class TestLock:
    def test_every_entry_is_exact_and_hashed(self):
        entries = lock_entries()
        assert len(entries) > 100
        for name, entry in entries.items():
            assert re.match(rf"{re.escape(name)}==\S+( ;[^\n]*)? \\\n", entry), f"{name} is not pinned by =="
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), f"{name} has no hash"

    @pytest.mark.parametrize(
        "banned", ["http:", "https:", "file:", "://", "--index", "--extra-index", "--find-links /", " @ "]
    )
    def test_no_address_is_recorded(self, banned):
        assert banned not in LOCK

    def test_every_declared_dependency_is_locked(self):
        project = PYPROJECT["project"]
        locked = (project["optional-dependencies"][extra] for extra in ("book", "dev"))  # fid asks for weights as well
        declared = [*project["dependencies"], *(d for extra in locked for d in extra)]
        names = {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in declared}
        assert names <= lock_entries().keys()

    def test_conda_takes_the_rest_from_the_lock(self):
        environment = yaml.safe_load((ROOT / "environment.yml").read_text())
        pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
        assert pip == ["-r requirements.lock"]


TARGETS = ("book", "smoke", "train", "lab", "serve", "test", "test-slow", "doctor", "lock")


class TestMakefile:
    def test_make_alone_lists_the_targets(self):
        listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for target in (*TARGETS, "clean"):
            assert re.search(rf"^make {target} +\S", listed, re.MULTILINE), f"make {target} is not in the list"

    @pytest.mark.parametrize("target", TARGETS)
    def test_each_target_sets_up_its_environment_first(self, target):
        plan = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert "scripts/bootstrap.sh" in plan.splitlines()[0]

    def test_servers_listen_on_this_machine_only(self):
        makefile = (ROOT / "Makefile").read_text()
        assert "--ip=127.0.0.1" in makefile
        assert "--bind 127.0.0.1" in makefile

    def test_ci_runs_both_test_sets_and_the_smoke_book(self):
        script = (ROOT / ".ci/run").read_text()
        assert [t for t in ("test", "test-slow", "smoke") if f"make {t}\n" in script] == ["test", "test-slow", "smoke"]
        assert os.access(ROOT / ".ci/run", os.X_OK)

    def test_citation_and_package_agree_on_the_version(self):
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
        assert citation["version"] == PYPROJECT["project"]["version"]
        assert citation["license"] == PYPROJECT["project"]["license"]


def small_project(folder: Path) -> Path:
    """A project with the real bootstrap script, whose lock holds three small packages of the real one."""
    project = folder / "a small project"
    (project / "scripts").mkdir(parents=True)
    (project / "small").mkdir()
    (project / "small/__init__.py").touch()
    shutil.copy(ROOT / "scripts/bootstrap.sh", project / "scripts")
    entries = lock_entries()
    (project / "requirements.lock").write_text(entries["setuptools"] + entries["uv"])
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "small"\nversion = "1"\n[tool.setuptools]\npackages = ["small"]\n'
    )
    return project


def bootstrap(project: Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["sh", "scripts/bootstrap.sh"],
        cwd=project,
        env={**os.environ, "PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def fake_python(folder: Path, body: str) -> str:
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


class TestBootstrapRefuses:
    """In one sentence, before anything is made."""

    def refusal(self, project: Path, **environment: str) -> str:
        run = bootstrap(project, **environment)
        assert run.returncode == 1
        assert run.stdout == ""
        assert run.stderr.count("\n") == 1
        assert not (project / ".venv").exists()
        return run.stderr

    def test_an_old_python(self, tmp_path):
        old = fake_python(tmp_path, "exit 1")
        assert "3.11 or newer" in self.refusal(small_project(tmp_path), PYTHON=old)

    def test_no_python_at_all(self, tmp_path):
        tools = tmp_path / "bin"
        tools.mkdir()
        for tool in ("sh", "cat", "find"):
            (tools / tool).symlink_to(shutil.which(tool))
        assert "on the PATH" in self.refusal(small_project(tmp_path), PYTHON="", PATH=str(tools))

    def test_a_python_without_venv(self, tmp_path):
        body = f'case "$2" in *ensurepip*) exit 1;; esac\nexec "{sys.executable}" "$@"'
        assert "python3-venv" in self.refusal(small_project(tmp_path), PYTHON=fake_python(tmp_path, body))


@pytest.mark.slow
def test_bootstrap_from_nothing_again_after_a_kill_and_after_a_move(tmp_path):
    project = small_project(tmp_path)
    stamp = project / ".venv/.ready"

    first = bootstrap(project)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1] == "inpaintlib: ready"
    imported = [project / ".venv/bin/python", "-I", "-c", "import small; print(small.__file__)"]
    assert subprocess.run(imported, capture_output=True, text=True, check=True).stdout.startswith(str(project))

    begin = time.monotonic()
    again = bootstrap(project)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert time.monotonic() - begin < 1

    # Killed before the stamp was written: made anew, whatever lies in .venv.
    stamp.unlink()
    (project / ".venv/left-over").touch()
    assert bootstrap(project).returncode == 0
    assert stamp.exists()
    assert not (project / ".venv/left-over").exists()

    # The scripts in .venv name its folder, so a moved project makes it anew.
    moved = project.rename(tmp_path / "moved")
    assert bootstrap(moved).returncode == 0
    imported[0] = moved / ".venv/bin/python"
    assert subprocess.run(imported, capture_output=True, text=True, check=True).stdout.startswith(str(moved))


@pytest.mark.slow
def test_bootstrap_keeps_the_environment_when_a_hash_does_not_fit(tmp_path):
    project = small_project(tmp_path)
    assert bootstrap(project).returncode == 0
    wrong = re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + 64 * "0", lock_entries()["iniconfig"])
    lock = project / "requirements.lock"
    lock.write_text(lock.read_text() + wrong)
    os.utime(lock, (time.time() + 5, time.time() + 5))
    refused = bootstrap(project)
    assert refused.returncode == 1
    assert "could not be installed" in refused.stderr.splitlines()[-1]
    assert (project / ".venv/.ready").exists()


def test_the_model_that_contributing_shows_runs(tmp_path):
    code = re.search(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)[1]
    use = """
    from inpaintlib.models import build
    image, mask = torch.rand(2, 3, 32, 36) * 2 - 1, (torch.rand(2, 1, 32, 36) > 0.3).float()
    output = build("mine", width=8)(Batch.make(image, mask, priors=Mine.priors))
    assert output.image.shape == image.shape
    """
    script = tmp_path / "mine.py"
    script.write_text(code + textwrap.dedent(use))
    run = subprocess.run([sys.executable, script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


class TestCommandLine:
    def test_no_command_shows_the_usage(self, capsys):
        with pytest.raises(SystemExit) as stop:
            cli.main([])
        assert stop.value.code == 2
        assert "usage: inpaintlib" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("raised", "code", "sentence"),
        [
            (InputError("The mask is empty."), 2, "inpaintlib: The mask is empty.\n"),
            (KeyboardInterrupt(), 130, "inpaintlib: stopped; start the same command again to go on.\n"),
        ],
        ids=["bad input", "interrupted"],
    )
    def test_what_stops_a_command_is_one_sentence(self, raised, code, sentence, capsys, monkeypatch):
        def report():
            raise raised

        monkeypatch.setattr("inpaintlib.doctor.report", report)
        assert cli.main(["doctor"]) == code
        assert capsys.readouterr().err == sentence

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["inpaint", "absent.png", "mask.png", "-o", "out.png"], "absent.png"),
            (["inpaint", "absent.png", "mask.png", "-o", "out.xyz"], "out.xyz does not end in the suffix"),
            (["inpaint", "absent.png", "mask.png", "-o", "nowhere/out.png"], "There is no folder nowhere"),
            (["study", "list", "--profile", "desktop"], "'desktop'"),
            (["study", "run", "--only", "absent-s0"], "'absent-s0'"),
            (["train", "tsgl", "--name", "a/b"], "'a/b'"),
            (["train", "tsgl", "--name", "a", "--profile", "desktop"], "'desktop'"),
            (["train", "tsgl", "--name", "a", "--photos", "absent folder"], "absent folder"),
            (["train", "tsgl", "--name", "a", "--layout", "celeba"], "--photos"),
            (["evaluate", "absent", "--protocol", "smoke-64"], "biharmonic, patchmatch, or a folder of results"),
            (["evaluate", "absent", "--protocol", "smoke-64"], "a network (aot-gan, big-lama"),
            (["evaluate", "absent.safetensors", "--protocol", "smoke-64"], "no weights file absent.safetensors"),
            (["evaluate", "telea", "--protocol", "smoke"], "'smoke'"),
            (["evaluate"], "Name what to evaluate"),
            (["study", "measure", "--only", "absent-s0"], "'absent-s0'"),
            (["inpaint", "absent.png", "mask.png", "-o", "out.ico"], "out.ico does not end in the suffix"),
            (["train", "tsgl", "--name", "a", "--set", "width="], "width is ''; it is a whole number"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else None,
    )
    def test_bad_input_is_one_sentence(self, arguments, sentence, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        assert cli.main(arguments) == 2
        complaint = capsys.readouterr().err
        assert complaint.startswith("inpaintlib: ")
        assert sentence in complaint
        assert complaint.count("\n") == 1
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (
                "inpaint a b -o c --modle x",
                "inpaintlib inpaint: error: unrecognized arguments: --modle x (did you mean",
            ),
            ("study run --proflie x", "inpaintlib study run: error: unrecognized arguments: --proflie x (did you mean"),
            ("serve somewhere", "inpaintlib serve: error: unrecognized arguments: somewhere"),
            ("inpaint '' mask.png -o out.png", "inpaintlib inpaint: error: argument IMAGE: it is empty, where a path"),
            ("train tsgl --name a --seed 9999999999", "inpaintlib train: error: argument --seed: '9999999999' is not"),
            ("prepare a --out b --seed -1", "inpaintlib prepare: error: argument --seed: '-1' is not a whole number"),
        ],
    )
    def test_a_word_that_a_command_does_not_know_is_told_by_that_command(self, words, told, capsys):
        with pytest.raises(SystemExit) as stop:
            cli.main(shlex.split(words))
        assert stop.value.code == 2
        usage, _, complaint = capsys.readouterr().err.rpartition("inpaintlib ")
        assert usage.startswith(f"usage: {told.partition(':')[0]}")
        assert ("inpaintlib " + complaint).startswith(told)

    @pytest.mark.parametrize("home", ["a file", "a loop"])
    @pytest.mark.parametrize("command", ["study status", "train tsgl --name a --images 8 --set width=4"])
    def test_a_home_that_is_none_is_one_sentence(self, home, command, tmp_path, monkeypatch, capsys):
        place = tmp_path / "home"
        if home == "a file":
            place.write_text("x")
        else:
            place.symlink_to(place)
        monkeypatch.setenv("INPAINTLIB_HOME", str(place))
        assert cli.main(command.split()) == 2
        complaint = capsys.readouterr().err
        assert complaint.startswith("inpaintlib: ")
        assert str(place) in complaint
        assert complaint.count("\n") == 1

    def test_a_mistake_of_ours_keeps_its_traceback(self, monkeypatch):
        for error in (RuntimeError("shapes differ"), OSError("no system said this")):

            def report(error=error):
                raise error

            monkeypatch.setattr("inpaintlib.doctor.report", report)
            with pytest.raises(type(error)):
                cli.main(["doctor"])

    def test_it_tells_its_version(self, capsys):
        with pytest.raises(SystemExit) as stop:
            cli.main(["--version"])
        assert stop.value.code == 0
        assert capsys.readouterr().out == f"inpaintlib {PYPROJECT['project']['version']}\n"

    def test_a_lossy_result_says_that_known_pixels_change(self, tmp_path, capsys):
        photo, hole = np.full((64, 64, 3), 99, np.uint8), np.zeros((64, 64), np.uint8)
        hole[20:30, 20:30] = 255
        for name, pixels in (("photo.png", photo), ("hole.png", hole)):
            Image.fromarray(pixels).save(tmp_path / name)
        weights.store(tmp_path / "mine.safetensors", build("tsgl", width=4), {"model": "tsgl", "config": {"width": 4}})
        command = ["inpaint", str(tmp_path / "photo.png"), str(tmp_path / "hole.png")]
        command += ["--model", str(tmp_path / "mine.safetensors"), "-o"]
        for suffix, told in (("jpg", "inpaintlib: JPEG does not keep known pixels exactly; a result"), ("png", "")):
            assert cli.main([*command, str(tmp_path / f"out.{suffix}")]) == 0
            answer = capsys.readouterr()
            assert answer.out == f"{tmp_path}/out.{suffix}\n"
            assert answer.err.startswith(told)
            assert bool(answer.err) == bool(told)

    @pytest.mark.parametrize("setting", ["width", "=8", "a b=1"])
    def test_a_setting_is_name_and_value(self, setting, capsys):
        with pytest.raises(SystemExit):
            cli.main(["train", "tsgl", "--name", "a", "--set", setting])
        assert "as in width=16" in capsys.readouterr().err

    def test_the_study_is_listed(self, capsys):
        assert cli.main(["study", "list", "--only", "table-iv"]) == 0
        head, *lines, total = capsys.readouterr().out.splitlines()
        assert head.startswith("experiment")
        assert len(lines) == 12 * 3
        assert total.startswith("36 experiments")

    @pytest.mark.slow
    def test_a_reader_trains_fills_and_measures(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
        train = ["train", "tsgl", "--name", "mine", "--profile", "smoke", "--images", "4"]
        train += ["--set", "width=8", "--set", "variant=Global->Local"]
        assert cli.main(train) == 0
        told = capsys.readouterr()
        trained = Path(told.out.strip())
        assert trained.name == "weights.safetensors"
        assert trained.is_file()
        use = shlex.split(re.search(r"`(.+)`", told.err)[1])

        assert cli.main([*train, "--seed", "1"]) == 2
        assert "holds another training" in capsys.readouterr().err

        photo = bundled("test").paths[0]
        original = read_image(photo)
        hole = np.zeros(original.shape[:2], np.uint8)
        hole[40:90, 30:120] = 255
        Image.fromarray(hole).save(tmp_path / "hole.png")
        paths = [str(photo), str(tmp_path / "hole.png"), "-o", str(tmp_path / "filled.png")]
        assert cli.main(["inpaint", *paths, "--profile", "smoke"]) == 0
        filled = read_image(tmp_path / "filled.png")
        assert np.array_equal(filled[hole == 0], original[hole == 0])
        assert not np.array_equal(filled[hole > 0], original[hole > 0])

        monkeypatch.chdir(tmp_path)
        Image.fromarray(original).save(use[2].replace(".jpg", ".png"))
        Path(use[2].replace(".jpg", ".png")).rename(use[2])
        Image.fromarray(hole).save(use[3])
        assert cli.main(use[1:]) == 0
        assert np.array_equal(read_image(use[5]), filled)

        capsys.readouterr()
        assert cli.main(["evaluate", str(trained), "--protocol", "smoke-64"]) == 0
        by_path = capsys.readouterr().out.split("\n", 1)[1]
        assert cli.main(["evaluate", "tsgl", "--profile", "smoke", "--protocol", "smoke-64"]) == 0
        printed = capsys.readouterr().out
        assert printed.split("\n", 1)[1] == by_path
        assert re.search(r"^10-20 % hole, 2 crops of 2 photographs\n  psnr +\d+\.\d{4} \[", printed, re.MULTILINE)
        measured = ["evaluate", "telea", "--protocol", "smoke-64", "--out", str(tmp_path / "telea")]
        assert cli.main(measured) == 0
        assert {p.name for p in (tmp_path / "telea").iterdir()} == {"rows.csv", "run.json"}
        assert cli.main(["evaluate", "--protocol", "smoke-64", "--export", str(tmp_path / "given")]) == 0
        capsys.readouterr()
        assert cli.main(["evaluate", str(tmp_path / "given" / "masked"), "--protocol", "smoke-64"]) == 0
        assert "psnr" in capsys.readouterr().out


@pytest.mark.slow
def test_output_into_a_closed_pipe_is_no_error():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "inpaintlib.cli", "study", "list"]
    run = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (run.returncode, run.stderr) == (0, "")
