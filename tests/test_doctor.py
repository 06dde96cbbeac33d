"""Each check of the doctor passes on this machine's conditions, and fails, with a fix, on bad ones."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inpaintlib import doctor
from inpaintlib.doctor import GIGABYTE, Check
from inpaintlib.errors import InputError


def absent(name):
    """An importer on a machine where one package cannot be imported."""

    def load(module):
        if module == name:
            raise RuntimeError("operator torchvision::nms does not exist")
        return importlib.import_module(module)

    return load


def refuse(name):
    """A reader of files that are damaged."""
    raise InputError(f"The file of {name} is damaged.")


def write_kernel(folder: Path, program: str) -> None:
    (folder / "kernels/python3").mkdir(parents=True)
    spec = {"argv": [program, "-m", "ipykernel_launcher"], "display_name": "Python 3", "language": "python"}
    (folder / "kernels/python3/kernel.json").write_text(json.dumps(spec))


@pytest.mark.parametrize(
    "check", [doctor.python, doctor.torch, doctor.torchvision, doctor.kernel, doctor.fonts], ids=lambda c: c.__name__
)
def test_the_environment_of_the_tests_passes(check):
    outcome = check()
    assert outcome.ok, str(outcome)


BAD_CONDITIONS = {
    "python": lambda folder: doctor.python((3, 10, 9)),
    "torch": lambda folder: doctor.torch(absent("torch")),
    "torchvision": lambda folder: doctor.torchvision(absent("torchvision.ops")),
    "fonts": lambda folder: doctor.fonts("A Family Nobody Has Drawn"),
    "photos": lambda folder: doctor.photos(lambda: ["a.jpg differs from its checksum"]),
    "masks": lambda folder: doctor.masks(refuse),
    "no weights": lambda folder: doctor.weights("laptop", lambda profile: []),
    "broken weights": lambda folder: doctor.weights("laptop", refuse),
    "trunk absent": lambda folder: doctor.trunk(folder / "absent.safetensors"),
    "disk": lambda folder: doctor.disk(folder, free=7 * GIGABYTE),
    "memory": lambda folder: doctor.memory(3 * GIGABYTE),
}


@pytest.mark.parametrize("name", BAD_CONDITIONS)
@pytest.mark.filterwarnings("ignore::UserWarning:matplotlib")
def test_bad_conditions_fail_with_a_fix(name, tmp_path):
    outcome = BAD_CONDITIONS[name](tmp_path)
    assert not outcome.ok
    assert outcome.fix
    assert str(outcome).startswith("FAIL")
    assert str(outcome).endswith(f"Fix: {outcome.fix}.")
    assert "\n" not in str(outcome)


def test_a_changed_trunk_fails(tmp_path):
    path = tmp_path / "trunk.safetensors"
    path.write_bytes(b"not the trunk")
    assert not doctor.trunk(path).ok


def test_a_kernel_of_another_environment_fails(tmp_path, monkeypatch):
    write_kernel(tmp_path, "/somewhere/else/bin/python")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    outcome = doctor.kernel()
    assert not outcome.ok
    assert str(tmp_path) in outcome.fix


def test_a_container_limit_counts_as_the_memory(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("2000000000\n")
    assert doctor.total_memory(limit) == 2 * GIGABYTE
    limit.write_text("max\n")
    assert doctor.total_memory(limit) == doctor.total_memory(tmp_path / "absent")


def test_no_browser_is_no_failure():
    outcome = doctor.chromium(lambda name: None)
    assert outcome.ok
    assert "skipped" in outcome.detail


def test_a_check_that_raises_is_a_failure_and_the_rest_still_run(capsys):
    def broken():
        raise OSError("unreadable")

    assert doctor.report([broken, lambda: Check("fine", True, "found")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAIL  broken")
    assert "OSError: unreadable" in lines[0]
    assert lines[1].startswith("OK    fine")
    assert lines[2] == "1 of 2 checks failed."


def test_all_passed_is_exit_code_zero(capsys):
    assert doctor.report([lambda: Check("fine", True, "found")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "All 1 checks passed."


def test_as_a_program_it_reports_even_without_torch(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('libcudart.so is missing')\n")
    run = subprocess.run(
        [sys.executable, "-P", doctor.__file__],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    lines = run.stdout.splitlines()
    assert len(lines) == len(doctor.CHECKS) + 1
    assert all(line.startswith(("OK    ", "FAIL  ")) for line in lines[:-1])
    assert lines[0].startswith("OK    Python")
    assert lines[1].startswith("FAIL  torch        does not import (libcudart.so is missing). Fix: ")


@pytest.mark.parametrize(
    "check", [doctor.photos, doctor.masks, doctor.trunk, doctor.weights], ids=lambda check: check.__name__
)
def test_what_the_package_ships_passes(check):
    outcome = check()
    assert outcome.ok, str(outcome)
