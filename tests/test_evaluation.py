"""Evaluation and its bookkeeping: values that mean what they say, results that come back."""

import numpy as np
import pytest
import torch
import whole

import inpaintlib as il
from inpaintlib import distances, metrics, paths, reports, results, views
from inpaintlib.alexnet import AlexNet
from inpaintlib.evaluation import Instruments, batches, evaluate
from inpaintlib.files import read_json
from inpaintlib.methods import Method, classical, network
from inpaintlib.ops.canny import canny
from inpaintlib.priors import gray
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.provenance import provenance
from inpaintlib.statistics import bootstrap
from inpaintlib.summaries import summarise

SMALL = PROTOCOLS["smoke-64"]


@pytest.fixture(scope="module")
def instruments():
    return Instruments.load()


@pytest.fixture(scope="module")
def telea(instruments):
    return evaluate(classical("telea"), SMALL, instruments=instruments)


def test_the_truth_is_perfect_and_a_gray_hole_is_not(instruments):
    perfect = evaluate(Method(lambda batch: batch.target.image), SMALL, instruments=instruments)
    assert (perfect.values["psnr"] == metrics.PSNR_CAP).all()
    assert (perfect.values["edge_psnr"] == metrics.PSNR_CAP).all()
    assert perfect.values["ssim"] == pytest.approx(1)
    assert perfect.values["lpips"] == pytest.approx(0, abs=1e-6)
    assert perfect.distances["kd"] == pytest.approx(0, abs=1e-9)
    assert perfect.distances["fd"] == pytest.approx(0, abs=1e-3)
    gray_hole = evaluate(Method(lambda batch: batch.image), SMALL).values
    assert (gray_hole["hole_psnr"] < gray_hole["psnr"]).all()
    rows = SMALL.rows()
    hole = 1 - rows.masks[0]
    error = (hole * ((rows.images[0] / 255) - 128 / 255)).abs().sum() / hole.sum() / 3
    assert float(gray_hole["hole_l1"][0]) == pytest.approx(float(error), abs=1e-4)


def test_every_value_is_that_of_its_own_row(telea):
    """One row, measured by itself with the metrics' own functions, gives the value that stands in its place."""
    rows, index = SMALL.rows(), 7
    batch = next(batches(SMALL, (), rows=[index]))
    result = ((classical("telea").fill(batch) + 1) * 127.5).round() / 255
    truth = rows.images[index : index + 1] / 255
    assert telea.values["psnr"][index] == pytest.approx(float(metrics.psnr(result, truth)[0]), abs=1e-4)
    edges = [canny(gray(x), sigma=2.0) for x in (result, truth)]
    assert telea.values["edge_ssim"][index] == pytest.approx(float(metrics.ssim(*edges)[0]), abs=1e-4)
    alone = evaluate(classical("telea"), SMALL, rows=[index]).values
    assert all(telea.values[name][index] == pytest.approx(alone[name][0], abs=1e-5) for name in alone)


