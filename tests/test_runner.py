"""The study's processes: in order, past failures, within their time, and whole again after kill -9."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import inpaintlib as il
from inpaintlib import cli, paths, results, runner, study, worker
from inpaintlib.experiments import select
from inpaintlib.files import exclusive
from inpaintlib.parcel import merge
from inpaintlib.training import Diverged

ROOT = Path(__file__).parents[1]
NAMES = ("tsgl-baseline-s0", "tsgl-global-to-local-s0", "telea-s0")
BOXES = int(os.environ.get("INPAINTLIB_BOXES", 2))


@pytest.fixture
def chosen():
    return select("smoke", NAMES)


def test_a_worker_goes_on_past_what_fails_and_past_what_others_have(monkeypatch, capsys, chosen):
    answers = iter([Diverged("no number"), False, KeyError("bug")])

    def run(experiment, **options):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(study, "done", lambda experiment: False)
    monkeypatch.setattr(study, "run", run)
    told = [(t["state"], t.get("why")) for t in worker.work(chosen, until=None, progress=False)]
    assert told == [
        ("begun", None),
        ("failed", "no number"),
        ("begun", None),
        ("begun", None),
        ("failed", "KeyError: 'bug'"),
    ]
    assert "Traceback" in capsys.readouterr().err


def test_a_worker_begins_nothing_when_its_time_is_up(monkeypatch, chosen):
    monkeypatch.setattr(study, "done", lambda experiment: False)
    assert list(worker.work(chosen, until=time.monotonic(), progress=False)) == []
    monkeypatch.setattr(study, "done", lambda experiment: True)
    assert list(worker.work(chosen, until=None, progress=False)) == []


def test_what_another_process_has_is_left_to_it(tmp_path, monkeypatch, chosen):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    with exclusive(paths.runs("smoke", NAMES[2]) / "lock") as mine:
        assert mine
        assert not study.run(select("smoke", NAMES[2:])[0], wait=False)
    assert not results.exists(NAMES[2], "smoke")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("8m", 480), ("1.5h", 5400)])
def test_times_have_units(text, seconds):
    assert cli.parser().parse_args(["study", "run", "--time-box", text]).time_box == seconds


@pytest.mark.parametrize(
    ("text", "why"),
    [("8", "is not a time"), ("8 m", "is not a time"), ("m", "is not a time"), ("0m", "leaves no time for anything")],
)
def test_times_without_units_and_empty_ones_are_refused(text, why, capsys):
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["study", "run", "--time-box", text])
    assert why in capsys.readouterr().err


class Crew:
    """Workers that finish `does` of the experiments and leave, or are interrupted."""

    does, interrupted = (), False

    def __init__(self, *_):
        self.working = 1

    def lines(self, seconds):
        for name in self.does:
            finished.add(name)
            yield {"id": name, "state": "done"}
        if self.interrupted:
            raise KeyboardInterrupt
        self.working = 0

    def kill(self):
        pass

    def crashed(self):
        return 0


finished = set()


@pytest.fixture
def crew(monkeypatch):
    finished.clear()
    monkeypatch.setattr(runner, "done", lambda e: e.id in finished)
    monkeypatch.setattr(runner, "_Crew", Crew)
    monkeypatch.setattr(runner.parcel, "pack", lambda out, experiments: [e.id for e in experiments])
    return Crew


RUN = ["study", "run", "--profile", "smoke", "--only", *NAMES]


@pytest.mark.parametrize(
    ("before", "does", "box", "code", "last"),
    [
        (NAMES, (), None, 0, "all 3 are done already"),
        ((), NAMES, None, 0, "all 3 are done"),
        ((), NAMES[:2], "15s", 0, "the time box is over: 2 done, 1 left"),
        ((), NAMES[:2], "90m", 0, "2 done, 1 left"),
        ((), NAMES[:2], None, 1, "2 done, 1 left"),
    ],
)
def test_a_run_says_what_is_left_and_what_it_came_to(crew, monkeypatch, capsys, before, does, box, code, last):
    finished.update(before)
    monkeypatch.setattr(crew, "does", does)
    monkeypatch.setattr("inpaintlib.study_commands.began", time.time)
    assert cli.main([*RUN, *(["--time-box", box] if box else [])]) == code
    first, *_, end = capsys.readouterr().out.splitlines()
    assert first == f"{3 - len(before)} of 3 experiments of the profile smoke are left"
    assert end == last


def test_what_is_finished_is_packed_when_the_run_is_interrupted(crew, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(crew, "does", NAMES[:2])
    monkeypatch.setattr(crew, "interrupted", True)
    assert cli.main([*RUN, "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().out.splitlines()[-1] == f"packed into {tmp_path}: 2 files"


def test_several_processes_train_one_experiment(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert cli.main(["study", "run", "--profile", "smoke"]) == 2
    assert "all processes train one experiment" in capsys.readouterr().err
    assert cli.main(["study", "run", "--profile", "smoke", "--workers", "2"]) == 2
    assert "leave them out under torchrun" in capsys.readouterr().err


def start(home, *options, names=NAMES, cwd=ROOT, **popen):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"}
    environment |= {"INPAINTLIB_HOME": str(home)} if home else {}
    command = [sys.executable, "-m", "inpaintlib.cli", "study", "run", "--profile", "smoke", *options]
    return subprocess.Popen([*command, *(["--only", *names] if names else [])], cwd=cwd, env=environment, **popen)


@pytest.mark.slow
def test_a_time_box_is_over_in_time_and_the_next_one_goes_on(tmp_path):
    """From a plain copy without git, by its stamp; what comes out is merged elsewhere."""
    copy, box = tmp_path / "copy", 75
    (tmp_path / "source").mkdir()
    for name in ("inpaintlib", "pyproject.toml"):
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__", "weights")
        target = tmp_path / "source" / name
        shutil.copytree(source, target, ignore=ignore) if source.is_dir() else shutil.copy(source, target)
    git = ["git", "-C", str(tmp_path / "source"), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], check=True)
    stamping = [sys.executable, "-m", "inpaintlib.cli", "study", "stamp"]
    plain = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "INPAINTLIB_HOME")}
    subprocess.run(stamping, cwd=tmp_path / "source", env=plain, check=True, capture_output=True)
    shutil.copytree(tmp_path / "source", copy, ignore=shutil.ignore_patterns(".git"))
    out, finished, over = ["--time-box", f"{box}s", "--out", str(tmp_path / "out")], {}, []
    for _ in range(BOXES):
        began = time.monotonic()
        assert start(None, *out, names=(), cwd=copy, stdout=subprocess.DEVNULL).wait(timeout=120) == 0
        over.append(time.monotonic() - began - box)
        for run in (copy / "build").rglob("run.json"):
            assert finished.setdefault(run.parent.name, run.stat().st_mtime_ns) == run.stat().st_mtime_ns
    print(f"overrun of {len(over)} boxes: {max(over):.1f} s at most; {len(finished)} experiments finished")
    assert max(over) <= 5
    files = list((tmp_path / "out").iterdir())
    assert 1 <= len(files) <= 8
    assert all(file.stat().st_size <= 15_000_000 for file in files)
    made_by = json.loads((copy / "study-stamp.json").read_text())["commit"]
    os.environ["INPAINTLIB_HOME"] = str(tmp_path / "home")
    try:
        assert merge(tmp_path / "out") == dict.fromkeys(finished, "merged")
        assert {results.read_run(id, "smoke")["commit"] for id in finished} == {made_by}
        assert len(finished) > 0
    finally:
        del os.environ["INPAINTLIB_HOME"]


@pytest.mark.slow
def test_what_is_not_done_is_no_success(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    with exclusive(paths.runs("smoke", "telea-s0") / "lock"):
        process = start(tmp_path, names=("telea-s0",), stderr=subprocess.PIPE, text=True)
        assert "another process has telea-s0" in process.communicate(timeout=120)[1]
        assert process.returncode == 1
        assert start(tmp_path, "--time-box", "30s", names=("telea-s0",)).wait(timeout=60) == 0


def test_a_box_counts_from_the_start_of_the_process():
    code = (
        "import time; a = time.time(); time.sleep(2); from inpaintlib.study_commands import began; print(began() - a)"
    )
    late = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert -5 < float(late) < 0.05


def test_a_changed_copy_trains_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    (tmp_path / "study-stamp.json").write_text('{"commit": "c", "dirty": false, "tree": "another"}')
    with pytest.raises(il.InputError, match=r"not those that study-stamp\.json was written for"):
        runner.run("smoke", NAMES)
