"""The study as data, one experiment from training to results, and results read back side by side."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import inpaintlib as il
from inpaintlib import checkpoint, experiments, measurements, paths, regenerated, results, schedules, sheets, study
from inpaintlib.evaluation import evaluate
from inpaintlib.files import read_json, write_json
from inpaintlib.measurements import Measurements, NotRun
from inpaintlib.methods import network
from inpaintlib.models.registry import configure
from inpaintlib.models.tsgl.config import DEFECTS
from inpaintlib.protocols import PROTOCOLS, TABLES
from inpaintlib.questions import GROUPS
from inpaintlib.recipes import RECIPES, Recipe
from inpaintlib.statistics import bootstrap
from inpaintlib.trainings import TRAININGS

SMALL = PROTOCOLS["smoke-64"]


@pytest.mark.parametrize("profile", ["smoke", "laptop", "gpu", "paper"])
def test_experiments_are_made_from_the_registries(profile):
    every = experiments.experiments(profile)
    assert len({e.id for e in every}) == len(every)
    rows = [e for e in every if e.group == "table-iv" and e.seed == 0 and e.data in ("bundled", "paris_streetview")]
    assert [e.config["variant"] for e in rows] == list(il.TABLE_IV)
    assert len({e.budget for e in rows}) == len({e.config.get("width") for e in rows}) == 1
    assert [e.priority for e in every] == sorted(e.priority for e in every)
    assert all(e.minutes > 0 for e in every)
    place = {e.id: i for i, e in enumerate(every)}
    assert all(place[before] < place[e.id] for e in every for before in e.after)
    for e in every:
        if e.budget:
            configure(e.model, **e.config)
            assert e.id == f"{e.name}-s{e.seed}"
    assert {f"tsgl-defect-{name}" for name in DEFECTS} <= {e.training for e in every}
    assert all(protocol in PROTOCOLS for e in every for protocol in e.protocols)


def test_a_wrong_name_is_told_the_groups_that_the_profile_has():
    named = {}
    for profile in ("laptop", "paper"):
        with pytest.raises(il.InputError) as error:
            experiments.select(profile, ("nothing",))
        named[profile] = str(error.value).removesuffix(".").rpartition("its groups are ")[2].split(", ")
        assert "table-iv" in named[profile]
        assert all(experiments.select(profile, (group,)) for group in named[profile])
    assert "final" in named["laptop"]
    assert "final" not in named["paper"]


def test_what_is_compared_is_trained_alike_and_after_its_reference():
    for profile in ("laptop", "gpu"):
        every = {e.id: e for e in experiments.experiments(profile)}
        for e in every.values():
            if not e.budget or e.group in ("leak", "final"):
                continue
            size = experiments.SCALES[profile]
            assert (e.budget, e.job.recipe) == (size.budget, RECIPES[profile])
        assert every["tsgl-tau-50-s0"].after == ("tsgl-2global-local-to-global-local-s0",)
        assert len({(e.budget, e.job.recipe) for e in every.values() if e.group == "final"}) == 1
    assert every["tsgl-tau-50-s2"].after == ("tsgl-2global-local-to-global-local-s2",)


def test_the_paper_profile_is_the_papers_data_and_length():
    every = {e.id: e for e in experiments.experiments("paper")}
    row = every["tsgl-global-to-local-psv-s2"]
    assert (row.data, row.protocols, row.budget) == ("paris_streetview", ("psv-256",), 150 * 14_900)
    assert every["tsgl-lama-places2-s0"].protocols == ("places2-256", "places2-512", "places2-30k-256")
    assert every["rfr-celeba-s0"].protocols == ("celeba-256", "celeba-test-256")
    assert every["tsgl-lama-places2-s0"].budget == 20 * 1_800_000
    assert every["tsgl-prior-lowres-ade20k-s0"].data == "ade20k"
    assert not any("final" in id for id in every)
    assert row.job.recipe == Recipe()
    misf = schedules.schedule("misf", "places2")
    assert (misf.images, misf.held_out, misf.recipe.batch, misf.recipe.lr) == (350_000 * 16, 30_000, 16, 1e-4)
    assert (schedules.schedule("tsgl", "celeba").train, schedules.schedule("tsgl", "celeba").held_out) == (
        28_000,
        2_000,
    )
    with pytest.raises(il.InputError, match="No paper trains tsgl on dunhuang"):
        schedules.schedule("tsgl", "dunhuang")


def test_each_papers_table_is_measured_on_its_own_data():
    for table, entry in TABLES.items():
        for group in regenerated.GROUPS_OF[table]:
            if table.startswith("misf") == group.startswith("misf") or group == "comparison":
                assert set(entry.papers.values()) <= set(GROUPS[group].papers), (table, group)


def test_every_training_answers_a_question_and_is_found_by_it():
    answering = {name for group in GROUPS.values() for name in group.rows.values()}
    assert set(TRAININGS) <= answering
    ids = [e.id for e in study.select("laptop", ("tau", "tsgl-final-s0"))]
    assert ids == [
        "tsgl-2global-local-to-global-local-s0",
        "tsgl-final-s0",
        "tsgl-2global-local-to-global-local-s1",
        "tsgl-2global-local-to-global-local-s2",
        *(f"tsgl-tau-{t}-s0" for t in (0, 50, 150, 200)),
    ]
    assert len(study.select("laptop", ("table-iv",))) == 12 * 3
    with pytest.raises(il.InputError, match="no experiment or group 'nothing'"):
        study.select("laptop", ("nothing",))
    with pytest.raises(il.InputError, match="no study in the profile 'desk'"):
        experiments.experiments("desk")


def test_what_decides_numbers_decides_the_fingerprint():
    experiment = study.select("laptop", ("tsgl-baseline-s0",))[0]
    known = {study.fingerprint(experiment)}
    for changes in (
        {"seed": 1},
        {"budget": 16},
        {"config": {**experiment.config, "width": 12}},
        {"recipe": {"leak": True}},
        {"protocols": ("bundled-256", "bundled-512")},
    ):
        found = study.fingerprint(replace(experiment, **changes))
        assert found not in known, changes
        known.add(found)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two rows of Table IV and a classical method, from nothing to results, in the smoke profile."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INPAINTLIB_HOME", str(folder))
        names = ("tsgl-2global-local-to-global-local-s0", "tsgl-baseline-s0", "telea-s0")
        for experiment in study.select("smoke", names):
            assert not study.done(experiment)
            study.run(experiment, accelerator="cpu", progress=False)
            assert study.done(experiment)
    return folder


@pytest.fixture
def home(trained, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(trained))
    return trained


def test_one_experiment_from_training_to_results(home):
    experiment = study.select("smoke", ("tsgl-2global-local-to-global-local-s0",))[0]
    written = (paths.results("smoke", experiment.id) / "run.json").stat().st_mtime_ns
    study.run(experiment, accelerator="cpu", progress=False)
    assert (paths.results("smoke", experiment.id) / "run.json").stat().st_mtime_ns == written
    run = results.read_run(experiment.id, "smoke")
    named = "experiment profile seed model config protocol commit dirty versions device images_seen seconds peak_bytes"
    assert {*named.split(), "summary", "weights"} <= run.keys()
    values = results.read_arrays(experiment.id, "smoke")
    rows = SMALL.rows()
    assert all(len(v) == len(rows) for v in values.values())
    mean = bootstrap(values["psnr"], rows.group).mean
    assert run["summary"]["all"]["psnr"][0] == pytest.approx(mean, abs=0.02)
    again = evaluate(network(il.load("tsgl", profile="smoke", **experiment.config)), SMALL).values
    assert again["psnr"] == pytest.approx(values["psnr"], abs=0.02)
    kept = results.read_arrays(experiment.id, "smoke", "diagnostics")
    assert kept["pooled_texture"].shape[1] == 6
    assert kept["pooled_residual"].shape[1] == 5
    assert (kept["pooled_high_pass"] > 0).all()
    assert {f"high_pass_{k}" for k in range(6)} < results.read_arrays(experiment.id, "smoke", "spectra").keys()
    sheet, ends = sheets.read(experiment.id, "smoke")
    texture = sheets.maps(sheet, ends, "texture", 0)
    assert texture.mean(axis=(1, 2)) == pytest.approx(kept["pooled_texture"][0, 1:].mean(axis=1), rel=0.03)
    assert results.read_picture(experiment.id, "smoke", "filled").shape == (64, 4 * 64, 3)
    vectors = results.read_arrays(experiment.id, "smoke", "alternatives")
    assert vectors["texture|mean square"].shape == kept["pooled_texture"].shape


def test_looking_again_keeps_what_was_measured(home):
    experiment = study.select("smoke", ("tsgl-baseline-s0",))[0]
    folder = paths.results("smoke", experiment.id)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    for name in ("sheet.webp", "alternatives.npz", "filled.webp"):
        (folder / name).unlink()
    study.look(experiment)
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] != before[name]] == ["run.json"]
    changed, original = (json.loads(files["run.json"]) for files in (after, before))
    assert changed.pop("looked")
    assert changed == original
    assert study.done(experiment)
    (folder / "run.json").write_bytes(before["run.json"])


def test_measuring_again_gives_the_same_numbers(home):
    experiment = study.select("smoke", ("tsgl-baseline-s0",))[0]
    file = paths.results("smoke", experiment.id) / "run.json"
    before, values = read_json(file), results.read_arrays(experiment.id, "smoke")
    write_json(file, before | {"job": "of an older protocol"})
    assert not study.done(experiment)
    study.measure(experiment)
    assert study.done(experiment)
    after = read_json(file)
    same = set(before) - {"peak_bytes", "summary"}
    assert {key: before[key] for key in same} == {key: after[key] for key in same}
    again = results.read_arrays(experiment.id, "smoke")
    assert all(np.array_equal(values[name], again[name]) for name in values)
    write_json(file, before | {"images_seen": 12})
    with pytest.raises(il.InputError, match="was trained otherwise"):
        study.measure(experiment)
    write_json(file, before)
    with pytest.raises(il.InputError, match="no weights of tsgl-local-to-local-s0"):
        study.measure(study.select("smoke", ("tsgl-local-to-local-s0",))[0])


def test_measurements_are_aligned_and_know_what_is_missing(home):
    data = Measurements("table-iv", "bundled-256", "smoke")
    ours = "2Global(Local)->Global(Local)"
    assert data.labels == list(il.TABLE_IV)
    assert data.values("Baseline", "psnr").shape == (1, len(data.rows))
    assert data.distance(ours, "kd", "10-30").shape == (1, len(data.photographs))
    assert data.pooled(ours, "texture").shape[:3] == (1, len(data.looked), 6)
    assert data.seeds(ours, "Baseline") == [0]
    scale = data.scale([ours, "Baseline"])
    assert (scale["profile"], scale["seeds"], scale["rows"]) == ("smoke", [0], len(SMALL.rows()))
    with pytest.raises(NotRun, match=r"Local->Local .* no results"):
        data.values("Local->Local", "psnr")
    with pytest.raises(NotRun, match="has no beauty"):
        data.values("Baseline", "beauty")
    with pytest.raises(NotRun, match="keeps no maps"):
        Measurements("classical", "bundled-256", "smoke").pooled("telea", "texture")
    for wrong in (("nothing", "bundled-256"), ("table-iv", "nothing")):
        with pytest.raises(il.InputError, match="There is no"):
            Measurements(*wrong, "smoke")
    with pytest.raises(il.InputError, match="no label"):
        data.values("Sideways", "psnr")


def test_results_of_another_protocol_share_no_table(home):
    file = paths.results("smoke", "tsgl-baseline-s0") / "run.json"
    run = read_json(file)
    write_json(file, run | {"protocol": {"name": "smoke-64", "checksum": "0" * 16}})
    with pytest.raises(il.InputError, match="was measured on another smoke-64 than today's"):
        Measurements("table-iv", "bundled-256", "smoke").values("Baseline", "psnr")
    write_json(file, run | {"diagnostics_protocol": {"name": "smoke-diagnostics-64", "checksum": "0" * 16}})
    with pytest.raises(il.InputError, match="another smoke-diagnostics-64"):
        Measurements("table-iv", "bundled-256", "smoke").pooled("Baseline", "texture")
    write_json(file, run)


def test_a_page_shows_the_largest_profile_that_has_results(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))

    def finish(profile, *ids):
        for id in ids:
            write_json(paths.results(profile, id) / "run.json", {})

    assert measurements.highest("tau", "laptop") == "laptop"
    finish("gpu", "tsgl-tau-0-s0")
    assert measurements.highest("tau", "laptop") == "laptop"  # nothing to compare with
    finish("laptop", "tsgl-tau-0-s0", "tsgl-tau-50-s0")
    assert measurements.highest("tau", "laptop") == "laptop"  # the larger profile is not as far
    finish("gpu", "tsgl-tau-50-s2")
    assert measurements.highest("tau", "laptop") == "gpu"
    finish("paper", "tsgl-tau-0-psv-s0", "tsgl-tau-50-psv-s0")
    assert measurements.highest("tau", "laptop") == "paper"
    assert measurements.highest("tau", "smoke") == "smoke"
    with pytest.raises(il.InputError):
        measurements.Measurements("nothing", "bundled-256", "laptop")


def test_a_leaking_network_is_measured_with_its_leak():
    data = measurements.Measurements("leak", "bundled-256", "laptop")
    assert data._protocol_of("leak") == "bundled-256-leak"
    assert data._protocol_of("no leak") == "bundled-256"
    leak, without = (PROTOCOLS[name].rows() for name in ("bundled-256-leak", "bundled-256"))
    assert leak.checksum != without.checksum
    assert np.array_equal(leak.crop, without.crop)
    assert np.array_equal(leak.hole, without.hole)


def test_the_numbers_of_one_run_stay_small(home):
    for name in ("tsgl-2global-local-to-global-local-s0", "telea-s0"):
        once = ("spectra.npz", "alternatives.npz", "sheet.npz", "sheet.webp", "filled.webp")
        files = [f for f in paths.results("smoke", name).iterdir() if f.name not in once]
        assert sum(f.stat().st_size for f in files) < 20_480


def test_a_final_network_paints_as_softly_as_its_training_says(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    experiment = study.select("smoke", ("lama-final-s0",))[0]
    assert experiment.soften == TRAININGS["lama-final"].soften < 1
    assert study.run(experiment, accelerator="cpu", progress=False)
    folder = paths.runs("smoke", experiment.id)
    trained, _ = checkpoint.read(folder / "checkpoint.safetensors")
    kept, _ = checkpoint.read(folder / "weights.safetensors")
    gain = float(trained["average/painting.gain"])
    assert float(kept["painting.gain"]) == pytest.approx(gain * experiment.soften, rel=1e-3, abs=1e-7)
    assert results.read_run(experiment.id, "smoke")["soften"] == experiment.soften
    assert study.fingerprint(replace(experiment, soften=1.0)) != study.fingerprint(experiment)
    curves = results.read_arrays(experiment.id, "smoke", "curves")
    assert len(curves["look_images"]) == len(curves["look_hole_psnr"]) == experiment.job.steps
    shown = results.read_picture(experiment.id, "smoke", "samples")
    assert shown.shape == (4 * 64, (2 + experiment.job.steps) * 64, 3)


def test_curves_are_in_the_same_order_however_often_a_training_was_resumed():
    log = [{"step": 1, "images": 2, "reconstruction": 0.5, "adversarial": 0.1, "seconds": 3.0}]
    resumed = json.loads(json.dumps(log, sort_keys=True))
    assert list(resumed[0]) != list(log[0])
    looks = [{"images": 2, "hole_psnr": 20.0}]
    first, second = (study.curves(SimpleNamespace(log=rows, looks=looks)) for rows in (log, resumed))
    assert list(first) == list(second)
    assert "seconds" not in first
    assert first["step"].dtype == np.int32
