"""The papers' conclusions under other definitions: readings against references, and against the ledger itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import entropy, kendalltau, spearmanr

from inpaintlib import agreement, readings, results
from inpaintlib.claims import CLAIMS
from inpaintlib.claims.claim import Finding
from inpaintlib.claims.judging import judge, shipped
from inpaintlib.claims.maps import BASELINE, kl_difference
from inpaintlib.errors import InputError
from inpaintlib.inside import WITH_ALTERNATIVES
from inpaintlib.questions import GROUPS
from inpaintlib.readings import DIAGNOSTICS, PREVIOUS, Read
from inpaintlib.statistics import Interval

TEXTURE, RESIDUAL = DIAGNOSTICS["texture"], DIAGNOSTICS["residual"]
FINAL = "2Global(Local)->Global(Local)"
each = pytest.mark.parametrize("name", DIAGNOSTICS)


def reading(diagnostic, name):
    (found,) = (r for r in diagnostic.readings if r.name == name)
    return found


@pytest.fixture
def layers():
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(2, 3, 4, generator=generator, dtype=torch.float64) + 0.1 for _ in range(2)]


def test_divergences_against_scipy(layers):
    p, q = (v.numpy() for v in layers)
    for b in range(2):
        for k in range(2):
            one, other = p[b, k + 1], q[b, k]
            back, ahead = entropy(other, one), entropy(one, other)
            assert readings.backward(*layers)[b, k].item() == pytest.approx(back)
            assert readings.symmetric(*layers)[b, k].item() == pytest.approx((back + ahead) / 2)
            ordered = entropy(np.sort(one), np.sort(other))
            assert readings.of_sorted(*layers)[b, k].item() == pytest.approx(ordered)


def test_sorting_undoes_a_shuffle_of_channels(layers):
    shuffled = layers[0][..., [2, 0, 3, 1]]
    assert torch.allclose(readings.of_sorted(shuffled, layers[1]), readings.of_sorted(*layers))
    assert not torch.allclose(readings.backward(shuffled, layers[1]), readings.backward(*layers))


def test_shares_of_signed_numbers():
    found = readings.softmax(np.array([[-1.0, 0.0, 2.0]]))
    assert found[0] == pytest.approx(np.exp([-1, 0, 2]) / np.exp([-1, 0, 2]).sum())


@each
def test_what_a_diagnostic_names_exists(name):
    diagnostic = DIAGNOSTICS[name]
    known = {claim.id: claim for claim in CLAIMS}
    assert set(diagnostic.claims) <= set(known)
    for claim in diagnostic.claims:
        assert {e.group for e in known[claim].evidence} == {diagnostic.group}
        assert {e.protocol for e in known[claim].evidence} == {diagnostic.protocol}
    stored = results.read_arrays(f"{GROUPS['table-iv'].rows[FINAL]}-s0", "laptop", "alternatives")
    assert {key for r in diagnostic.readings for key in r.arrays.values()} <= set(stored)
    assert len({r.name for r in diagnostic.readings}) == len(diagnostic.readings)


@pytest.mark.parametrize("name", ["texture", "high-pass", "residual", "structure", "entropy", "image"])
def test_the_books_own_reading_is_the_ledgers_verdict(name):
    diagnostic = DIAGNOSTICS[name]
    found = agreement.judged(Read(diagnostic, "laptop", diagnostic.readings[0]))
    for claim in judge([c for c in CLAIMS if c.id in diagnostic.claims], shipped(), "laptop"):
        assert found[claim.id].verdict == claim.verdict
        assert found[claim.id].deciding in claim.findings


def test_a_brief_reading_has_one_seed_and_the_stored_arrays():
    square = reading(TEXTURE, "mean square")
    read = Read(TEXTURE, "laptop", square)
    found = read.pooled(FINAL, "texture")
    stored = results.read_arrays(f"{GROUPS['table-iv'].rows[FINAL]}-s0", "laptop", "alternatives")
    assert read.seeds(FINAL, PREVIOUS) == [0]
    assert np.array_equal(found[0], stored["texture|mean square"])
    assert len(read.looked) == found.shape[1] == 4
    own = Read(TEXTURE, "laptop", TEXTURE.readings[0], brief=True).pooled(FINAL, "texture")
    whole = Read(TEXTURE, "laptop", TEXTURE.readings[0]).pooled(FINAL, "texture")
    assert np.array_equal(own, whole[:1, :4])


def test_the_previous_layer_is_the_baselines_another_trainings_or_of_its_texture():
    plain = Read(RESIDUAL, "laptop", RESIDUAL.readings[0])
    residual, texture = (plain.pooled(BASELINE, kind) for kind in ("residual", "texture"))
    assert np.array_equal(plain.pooled(PREVIOUS, "residual"), residual)
    shifted = Read(RESIDUAL, "laptop", reading(RESIDUAL, "another training of the Baseline"))
    assert np.array_equal(shifted.pooled(PREVIOUS, "residual", [0, 1, 2]), residual[[1, 2, 0]])
    assert np.array_equal(shifted.pooled(BASELINE, "residual"), residual)
    literal = Read(RESIDUAL, "laptop", reading(RESIDUAL, "against the Baseline's texture"))
    assert np.array_equal(literal.pooled(PREVIOUS, "residual"), texture[..., 1:, :])
    assert np.array_equal(literal.pooled(BASELINE, "residual"), residual)


def test_another_reading_of_the_same_runs():
    own = Read(TEXTURE, "laptop", TEXTURE.readings[0], brief=True)
    square = reading(TEXTURE, "mean square")
    again = own.under(square).pooled(FINAL, "texture")
    assert np.array_equal(again, Read(TEXTURE, "laptop", square).pooled(FINAL, "texture"))
    assert not np.array_equal(again, own.pooled(FINAL, "texture"))


def test_another_direction_reaches_the_ledgers_statistic():
    read = Read(TEXTURE, "laptop", reading(TEXTURE, "KL(q || p)"))
    finding = kl_difference(read, (("Global->Global", "Global->Local"),), "texture", PREVIOUS)[0]
    rows = {label: read.pooled(label, "texture", [0, 1, 2]) for label in ("Global->Global", "Global->Local")}
    before = read.pooled(BASELINE, "texture", [0, 1, 2])

    def lost(values):
        return np.mean([entropy(before[..., k, :], values[..., k + 1, :], axis=-1) for k in range(5)])

    wanted = lost(rows["Global->Global"]) - lost(rows["Global->Local"])
    assert finding.value == pytest.approx(wanted, rel=1e-4)


def test_squared_errors_order_methods_as_a_psnr_of_pooled_errors():
    diagnostic = DIAGNOSTICS["image"]
    read, plain = (
        Read(diagnostic, "laptop", r) for r in (reading(diagnostic, "mean squared error"), diagnostic.readings[0])
    )
    labels = read.labels[:6]
    found = agreement.variants(read, labels).mean(axis=(1, 2))
    every = [10 ** (-plain.values(label, "psnr", read.seeds(*labels)) / 10) for label in labels]
    pooled = [-10 * np.log10(errors.mean()) for errors in every]
    assert np.argsort(found).tolist() == np.argsort(pooled).tolist()


@pytest.fixture
def values():
    """Five networks a clear step apart, with three seeds and eight photographs."""
    noise = np.random.default_rng(0).normal(0, 0.01, (5, 3, 8))
    return np.arange(5.0)[:, None, None] + noise


def test_orders(values):
    sides = agreement.sides(values)
    same = agreement.order(values, 2 * values, sides, agreement.sides(2 * values))
    assert (same.rho.mean, same.rho.low, same.tau) == (pytest.approx(1), pytest.approx(1), pytest.approx(1))
    assert (same.separated, same.reversed, same.pairs) == (10, 0, 10)
    turned = agreement.order(values, -values, sides, agreement.sides(-values))
    assert turned.rho.high == pytest.approx(-1)
    assert turned.reversed == 10
    swapped = values[[1, 0, 2, 3, 4]]
    one = agreement.order(values, swapped, sides, agreement.sides(swapped))
    means = values.mean(axis=(1, 2)), swapped.mean(axis=(1, 2))
    assert one.rho.mean == pytest.approx(spearmanr(*means).statistic)
    assert one.tau == pytest.approx(kendalltau(*means).statistic)
    assert one.reversed == 1


def outcome(verdict, mean, predicted):
    return agreement.Outcome(verdict, Finding("", Interval(mean, mean - 1, mean + 1, 8), predicted))


def test_what_is_kept_and_what_turns_round():
    book = {"a": outcome("x", 2, 1), "b": outcome("x", 2, 1), "c": outcome("x", 0.5, 1), "d": outcome("x", 2, 1)}
    other = {"a": outcome("x", 2, 1), "b": outcome("y", -2, 1), "c": outcome("y", -2, 1), "d": outcome("x", -2, -1)}
    line = agreement.Line(TEXTURE.readings[0], 8, 1, None, other, book)
    assert line.kept == ["a", "d"]
    assert line.reversed == ["b"]


def test_every_reading_of_a_diagnostic_has_a_line_beside_the_books():
    found = agreement.lines(DIAGNOSTICS["entropy"], "laptop")
    assert [(one.photographs, one.seeds) for one in found] == [(8, 3), (4, 1), (4, 1), (4, 1)]
    assert found[0].order.rho.mean == found[1].order.rho.mean == pytest.approx(1)
    assert found[0].kept == list(DIAGNOSTICS["entropy"].claims)
    assert all(one.order.rho.mean < 1 for one in found[2:])


def test_a_profile_without_results_has_no_lines(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    assert agreement.lines(TEXTURE, "laptop") == []


def test_alternatives_are_of_the_rows_that_are_read():
    assert set(WITH_ALTERNATIVES) == set(GROUPS["table-iv"].rows.values())


def test_a_network_without_other_definitions_is_left_out_and_a_mistake_is_not(monkeypatch):
    square = reading(TEXTURE, "mean square")
    there, has = Read(TEXTURE, "laptop", square), results.has
    kept = f"{GROUPS['table-iv'].rows[FINAL]}-s0"
    missing = lambda id, profile, file: (id, file) != (kept, "alternatives") and has(id, profile, file)  # noqa: E731
    with monkeypatch.context() as patched:
        patched.setattr(results, "has", missing)
        assert set(there.labels) - set(agreement.measured(Read(TEXTURE, "laptop", square))) == {FINAL}
    broken = replace(TEXTURE, quantity=lambda read, label, seeds: results.read_arrays(kept, "laptop", "misspelled"))
    with pytest.raises(InputError, match="misspelled"):
        agreement.measured(Read(broken, "laptop", TEXTURE.readings[0]))
