"""Intervals that cover as often as they say, tests against scipy and textbooks, variance components that come back."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from inpaintlib.errors import InputError
from inpaintlib.statistics import Interval, bootstrap, compare, components, holm

TRUTH = 2.0
SHAPES = {
    "normal": lambda generator, shape: generator.normal(0, 1, shape),
    "skewed": lambda generator, shape: generator.gamma(2, 1 / math.sqrt(2), shape) - math.sqrt(2),  # Skewness 1.4.
}


def table(generator, shape, seeds, photographs, seed_effect, rows=2):
    """Values [S, N] of mean 2: photographs of SD 1, seeds, their interaction of SD 0.3, and rows; with the groups."""
    values = TRUTH + SHAPES[shape](generator, (1, photographs, 1))
    values = values + seed_effect * generator.normal(size=(seeds, 1, 1))
    values = values + 0.3 * generator.normal(size=(seeds, photographs, 1))
    values = values + 0.2 * generator.normal(size=(seeds, photographs, rows))
    return values.reshape(seeds, -1), np.repeat(np.arange(photographs), rows).astype(str)


def coverage(repeats, *how, draws=500):
    generator = np.random.default_rng(0)
    intervals = [bootstrap(*table(generator, *how), draws=draws, seed=i) for i in range(repeats)]
    return np.mean([i.low <= TRUTH <= i.high for i in intervals])


def test_photographs_stay_together_and_count_alike():
    values, groups = [0.0] * 10 + [1.0], ["a"] * 10 + ["b"]
    interval = bootstrap(values, groups)
    assert interval.mean == 0.5
    assert (interval.photographs, interval.seeds) == (2, 1)
    assert interval == bootstrap([0.0, 1.0], ["a", "b"])
    assert f"{Interval(0.5, 0.0, 1.0, 2):.1f}" == "0.5 [0.0, 1.0]"
    assert f"{interval}".startswith("0.50 [")


def test_order_of_rows_and_kind_of_sequence_do_not_matter():
    generator = np.random.default_rng(0)
    values, groups = table(generator, "normal", 3, 8, 0.5)
    order = generator.permutation(len(groups))
    assert bootstrap(values, groups).low == pytest.approx(bootstrap(values[:, order], groups[order]).low)
    assert bootstrap(values.tolist(), groups.tolist()) == bootstrap(values, groups)
    assert bootstrap(values[0], groups) == bootstrap(values[:1], groups)


def test_nonsense_is_refused():
    for wrong in (([], []), ([1.0], ["a", "b"]), (np.zeros((2, 2, 2)), ["a", "b"])):
        with pytest.raises(InputError, match="bootstrap needs rows"):
            bootstrap(*wrong)
    with pytest.raises(InputError, match="at least two photographs; all 2 are of a"):
        bootstrap([1.0, 2.0], ["a", "a"])
    with pytest.raises(InputError, match="1 of 2 values are not finite"):
        bootstrap([1.0, np.nan], ["a", "b"])
    with pytest.raises(InputError, match="at least two seeds"):
        components(np.zeros((1, 2)), ["a", "b"])
    with pytest.raises(InputError, match="from 0 to 1"):
        holm([0.5, 1.5])


@pytest.mark.parametrize("photographs", [5, 10, 23])
def test_width_for_normal_photographs_is_that_of_students_t(photographs):
    values = stats.norm.ppf((np.arange(photographs) + 0.5) / photographs)
    interval = bootstrap(values, range(photographs), draws=20_000)
    low, high = stats.t.interval(0.95, photographs - 1, values.mean(), stats.sem(values))
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=0.04)


def test_skewed_photographs_give_a_skewed_interval():
    interval = bootstrap(stats.lognorm.ppf((np.arange(20) + 0.5) / 20, 1), range(20), draws=20_000)
    assert interval.high - interval.mean > 1.1 * (interval.mean - interval.low)


def test_seeds_widen_by_students_t_of_their_variance_component():
    """By hand: photographs alike but for their seeds, whose means are -1, 0 and 1."""
    values = np.repeat([[-1.0], [0.0], [1.0]], 6, axis=1) + 5
    interval = bootstrap(values, range(6))
    side = stats.t.ppf(0.975, 2) * math.sqrt(1 / 3)
    assert (interval.low, interval.high) == pytest.approx((5 - side, 5 + side))
    assert interval.seeds == 3
    assert interval.photographs == 6
    assert bootstrap(values[1], range(6)).high == 5


def test_coverage_in_short():
    """The plain percentile interval of ten photographs covers 90 %; one training says nothing of others."""
    assert 0.93 <= coverage(1000, "normal", 1, 10, 0.0) <= 0.97
    assert coverage(300, "normal", 1, 10, 3.0) < 0.6
    assert coverage(300, "normal", 3, 10, 3.0) >= 0.92


@pytest.mark.slow
@pytest.mark.parametrize("photographs", [10, 23])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_coverage_over_photographs(shape, photographs):
    assert 0.925 <= coverage(2000, shape, 1, photographs, 0.0, draws=1000) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("seed_effect", [0.0, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("photographs", [10, 23])
@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_coverage_over_photographs_and_seeds(shape, seeds, photographs, seed_effect):
    assert 0.92 <= coverage(1000, shape, seeds, photographs, seed_effect) <= 0.995


def test_comparison_is_paired():
    generator = np.random.default_rng(1)
    base, groups = table(generator, "normal", 1, 20, 0.0)
    better = base + 0.3 + 0.1 * generator.normal(size=base.shape)
    found = compare(better[0], base[0], groups)
    rows = bootstrap(better[0] - base[0], groups)
    assert (found.difference.low, found.difference.high) == pytest.approx((rows.low, rows.high))
    assert found.difference.low > 0
    per_photograph = (better - base).reshape(20, 2).mean(axis=1)
    assert found.effect == pytest.approx(per_photograph.mean() / per_photograph.std(ddof=1))
    assert found.share == (per_photograph > 0).mean()
    swapped = compare(base[0], better[0], groups)
    assert swapped.difference.mean == -found.difference.mean
    assert (swapped.p, swapped.effect, swapped.share) == pytest.approx((found.p, -found.effect, 1 - found.share))


def test_ties_count_half_and_equal_methods_differ_by_nothing():
    groups = list("abcd")
    assert compare([1, 2, 3, 4], [1, 2, 2, 5], groups).share == 0.5
    assert compare([1, 2, 3, 4], [1, 2, 2, 4], groups).share == 0.625
    for values in (np.arange(4.0), np.arange(12.0).reshape(3, 4)):
        same = compare(values, values, groups)
        assert (same.p, same.effect, same.share) == (1, 0, 0.5)
        assert same.difference.low == same.difference.high == 0
        assert compare(values + 1, values, groups).effect == math.inf


def test_permutations_one_by_one():
    """All 2^7 sign patterns, literally."""
    difference = np.random.default_rng(2).normal(0.6, 1, 7)
    means = [abs((np.array(signs) * difference).mean()) for signs in itertools.product((-1, 1), repeat=7)]
    extreme = sum(mean >= abs(difference.mean()) - 1e-12 for mean in means)
    assert compare(difference, np.zeros(7), range(7)).p == pytest.approx(extreme / 2**7)


def test_permutations_of_many_photographs():
    difference = np.random.default_rng(3).normal(0.35, 1, 23)
    found = compare(difference, np.zeros(23), range(23))
    assert found.p == pytest.approx(stats.ttest_1samp(difference, 0).pvalue, abs=0.02)
    assert found == compare(difference, np.zeros(23), range(23))
    assert 0 < compare(difference + 9, np.zeros(23), range(23)).p < 0.001


def test_p_is_uniform_without_a_difference():
    generator = np.random.default_rng(4)
    p = [compare(*generator.normal(size=(2, 9)), range(9), draws=2).p for _ in range(300)]
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_p_with_seeds_agrees_with_the_interval():
    """Normal photographs: the interval touches zero where p is 0.05."""
    generator = np.random.default_rng(5)
    values, groups = table(generator, "normal", 3, 23, 0.5)
    interval = bootstrap(values, groups, draws=20_000)
    at_low = compare(values - interval.low, 0 * values, groups)
    assert at_low.p == pytest.approx(0.05, abs=0.01)
    assert compare(values - interval.low - 0.5, 0 * values, groups).p > at_low.p
    assert compare(values + 1e9, 0 * values, groups).p > 0


def test_p_with_seeds_that_do_not_differ_is_students():
    values = np.repeat(np.random.default_rng(6).normal(0.4, 1, (1, 15)), 3, axis=0)
    p = compare(values, 0 * values, range(15)).p
    assert p == pytest.approx(stats.ttest_1samp(values[0], 0).pvalue, rel=1e-6)


def test_a_seed_effect_is_not_taken_for_a_difference():
    """Two methods alike but for their seeds: with seeds in account, p < 0.05 stays rare; without, it does not."""
    generator = np.random.default_rng(7)
    aware, blind = [], []
    for _ in range(150):
        (one, groups), (other, _) = (table(generator, "normal", 3, 10, 1.0) for _ in range(2))
        aware.append(compare(one, other, groups, draws=2).p < 0.05)
        blind.append(compare(one.mean(0) - one.mean() + one[0].mean(), other.mean(0), groups, draws=2).p < 0.05)
    assert np.mean(aware) < 0.1 < np.mean(blind)


def test_unequal_numbers_of_seeds():
    generator = np.random.default_rng(8)
    (one, groups), (other, _) = (table(generator, "normal", seeds, 12, 0.5) for seeds in (3, 2))
    mixed = compare(one, other, groups)
    assert mixed.difference.seeds == 2
    assert mixed.difference.mean == pytest.approx(one.mean() - other.mean())
    fixed = compare(one, other[0], groups)
    assert fixed.difference.seeds == 1
    alone = bootstrap(one - other[0], groups)
    assert (fixed.difference.low, fixed.difference.high) == pytest.approx((alone.low, alone.high))


def test_holm_against_its_definition_and_an_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    p = np.random.default_rng(9).random(11) ** 3
    ranked = sorted(p)
    for value, adjusted in zip(p, holm(p)):
        steps = [(len(p) - j) * ranked[j] for j in range(ranked.index(value) + 1)]
        assert adjusted == pytest.approx(min(1, max(steps)))
    assert holm([0.02]) == [0.02]
    assert holm([]).shape == (0,)


def test_components_of_a_table_by_hand():
    """Montgomery's way: mean squares of a 2 x 3 table without repeats."""
    values = np.array([[1.0, 2.0, 6.0], [3.0, 5.0, 7.0]])
    grand, by_seed, by_photograph = values.mean(), values.mean(1), values.mean(0)
    rest = sum((values[s, g] - by_seed[s] - by_photograph[g] + grand) ** 2 for s in range(2) for g in range(3)) / 2
    seed = 3 * sum((m - grand) ** 2 for m in by_seed)
    photograph = 2 * sum((m - grand) ** 2 for m in by_photograph) / 2
    found = components(values, list("abc"))
    assert found.rest == pytest.approx(math.sqrt(rest))
    assert found.seed == pytest.approx(math.sqrt((seed - rest) / 3))
    assert found.photograph == pytest.approx(math.sqrt((photograph - rest) / 2))


def test_components_come_back():
    generator = np.random.default_rng(10)
    found = [components(*table(generator, "normal", 3, 23, 0.5)) for _ in range(400)]
    seed, photograph, rest = (np.mean([getattr(f, n) ** 2 for f in found]) for n in ("seed", "photograph", "rest"))
    assert seed == pytest.approx(0.5**2, rel=0.15)
    assert photograph == pytest.approx(1, rel=0.05)
    assert rest == pytest.approx(0.3**2 + 0.2**2 / 2, rel=0.05)
    alike = components(np.tile(generator.normal(size=9), (2, 1)), range(9))
    assert (alike.seed, alike.rest) == pytest.approx((0, 0), abs=1e-12)
