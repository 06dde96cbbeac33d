"""What a run keeps of the maps inside its network: which networks keep what, known signals, and sizes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import inpaintlib as il
from inpaintlib import alternatives, dump, inside, results, sheets, study
from inpaintlib.diagnostics import channel_entropy, spectrogram
from inpaintlib.evaluation import batches
from inpaintlib.protocols import PROTOCOLS

SMALL = PROTOCOLS["smoke-diagnostics-64"]
BOTH = {"entropy_branch_structure", "entropy_branch_residual"}
POOLED = {"pooled_texture", "pooled_high_pass", "pooled_residual"}
ENTROPIES = {"entropy_reconstructed", "entropy_decoder_input"}


class Told(nn.Module):
    """A network whose maps are given: 64 pixels a side for the head, half as many from layer to layer."""

    priors = ()
    main = "texture"

    def __init__(self, **features):
        super().__init__()
        self.features = features

    def forward(self, batch, features):
        assert features
        return SimpleNamespace(features=self.features)


def told(head, **others):
    maps = [torch.zeros(1, head.shape[1], 64 >> k, 64 >> k) for k in range(1, 6)]
    return Told(head=[head], reconstructed=maps, **others)


def wave(side, cycles):
    """Two channels [1, 2, side, side]: cycles per row, and its negative."""
    row = torch.cos(2 * torch.pi * cycles * torch.arange(side) / side).expand(side, side)
    return torch.stack([row, -row])[None]


@pytest.mark.parametrize(
    "name, options, keys",
    [
        (
            "tsgl",
            {"variant": "2Global(Local)->Global(Local)"},
            {*POOLED, *ENTROPIES, *BOTH, "hole_attention"},
        ),
        ("tsgl", {"variant": "Baseline"}, {*POOLED, *ENTROPIES, "hole_attention"}),
        (
            "tsgl-lama",
            {},
            {*POOLED, *ENTROPIES, *BOTH, "hole_attention"},
        ),
        ("tsgl", {"variant": "Baseline", "reconstruct": "structure"}, ENTROPIES),
        ("lama", {}, {"entropy_encoder", "entropy_decoder_input"}),
        ("misf", {}, {"entropy_encoder", "entropy_decoder_input"}),
        ("pennet", {}, {"entropy_encoder", "entropy_decoder_input"}),
        ("hifill", {}, {"entropy_encoder", "entropy_decoder_input"}),
    ],
)
def test_each_network_keeps_what_it_names(name, options, keys):
    model = il.build(name, width=4, **options)
    found = dump.statistics(model, SMALL)
    assert found.keys() == keys
    assert all(len(values) == 2 and np.isfinite(values).all() for values in found.values())
    brief = dump.entropies(model, SMALL)
    assert brief.keys() == keys - POOLED
    assert all(np.array_equal(brief[key], found[key]) for key in brief)


def test_similarities_compare_the_masked_photograph_with_the_whole_one_row_by_row():
    model, protocol = il.build("misf", width=4).eval(), PROTOCOLS["smoke-64"]
    found = dump.similarities(model, protocol)
    rows = protocol.rows()
    assert found.keys() == {"similarity_filtered", "similarity_prefiltered"}
    assert all(values.shape == (len(rows),) for values in found.values())
    row = 4
    image, mask = rows.part([row])
    with torch.no_grad():
        seen = model(il.Batch.make(image, mask, priors=()), features=True).features
        whole = model(il.Batch.make(image, torch.ones_like(mask), priors=()), features=True).features
    for name, values in found.items():
        a, b = (maps[name.removeprefix("similarity_")][0].flatten().numpy() for maps in (seen, whole))
        assert values[row] == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-4)
    assert found["similarity_filtered"][row] != pytest.approx(found["similarity_prefiltered"][row], abs=1e-4)


def test_networks_that_filter_no_feature_have_no_similarities():
    for model in (il.build("misf", width=4, filter_feature="none"), il.build("lama", width=4)):
        assert dump.similarities(model, SMALL) == {}


def test_entropies_are_those_of_the_maps():
    model = il.build("lama", width=4).eval()
    with torch.no_grad():
        first = model(next(batches(SMALL, model.priors, 1)), features=True)
    wanted = [channel_entropy(x).mean().item() for x in first.features["encoder"]]
    assert dump.entropies(model, SMALL)["entropy_encoder"][0] == pytest.approx(wanted, rel=1e-4)


def test_spectra_find_a_known_frequency_where_it_is():
    head = wave(64, 16)
    found = dump.spectra(told(head, structure=[torch.full((1, 3, 32 >> k, 32 >> k), 2.0) for k in range(5)]), SMALL)
    wanted = {f"{kind}_{k}" for kind in ("texture", "high_pass") for k in range(6)}
    assert found.keys() == wanted | {f"{kind}_{k}" for kind in ("residual", "structure") for k in range(1, 6)}
    assert [len(found[f"texture_{k}"]) for k in range(6)] == [24, 24, 16, 8, 4, 2]
    assert [len(found[f"residual_{k}"]) for k in range(1, 6)] == [16, 16, 16, 8, 4]
    for name in ("texture_0", "high_pass_0", "residual_1"):  # layer 1 is zero: the residual is the head
        side = len(found[name])
        row, column = np.unravel_index(found[name].argmax(), (side, side))
        assert row == side // 2
        assert column in (side // 4, side - side // 4)
    assert (found["texture_1"] == 0).all()
    assert (found["residual_2"] == 0).all()
    constant = found["structure_2"]  # 16 x 16, not averaged: all of a constant lies at frequency zero
    assert constant[8, 8] == pytest.approx(np.log1p(2 * 16), rel=1e-5)
    assert constant.sum() == pytest.approx(constant[8, 8], rel=1e-5)
    assert found["residual_1"].mean() == pytest.approx(spectrogram(head).mean().item(), rel=1e-4)


def test_which_experiments_keep_what(monkeypatch):
    for module, name in ((dump, "statistics"), (dump, "entropies"), (dump, "spectra"), (alternatives, "measured")):
        monkeypatch.setattr(module, name, lambda *_, name=name: {name: np.zeros(1)})
    monkeypatch.setattr(sheets, "sheet", lambda model, protocol, kinds, device: (np.zeros((1, 1)), {kinds: 1}))
    kept = {}
    for experiment in study.select("gpu", tuple({e.group for e in study.experiments("gpu") if e.budget})):
        found = inside.look_inside(experiment, nn.Identity(), torch.device("cpu"))
        assert found.arrays["diagnostics"].keys() <= {"statistics", "entropies"}
        assert found.pictures.keys() == found.arrays.keys() & {"sheet"}
        for name in (*found.arrays["diagnostics"], *found.arrays):
            kept.setdefault(name, set()).add(experiment.id)
    assert len(kept["alternatives"]) == 12
    assert kept["spectra"] == kept["alternatives"] | {"zits-s0"}
    assert kept["sheet"] - kept["spectra"] == {
        *("tsgl-balance-s0", "tsgl-pennet-s0", "tsgl-hifill-s0"),
        *("tsgl-structure-alone-s0", "tsgl-structure-guided-s0", "ctsdg-s0"),
    }
    assert all(id.endswith("-s0") for id in kept["spectra"] | kept["sheet"])
    assert {"tsgl-lama-s0", "tsgl-leak-s2", "tsgl-final-s0"} < kept["entropies"]
    assert {"tsgl-balance-s1", "tsgl-tau-50-s2", "tsgl-structure-guided-s0"} < kept["statistics"]


def test_a_network_that_names_no_maps_keeps_no_file():
    model = Told()
    model.main = ""
    experiment = study.select("smoke", ("lama-s0",))[0]
    assert inside.look_inside(experiment, model, torch.device("cpu")) == ({}, {})


def test_no_network_can_exceed_the_budget_of_spectra(tmp_path):
    """White noise in every map of two photographs of 256 pixels, another in each: nothing compresses worse."""
    noise = np.random.default_rng(0)

    class Noise(Told):
        def forward(self, batch, features):
            sides = [256 >> k for k in range(6)]
            maps = [torch.from_numpy(noise.uniform(0, 1, (1, 1, side, side))).float() for side in sides]
            return SimpleNamespace(features={"head": maps[:1], "reconstructed": maps[1:], "structure": maps[1:]})

    results.write_run(tmp_path, {}, spectra=dump.spectra(Noise(), SMALL))
    assert (tmp_path / "spectra.npz").stat().st_size < 20 * 1024
