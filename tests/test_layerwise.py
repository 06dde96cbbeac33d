"""Networks layer by layer, against loops over the stored vectors."""

import numpy as np
import pytest

from inpaintlib import results
from inpaintlib.errors import InputError
from inpaintlib.layerwise import Layerwise
from inpaintlib.measurements import Measurements, NotRun


@pytest.fixture(scope="module")
def layers():
    return Layerwise("table-iv", "laptop")


def test_kl_is_the_papers_sum_over_channels(layers):
    seeds = layers.data.seeds("Global->Local", "Baseline")
    found = layers.kl("Global->Local", "texture")
    assert found.shape[0] == len(seeds)
    for line, seed in enumerate(seeds[:2]):
        one, base = (
            results.read_arrays(f"tsgl-{name}-s{seed}", "laptop", "diagnostics")["pooled_texture"].astype(np.float64)
            for name in ("global-to-local", "baseline")
        )
        p, q = one[3, 2] / one[3, 2].sum(), base[3, 1] / base[3, 1].sum()
        wanted = sum(a * np.log(a / b) for a, b in zip(p, q))
        assert found[line, 3, 1] == pytest.approx(wanted, rel=1e-5)


def test_residuals_have_no_partner_in_the_first_layer(layers):
    assert layers.kl("Baseline", "residual").shape[-1] == 4
    assert layers.kl("Baseline").shape[-1] == len(layers.sizes) == 5
    assert layers.sizes == [128, 64, 32, 16, 8]


def test_sorted_channels_know_no_names(layers):
    shape = layers.kl("Local->Local", against="Local->Local", shape=True)
    assert (shape >= 0).all()
    assert shape.mean() < layers.kl("Local->Local", against="Local->Local").mean()


def test_intervals_and_differences(layers):
    one, other = layers.kl("Global->Local"), layers.kl("Global->Global")
    means = [i.mean for i in layers.intervals(one)]
    assert means == pytest.approx(one.mean(axis=(0, 1)))
    assert layers.difference(one, other).difference.mean == pytest.approx(one.mean() - other.mean())
    assert layers.differences(one, other)[2].difference.mean == pytest.approx((one - other)[..., 2].mean())


def test_without_results_there_are_no_labels(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    empty = Layerwise("table-iv", "laptop")
    assert empty.labels == []
    with pytest.raises(NotRun):
        empty.kl("Baseline")
    with pytest.raises(InputError, match="no group 'nothing'"):
        Layerwise("nothing", "laptop")


def test_a_stamp_names_every_training_that_enters():
    data = Measurements("decoders", "bundled-256", "laptop")
    runs = data.runs("Ours(Basic)", "Ours")
    assert [run["seed"] for run in runs] == [*data.seeds("Ours(Basic)"), *data.seeds("Ours")]
    assert len(runs) == len(data.values("Ours(Basic)", "psnr")) + len(data.values("Ours", "psnr"))
