"""Results that travel: packed into few files, merged once and whole, refused where they answer another question."""

import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
import whole

import inpaintlib as il
from inpaintlib import parcel, paths, provenance, results, study
from inpaintlib.experiments import select
from inpaintlib.files import read_json, write_json

NAMES = ("telea-s0", "tsgl-baseline-s0", "tsgl-final-s0")
COMMIT = "c" * 40


def write(of, commit=COMMIT, size=100, **changes):
    run = whole.run(experiment=of.id, profile=of.profile, job=study.fingerprint(of), commit=commit)
    values = np.random.default_rng(0).normal(size=size)
    results.write_run(paths.results(of.profile, of.id), run | changes, stats={"psnr": values})


@pytest.fixture
def chosen():
    return select("smoke", NAMES)


@pytest.fixture
def packed(tmp_path, monkeypatch, chosen):
    """A folder with a parcel of three experiments; home is another place, where nothing has been run."""
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path / "there"))
    monkeypatch.setattr(parcel, "commit", lambda: COMMIT)
    for experiment in chosen:
        write(experiment)
    weights = paths.runs("smoke", "tsgl-final-s0") / "weights.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    parcel.pack(tmp_path / "out", chosen)
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path / "here"))
    return tmp_path / "out"


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_what_was_packed_is_merged_once(packed, chosen):
    assert [path.name for path in packed.iterdir()] == ["study-1.zip"]
    assert not any(study.done(e) for e in chosen)
    assert parcel.merge(packed) == dict.fromkeys(NAMES, "merged")
    assert all(study.done(e) for e in chosen)
    assert results.read_arrays("telea-s0", "smoke")["psnr"].shape == (100,)
    assert (paths.runs("smoke", "tsgl-final-s0") / "weights.safetensors").read_bytes() == b"weights"
    before = everything(packed.parent / "here")
    assert parcel.merge(packed) == dict.fromkeys(NAMES, "is here already")
    assert everything(packed.parent / "here") == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"job": "0" * 16}, "trained or measured otherwise"),
        ({"dirty": True}, "uncommitted changes"),
        ({"experiment": "telea-s1"}, "another experiment's"),
    ],
)
def test_what_answers_another_question_is_refused_unless_told(tmp_path, monkeypatch, packed, chosen, change, why):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path / "there"))
    write(chosen[0], **change)
    parcel.pack(tmp_path / "odd", chosen[:1])
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path / "here"))
    told = parcel.merge(tmp_path / "odd")[chosen[0].id]
    assert told.startswith("refused")
    assert why in told
    assert not paths.results("smoke", chosen[0].id).exists()
    assert parcel.merge(tmp_path / "odd", anyway=True)[chosen[0].id].startswith("merged, although")
    assert read_json(paths.results("smoke", chosen[0].id) / "run.json").items() >= change.items()


def test_only_what_this_commit_made_is_packed(tmp_path, packed, monkeypatch, chosen):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path / "there"))
    write(chosen[0], commit="d" * 40)
    parcel.pack(tmp_path / "later", chosen)
    with zipfile.ZipFile(tmp_path / "later" / "study-1.zip") as archive:
        ids = {name.split("/")[1] for name in archive.namelist()}
    assert ids == set(NAMES) - {chosen[0].id}


def test_a_parcel_has_at_most_so_many_files_of_such_a_size(tmp_path, monkeypatch, packed, chosen):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path / "there"))
    monkeypatch.setattr(parcel, "BYTES", 4_000)
    for experiment in chosen:
        write(experiment, size=1_000)
    files = parcel.pack(tmp_path / "small", chosen)
    assert [file.name for file in files] == ["study-1.zip", "study-2.zip", "study-3.zip"]
    assert all(file.stat().st_size <= 4_000 for file in files)
    monkeypatch.setattr(parcel, "FILES", 2)
    with pytest.raises(il.InputError, match="do not fit into 2 files"):
        parcel.pack(tmp_path / "none", chosen)
    assert not (tmp_path / "none").exists()
    monkeypatch.setattr(parcel, "BYTES", 1_000)
    with pytest.raises(il.InputError, match=r"bytes; a file of a parcel has 1,000"):
        parcel.pack(tmp_path / "none", chosen)
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path / "here"))
    monkeypatch.setattr(parcel, "BYTES", 4_000)
    assert set(parcel.merge(tmp_path / "small").values()) == {"merged"}