def test_the_residual_view_is_the_subtraction_of_the_paper_on_an_image():
    image = torch.rand(1, 3, 6, 8, dtype=torch.float64)
    expected = torch.empty_like(image)
    for y in range(6):
        for x in range(8):
            cell = image[..., y // 2 * 2 : y // 2 * 2 + 2, x // 2 * 2 : x // 2 * 2 + 2]
            expected[..., y, x] = image[..., y, x] - cell.mean((-2, -1)) + 0.5
    found = views.VIEWS["residual"](image)
    assert found == pytest.approx(expected, abs=1e-12)
    photograph = views.VIEWS["residual"](PROTOCOLS["bundled-256"].rows().images[:60] / 255)
    assert ((photograph < 0) | (photograph > 1)).float().mean() < 1e-3


def test_the_kernel_distance_is_that_of_the_trunks_features(telea):
    """Recomputed here from the images, in one column; the mean of its pseudovalues is what tables print."""
    rows, trunk = SMALL.rows(), AlexNet()
    chosen = np.flatnonzero(rows.column("30-50"))
    batch = next(batches(SMALL, (), batch_size=99, rows=chosen))
    result = ((classical("telea").fill(batch) + 1) * 127.5).round() / 127.5 - 1
    with torch.no_grad():
        x, y = (trunk(part).double().numpy() for part in (result, batch.target.image))
    value = distances.kernel_distance(x, y, rows.group[chosen])
    place = list(SMALL.columns).index("30-50")
    assert telea.distances["kd"][place].mean() == pytest.approx(value, rel=1e-3, abs=1e-6)
    assert telea.distances["kd"].shape == (len(SMALL.columns), len(np.unique(rows.group)))
    assert {"kd", "edge_kd", "residual_kd", "fd"} == {n for n in telea.distances if not n.endswith("_blocks")}


def test_a_worse_method_has_the_larger_distance(instruments, telea):
    black = evaluate(Method(lambda batch: batch.image * batch.mask - (1 - batch.mask)), SMALL, instruments=instruments)
    place = list(SMALL.columns).index("all")
    assert black.distances["kd"][place].mean() > 2 * abs(telea.distances["kd"][place].mean())
    assert black.distances["fd"][place].mean() > telea.distances["fd"][place].mean()


def test_a_summary_holds_an_interval_and_the_counts_behind_it(telea):
    rows, summary = SMALL.rows(), summarise(telea)
    assert list(summary) == [*SMALL.bins, "all"]
    assert summary["all"]["rows"] == len(rows)
    assert summary["all"]["photographs"] == len(np.unique(rows.group))
    mean, low, high = summary["20-30"]["psnr"]
    picked = rows.column("20-30")
    expected = bootstrap(telea.values["psnr"][picked], rows.group[picked])
    assert (mean, low, high) == pytest.approx((expected.mean, expected.low, expected.high), rel=1e-4)


def test_a_report_says_what_stands_behind_it_and_never_calls_it_fid(telea, tmp_path):
    printed = reports.text("telea", telea)
    assert f"({SMALL.rows().checksum})" in printed
    assert "12 crops of 2 photographs" in printed
    assert "KD-AlexNet" not in printed  # two photographs give no interval, and without one nothing is printed
    assert not any(line.split()[0] in ("FID", "KID") for line in printed.splitlines()[:-1])
    assert "FID and KID are not measured here because" in printed.splitlines()[-1]
    folder = reports.save(tmp_path / "telea", "telea", telea, "cpu")
    lines = (folder / "rows.csv").read_text().splitlines()
    assert len(lines) == 1 + len(SMALL.rows())
    assert lines[0].split(",")[:4] == ["row", "photograph", "bin", "psnr"]
    assert float(lines[8].split(",")[3]) == pytest.approx(float(telea.values["psnr"][7]), rel=1e-5)
    assert read_json(folder / "run.json")["protocol"]["checksum"] == SMALL.rows().checksum


def test_networks_are_put_into_evaluation_mode():
    model = il.build("tsgl", width=4).train()
    assert network(model).priors == model.priors
    assert not model.training


def test_a_run_comes_back_and_an_absent_one_names_its_command(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    folder = paths.results("laptop", "x-s0")
    run = whole.run(experiment="x-s0", also=["a"])
    results.write_run(folder, run, stats={"psnr": np.array([30.123456, 20.0]), "n": np.array([1, 70000])})
    assert results.read_run("x-s0", "laptop") == run
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


def test_a_picture_of_a_run_comes_back_and_an_absent_one_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    drawn = np.full((8, 24, 3), (200, 120, 40), np.uint8)
    results.write_run(paths.results("laptop", "x-s0"), {"a": 1}, {"samples": drawn})
    read = results.read_picture("x-s0", "laptop", "samples")
    assert read.dtype == np.uint8
    assert read.shape == drawn.shape
    assert np.abs(read.astype(int) - drawn).max() < 10
    with pytest.raises(il.InputError, match=r"no other\.webp among the results of x-s0"):
        results.read_picture("x-s0", "laptop", "other")


def test_provenance_outside_a_checkout_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    made = provenance()
    assert made["commit"] == "unknown"
    assert made["dirty"] is True
    assert made["versions"]["torch"] == torch.__version__.split("+")[0]
