"""Evaluation and its bookkeeping: the same rows for all, values that mean what they say, results that come back."""

import numpy as np
import pytest
import torch

import inpaintlib as il
from inpaintlib import masks, metrics, paths, results, study
from inpaintlib.batch import Batch
from inpaintlib.evaluation import PROTOCOLS, Protocol, batches, evaluate, network, opencv
from inpaintlib.photos import bundled
from inpaintlib.statistics import bootstrap

SMALL = PROTOCOLS["smoke-64"]


def truth(batch):
    return batch.target.image


def test_rows_pair_every_crop_with_one_mask_of_every_bin():
    protocol = PROTOCOLS["bundled-256"]
    rows = protocol.rows()
    assert len(rows) == len(bundled("test")) * protocol.per_photo * len(protocol.bins)
    for name in protocol.bins:
        assert masks.in_bin(rows.masks[rows.bin == name], name).all()
    assert set(rows.photo) == set(bundled("test").names)
    per_crop = rows.images.view(-1, len(protocol.bins), *rows.images.shape[1:])
    assert (per_crop == per_crop[:, :1]).all()


def test_rows_never_change():
    """These checksums name what the committed results were measured on; a change makes them worthless."""
    assert PROTOCOLS["bundled-256"].rows().checksum == "deb41618a1a52f09"
    assert PROTOCOLS["diagnostics-256"].rows().checksum == "49ec986b353e5f32"


def test_another_protocol_has_another_checksum():
    other = Protocol("other", "test", 64, 1, "irregular-64", ("10-20", "40-50"), photographs=2)
    assert other.rows().checksum != SMALL.rows().checksum


def test_the_truth_is_perfect_and_a_gray_hole_is_not():
    perfect = evaluate(truth, SMALL)
    assert (perfect["psnr"] == metrics.PSNR_CAP).all()
    assert perfect["ssim"] == pytest.approx(1)
    gray = evaluate(lambda batch: batch.image, SMALL)
    assert (gray["hole_psnr"] < gray["psnr"]).all()
    rows = SMALL.rows()
    hole = 1 - rows.masks[0]
    error = (hole * ((rows.images[0] / 255) - 128 / 255)).abs().sum() / hole.sum() / 3
    assert float(gray["hole_l1"][0]) == pytest.approx(float(error), abs=1e-4)


def test_methods_leave_known_pixels_alone():
    batch = next(iter(batches(SMALL, il.build("tsgl", width=4).priors)))
    kept = batch.mask.expand_as(batch.image) > 0
    for fill in (opencv("telea"), opencv("navier-stokes"), network(il.build("tsgl", width=4))):
        with torch.no_grad():
            assert torch.equal(fill(batch)[kept], batch.image[kept])


def test_opencv_sees_no_hidden_pixel():
    rows = SMALL.rows()
    batch = Batch.make(rows.images, rows.masks, priors=())
    noise = torch.where(rows.masks > 0, batch.target.image, torch.randn_like(batch.target.image).clamp(-1, 1))
    other = Batch.make(noise, rows.masks, priors=())
    assert torch.equal(opencv("telea")(batch), opencv("telea")(other))


def test_bootstrap_keeps_photographs_together():
    values, groups = [0.0] * 10 + [1.0], ["a"] * 10 + ["b"]
    interval = bootstrap(values, groups)
    assert interval.mean == 0.5
    assert (interval.low, interval.high) == (0.0, 1.0)
    assert interval.photographs == 2
    assert f"{interval:.1f}" == "0.5 [0.0, 1.0]"
    for wrong in (([], []), ([1.0], ["a", "b"])):
        with pytest.raises(ValueError, match="bootstrap needs rows"):
            bootstrap(*wrong)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(0)
    names = [str(i) for i in range(30)]
    hits = 0
    for seed in range(200):
        interval = bootstrap(generator.normal(2, 1, 30), names, draws=400, seed=seed)
        hits += interval.low <= 2 <= interval.high
    assert 0.88 <= hits / 200 <= 0.98


