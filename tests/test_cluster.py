"""The study as jobs of a scheduler: which, after what, with what, what becomes of results; and how SLURM is asked."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
from small_book import ROOT, small_tree
from small_study import arguments, command, small_slurm, small_study, study, surroundings

from inpaintlib.experiments import experiments

pytestmark = pytest.mark.slow
LOCAL = ("--cores", "1", "--keep-going", "--config", "profile=gpu")


@pytest.fixture
def tree(tmp_path):
    return small_study(tmp_path / "tree")


@pytest.fixture
def real(tmp_path):
    """A tree with the whole library."""
    tree = small_tree(tmp_path / "tree")
    shutil.rmtree(tree / "inpaintlib")
    (tree / "inpaintlib").symlink_to(ROOT / "inpaintlib")
    return tree


def ids(text: str) -> list[str]:
    """The experiments among the jobs that Snakemake names, in its order."""
    return re.findall(r"wildcards: id=(\S+)", text)


def calls(tree: Path) -> list[str]:
    """The experiments that were run, in the order in which they began."""
    return [line.split()[-1] for line in (tree / "calls").read_text().splitlines()]


def result(tree: Path, id: str) -> Path:
    return tree / "figures/results/gpu" / id / "run.json"


def stamp(tree: Path, id: str) -> Path:
    return tree / "build/gpu/study" / f"{id}.done"


@pytest.mark.parametrize(("profile", "gpus"), [("gpu", 1), ("paper", 4)])
def test_every_experiment_is_one_job_after_its_references(real, profile, gpus):
    run = study(
        real, "--dry-run", "--printshellcmds", "--cores", "64", "--config", f"profile={profile}", f"gpus={gpus}"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    jobs = {ids(text)[0]: text for text in re.split(r"^rule ", run.stdout, flags=re.M) if ids(text)}
    every = experiments(profile)
    assert sorted(ids(run.stdout)) == sorted(e.id for e in every)
    for e in every:
        job = jobs[e.id]
        assert set(re.findall(rf"build/{profile}/study/(\S+)\.done", job.partition("output:")[0])) == set(e.after)
        asked = dict(pair.split("=", 1) for pair in re.search(r"resources: (.*)", job)[1].split(", "))
        assert (asked["runtime"], asked["gpu"], asked["nodes"]) == (str(e.minutes), str(gpus), "1")
        assert int(asked["mem_mb"]) == 16_000 * gpus
        assert int(re.search(r"threads: (\d+)", job)[1]) == 8 * gpus
        assert f"inpaintlib.cli study run --profile {profile} --only {e.id}\n" in job
        assert (f"torch.distributed.run --standalone --nproc-per-node {gpus} -m" in job) == (gpus > 1)
    urgency = [int(re.search(r"priority: (\d+)", jobs[e.id])[1]) for e in every]
    assert urgency == sorted(urgency, reverse=True)
    assert len(set(urgency)) == len({e.priority for e in every})


def test_the_order_is_that_of_the_priorities_and_of_what_is_compared(tree):
    run = study(tree, *LOCAL)
    assert run.returncode == 0, run.stderr
    assert calls(tree) == ["first-s0", "reference-s0", "second-s0", "last-s0"]
    assert (tree / "calls").read_text().startswith("8 study run --profile gpu --only first-s0")
    again = study(tree, *LOCAL)
    assert "Nothing to be done" in again.stdout + again.stderr
    assert len(calls(tree)) == 4


def test_a_result_that_came_from_elsewhere_is_no_job_and_one_that_went_or_aged_is(tree):
    for id, text in (("reference-s0", '{"group": "today"}'), ("last-s0", '{"group": "yesterday"}')):
        result(tree, id).parent.mkdir(parents=True)
        result(tree, id).write_text(text)
    stamp(tree, "last-s0").parent.mkdir(parents=True)
    stamp(tree, "last-s0").touch()
    assert study(tree, *LOCAL).returncode == 0
    assert calls(tree) == ["first-s0", "second-s0", "last-s0"]
    result(tree, "first-s0").unlink()
    assert study(tree, *LOCAL).returncode == 0
    assert calls(tree)[3:] == ["first-s0"]


def test_only_takes_what_it_names_and_what_that_is_compared_with(tree):
    assert study(tree, *LOCAL, "only=second-s0 last-s0").returncode == 0
    assert calls(tree) == ["reference-s0", "second-s0", "last-s0"]


def test_a_failure_leaves_results_alone_and_the_others_go_on(tree):
    kept = result(tree, "reference-s0")
    kept.parent.mkdir(parents=True)
    kept.write_text('{"group": "yesterday"}')
    assert study(tree, *LOCAL, BROKEN="reference-s0").returncode == 1
    assert kept.read_text() == '{"group": "yesterday"}'
    assert calls(tree) == ["first-s0", "reference-s0", "last-s0"]
    assert not stamp(tree, "reference-s0").exists()
    assert study(tree, *LOCAL).returncode == 0
    assert calls(tree)[3:] == ["reference-s0", "second-s0"]
    assert kept.read_text() == '{"group": "today"}'


def test_after_a_kill_the_lock_is_removed_and_the_study_goes_on(tree):
    (tree / "hangs").touch()
    with (tree / "words").open("w") as words:
        first = subprocess.Popen(
            command("study", *LOCAL), cwd=tree, env=surroundings(tree), stdout=words, stderr=words, process_group=0
        )
    deadline = time.monotonic() + 120
    while not (tree / "calls").exists():
        assert time.monotonic() < deadline, (tree / "words").read_text()
        time.sleep(0.2)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(timeout=30)
    (tree / "hangs").unlink()
    refused = study(tree, *LOCAL)
    assert refused.returncode == 1
    assert "--unlock" in refused.stdout + refused.stderr
    assert study(tree, "--unlock", *LOCAL).returncode == 0
    assert study(tree, "--rerun-incomplete", *LOCAL).returncode == 0
    assert calls(tree) == ["first-s0", "first-s0", "reference-s0", "second-s0", "last-s0"]


def test_the_study_trains_and_measures(real):
    """The real library's quickest experiment, through the target."""
    chosen = ("--cores", "1", "--config", "profile=smoke", "only=telea-s0")
    run = study(real, *chosen)
    assert run.returncode == 0, run.stderr
    measured = real / "build/smoke/figures/results/smoke/telea-s0/run.json"
    before = measured.read_bytes()
    (real / "build/smoke/study/telea-s0.done").unlink()
    again = study(real, *chosen)
    assert "Nothing to be done" in again.stdout + again.stderr
    assert measured.read_bytes() == before


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    """Where Python finds Snakemake's SLURM plugin: in its environment, or in a folder into which it is put here."""
    if find_spec("snakemake_executor_plugin_slurm"):
        return ""
    folder = tmp_path_factory.mktemp("plugin")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["cluster"]
    install = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--target", str(folder), *wanted]
    run = subprocess.run(install, capture_output=True, text=True, check=False)
    if run.returncode:
        assert not os.environ.get("CI"), run.stderr
        pytest.skip(f"Snakemake's SLURM plugin is not installed, and cannot be now: {run.stderr.splitlines()[-1]}")
    return str(folder)


