"""Sheets of maps: what is read back is what was drawn, of the right kind, layer and photograph."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import inpaintlib as il
from inpaintlib import dump, inside, results, sheets
from inpaintlib.diagnostics import channel_entropy
from inpaintlib.evaluation import batches
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.trainings import OURS, TRAININGS

SMALL = PROTOCOLS["smoke-diagnostics-64"]


class Told(nn.Module):
    """A network that names given maps."""

    priors = ()

    def __init__(self, **features):
        super().__init__()
        self.features = features

    def forward(self, batch, features):
        return SimpleNamespace(features=self.features)


def features_of(model, row):
    with torch.no_grad():
        return model(next(batches(SMALL, model.priors, 1, rows=[row])), features=True).features


def test_what_is_drawn_is_read_back_within_half_a_step():
    model = il.build("tsgl", width=4, decoder="basic").eval()
    sheet, ends = sheets.sheet(model, SMALL, inside.ON_SHEETS[OURS])
    assert sheet.dtype == np.uint8
    assert sheet.shape == (64 * len(ends) * len(sheets.shown_rows(SMALL)), 5 * 64)
    named = features_of(model, 0)
    maps = named["head"] + named["reconstructed"]
    wanted = {
        "texture": [x.abs().mean(dim=1) for x in named["reconstructed"]],
        "structure": [x.abs().mean(dim=1) for x in named["structure"]],
        "residual": [x.abs().mean(dim=1) for x in dump.KINDS["residual"](maps)],
        "high_pass": [x.abs().mean(dim=1) for x in dump.KINDS["high_pass"](maps)[1:]],
        "entropy": [channel_entropy(x) for x in named["reconstructed"]],
        "branch_structure": [channel_entropy(x) for x in named["branch_structure"]],
        "branch_residual": [channel_entropy(x) for x in named["branch_residual"]],
        "decoder_input": [channel_entropy(x) for x in named["decoder_input"][:5]],
    }
    assert ends.keys() == wanted.keys()
    for kind, layers in wanted.items():
        found = sheets.maps(sheet, ends, kind, 0)
        assert len(found) == 5
        for got, x in zip(found, layers):
            step = float(np.ptp(x.numpy())) / 255
            enlarged = x[0].numpy().repeat(64 // x.shape[1], axis=0).repeat(64 // x.shape[2], axis=1)
            assert np.abs(got - enlarged).max() <= 0.51 * step + 2e-3 * np.abs(enlarged).max()


def test_photographs_and_missing_layers_keep_their_places(monkeypatch):
    monkeypatch.setattr(sheets, "ROWS", (0, 1))
    model = il.build("ctsdg", width=4).eval()
    sheet, ends = sheets.sheet(model, SMALL, ("structure",))
    second = features_of(model, 1)["structure"][0].abs().mean(dim=1)[0].numpy()
    got = sheets.maps(sheet, ends, "structure", 1)[0]
    assert got[::2, ::2] == pytest.approx(second, abs=float(np.ptp(second) / 250 + 2e-3 * second.max()))
    few = Told(encoder=[torch.rand(1, 3, 32, 32)] * 2)
    sheet, ends = sheets.sheet(few, SMALL, ("encoder",))
    assert np.isnan(ends["encoder"][0, 2:]).all()
    assert sheets.maps(sheet, ends, "encoder", 0).shape == (2, 64, 64)


def test_constant_and_absent_maps():
    constant = Told(structure=[torch.full((1, 3, 32, 32), -0.75)], reconstructed=[])
    sheet, ends = sheets.sheet(constant, SMALL, ("structure", "texture"))
    assert ends.keys() == {"structure"}
    assert (sheets.maps(sheet, ends, "structure", 0) == 0.75).all()
    with pytest.raises(KeyError, match="has no 'texture'; it has structure"):
        sheets.maps(sheet, ends, "texture", 0)
    assert sheets.sheet(Told(), SMALL, ("structure",))[1] == {}


def test_large_maps_are_averaged_down():
    ramp = torch.arange(4.0).repeat_interleave(64).expand(1, 2, 256, -1)
    sheet, ends = sheets.sheet(Told(structure=[ramp]), SMALL, ("structure",))
    assert sheets.maps(sheet, ends, "structure", 0)[0, 0] == pytest.approx(np.repeat(np.arange(4.0), 16), abs=0.006)


def test_a_branch_alone_is_the_reconstructed_map_and_not_drawn_twice():
    model = il.build("tsgl", width=4, decoder="basic", variant="Global->Local")
    _, ends = sheets.sheet(model, SMALL, inside.ON_SHEETS[OURS])
    assert "branch_structure" not in ends
    assert "entropy" in ends


@pytest.mark.parametrize("name", inside.ON_SHEETS)
def test_every_declared_sheet_shows_what_its_network_has(name):
    training = TRAININGS[name]
    _, ends = sheets.sheet(il.build(training.model, width=8, **training.config), SMALL, inside.ON_SHEETS[name])
    assert ends


def test_what_webp_leaves_of_a_sheet(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    model = il.build("tsgl", width=4, decoder="basic").eval()
    sheet, ends = sheets.sheet(model, SMALL, ("texture", "entropy"))
    folder = tmp_path / "figures" / "results" / "laptop" / "x-s0"
    results.write_run(folder, {}, {"sheet": sheet}, sheet=ends)
    picture, again = sheets.read("x-s0", "laptop")
    for kind in ends:
        error = np.abs(sheets.maps(picture, again, kind, 0) - sheets.maps(sheet, ends, kind, 0))
        assert error.mean() < 0.015 * np.ptp(sheets.maps(sheet, ends, kind, 0))
