"""The host networks, LaMa, PEN-Net and HiFill, and their decoders behind another encoder's six maps."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.counting import counts
from inpaintlib.features import Features
from inpaintlib.models.hifill_decoder import ResidualAggregationDecoder
from inpaintlib.models.lama import FourierBottleneck, FourierDecoder
from inpaintlib.models.pennet_decoder import AttentionTransferDecoder
from inpaintlib.ops.image_residual import image_residual
from inpaintlib.ops.patch_attention import attention, transfer
from inpaintlib.ops.reduce_mask import reduce_mask

SMALL = {"lama": {"width": 4, "blocks": 2}, "pennet": {"width": 4}, "hifill": {"width": 4}}
ODD = {"lama": {"width": 3, "blocks": 1, "ratio": 0.6}, "pennet": {"width": 7}, "hifill": {"width": 3}}
DECODERS = (AttentionTransferDecoder, ResidualAggregationDecoder)

hosts = pytest.mark.parametrize("name", SMALL)


def build(name, **config):
    torch.manual_seed(0)
    return il.build(name, **config)


def scene(h, w, n=2):
    """A batch with a hole in the first image's middle, and in all but a stripe of the others."""
    image = torch.rand(n, 3, h, w, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.ones(n, 1, h, w)
    mask[0, :, h // 4 : h // 2, w // 4 : w // 2] = 0
    mask[1:, :, :, w // 2 :] = 0
    return il.Batch.make(image, mask, priors=())


def idle(module):
    return [name for name, p in module.named_parameters() if p.grad is None or not p.grad.isfinite().all()]


def unmoved(module):
    return [name for name, p in module.named_parameters() if not p.grad.any()]


@hosts
def test_every_parameter_gets_a_gradient(name):
    network = build(name, **SMALL[name])
    output = network(scene(128, 128))
    weights = torch.randn(output.image.shape)
    loss = (output.image * weights).mean() + sum(x.abs().mean() for x in output.aux.get("pyramid", []))
    loss.backward()
    assert idle(network) == unmoved(network) == []


@hosts
@pytest.mark.parametrize("known", [0.0, 1.0])
def test_all_hole_and_all_known_give_finite_numbers(name, known):
    network = build(name, **SMALL[name])
    batch = il.Batch.make(torch.rand(2, 3, 64, 64) * 2 - 1, torch.full((2, 1, 64, 64), known), priors=())
    output = network(batch)
    assert output.image.isfinite().all()
    (output.image.mean() + sum(x.mean() for x in output.aux.get("pyramid", []))).backward()
    assert idle(network) == []


@hosts
@pytest.mark.parametrize("size", [(64, 128), (192, 64)])
def test_any_size_and_width(name, size):
    network = build(name, **ODD[name]).eval()
    batch = scene(*size)
    with torch.no_grad():
        image = network(batch).image
    assert image.shape == batch.image.shape
    assert image.abs().max() <= 1
    assert size[0] % network.stride == size[1] % network.stride == 0


@hosts
def test_the_smallest_size_is_one_stride(name):
    network = build(name, **SMALL[name]).eval()
    with torch.no_grad():
        assert network(scene(network.stride, network.stride)).image.isfinite().all()


@hosts
def test_the_output_does_not_depend_on_hidden_pixels_and_known_ones_are_untouched(name):
    batch = scene(64, 64)
    hidden = torch.where(batch.mask > 0, batch.target.image, torch.rand_like(batch.image) * 2 - 1)
    other = il.Batch.make(hidden, batch.mask, priors=())
    network = build(name, **SMALL[name]).eval()
    with torch.no_grad():
        output = network(batch)
        assert torch.equal(output.image, network(other).image)
    known = batch.mask.expand_as(batch.image) > 0
    assert torch.equal(output.composite(batch)[known], batch.image[known])
    assert not torch.equal(output.composite(batch)[~known], batch.image[~known])


@hosts
def test_images_of_a_batch_do_not_meet(name):
    batch, network = scene(64, 64), build(name, **SMALL[name]).eval()
    alone = il.Batch.make(batch.target.image[1:], batch.mask[1:], priors=())
    with torch.no_grad():
        torch.testing.assert_close(network(batch).image[1:], network(alone).image, atol=1e-5, rtol=1e-4)


@hosts
def test_features_are_named_and_cost_nothing_when_off(name):
    network, batch = build(name, **SMALL[name]).eval(), scene(128, 64)
    with torch.no_grad():
        plain, full = network(batch), network(batch, features=True)
    assert plain.features == plain.aux == {}
    assert torch.equal(plain.image, full.image)
    heights = {
        "lama": {"encoder": [64, 32, 16], "bottleneck": [16, 16], "decoder_input": [16]},
        "pennet": {
            "encoder": [64, 32, 16, 8, 4, 2],
            "transferred": [64, 32, 16, 8, 4],
            "decoder_input": [64, 32, 16, 8, 4, 2],
        },
        "hifill": {
            "encoder": [64, 32, 16, 8],
            "transferred": [64, 32, 16, 8],
            "decoder_input": [64, 32, 16, 8],
            "residual_image": [128],
        },
    }
    assert {key: [x.shape[-2] for x in maps] for key, maps in full.features.items()} == heights[name]


@hosts
def test_one_graph(name):
    network, batch = build(name, **ODD[name]), scene(64, 128)
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    with torch.no_grad():
        torch.testing.assert_close(compiled(batch).image, network(batch).image)
    torch.compiler.reset()


def test_published_counts():
    """Against the released networks as measured (parameters in millions, MACs in G), and LaMa in TSGL's Table VI,
    which charges transposed convolutions at the size of their output."""
    with torch.device("meta"):
        lama, big, pennet, hifill = (
            il.build(name, **c) for name, c in (("lama", {}), ("lama", {"blocks": 18}), ("pennet", {}), ("hifill", {}))
        )
    total = counts(lama, 512)["total"]
    assert total.parameters / 1e6 == pytest.approx(27.049, rel=0.001)
    assert total.macs / 1e9 == pytest.approx(127.3, rel=0.005)
    assert total.macs_at_output / 1e9 == pytest.approx(171.3, rel=0.01)
    assert sum(p.numel() for p in big.parameters()) / 1e6 == pytest.approx(50.976, rel=0.001)
    parts = counts(pennet, 256)
    assert parts["total"].parameters / 1e6 == pytest.approx(10.232, rel=0.001)
    assert parts["total"].macs / 1e9 == pytest.approx(25.7, rel=0.01)
    assert parts["pyramid"].macs == 0
    assert sum(p.numel() for p in hifill.parameters()) / 1e6 == pytest.approx(3.0, rel=0.02)


def test_the_pyramid_runs_from_coarse_to_fine_and_in_training_only():
    network, batch = build("pennet", width=4), scene(128, 64)
    pyramid = network(batch).aux["pyramid"]
    assert [tuple(x.shape) for x in pyramid] == [(2, 3, 64 // k, 32 // k) for k in (16, 8, 4, 2, 1)]
    assert max(x.abs().max() for x in pyramid) <= 1
    assert network.eval()(batch).aux == {}


def test_hifills_coarse_guess_reaches_the_second_network_in_the_hole_only():
    network, batch = build("hifill", width=4).eval(), scene(64, 64)
    with torch.no_grad():
        before = network(batch, features=True)
        network.coarse.up[-1].bias += 1
        after = network(batch, features=True)
        assert not torch.equal(before.image, after.image)
        whole = il.Batch.make(batch.target.image, torch.ones_like(batch.mask), priors=())
        known = network(whole).image
        network.coarse.up[-1].bias -= 1
        assert torch.equal(known, network(whole).image)


def six_maps(width, h, w, n=2):
    channels = tuple(width * factor for factor in (1, 2, 4, 8, 8, 8))
    return channels, [torch.randn(n, c, h >> k, w >> k, requires_grad=True) for k, c in enumerate(channels, start=1)]


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("width,size", [(4, (64, 128)), (5, (192, 64))])
def test_the_decoders_take_six_maps_of_another_encoder(decoder, width, size):
    torch.manual_seed(0)
    channels, maps = six_maps(width, *size)
    module, batch, kept = decoder(channels), scene(*size), Features(True)
    image = module(maps, batch, kept)
    assert image.shape == batch.image.shape
    assert image.abs().max() <= 1
    image.mul(torch.randn_like(image)).mean().backward()
    assert idle(module) == []
    assert all(x.grad.any() for x in maps)
    assert [x.shape[-2:] for x in kept.maps["decoder_input"]] == [x.shape[-2:] for x in maps]


@pytest.mark.parametrize("decoder", DECODERS)
def test_known_positions_of_a_layer_stay(decoder):
    torch.manual_seed(0)
    channels, maps = six_maps(4, 64, 64)
    batch, kept = scene(64, 64), Features(True)
    decoder(channels)(maps, batch, kept)
    for x, filled in zip(maps, kept.maps["transferred"]):
        mask = reduce_mask(batch.mask, x.shape[-2:])
        assert torch.equal(x * mask, filled * mask)
        if x.shape[-1] > 8:
            assert not torch.equal(x * (1 - mask), filled * (1 - mask))


def test_hifills_weights_are_those_of_layer_four_for_all_layers_and_for_the_image():
    torch.manual_seed(0)
    channels, maps = six_maps(4, 128, 128)
    batch, kept = scene(128, 128), Features(True)
    ResidualAggregationDecoder(channels)(maps, batch, kept)
    weights = attention(maps[3], reduce_mask(batch.mask, (8, 8)))
    for k, factor in enumerate((8, 4, 2, 1)):
        hole = 1 - reduce_mask(batch.mask, maps[k].shape[-2:])
        expected = transfer(weights, maps[k], factor) * hole
        torch.testing.assert_close(kept.maps["transferred"][k] * hole, expected)
    detail = transfer(weights, image_residual(batch.image, batch.mask, 2), 16)
    residual = kept.maps["residual_image"][0]
    torch.testing.assert_close(residual, detail * (1 - batch.mask))
    assert residual.abs().max() > 0


def test_lamas_parts_fit_five_downsampling_layers():
    bottleneck, decoder = FourierBottleneck(8, 2, 0.75), FourierDecoder(8, (8, 8, 8, 4, 2), 1)
    assert bottleneck.channels == (2, 6)
    x = torch.randn(2, 8, 2, 4)
    y = bottleneck(x, Features(False))
    assert y.shape == x.shape
    assert decoder(y).shape == (2, 1, 64, 128)


@pytest.mark.parametrize(
    "name,wrong",
    [
        ("lama", {"ratio": 0.0}),
        ("lama", {"ratio": 1.0}),
        ("lama", {"blocks": 0}),
        ("lama", {"width": 0}),
        ("pennet", {"width": 3}),
        ("hifill", {"width": 0}),
        ("hifill", {"width": "8"}),
        ("pennet", {"width": 4.5}),
    ],
)
def test_a_wrong_setting_gets_one_sentence(name, wrong):
    with pytest.raises(il.InputError) as error:
        il.build(name, **wrong)
    assert "\n" not in str(error.value)
