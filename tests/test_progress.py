"""How far the study is: states from results, locks and logs; the time to go from what trainings took."""

import json

import pytest
import whole

from inpaintlib import experiments, paths, progress, study
from inpaintlib.files import exclusive, held, write_json, write_text
from inpaintlib.progress import BEGUN, DONE, LEFT, RUNNING

NAMES = ("tsgl-baseline-s0", "tsgl-local-to-local-s0", "tsgl-tau-0-s0", "lama-s0", "telea-s0")


@pytest.fixture
def study_of_five(tmp_path, monkeypatch):
    """One is done (40 s for 8,000 images), one runs and has a quarter, one is begun, two are left."""
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    every = {e.id: e for e in experiments.select("laptop", NAMES)}
    first = every["tsgl-baseline-s0"]
    note = whole.run(job=study.fingerprint(first), seconds=40.0, images_seen=8000)
    write_json(paths.results("laptop", first.id) / "run.json", note)
    for id, images in (("tsgl-local-to-local-s0", 2000), ("tsgl-tau-0-s0", 6000)):
        write_text(paths.runs("laptop", id) / "log.jsonl", json.dumps({"images": images}) + "\n")
        write_text(paths.runs("laptop", id) / "checkpoint.safetensors", "")
        write_text(paths.runs("laptop", id) / "lock", "")
    with exclusive(paths.runs("laptop", "tsgl-local-to-local-s0") / "lock"):
        yield list(every.values())


def test_states_shares_and_the_time_to_go(study_of_five):
    found = {row.experiment.id: row for row in progress.progress(study_of_five)}
    assert {id: row.state for id, row in found.items()} == dict(zip(NAMES, (DONE, RUNNING, BEGUN, LEFT, LEFT)))
    assert [found[id].share for id in NAMES] == [1.0, 0.25, 0.75, 0.0, 0.0]
    assert [found[id].seconds for id in NAMES] == pytest.approx([0, 30, 10, 40, 0])


def test_the_table_counts_every_experiment_once(study_of_five):
    text = progress.table(progress.progress(study_of_five))
    last = next(line for line in text.splitlines() if line.startswith("all"))
    assert last.split()[1:4] == ["1", "1", "3"]
    assert "running: tsgl-local-to-local-s0, 25 % trained" in text
    rows = progress.progress(experiments.experiments("laptop"))
    lines = progress.table(rows).splitlines()
    counts = [[int(n) for n in line.split()[1:4]] for line in lines[1:] if not line.startswith("running")]
    assert [sum(column) for column in zip(*counts[:-1])] == counts[-1]
    assert sum(counts[-1]) == len(rows)


def test_without_a_training_nobody_knows_how_long_it_takes(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    rows = progress.progress(experiments.select("laptop", ("lama-s0",)))
    assert rows[0].seconds is None
    assert "?" in progress.table(rows)


def test_the_listing_says_what_comes_first(study_of_five):
    lines = progress.listing(progress.progress(study_of_five)).splitlines()
    tau = next(line for line in lines if line.startswith("tsgl-tau-0-s0"))
    assert "begun 75 %" in tau
    assert "(after tsgl-2global-local-to-global-local-s0)" in tau
    assert lines[-1] == "5 experiments, 32,000 images"


def test_a_lock_is_held_by_whoever_is_inside(tmp_path):
    assert not held(tmp_path / "absent")
    with exclusive(tmp_path / "lock"):
        assert held(tmp_path / "lock")
    assert not held(tmp_path / "lock")
