"""Counts against hand counts: every kind of convolution and product, three conventions, sums over parts."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

import inpaintlib as il
from inpaintlib.batch import Output
from inpaintlib.counting import Count


class Counted(nn.Module):
    """A model around one layer, or one function of the image, that `counts` can read."""

    priors = ()
    training_only = ("spare",)

    def __init__(self, layer, channels=3):
        super().__init__()
        self.layer, self.channels = layer, channels
        self.spare = nn.Linear(3, 5)

    def forward(self, batch, features=False):
        image = batch.image.repeat(1, -(-self.channels // 3), 1, 1)[:, : self.channels]
        return Output(self.layer(image))


def macs(layer, channels=3, size=16) -> Count:
    return il.counts(Counted(layer, channels), size)["total"]


@pytest.mark.parametrize(
    ("layer", "positions", "weights"),
    [
        (nn.Conv2d(8, 6, 3, padding=1), 256, 8 * 6 * 9),
        (nn.Conv2d(8, 6, 3, stride=2, padding=1, bias=False), 64, 8 * 6 * 9),
        (nn.Conv2d(8, 6, 3, dilation=2), 144, 8 * 6 * 9),
        (nn.Conv2d(8, 12, 5, groups=4, padding=2), 256, 12 * 2 * 25),
        (nn.Conv2d(8, 8, 3, groups=8, padding=1), 256, 8 * 9),
    ],
)
def test_a_convolution_counts_each_weight_at_each_output(layer, positions, weights):
    count = macs(layer, 8)
    assert count.macs == count.macs_at_output == positions * weights
    assert count.flops == 2 * count.macs


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_counts_at_its_input_or_at_its_output(stride, groups):
    count = macs(nn.ConvTranspose2d(8, 6, 2 * stride, stride=stride, padding=stride // 2, groups=groups), 8)
    weights = 8 * 6 // groups * (2 * stride) ** 2
    out = (16 - 1) * stride - 2 * (stride // 2) + 2 * stride
    assert count.macs == 256 * weights
    assert count.macs_at_output == out**2 * weights


def test_products_count_rows_times_columns():
    batch = torch.zeros(5, 7, 4, device="meta")
    right = torch.zeros(5, 4, 6, device="meta")
    expected = {
        "mm": (lambda x: batch[0] @ right[0], 7 * 4 * 6),
        "bmm": (lambda x: batch @ right, 5 * 7 * 4 * 6),
        "einsum": (lambda x: torch.einsum("bij,bjk->bik", batch, right), 5 * 7 * 4 * 6),
        "linear": (lambda x: F.linear(batch, right[0].T, torch.zeros(6, device="meta")), 5 * 7 * 4 * 6),
        "baddbmm": (lambda x: torch.baddbmm(torch.zeros(5, 7, 6, device="meta"), batch, right), 5 * 7 * 4 * 6),
        "mv": (lambda x: batch[0] @ right[0, :, 0], 7 * 4),
        "dot": (lambda x: batch[0, 0] @ right[0, :, 0], 4),
    }
    for name, (product, count) in expected.items():
        assert macs(_Function(product)).macs == count, name


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("queries", [64, 20])
def test_attention_counts_like_the_products_it_fuses(masked, queries):
    q = torch.zeros(3, 4, queries, 45, device="meta")
    k, v = torch.zeros(3, 4, 64, 45, device="meta"), torch.zeros(3, 4, 64, 30, device="meta")
    mask = torch.zeros(3, 1, queries, 64, device="meta") if masked else 0.0
    fused = macs(_Function(lambda x: F.scaled_dot_product_attention(q, k, v, attn_mask=mask if masked else None)))
    literal = macs(_Function(lambda x: torch.softmax(q @ k.mT + mask, dim=-1) @ v))
    assert fused == literal
    assert fused.macs == 3 * 4 * queries * 64 * (45 + 30)


class _Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def test_shapes_alone_count_like_a_real_pass():
    network = il.build("tsgl", width=4).eval()
    batch = il.Batch.make(torch.zeros(1, 3, 64, 64), torch.ones(1, 1, 64, 64), priors=network.priors, truth=None)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(batch)
    assert il.counts(network, 64)["total"].macs == counter.get_total_flops() // 2


def test_the_parts_add_up():
    network = il.build("tsgl", width=4)
    parts = il.counts(network, 64)
    inference, total = parts.pop("inference"), parts.pop("total")
    assert total.parameters == sum(p.parameters for p in parts.values())
    assert total.parameters == sum(p.numel() for p in network.parameters())
    assert inference.parameters == sum(p.parameters for n, p in parts.items() if n not in network.training_only)
    assert total.macs == inference.macs == sum(p.macs for p in parts.values())
    assert total.macs_at_output == sum(p.macs_at_output for p in parts.values())
    assert all(parts[name].macs == 0 and parts[name].parameters for name in network.training_only)


def test_what_only_training_uses_is_left_out_of_inference():
    parts = il.counts(Counted(nn.Conv2d(3, 2, 1)), 8)
    assert (parts["inference"].parameters, parts["total"].parameters) == (8, 28)
    assert parts["spare"] == Count(20, 0, 0)


def test_frozen_weights_are_not_parameters_and_the_model_stays_as_it_is():
    model = Counted(nn.Conv2d(3, 2, 1))
    model.layer.weight.requires_grad_(False)
    model.train()
    assert il.counts(model, 8)["layer"].parameters == 2
    assert model.training
    assert model.layer.weight.device.type == "cpu"


@pytest.mark.parametrize(("n", "size"), [(0, 64), (-1, 64), (1, 0)])
def test_an_example_of_nothing_is_refused(n, size):
    with pytest.raises(il.InputError, match=f"{n} crops of {size} pixels are no batch; give at least 1"):
        il.example_batch(n, size)
