"""The ledger: what is declared exists, what is not is refused, rules can say every verdict, statistics are right."""

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import entropy, spearmanr

import inpaintlib as il
from inpaintlib import claims
from inpaintlib.claims import CLAIMS, RULES, STATISTICS, Claim, Evidence, Finding
from inpaintlib.claims.claim import DIRECTION, NOT_REPRODUCED, REPRODUCED
from inpaintlib.claims.differences import slope
from inpaintlib.claims.judging import NOT_RUN, Source, check, judge, shipped
from inpaintlib.claims.orders import critical_rho, rho, rho_interval
from inpaintlib.diagnostics import kl_to_previous_layer
from inpaintlib.measurements import NotRun
from inpaintlib.statistics import Interval

COLUMNS, PHOTOGRAPHS = ("10-20", "20-30", "30-40", "40-50"), 16
LABELS = ("Baseline", "a", "b", "c", "absent")
POOLED = {"10-30": ("10-20", "20-30"), "30-50": ("30-40", "40-50")}


class Rows:
    """Two rows a photograph and column."""

    bin = np.tile(np.repeat(COLUMNS, 2), PHOTOGRAPHS)
    group = np.repeat([f"photo-{i:02d}" for i in range(PHOTOGRAPHS)], 2 * len(COLUMNS))


class Synthetic:
    """Measurements with known levels.

    level: label -> metric value, or one value per column.  noise: standard deviation of what each row adds on its own.
    mixed: what "a" gains on every other photograph and loses on the rest, once in the first column, twice in the next.
    maps: (label, name) -> the array of one photograph.  lines: seeds.
    """

    rows, photographs = Rows(), np.unique(Rows.group)
    looked = photographs
    divergence = staticmethod(kl_to_previous_layer)

    def __init__(self, level=None, noise=0.02, mixed=0.0, maps=None, lines=3):
        self.level, self.noise, self.mixed, self.maps, self.lines = level or {}, noise, mixed, maps or {}, lines
        self.generator = np.random.default_rng(5)

    def seeds(self, *labels):
        for label in labels:
            if label not in self.level and not any(label == key[0] for key in self.maps):
                raise NotRun(f"{label} has no results.")
        return list(range(self.lines))

    def column(self, name):
        return np.isin(self.rows.bin, POOLED.get(name, name))

    def values(self, label, metric, seeds=None):
        level = np.broadcast_to(self.maps.get((label, metric), self.level.get(label)), len(COLUMNS))
        sides = np.repeat(self._sides(label), len(self.rows.bin) // PHOTOGRAPHS)
        return self._line(sum((level[i] + (i + 1) * sides) * self.column(c) for i, c in enumerate(COLUMNS)))

    def distance(self, label, metric, column, seeds=None):
        return self._line(self.level[label] + self._sides(label))

    def pooled(self, label, kind, seeds=None):
        return self.dump(label, kind)

    def dump(self, label, name, seeds=None):
        if (label, name) not in self.maps:
            raise NotRun(f"{label} has no {name}.")
        one = np.asarray(self.maps[label, name], np.float64)
        return self._line(np.broadcast_to(one, (PHOTOGRAPHS, *one.shape)))

    def scale(self, labels):
        self.seeds(*labels)
        return {"commits": ["abc1234"]}

    def _sides(self, label):
        return self.mixed * (label == "a") * np.where(np.arange(PHOTOGRAPHS) % 2, 1, -1)

    def _line(self, values):
        noise = self.generator.standard_normal((self.lines, *values.shape))
        return values + self.noise * noise


def source(measurements=None, profiles=("laptop",)) -> Source:
    def opened(group, protocol, profile):
        found = measurements.get(profile) if isinstance(measurements, dict) else measurements
        if found is None:
            raise AssertionError("nothing may be read here")
        return found

    return Source({"g": LABELS}, {"p": COLUMNS}, profiles, opened)


def claim(statistic="paired difference", rule="signed", group="g", protocol="p", id="a-claim", **of) -> Claim:
    of = of or {"pairs": (("a", "b"),), "metrics": ("psnr",), "columns": ("10-20",)}
    return Claim(id, "beyond", "here", "says", "predicts", rule, Evidence(group, protocol, statistic, of))


def judged(measurements, *args, **kwargs):
    return judge([claim(*args, **kwargs)], source(measurements))[0]


# What is declared


def test_ids_are_unique_and_say_whose_claim_it_is():
    ids = [c.id for c in CLAIMS]
    assert len(ids) == len(set(ids)) >= 45
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in ids)
    assert all(c.id.startswith(c.paper.lower()) for c in CLAIMS)


