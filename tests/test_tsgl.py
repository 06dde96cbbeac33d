"""TSGL as a whole: every row of Table IV, any size and width, what it sees, what it shows, and its counts."""

from typing import get_args, get_type_hints

import pytest
import torch
from torch import nn

import inpaintlib as il
from inpaintlib.models.tsgl.network import BALANCES, DECODERS
from inpaintlib.models.tsgl.structure_decoder import STRUCTURE_DECODERS
from inpaintlib.ops.denormalize import SCALES
from inpaintlib.ops.equalize import SIMILARITIES
from inpaintlib.ops.residual import residual_guide

PAPER = "2Global(Local)->Global(Local)"


@pytest.fixture(scope="module")
def batch():
    return il.example_batch(2, 64)


@pytest.mark.parametrize("variant", [*il.TABLE_IV, "3Local->Local", "Texture(Global)->Local(Global)"])
def test_every_row_runs_forward_and_backward(variant, batch):
    torch.manual_seed(0)
    network = il.build("tsgl", variant=variant, width=4)
    output = network(batch)
    assert output.image.shape == (2, 3, 64, 64)
    assert output.image.abs().max() <= 1
    loss = output.image.abs().mean() + sum(a.abs().mean() for a in output.aux.values())
    loss.backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert idle == []


def test_variants_share_the_initial_weights_of_shared_parts():
    networks = []
    for variant in (PAPER, "Baseline"):
        torch.manual_seed(0)
        networks.append(il.build("tsgl", variant=variant, width=4).state_dict())
    shared = networks[0].keys() & networks[1].keys()
    assert any(name.startswith("stages") for name in shared)
    assert all(torch.equal(networks[0][name], networks[1][name]) for name in shared)


@pytest.mark.parametrize("size", [(64, 128), (192, 64)])
@pytest.mark.parametrize("width", [4, 6, 13])
def test_any_size_and_width(size, width):
    image = torch.rand(1, 3, *size) * 2 - 1
    mask = torch.ones(1, 1, *size)
    mask[:, :, 20:50, 10:40] = 0
    network = il.build("tsgl", width=width).eval()
    with torch.no_grad():
        assert network(il.Batch.make(image, mask)).image.shape == image.shape


@pytest.mark.parametrize("variant", ["Baseline", PAPER])
def test_the_output_does_not_depend_on_hidden_pixels(variant):
    batch = il.example_batch(2, 64)
    torch.manual_seed(0)
    network = il.build("tsgl", variant=variant, width=4).eval()
    hidden = torch.where(batch.mask > 0, batch.target.image, torch.rand_like(batch.target.image) * 2 - 1)
    other = il.Batch.make(hidden, batch.mask)
    with torch.no_grad():
        assert torch.equal(network(batch).image, network(other).image)
        leaking = il.Batch.make(hidden, batch.mask, leak=True)
        assert not torch.equal(network(il.Batch.make(batch.target.image, batch.mask, leak=True)).image,
                               network(leaking).image)  # fmt: skip


def test_known_pixels_are_untouched(batch):
    output = il.build("tsgl", width=4).eval()(batch)
    kept = batch.mask.expand_as(batch.image) > 0
    assert torch.equal(output.composite(batch)[kept], batch.image[kept])
    assert not torch.equal(output.composite(batch)[~kept], batch.image[~kept])


def test_features_are_named_and_cost_nothing_when_off(batch):
    network = il.build("tsgl", width=4).eval()
    with torch.no_grad():
        plain, full = network(batch), network(batch, features=True)
    assert plain.features == {}
    assert torch.equal(plain.image, full.image)
    sizes = [32, 16, 8, 4, 2]
    for name in ("structure", "texture", "reconstructed", "residual", "branch_structure", "branch_residual"):
        assert [f.shape[-1] for f in full.features[name]] == sizes, name
    assert [f.shape[-1] for f in full.features["decoder_input"]] == [*sizes, 1]
    assert [f.shape[-1] for f in full.features["fused"]] == [*sizes, 1]
    assert [f.shape[-1] for f in (*full.features["streams"], *full.features["equalized"])] == [8, 8, 8, 8]
    assert len(full.features["hole_attention"]) == sum(network.config.depths)
    added = [a + b for a, b in zip(full.features["branch_structure"], full.features["branch_residual"])]
    torch.testing.assert_close(added, full.features["reconstructed"])
    before = [full.features["head"][0], *full.features["reconstructed"]]
    residuals = [residual_guide(a, b) for a, b in zip(before, full.features["texture"])]
    torch.testing.assert_close(residuals, full.features["residual"])


def test_twice_counts_in_late_layers_only_unless_all_is_asked_for():
    steps = {how: [len(layer.branches[0].convs) for layer in il.build("tsgl", width=4, twice=how).guides]
             for how in ("late", "all")}  # fmt: skip
    assert steps == {"late": [1, 1, 1, 2, 2], "all": [2, 2, 2, 2, 2]}
    once = il.build("tsgl", width=4, twice="all").guides[4].branches[1]
    assert len(once.convs) == 1


def test_batch_statistics_replace_the_global_normalization_only():
    network = il.build("tsgl", width=4, statistics="batch")
    norms = [type(d.normalise) for layer in network.guides for b in layer.branches for d in b.denormalize]
    assert sum(issubclass(n, nn.BatchNorm2d) for n in norms) == 7
    assert len(norms) == 12


def test_without_a_structure_guide_there_is_no_structure_encoder(batch):
    network = il.build("tsgl", variant="Local->Global", width=4)
    assert not hasattr(network, "structure")
    assert network(batch).aux == {}
    assert "edge" in il.build("tsgl", width=4)(batch).aux
    assert il.build("tsgl", width=4).eval()(batch).aux == {}


