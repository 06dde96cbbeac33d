"""The training loop: each step a function of seed and step, killed runs that end at the same weights, real learning."""

import json
import time
from dataclasses import dataclass, fields, replace

import pytest
import torch

import inpaintlib as il
from inpaintlib import checkpoint, experiments, study, training
from inpaintlib.crops import Crops
from inpaintlib.models.discriminator import DISCRIMINATORS
from inpaintlib.photos import bundled
from inpaintlib.recipes import RECIPES, RELEASED, Recipe, recipe
from inpaintlib.watch import Watch, strip

RECIPE = replace(RECIPES["smoke"], adversarial=0.1, discriminator_width=4, ema=0.9, warmup=2, decay=1.0, clip=1.0)


CONFIGS = {"tsgl": {"width": 4, "depths": [1, 1, 1, 1]}, "mat": {"width": 8}}


def job(steps=4, model="tsgl", **changes):
    return training.Job(model, CONFIGS[model], replace(RECIPE, **changes), 3, changes.get("batch", 2) * steps)


@pytest.fixture(scope="module")
def crops():
    return Crops([bundled("train")[i] for i in range(2)], 64, (0.5,))


def weights(state):
    return {f"{part}.{name}": t for part, module in state.parts.items() for name, t in module.state_dict().items()}


def run(folder, crops, **changes):
    return training.train(job(**changes), crops, folder, accelerator="cpu", progress=False)