def test_every_claim_is_complete():
    for c in CLAIMS:
        assert c.place, c.id
        assert c.says.endswith("."), c.id
        assert c.predicts.endswith("."), c.id
        assert c.rule in RULES, c.id
        assert bool(c.evidence) != bool(c.reason), c.id


def test_all_evidence_exists():
    for c in CLAIMS:
        check(c, shipped())


def test_every_rule_and_statistic_is_used():
    assert {c.rule for c in CLAIMS} == set(RULES)
    assert {e.statistic for c in CLAIMS for e in c.evidence} == set(STATISTICS)


@pytest.mark.skipif("INPAINTLIB_PAPERS" not in os.environ, reason="the papers' texts are not at hand")
def test_claims_are_told_in_our_own_words():
    def words(text):
        return re.sub(r"\W+", " ", text).lower().split()

    papers = (Path(os.environ["INPAINTLIB_PAPERS"], f"{name}.txt").read_text() for name in ("tsgl", "misf"))
    printed = " ".join(word for paper in papers for word in words(paper))
    for c in CLAIMS:
        ours = words(c.says)
        assert not any(" ".join(ours[i : i + 8]) in printed for i in range(len(ours) - 7)), c.id


# What is not declared is refused, whatever the other claims, before anything is read

PAIR, ONE = (("a", "b"),), ("10-20",)
PSNR = {"pairs": PAIR, "metrics": ("psnr",), "columns": ONE}
TABLE = {"table": "misf-table-2", "rows": (("MISF", "RFRNet"),), "metrics": ("PSNR",)}
COUNT = {"model": "lama", "quantity": "parameters", "size": 64, "printed": ("tsgl-table-6", "LaMa")}
ORDER = {"table": "tsgl-table-4", "printed": "PSNR", "metrics": ("psnr",), "columns": ("10-30",)}
PUBLISHED = {"group": "published", "protocol": "tables", "statistic": "printed comparison"}
COUNTS = {"group": "counts", "protocol": "counting", "statistic": "count"}

WRONG = {
    "group": ({"group": "gone", **PSNR}, "no group 'gone'"),
    "protocol": ({"protocol": "gone", **PSNR}, "no protocol 'gone'"),
    "statistic": ({"statistic": "gone", **PSNR}, "no statistic 'gone'"),
    "label": ({**PSNR, "pairs": (("a", "gone"),)}, "no label 'gone'"),
    "column": ({**PSNR, "columns": ("50-60",)}, "no column '50-60'"),
    "metric": ({**PSNR, "metrics": ("fidelity",)}, "no metric 'fidelity'"),
    "nothing": ({**PSNR, "columns": ()}, "names no columns"),
    "an argument too many": ({**PSNR, "colour": 1}, "colour"),
    "an argument too few": ({"pairs": PAIR}, "metrics"),
    "kind": ({"statistic": "KL difference", "pairs": PAIR, "kind": "colour"}, "no kind 'colour'"),
    "baseline": ({"statistic": "KL crossing", "label": "a", "baseline": "gone"}, "no label 'gone'"),
    "layer": ({"statistic": "structure share", "pairs": PAIR, "kind": "residual", "layers": (0, 6)}, "no layers"),
    "dump": ({"statistic": "difference of means", "pairs": PAIR, "dumps": ("gone",)}, "no dump 'gone'"),
    "order's labels": ({"statistic": "published order", **ORDER}, "no label"),
    "order's column": ({"statistic": "published order", **ORDER, "columns": ("1-10",)}, "'1-10'"),
    "order's metrics": ({"statistic": "published order", **ORDER, "metrics": ("psnr", "ssim")}, "one metric"),
    "order's length": (
        {"statistic": "published order", **ORDER, "table": "misf-table-4", "columns": ("0-20",)},
        "few rows",
    ),
    "table": ({**PUBLISHED, **TABLE, "table": "misf-table-9"}, "misf-table-9"),
    "row": ({**PUBLISHED, **TABLE, "rows": (("MISF", "gone"),)}, "no row 'gone'"),
    "printed metric": ({**PUBLISHED, **TABLE, "metrics": ("FID",)}, "no metric 'FID'"),
    "bin": ({**PUBLISHED, **TABLE, "bins": ("10-20",)}, "no bin '10-20'"),
    "part": ({**PUBLISHED, **TABLE, "parts": ("Paris",)}, "no part 'Paris'"),
    "nothing in common": ({**PUBLISHED, **TABLE, "rows": (("MISF", "PConv"),), "metrics": ("LPIPS",)}, "of both rows"),
    "pseudo group": ({**PUBLISHED, **TABLE, "group": "g"}, "belongs to"),
    "model": ({**COUNTS, **COUNT, "model": "gone"}, "no model named 'gone'"),
    "setting": ({**COUNTS, **COUNT, "config": {"gone": 1}}, "no setting named 'gone'"),
    "quantity": ({**COUNTS, **COUNT, "quantity": "gone"}, "'gone'"),
    "counted row": ({**COUNTS, **COUNT, "printed": ("tsgl-table-6", "gone")}, "no row 'gone'"),
}