def test_published_sizes():
    """Parameters and MACs against the released code's parts (measured there at the paper's width and 256 px)."""
    network = il.build("tsgl-released")
    parts = il.counts(network, 256)
    released = {
        "structure": 6.935,
        "head": 0.303,
        "guides": 16.213,
        "fusion": 0.266 + 6.783,
        "balance": 82.190 - 27.197,  # without the frozen mask kernels
        "decoder": 18.098,
        "structure_decoder": 53.539,
    }
    for name, millions in released.items():
        assert parts[name].parameters / 1e6 == pytest.approx(millions, rel=0.01), name
    macs = {"structure": 4.87 / 2, "guides": 55.45, "balance": 119.86 - 55.7, "decoder": 3.93}
    for name, billions in macs.items():
        assert parts[name].macs / 1e9 == pytest.approx(billions, rel=0.01), name
    assert parts["structure_decoder"].macs == 0
    inside = sum(c.parameters for n, c in parts.items() if n not in ("total", "inference"))
    assert parts["total"].parameters == inside
    assert parts["inference"].parameters == inside - parts["structure_decoder"].parameters
    f6 = sum(p.numel() for p in network.fusion.last.parameters())
    encoder = f6 + sum(parts[n].parameters for n in ("structure", "head", "stages", "guides"))
    assert encoder / 1e6 == pytest.approx(37.8, rel=0.03)  # Table V


@pytest.mark.parametrize("decoder", ["balance", "basic"])
def test_costs_grow_with_the_pixels(decoder):
    network = il.build("tsgl", width=4, decoder=decoder)
    costs = {size: il.counts(network, size)["total"].macs / size**2 for size in (128, 256, 512, 1024)}
    assert max(costs.values()) / min(costs.values()) < 1.02


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 2},
        {"depths": (2, 2)},
        {"twice": "often"},
        {"statistics": "none"},
        {"variant": "x"},
        {"wdith": 8},
        {"decoder": "best"},
        {"balance": "none"},
        {"similarity": "cosine"},
        {"structure": "edge+grey"},
        {"defects": ("wrong-canny",)},
        {"reconstruct": "structure"},
        {"reconstruct": "edges"},
        {"tau_place": "before"},
        {"scale": "2"},
        {"edge_decoder": "heavy"},
        {"width": "8"},
        {"depths": 2},
        {"depths": (1, 1, 1, 0)},
        {"heads": 0},
        {"tau": -1.0},
        {"decoder": "basic", "balance": "released"},
        {"decoder": "pennet", "similarity": "softmax"},
        {"decoder": "hifill", "defects": ("dead-mask",)},
        {"variant": "Baseline", "edge_decoder": "released"},
        {"variant": "Local->Local", "defects": ("wrapped-canny",)},
    ],
)
def test_a_wrong_setting_gets_one_sentence(wrong):
    with pytest.raises(il.InputError) as error:
        il.build("tsgl", **wrong)
    assert "\n" not in str(error.value)


def test_a_batch_that_does_not_fit_gets_one_sentence():
    network = il.build("tsgl", width=4, defects="wrapped-canny")
    with pytest.raises(il.InputError, match=r"no prior 'wrapped_edge' .* priors=network.priors"):
        network(il.example_batch(1, 64))
    assert network(il.example_batch(1, 64, priors=network.priors)).image.shape == (1, 3, 64, 64)
    with pytest.raises(il.InputError, match=r"100 x 100 pixels .* multiples of 64"):
        il.build("tsgl", width=4)(il.example_batch(1, 100))
    with pytest.raises(il.InputError, match="multiples of 8"):
        il.counts(il.build("lama", width=4), 100)


def test_the_decoders_are_those_that_the_configuration_names():
    hints = get_type_hints(il.models.tsgl.Config)
    assert set(get_args(hints["decoder"])) == set(DECODERS)
    assert set(get_args(hints["balance"])) == set(BALANCES)
    assert set(get_args(hints["edge_decoder"])) == set(STRUCTURE_DECODERS)
    assert set(get_args(hints["scale"])) == set(SCALES)
    assert set(get_args(hints["similarity"])) < set(SIMILARITIES)


def test_an_unknown_model_names_those_there_are():
    with pytest.raises(il.InputError, match=r"there is .*lama, .*tsgl, tsgl-hifill"):
        il.build("tgsl")
    assert il.models() == [
        "aot-gan",
        "big-lama",
        "comodgan",
        "ctsdg",
        "deepfill-v2",
        "edgeconnect",
        "han",
        "hifill",
        "jpgnet",
        "lama",
        "madf",
        "mat",
        "medfe",
        "mi-gan",
        "misf",
        "mmt",
        "pconv",
        "pennet",
        "regionnorm",
        "rfr",
        "structureflow",
        "tsgl",
        "tsgl-hifill",
        "tsgl-lama",
        "tsgl-pennet",
        "tsgl-released",
        "zits",
    ]


def test_padding_at_the_door_adds_hole_only(batch):
    image, mask = torch.rand(1, 3, 50, 70), torch.ones(1, 1, 50, 70)
    plain = il.Batch.make(image, mask, truth=None)
    padded = plain.padded(64)
    assert padded.image.shape == (1, 3, 64, 128)
    assert padded.mask.sum() == 50 * 70
    for name, value in padded.priors.items():
        assert torch.equal(value[:, :, :50, :70], plain.priors[name])
        assert value.count_nonzero() == plain.priors[name].count_nonzero()
    assert padded.image[:, :, 50:].abs().max() == 0