@pytest.mark.parametrize("model", CONFIGS)
def test_an_interrupted_run_ends_at_the_same_weights(tmp_path, crops, monkeypatch, model):
    """TSGL; and MAT, which draws noise as it trains, and whose judge pays for its gradient."""
    whole = weights(run(tmp_path / "whole", crops, model=model))
    cut, calls = crops.cut, []

    def stop_at_third(places):
        calls.append(places)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return cut(places)

    monkeypatch.setattr(crops, "cut", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        training.train(
            job(model=model), crops, tmp_path / "cut", accelerator="cpu", progress=False, checkpoint_seconds=0
        )
    monkeypatch.setattr(crops, "cut", cut)
    torch.rand(7)  # whatever else has drawn numbers in the meantime
    resumed = run(tmp_path / "cut", crops, model=model)
    assert all(torch.equal(whole[name], value) for name, value in weights(resumed).items())
    logs = [[json.loads(x) for x in (tmp_path / d / "log.jsonl").read_text().splitlines()] for d in ("whole", "cut")]
    for row in (*logs[0], *logs[1]):
        row.pop("seconds")
    assert logs[0] == logs[1]


def test_a_checkpoint_of_another_job_is_not_continued(tmp_path, crops):
    first = run(tmp_path, crops, steps=1)
    second = run(tmp_path, crops, steps=1, lr=1e-5)
    assert second.step == 1
    assert not torch.equal(weights(first)["model.head.lift.weight"], weights(second)["model.head.lift.weight"])


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint(tmp_path, crops):
    run(tmp_path, crops, steps=1)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    with pytest.raises(training.Diverged, match=r"not a number in step 2 of seed 3 \(.*on crops of photograph \d; the"):
        run(tmp_path, crops, steps=20, lr=float("inf"), batch=1)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_a_checkpoint_never_holds_what_diverged(tmp_path, crops, monkeypatch):
    """Also when a checkpoint is due before the losses are looked at."""
    changed = job(steps=6, lr=float("inf"))
    with pytest.raises(training.Diverged):
        training.train(changed, crops, tmp_path, accelerator="cpu", progress=False, checkpoint_seconds=0)
    assert not (tmp_path / "checkpoint.safetensors").exists()
    changed = job(steps=6, adversarial=0.0)
    training.train(changed, crops, tmp_path, until=0.0, accelerator="cpu", progress=False)
    monkeypatch.setattr(training, "set_rate", lambda optimizer, *_: optimizer.param_groups[0].update(lr=float("inf")))
    with pytest.raises(training.Diverged, match="weights of tsgl are not a number in step 2"):
        training.train(changed, crops, tmp_path, accelerator="cpu", progress=False, checkpoint_seconds=0)
    kept, note = checkpoint.read(tmp_path / "checkpoint.safetensors")
    assert note["step"] == 1
    assert all(t.isfinite().all() for name, t in kept.items())


def test_a_training_leaves_on_time_and_goes_on_later(tmp_path, crops):
    whole = run(tmp_path / "whole", crops)
    options = {"accelerator": "cpu", "progress": False}
    steps = []
    for _ in range(3):
        steps.append(training.train(job(), crops, tmp_path / "boxes", until=time.monotonic(), **options).step)
    assert steps == [1, 2, 3]
    last = training.train(job(), crops, tmp_path / "boxes", **options)
    assert all(torch.equal(weights(whole)[name], value) for name, value in weights(last).items())
    assert 0 < last.waited < last.seconds


def test_a_watched_training_ends_at_the_same_weights(tmp_path, crops):
    plain = run(tmp_path / "plain", crops, steps=3)
    watch = Watch([bundled("val")[0]], RECIPE, plain.model.priors)
    options = {"accelerator": "cpu", "progress": False, "watch": watch}
    training.train(job(steps=3), crops, tmp_path / "seen", until=time.monotonic(), **options)
    seen = training.train(job(steps=3), crops, tmp_path / "seen", **options)
    assert all(torch.equal(weights(plain)[name], value) for name, value in weights(seen).items())
    assert [look["step"] for look in seen.looks] == [1, 2, 3]
    assert all(5 < look["hole_psnr"] < 40 for look in seen.looks)
    picture = strip(watch, seen.samples)
    assert picture.shape == (4 * RECIPE.crop, 5 * RECIPE.crop, 3)
    hole = watch.batch.mask[0, 0] == 0
    first, last = seen.samples[0][0], watch.truth()[0]
    assert torch.equal(first[:, ~hole], last[:, ~hole])
    assert not torch.equal(first[:, hole], last[:, hole])


def test_a_watch_looks_a_dozen_times_at_equal_distances():
    watch = Watch([bundled("val")[0]], RECIPE, ())
    due = [step for step in range(1, 121) if watch.due(step, 120)]
    assert due == list(range(10, 121, 10))


def test_without_an_average_the_last_weights_are_kept(tmp_path, crops):
    state = run(tmp_path, crops, steps=1, ema=0.0)
    assert all(
        torch.equal(a, b) for a, b in zip(state.average.state_dict().values(), state.model.state_dict().values())
    )


def test_the_paper_profile_is_the_papers():
    paper = recipe("paper")
    assert paper == Recipe()
    assert (paper.lr, paper.lr_discriminator, paper.betas) == (5e-4, 1e-4, (0.5, 0.99))
    assert (paper.hole_weight, paper.ema, paper.clip, paper.decay, paper.leak) == (1.0, 0.0, 0.0, 0.0, True)
    with pytest.raises(il.InputError, match="no recipe for the profile 'desk'"):
        recipe("desk")


def test_a_recipe_names_its_discriminator_and_its_adversarial_form(tmp_path, crops):
    plain = run(tmp_path / "plain", crops, steps=1)
    released = run(tmp_path / "released", crops, steps=1, **RELEASED)
    assert released.discriminator.smallest == DISCRIMINATORS["released"](4).smallest > plain.discriminator.smallest
    hinge = run(tmp_path / "hinge", crops, steps=1, adversarial_form="hinge")
    assert 0 < hinge.log[0]["discriminator"] != plain.log[0]["discriminator"]
    assert hinge.log[0]["reconstruction"] == plain.log[0]["reconstruction"]
    layered = run(tmp_path / "layered", crops, steps=1, discriminator="pix2pixhd")
    assert "layers.3.running_mean" in layered.discriminator.state_dict()


OTHER = {
    "crop": 32,
    "batch": 3,
    "scales": (0.25,),
    "hole_area": (0.1, 0.2),
    "betas": (0.1, 0.2),
    "adversarial": 0.7,
    "adversarial_form": "hinge",
    "discriminator": "pix2pixhd",
    "trunk": "vgg19",
}


def fingerprint(monkeypatch, setting):
    monkeypatch.setattr(experiments, "recipe", lambda profile: setting)
    return study.fingerprint(study.experiments("smoke")[0])


@dataclass(frozen=True)
class LaterRecipe(Recipe):
    """A recipe of a later version of the library, which has one option more."""

    option: float = 2.0


def test_an_option_that_comes_later_leaves_results_valid_until_it_is_used(monkeypatch):
    setting = RECIPES["smoke"]
    before = fingerprint(monkeypatch, setting)
    assert fingerprint(monkeypatch, LaterRecipe(**vars(setting))) == before
    assert fingerprint(monkeypatch, LaterRecipe(**vars(setting), option=3.0)) != before


@pytest.mark.parametrize("name", [f.name for f in fields(Recipe)])
def test_results_of_another_recipe_are_not_taken_for_these(monkeypatch, name):
    setting = RECIPES["smoke"]
    value = getattr(setting, name)
    other = OTHER[name] if name in OTHER else not value if isinstance(value, bool) else value + 1
    assert other != value
    assert fingerprint(monkeypatch, replace(setting, **{name: other})) != fingerprint(monkeypatch, setting)


def test_a_job_is_written_down_whole():
    written = job().as_dict()["recipe"]
    assert written.keys() == {f.name for f in fields(Recipe)}
    assert RECIPE.changes().keys() < written.keys()
    assert Recipe().changes() == {}


@pytest.mark.slow
def test_it_learns(tmp_path):
    """Two hundred steps on two photographs: the hole's error falls well below that of the untrained network."""
    photos = Crops([bundled("train")[i] for i in range(2)], 64, (0.5,))
    learning = replace(RECIPES["laptop"], warmup=0, ema=0.0, scales=(0.5,))
    state = training.train(
        training.Job("tsgl", {"width": 4, "depths": [1, 1, 1, 1]}, learning, 0, 1600), photos, tmp_path,
        accelerator="cpu", progress=False,
    )  # fmt: skip
    losses = [row["reconstruction"] for row in state.log]
    assert losses[-1] < 0.6 * losses[0]