def test_slurm_is_asked_for_gpu_walltime_cores_and_memory(tree, tmp_path, plugin):
    """From the submission to the result: only SLURM's own programs are stand-ins."""
    slurm = small_slurm(tmp_path / "slurm")
    options = ("--executor", "slurm", "--jobs", "2", "--slurm-init-seconds-before-status-checks", "1")
    options += ("--default-resources", "slurm_account=book", "slurm_partition=gpu")
    result(tree, "reference-s0").parent.mkdir(parents=True)
    result(tree, "reference-s0").write_text('{"group": "today"}')
    run = study(tree, *options, "--config", "profile=gpu", "only=second-s0 reference-s0", **slurm, PYTHONPATH=plugin)
    records = Path(slurm["FAKE_SLURM"])
    assert run.returncode == 0, run.stderr + "".join(log.read_text() for log in records.glob("log-*"))
    (submitted,) = (arguments(record) for record in records.glob("sbatch-*"))
    assert {"--gpus=1", "--nodes=1", "--cpus-per-task=8"} <= set(submitted)
    for option, value in (("-t", "90"), ("--mem", "16000"), ("-A", "book"), ("-p", "gpu"), ("-D", str(tree))):
        assert submitted[submitted.index(option) + 1] == value
    sent = shlex.split(submitted[-1].removeprefix("--wrap="))
    assert sent[sent.index("--target-jobs") + 1] == "experiment:id=second-s0"
    (step,) = (arguments(record) for record in records.glob("srun-*"))
    assert {"-n1", "--gpus=1", "--nodes=1"} <= set(step)
    assert (tree / "calls").read_text() == "8 study run --profile gpu --only second-s0\n"
    assert result(tree, "second-s0").exists()
    assert stamp(tree, "second-s0").exists()