@pytest.mark.parametrize(
    "name", ["../../evil.npz", "smoke/telea-s0/evil.py", "smoke/telea-s0/../x.npz", "/etc/x.npz", "run.json"]
)
def test_nothing_but_results_is_taken_out(tmp_path, packed, name):
    with zipfile.ZipFile(packed / "study-2.zip", "w") as archive:
        archive.writestr(name, b"")
    with pytest.raises(il.InputError, match="no part of a parcel"):
        parcel.merge(packed)


def test_what_is_no_parcel_says_so(tmp_path, packed):
    with pytest.raises(il.InputError, match="holds no study-"):
        parcel.merge(tmp_path / "nothing")
    for content, why in ((b"no zip", "not a whole parcel"), (None, "profile smoke does not have")):
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w") as archive:
            archive.writestr("smoke/table-iv/run.json", "{}")
        (packed / "study-1.zip").write_bytes(content or box.getvalue())
        with pytest.raises(il.InputError, match=why):
            parcel.merge(packed)


KILLS = int(os.environ.get("INPAINTLIB_KILLS", 5))
MERGE = "import sys; from inpaintlib import parcel; print('ready', flush=True); parcel.merge(sys.argv[1])"


@pytest.mark.slow
def test_a_merge_that_is_killed_is_finished_by_merging_again(packed, chosen):
    """Whatever moment kill -9 comes at: no result looks whole that is not, and nothing merged is merged again."""
    draw, whole = random.Random(0), {}
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", MERGE, str(packed)], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(draw.uniform(0, 0.5))
        process.kill()
        process.wait()
        process.stdout.close()
        for experiment in chosen:
            run = paths.results("smoke", experiment.id) / "run.json"
            if run.exists():
                assert study.done(experiment)
                assert len(results.read_arrays(experiment.id, "smoke")["psnr"]) == 100
                assert whole.setdefault(experiment.id, run.stat().st_mtime_ns) == run.stat().st_mtime_ns
    assert set(parcel.merge(packed).values()) <= {"merged", "is here already"}
    assert all(study.done(e) for e in chosen)
    assert not list(paths.home().rglob(".*-*"))


def test_a_copy_without_git_knows_its_commit_by_its_stamp(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    assert provenance.commit() == "unknown"
    with pytest.raises(il.InputError, match="not a git checkout"):
        provenance.stamp()
    (tmp_path / "inpaintlib").mkdir()
    code = tmp_path / "inpaintlib" / "code.py"
    code.write_text("1")
    (tmp_path / "figures").mkdir()
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    stamp = provenance.stamp()
    made_by = provenance.commit()
    assert len(made_by) == 40
    (tmp_path / ".git").rename(tmp_path / "elsewhere")
    (tmp_path / "inpaintlib" / "__pycache__").mkdir()
    (tmp_path / "inpaintlib" / "__pycache__" / "code.pyc").write_text("")
    assert (provenance.commit(), provenance.provenance()["dirty"]) == (made_by, False)
    provenance._of_stamp.cache_clear()
    (tmp_path / "inpaintlib" / "more.py").write_text("")
    with pytest.raises(il.InputError, match=r"not those that study-stamp\.json was written for"):
        provenance.commit()
    (tmp_path / "inpaintlib" / "more.py").unlink()
    code.write_text("2")
    with pytest.raises(il.InputError, match="not those that"):
        provenance.commit()
    code.write_text("1")
    write_json(stamp, read_json(stamp) | {"dirty": True})
    assert provenance.provenance()["dirty"]
    (tmp_path / "elsewhere").rename(tmp_path / ".git")
    code.write_text("3")
    assert read_json(provenance.stamp())["dirty"]
    assert json.loads(stamp.read_text())["commit"] == made_by
