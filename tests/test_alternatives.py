"""Other definitions of the diagnostics, against loops and known signals."""

import numpy as np
import pytest
import torch

import inpaintlib as il
from inpaintlib import alternatives, diagnostics, dump
from inpaintlib.protocols import PROTOCOLS

SMALL = PROTOCOLS["smoke-diagnostics-64"]


@pytest.fixture
def x():
    return torch.randn(2, 5, 6, 8, generator=torch.Generator().manual_seed(0))


def test_poolings_are_means(x):
    for b in range(2):
        for c in range(5):
            values = x[b, c].double().flatten().tolist()
            assert alternatives.mean_square(x)[b, c].item() == pytest.approx(sum(v * v for v in values) / 48)
            assert alternatives.signed_mean(x)[b, c].item() == pytest.approx(sum(values) / 48, abs=1e-6)


def test_the_laplacian_is_four_neighbours_minus_four_times_the_pixel(x):
    found = alternatives.laplacian(x)
    for i in range(6):
        for j in range(8):
            near = [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)]
            total = sum(x[0, 0, min(max(a, 0), 5), min(max(b, 0), 7)] for a, b in near)
            assert found[0, 0, i, j].item() == pytest.approx((total - 4 * x[0, 0, i, j]).item(), abs=1e-5)
    assert (alternatives.laplacian(torch.full((1, 1, 5, 5), 3.0)) == 0).all()


def test_entropies_against_a_loop(x):
    pixel = x[0, :, 2, 3].double()
    square = pixel**2 / (pixel**2).sum()
    soft = pixel.exp() / pixel.exp().sum()
    for share, found in ((square, alternatives.entropy_of_squares), (soft, alternatives.entropy_of_softmax)):
        wanted = -sum(p * np.log2(p) for p in share.tolist())
        assert found(x)[0, 2, 3].item() == pytest.approx(wanted, abs=1e-5)
    assert alternatives.entropy_of_squares(torch.zeros(1, 4, 1, 1)).item() == pytest.approx(2)


def test_the_outer_share_of_a_flat_and_of_a_pointed_spectrum():
    assert alternatives.outer_share(torch.ones(1, 16, 16)).item() == pytest.approx(1)
    pointed = torch.zeros(1, 16, 16)
    pointed[0, 8, 8] = 1
    assert alternatives.outer_share(pointed).item() == 0


def test_every_scaling_of_a_spectrum_orders_a_fine_wave_above_a_coarse_one():
    columns = torch.arange(32.0)
    coarse, fine = (torch.cos(2 * torch.pi * k * columns / 32).expand(1, 1, 32, 32) for k in (2, 14))
    for share in alternatives.SPECTRA.values():
        assert share(fine + 0.1).item() > share(coarse + 0.1).item()


def test_a_smooth_enlargement_leaves_no_residual_of_a_constant():
    before = torch.full((1, 2, 8, 8), 2.0)
    assert (alternatives.bilinear_residual(before, torch.full((1, 2, 4, 4), 2.0)) == 0).all()


def test_what_a_network_is_under_them():
    model = il.build("tsgl", width=4, decoder="basic").eval()
    found = alternatives.measured(model, SMALL)
    for kind in ("texture", "high_pass", "residual"):
        assert found[f"{kind}|mean square"].shape[1] == (5 if kind == "residual" else 6)
    (first, *_) = dump.outputs(model, SMALL, "cpu")
    texture = dump.texture(model, first.features)
    got = found["high_pass|cutoff 1/4"][0, 2]
    wanted = diagnostics.channel_energy(diagnostics.high_pass(texture[2], 0.25))[0]
    assert got == pytest.approx(wanted.detach().numpy(), rel=1e-4)
    default = found["spectrum|log amplitude"][0, 1]
    assert default == pytest.approx(alternatives.outer_share(diagnostics.spectrogram(texture[1])).item(), rel=1e-4)
    assert {f"{name}|{entropy}" for name in alternatives.ENTROPIC for entropy in alternatives.ENTROPIES} <= found.keys()


def test_networks_without_texture_maps_have_none():
    assert alternatives.measured(il.build("lama", width=4), SMALL) == {}
