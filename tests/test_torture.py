"""Each trial of `make torture`, a few times: the promises hold, and a broken one would be told."""

import random
import sys

import pytest
from torture import __main__ as program
from torture.trial import Outcome, Trial
from torture.trials import TRIALS

from inpaintlib.files import read_json

FEW = {
    "spoiled photographs and masks": 150,
    "spoiled records, weights and settings": 180,
    "fuzzed parsers": 6000,
    "kill -9 of a training": 3,
    "a book of spoiled files": 4,
    "a full disk": 4,
    "hard numbers": 27,
    "a long training": 200,
    "other numbers of threads": 27,
    "the same book again": 2,
}


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name.replace(" ", "-"))
def test_the_promise_is_kept(trial, tmp_path):
    outcome = trial.run(FEW.get(trial.name, 1), random.Random(1), tmp_path)
    assert outcome.broken == []
    assert outcome.counts.total() > 0


def test_a_broken_promise_is_told_and_ends_with_an_error(monkeypatch, capsys):
    def breaks(times, draw, folder):
        outcome = Outcome()
        outcome.counts["tries"] += times
        outcome.expect(False, "it broke")
        return outcome

    monkeypatch.setattr(program, "TRIALS", (Trial("a trial", "it holds", 10, breaks),))
    monkeypatch.setattr(sys, "argv", ["torture", "--share", "0.5"])
    assert program.main() == 1
    told = capsys.readouterr().out
    assert "a trial: 5 times" in told
    assert "it broke" in told
    monkeypatch.setattr(sys, "argv", ["torture", "--only", "nothing"])
    assert program.main() == 2


def test_a_trial_that_is_made_again_replaces_its_own_result_alone(monkeypatch, tmp_path):
    def tried(word):
        def run(times, draw, folder):
            outcome = Outcome()
            outcome.counts[word] += times
            return outcome

        return run

    monkeypatch.setattr(program, "RESULTS", tmp_path / "torture.json")
    for word, arguments in (("first", []), ("second", ["--only", "a trial"]), ("few", ["--share", "0.5"])):
        trials = (Trial("another", "it holds", 4, tried(word)), Trial("a trial", "it holds", 10, tried(word)))
        monkeypatch.setattr(program, "TRIALS", trials)
        monkeypatch.setattr(sys, "argv", ["torture", *arguments])
        assert program.main() == 0
    another, trial = read_json(tmp_path / "torture.json")["trials"]
    assert (another["name"], another["counts"]) == ("another", {"first": 4})
    assert (trial["name"], trial["counts"]) == ("a trial", {"second": 10})
    assert trial["commit"]
    monkeypatch.setattr(program, "TRIALS", trials[1:])
    program.record(trial)
    assert [one["name"] for one in read_json(tmp_path / "torture.json")["trials"]] == ["a trial"]