@pytest.mark.parametrize("of, message", WRONG.values(), ids=WRONG)
def test_undeclared_evidence_is_refused_by_the_name_of_its_claim(of, message):
    wrong = claim(**{"id": "wrong-one", **of})
    with pytest.raises(il.InputError, match=message) as caught:
        judge([claim(), wrong], source())
    assert "wrong-one" in str(caught.value)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    "wrong, message",
    [
        (replace(claim(), rule="gone"), "rule 'gone'"),
        (replace(claim(), evidence=()), "evidence or a reason"),
        (replace(claim(), reason="none"), "evidence or a reason"),
    ],
)
def test_a_claim_without_rule_or_evidence_is_refused(wrong, message):
    with pytest.raises(il.InputError, match=message):
        judge([wrong], source())


def test_an_id_stands_once():
    with pytest.raises(il.InputError, match="a-claim"):
        judge([claim(), claim()], source())


# Rules: each reaches each verdict

SURE, UNSURE = Interval(1.0, 0.8, 1.2, 9), Interval(1.0, -0.1, 2.1, 9)
AGAINST = Interval(-1.0, -1.2, -0.8, 9)


def f(interval=SURE, predicted=1, p=0.001, **more) -> Finding:
    return Finding("x", interval, predicted, p, **more)


def exact(value, predicted=1, **more) -> Finding:
    return Finding("x", value, predicted, **more)


def rank(low, middle, bound=0.5) -> Finding:
    return Finding("x", Interval(middle, low, 1.0, 9), 1, bound=bound)