def test_a_run_comes_back_and_an_absent_one_names_its_command(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    folder = paths.results("laptop", "x-s0")
    results.write_run(folder, {"a": 1}, stats={"psnr": np.array([30.123456, 20.0]), "n": np.array([1, 70000])})
    assert results.read_run("x-s0", "laptop") == {"schema": 1, "a": 1}
    arrays = results.read_arrays("x-s0", "laptop")
    assert arrays["psnr"].dtype == np.float32
    assert arrays["psnr"] == pytest.approx([30.123456, 20], abs=0.02)
    assert arrays["n"].tolist() == [1, 70000]
    for call in (lambda: results.read_run("y-s0", "laptop"), lambda: results.read_arrays("y-s0", "laptop")):
        with pytest.raises(il.InputError, match="y-s0"):
            call()
    (folder / "run.json").write_text('{"schema": 99}')
    with pytest.raises(il.InputError, match="schema 99"):
        results.read_run("x-s0", "laptop")


def test_provenance_outside_a_checkout_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    made = results.provenance()
    assert made["commit"] == "unknown"
    assert made["dirty"] is True
    assert made["versions"]["torch"] == torch.__version__.split("+")[0]


def test_the_study_is_table_iv_and_the_final_network():
    for profile in ("smoke", "laptop"):
        every = study.experiments(profile)
        assert [e.config["variant"] for e in every[:12]] == list(il.TABLE_IV)
        assert len({e.id for e in every}) == 13
        assert len({e.budget for e in every[:12]}) == len({e.config["width"] for e in every[:12]}) == 1
    ids = [e.id for e in study.select("laptop", ("table-iv", "tsgl-final-s0"))]
    assert len(ids) == 13
    assert "tsgl-global-2local-to-global-local-s0" in ids
    with pytest.raises(il.InputError, match="no experiment or group 'nothing'"):
        study.select("laptop", ("nothing",))
    with pytest.raises(il.InputError, match="no study in the profile 'desk'"):
        study.experiments("desk")


def test_one_experiment_from_training_to_results(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    experiment = study.select("smoke", ("tsgl-2global-local-to-global-local-s0",))[0]
    assert not study.done(experiment)
    study.run(experiment, accelerator="cpu", progress=False)
    assert study.done(experiment)
    written = (paths.results("smoke", experiment.id) / "run.json").stat().st_mtime_ns
    study.run(experiment, accelerator="cpu", progress=False)
    assert (paths.results("smoke", experiment.id) / "run.json").stat().st_mtime_ns == written
    run = results.read_run(experiment.id, "smoke")
    named = "experiment profile seed model config protocol commit dirty versions device images_seen seconds peak_bytes"
    assert {*named.split(), "summary"} <= run.keys()
    values = results.read_arrays(experiment.id, "smoke")
    rows = SMALL.rows()
    assert all(len(v) == len(rows) for v in values.values())
    mean = bootstrap(values["psnr"], rows.group).mean
    assert run["summary"]["all"]["psnr"][0] == pytest.approx(mean, abs=0.02)
    again = evaluate(network(il.load("tsgl", profile="smoke")), SMALL, priors=("edge", "gray", "smooth"))
    assert again["psnr"] == pytest.approx(values["psnr"], abs=0.1)
    shares = results.read_arrays(experiment.id, "smoke", "diagnostics")
    assert shares["share_texture"].sum(-1) == pytest.approx(1, abs=2e-3)
    assert shares["share_texture"].shape[1] == 6
    assert shares["share_residual"].shape[1] == 5
    assert {f"high_pass_{k}" for k in range(6)} < results.read_arrays(experiment.id, "smoke", "spectra").keys()
    folder = paths.results("smoke", experiment.id)
    assert sum((folder / n).stat().st_size for n in ("run.json", "stats.npz", "diagnostics.npz", "curves.npz")) < 20_000