SIGNED = (
    ([f(), f(AGAINST, -1)], REPRODUCED),
    ([f(), f(UNSURE, p=0.08)], DIRECTION),
    ([f(), f(p=0.2)], DIRECTION),
    ([f(p=0.03), f(p=0.03)], DIRECTION),  # Holm: 0.06
    ([f(), f(AGAINST)], NOT_REPRODUCED),
    ([f(), f(Interval(-0.1, -0.2, 0.1, 9), p=0.5)], NOT_REPRODUCED),
)
VERDICTS = {
    "signed": SIGNED,
    "best": SIGNED,
    "throughout": (
        ([f(), f(layer=1), f(UNSURE, p=0.3, layer=2), f(Interval(-1, -2, 0.1, 9), p=0.2, layer=3)], REPRODUCED),
        ([f(), f(layer=1), f(AGAINST, layer=2)], DIRECTION),
        ([f(UNSURE, p=0.1), f(layer=1)], DIRECTION),
        ([f(AGAINST), f(layer=1)], NOT_REPRODUCED),
    ),
    "crossing": (
        ([f(AGAINST, -1, layer=2), f(layer=4)], REPRODUCED),
        ([f(AGAINST, -1, layer=2), f(layer=4), f(Interval(-0.5, -0.6, -0.4, 9), layer=5)], DIRECTION),
        ([f(AGAINST, -1, layer=2), f(AGAINST, layer=4)], NOT_REPRODUCED),
        ([f(SURE, -1, layer=2), f(layer=4)], NOT_REPRODUCED),
    ),
    "order": (
        ([rank(0.2, 0.7), rank(0.1, 0.5)], REPRODUCED),
        ([rank(0.2, 0.7), rank(0.1, 0.4)], DIRECTION),
        ([rank(0.2, 0.7), rank(-0.1, 0.6)], NOT_REPRODUCED),
    ),
    "steps": (
        ([f(), f(), f(UNSURE, p=0.3)], REPRODUCED),
        ([f(), f(UNSURE, p=0.3)], DIRECTION),
        ([f(), f(), f(AGAINST)], DIRECTION),
        ([f(), f(AGAINST)], NOT_REPRODUCED),
        ([f(UNSURE, p=0.3)], NOT_REPRODUCED),
    ),
    "same level": (
        ([f(Interval(0.01, -0.05, 0.09, 9), 0, bound=0.1)], REPRODUCED),
        ([f(Interval(0.05, -0.05, 0.15, 9), 0, bound=0.1)], DIRECTION),
        ([f(Interval(-0.2, -0.25, -0.15, 9), 0, bound=0.1)], NOT_REPRODUCED),
    ),
    "number": (
        ([exact(34.3, 34, bound=0.01), exact(27, 27, bound=0.01)], REPRODUCED),
        ([exact(34.4, 34, bound=0.01), exact(27, 27, bound=0.01)], DIRECTION),
        ([exact(34, 34, bound=0.01), exact(20, 27, bound=0.01)], NOT_REPRODUCED),
    ),
    "linear": (
        ([exact(1.01, 1, bound=0.02)], REPRODUCED),
        ([exact(0.95, 1, bound=0.02)], DIRECTION),
        ([exact(2.0, 1, bound=0.02)], NOT_REPRODUCED),
    ),
    "arithmetic": (
        ([exact(7.0148, 7.01, bound=0.01), exact(7.87, 7.9, bound=0.1)], REPRODUCED),
        ([exact(26.28, 26.2, bound=0.1), exact(25.34, 25.3, bound=0.1)], DIRECTION),
        ([exact(26.28, 26.2, bound=0.1), exact(25.34, 25.4, bound=0.1)], NOT_REPRODUCED),
    ),
    "printed": (
        ([exact(0.1), exact(-3, -1)], REPRODUCED),
        ([exact(0.1), exact(0.1), exact(0.0)], DIRECTION),
        ([exact(0.1), exact(0.0)], NOT_REPRODUCED),
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_reaches_every_verdict(rule):
    for findings, verdict in VERDICTS[rule]:
        assert RULES[rule].decide(findings) == verdict, findings
    assert {verdict for _, verdict in VERDICTS[rule]} == {REPRODUCED, DIRECTION, NOT_REPRODUCED}


def test_every_rule_is_told_in_words_and_gives_a_number():
    for name, rule in RULES.items():
        assert rule.name == name
        assert "eproduced" in rule.words
        assert "in direction only" in rule.words
        for findings, _ in VERDICTS[name]:
            assert re.search(r"\d", rule.headline(findings))
            if isinstance(findings[0].estimate, Interval) and name != "steps":
                assert "[" in rule.headline(findings)


def test_the_headline_is_the_finding_that_supports_least():
    weak = Finding("weak", Interval(0.1, -0.4, 0.6, 9), 1, 0.6)
    wrong = Finding("wrong", Interval(2.0, 1.9, 2.1, 9), -1, 0.001)
    assert "weak" in RULES["signed"].headline([f(), weak])
    assert "wrong" in RULES["signed"].headline([f(), weak, wrong])


# From measurements to verdicts

FLAT = np.full((6, 4), 0.25)
STEP = np.array([[4, 1, 1, 1], [1, 4, 1, 1], [1, 1, 4, 1], [1, 1, 1, 4], [4, 1, 1, 1], [1, 4, 1, 1]], float)
KEPT = np.concatenate([STEP[:1], STEP[:-1]])  # Layer k is the baseline's layer k - 1: nothing is lost.


def pooled(**by_label):
    by_label = {"Baseline": STEP} | by_label
    kinds = {"texture": lambda x: x, "high_pass": lambda x: x, "residual": lambda x: x[1:]}
    return {(label, kind): part(x) for label, x in by_label.items() for kind, part in kinds.items()}


AHEAD, BEHIND = {"a": 1.0, "b": 0.0, "c": -1.0}, {"a": 0.0, "b": 1.0, "c": 2.0}
TREND = {"dumps": ("entropy_reconstructed",)}


def entropies(a, b):
    return {("a", "entropy_reconstructed"): np.array(a, float), ("b", "entropy_reconstructed"): np.array(b, float)}


def similar(filtered, before):
    return {("a", "similarity_filtered"): np.array(filtered), ("a", "similarity_prefiltered"): np.array(before)}


CASES = {
    "difference": ({}, Synthetic(AHEAD), Synthetic({"a": 0.2, "b": 0.0}, mixed=1.0), Synthetic(BEHIND)),
    "distance": (
        {"pairs": PAIR, "metrics": ("kd",), "columns": ONE},
        Synthetic(BEHIND),
        Synthetic({"a": 0.0, "b": 0.2}, mixed=1.0),
        Synthetic(AHEAD),
    ),
    "growth": (
        {"statistic": "growth of difference", "pairs": PAIR, "metrics": ("psnr",), "columns": COLUMNS},
        Synthetic({"a": (0, 1, 2, 3), "b": 0.0}),
        Synthetic({"a": (0.0, 0.1, 0.2, 0.3), "b": 0.0}, mixed=1.0),
        Synthetic({"a": (3, 2, 1, 0), "b": 0.0}),
    ),
    "KL": (
        {"statistic": "KL difference", "rule": "throughout", "pairs": PAIR, "kind": "texture"},
        Synthetic(maps=pooled(a=KEPT, b=STEP)),
        Synthetic(maps=pooled(a=np.concatenate([KEPT[:5], STEP[5:]]), b=np.concatenate([STEP[:5], KEPT[5:]]))),
        Synthetic(maps=pooled(a=STEP, b=KEPT)),
    ),
    "KL of the residual": (
        {"statistic": "KL difference", "rule": "throughout", "pairs": PAIR, "kind": "residual"},
        Synthetic(maps=pooled(a=KEPT, b=STEP)),
        None,
        Synthetic(maps=pooled(a=STEP, b=KEPT)),
    ),
    "KL level": (
        {"statistic": "KL level", "rule": "same level", "pairs": PAIR, "kind": "high_pass", "margin": 0.1},
        Synthetic(maps=pooled(a=STEP, b=STEP), noise=0.01),
        None,
        Synthetic(maps=pooled(a=KEPT, b=STEP), noise=0.01),
    ),
    "crossing": (
        {"statistic": "KL crossing", "rule": "crossing", "label": "a"},
        Synthetic(
            maps=pooled()
            | {("a", "high_pass"): np.concatenate([KEPT[:4], STEP[4:]])}
            | {("a", "residual"): np.concatenate([STEP[1:4], KEPT[4:]])},
        ),
        None,
        Synthetic(
            maps=pooled()
            | {("a", "high_pass"): np.concatenate([STEP[:4], KEPT[4:]])}
            | {("a", "residual"): np.concatenate([KEPT[1:4], STEP[4:]])},
        ),
    ),
    "share": (
        {"statistic": "structure share", "rule": "throughout", "pairs": PAIR, "kind": "residual", "layers": (4, 5)},
        Synthetic(maps=pooled(a=FLAT, b=FLAT) | {("a", "residual"): 2 * FLAT[1:]}),
        None,
        Synthetic(maps=pooled(a=FLAT, b=FLAT) | {("b", "residual"): 2 * FLAT[1:]}),
    ),
    "trend": (
        {"statistic": "trend over layers", "label": "a", "sign": -1, **TREND},
        Synthetic(maps=entropies([5, 4, 3, 2, 1], [0, 0, 0, 0, 0])),
        None,
        Synthetic(maps=entropies([1, 2, 3, 4, 5], [0, 0, 0, 0, 0])),
    ),
    "trends": (
        {"statistic": "difference of trends", "pairs": PAIR, **TREND},
        Synthetic(maps=entropies([5, 5, 5, 5, 5], [5, 4, 3, 2, 1])),
        None,
        Synthetic(maps=entropies([5, 4, 3, 2, 1], [5, 5, 5, 5, 5])),
    ),
    "means": (
        {"statistic": "difference of means", "pairs": PAIR, **TREND},
        Synthetic(maps=entropies([2, 2, 2, 2, 2], [1, 1, 1, 1, 1])),
        None,
        Synthetic(maps=entropies([1, 1, 1, 1, 1], [2, 2, 2, 2, 2])),
    ),
    "fluctuation": (
        {"statistic": "fluctuation over layers", "pairs": PAIR, **TREND},
        Synthetic(maps=entropies([2, 2, 2, 2, 2], [1, 3, 1, 3, 1])),
        None,
        Synthetic(maps=entropies([1, 3, 1, 3, 1], [2, 2, 2, 2, 2])),
    ),
    "level": (
        {"statistic": "level", "rule": "same level", "label": "a", "dumps": ("hole_attention",), "margin": 0.01},
        Synthetic(maps={("a", "hole_attention"): np.full(8, 0.001)}, noise=0.001),
        None,
        Synthetic(maps={("a", "hole_attention"): np.full(8, 0.2)}, noise=0.001),
    ),
    "similarity": (
        {"statistic": "filtered similarity", "label": "a", "columns": tuple(COLUMNS)},
        Synthetic(maps=similar([0.9, 0.9, 0.9, 0.9], [0.8, 0.7, 0.6, 0.5])),
        None,
        Synthetic(maps=similar([0.7, 0.6, 0.5, 0.4], [0.8, 0.7, 0.6, 0.5])),
    ),
    "growth of similarity": (
        {"statistic": "growth of similarity", "label": "a", "columns": tuple(COLUMNS)},
        Synthetic(maps=similar([0.9, 0.9, 0.9, 0.9], [0.8, 0.7, 0.6, 0.5])),
        None,
        Synthetic(maps=similar([0.9, 0.8, 0.6, 0.5], [0.6, 0.7, 0.6, 0.5])),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_measurements_decide(name):
    of, yes, weak, no = CASES[name]
    assert judged(yes, **of).verdict == REPRODUCED
    assert judged(no, **of).verdict == NOT_REPRODUCED
    if weak is not None:
        assert judged(weak, **of).verdict == DIRECTION


def table_iv(order) -> Source:
    """Twelve rows whose PSNR is given, as measurements of the group table-iv."""
    measured = Synthetic(dict(zip(il.TABLE_IV, order)))
    columns = {"bundled-256": tuple(POOLED)}
    return Source({"table-iv": tuple(il.TABLE_IV)}, columns, ("laptop",), lambda *_: measured)


@pytest.mark.parametrize("id", ["tsgl-table-4-order", "tsgl-table-4-steps-10-30", "tsgl-table-4-best"])
def test_table_iv_is_judged_by_its_order(id):
    table = il.published.table("tsgl-table-4")
    printed = table[(table.metric == "PSNR") & (table.bin == "10-30")].set_index("row").value
    right = [printed[label] for label in il.TABLE_IV]
    (chosen,) = (c for c in CLAIMS if c.id == id)
    assert judge([chosen], table_iv(right))[0].verdict == REPRODUCED
    assert judge([chosen], table_iv([-x for x in right]))[0].verdict == NOT_REPRODUCED
    scale = {"profile": "laptop", "photographs": PHOTOGRAPHS, "seeds": 3, "commits": ["abc1234"]}
    assert judge([chosen], table_iv(right))[0].scale == scale


# References


def test_the_loss_is_scipys_entropy_between_neighbouring_layers():
    rng = np.random.default_rng(3)
    maps = {(label, "texture"): rng.random((6, 4)) for label in ("Baseline", "a", "b")}
    measured = Synthetic(maps=maps, noise=0)
    findings = STATISTICS["KL difference"].compute(measured, pairs=PAIR, kind="texture")

    def loss(label):
        return [entropy(maps[label, "texture"][k], maps["Baseline", "texture"][k - 1]) for k in range(1, 6)]

    expected = np.array(loss("a")) - np.array(loss("b"))
    assert [x.layer for x in findings] == [None, 1, 2, 3, 4, 5]
    np.testing.assert_allclose([x.value for x in findings], [expected.mean(), *expected], rtol=1e-9)


def test_the_share_of_structure_is_a_ratio_of_sums():
    rng = np.random.default_rng(4)
    maps = {(label, kind): rng.random((n, 4)) for label in "ab" for kind, n in (("texture", 6), ("residual", 5))}
    measured = Synthetic(maps=maps, noise=0)
    findings = STATISTICS["structure share"].compute(measured, pairs=PAIR, kind="residual", layers=(4, 5))
    share = {x: [maps[x, "residual"][k - 1].sum() / maps[x, "texture"][k].sum() for k in (4, 5)] for x in "ab"}
    expected = np.array(share["a"]) - np.array(share["b"])
    np.testing.assert_allclose([x.value for x in findings], [expected.mean(), *expected], rtol=1e-9)


def test_slopes_are_numpys():
    rng = np.random.default_rng(6)
    values = rng.random((2, 3, 5))
    expected = [[np.polyfit(range(5), line, 1)[0] for line in block] for block in values]
    np.testing.assert_allclose(slope(values), expected, rtol=1e-9)


def test_rho_is_scipys_ties_and_all():
    rng = np.random.default_rng(7)
    measured, printed = rng.integers(0, 6, (20, 9)).astype(float), rng.integers(0, 4, 9).astype(float)
    expected = [spearmanr(line, printed).statistic for line in measured]
    np.testing.assert_allclose(rho(measured, printed), expected, rtol=1e-9)


@pytest.mark.parametrize("rows, printed", [(5, 0.900), (10, 0.564), (12, 0.503)])
def test_critical_values_are_those_of_statistical_tables(rows, printed):
    assert critical_rho(tuple(range(rows))) == pytest.approx(printed, abs=0.012)


def test_an_interval_of_rho_covers_what_noise_allows():
    rng = np.random.default_rng(8)
    truth = np.arange(8.0)
    noisy = truth[:, None, None] + 3 * rng.standard_normal((8, 3, 20))
    interval = rho_interval(noisy, truth)
    assert interval.low < interval.mean <= interval.high
    assert interval.low > 0.5
    assert interval.seeds == 3
    pure = rho_interval(rng.standard_normal((8, 3, 20)), truth)
    assert pure.low < 0 < pure.high


# What the papers print


def verdicts(*ids):
    return {c.id: judge([c], source())[0].verdict for c in CLAIMS if c.id in ids}


def test_stated_percentages_against_printed_numbers():
    assert verdicts(
        "misf-table-2-percentages-psnr",
        "misf-table-2-percentages-lpips",
        "tsgl-table-6-percentages",
        "tsgl-table-8-percentages",
    ) == {
        "misf-table-2-percentages-psnr": REPRODUCED,
        "misf-table-2-percentages-lpips": REPRODUCED,
        "tsgl-table-6-percentages": DIRECTION,  # 11.85 was cut to 11.8.
        "tsgl-table-8-percentages": DIRECTION,  # 26.28, 7.67 and 3.67 were cut.
    }


def test_percentages_by_hand():
    of = {"table": "tsgl-table-8", "one": "Edge map + Grayscale", "others": ("Gradients-X", "Gradients-Y")}
    (found,) = STATISTICS["printed gain"].compute(None, **of, metric="FID", stated=26.2, digit=0.1)
    assert found.value == pytest.approx(100 * (47.84 - 35.27) / 47.84)
    (found,) = STATISTICS["printed gain"].compute(None, **of, metric="PSNR", stated=7.6, digit=0.1)
    assert found.value == pytest.approx(100 * (30.62 - 28.44) / 28.44)


def test_printed_comparisons_by_hand():
    (deeper,) = (c for c in CLAIMS if c.id == "misf-table-4-printed")
    findings = judge([deeper], source())[0].findings
    against = {x.label for x in findings if not x.agrees}
    assert len(findings) == 24
    cells = ("PSNR 40-60", "SSIM 0-20", "SSIM 20-40", "SSIM 40-60")  # F2 is behind F1 there, or level with it.
    assert against == {f"Sem-Filter(F2) minus Sem-Filter(F1), {cell}" for cell in cells}
    (dunhuang,) = (c for c in CLAIMS if c.id == "misf-table-3-dunhuang")
    assert [x.agrees for x in judge([dunhuang], source())[0].findings] == [True, True, True, False]


def test_dashes_are_not_compared():
    of = {"table": "misf-table-2", "rows": (("MISF", "PConv"),), "metrics": ("LPIPS", "PSNR")}
    found = STATISTICS["printed comparison"].compute(None, **of)
    assert len(found) == 3


# Counts


def test_counts_of_a_real_network_against_print():
    of = {**COUNTS, "rule": "number"}
    lama = claim(**of, **COUNT)
    assert judge([lama], source())[0].verdict == REPRODUCED
    (found,) = judge([lama], source())[0].findings
    assert found.value == pytest.approx(27.049, abs=0.001)
    assert "printed 27 M" in judge([lama], source())[0].number
    other = claim(**of, **{**COUNT, "printed": ("tsgl-table-6", "Big-LaMa")})
    assert judge([other], source())[0].verdict == NOT_REPRODUCED


def test_cost_grows_with_pixels():
    of = {"model": "lama", "sizes": (64, 128), "config": {"width": 8, "blocks": 1}}
    grown = claim("growth with size", "linear", "counts", "counting", **of)
    result = judge([grown], source())[0]
    assert result.verdict == REPRODUCED
    assert result.findings[0].value == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_every_count_has_its_verdict():
    counted = [c for c in CLAIMS if any(e.group == "counts" for e in c.evidence)]
    assert {c.id: c.verdict for c in judge(counted, source())} == {
        "tsgl-table-5-network": NOT_REPRODUCED,
        "tsgl-table-5-encoder": NOT_REPRODUCED,
        "tsgl-table-6-ours-parameters": DIRECTION,
        "tsgl-table-6-ours-operations": REPRODUCED,
        "tsgl-table-6-lama-parameters": REPRODUCED,
        "tsgl-table-6-lama-operations": NOT_REPRODUCED,
        "tsgl-app-b-linear": REPRODUCED,
        "beyond-two-conventions": REPRODUCED,
    }


# Profiles, and what has not run


def test_evidence_without_results_is_not_run_yet():
    result = judged(Synthetic(AHEAD), pairs=(("a", "absent"),), metrics=("psnr",), columns=ONE)
    assert result.verdict == NOT_RUN == "not testable here (not run yet)"
    assert result.findings == ()
    assert str(result) == "a-claim: not testable here (not run yet)"


def test_half_of_the_evidence_is_not_enough():
    have, lack = claim(), claim(pairs=(("a", "absent"),), metrics=("psnr",), columns=ONE)
    both = replace(have, evidence=(*have.evidence, *lack.evidence))
    assert judge([both], source(Synthetic(AHEAD)))[0].verdict == NOT_RUN


def test_a_reason_is_the_verdict():
    result = judge([replace(claim(), evidence=(), reason="no such photographs")], source())[0]
    assert result.verdict == "not testable here (no such photographs)"


def test_the_largest_profile_with_complete_evidence_counts():
    measured = {"gpu": Synthetic(BEHIND), "laptop": Synthetic(AHEAD)}
    profiles = ("gpu", "laptop")
    assert judge([claim()], source(measured, profiles))[0].scale["profile"] == "gpu"
    assert judge([claim()], source(measured, profiles), "laptop")[0].verdict == REPRODUCED
    measured["gpu"] = Synthetic({"a": 1.0})
    assert judge([claim()], source(measured, profiles))[0].scale["profile"] == "laptop"
    assert judge([claim()], source(measured, profiles), "gpu")[0].verdict == NOT_RUN


def test_one_training_a_row_reproduces_nothing():
    """However sure the photographs are: a second training of the same row would differ as well."""
    assert judged(Synthetic(AHEAD, lines=1)).verdict == DIRECTION
    assert judged(Synthetic(AHEAD, lines=2)).verdict == REPRODUCED
    assert judged(Synthetic(BEHIND, lines=1)).verdict == NOT_REPRODUCED


def test_an_unknown_profile_is_refused():
    with pytest.raises(il.InputError, match="huge"):
        claims.ledger("huge")


def test_a_judged_claim_says_what_a_row_needs():
    result = judged(Synthetic(AHEAD, lines=2))
    assert (result.id, result.rule, result.verdict) == ("a-claim", "signed", REPRODUCED)
    assert [(e.group, e.protocol, e.statistic) for e in result.evidence] == [("g", "p", "paired difference")]
    assert re.fullmatch(r"\+\d\.\d\d \[\+\d\.\d\d, \+\d\.\d\d\] dB \(PSNR, a minus b, 10-20 %\)", result.number)
    assert f"{PHOTOGRAPHS} photographs, 2 seeds" in str(result)


@pytest.mark.slow
def test_the_ledger_of_a_fresh_checkout(monkeypatch, tmp_path):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    book = claims.ledger()
    assert [c.id for c in book] == [c.id for c in CLAIMS]
    words = r"reproduced( in direction only)?|not reproduced|not testable here \(.+\)"
    assert all(re.fullmatch(words, c.verdict) for c in book)
    assert {c.id for c in book if c.verdict == NOT_RUN} == {
        c.id for c in CLAIMS if any(e.group not in ("counts", "published") for e in c.evidence)
    }
