"""What every network of the comparison promises, whoever wrote its paper: sizes, holes, gradients, bits, export."""

import warnings

import numpy as np
import onnxruntime
import pytest
import torch

import inpaintlib as il
from inpaintlib.exporting import OfTensors, export
from inpaintlib.models.registry import find
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import COMPARED, TRAININGS

NETWORKS = sorted({TRAININGS[n].model for n in GROUPS["comparison"].rows.values() if n in TRAININGS})
WIDTH = {"hifill": 6, "misf": 6, "pennet": 6}
OTHER = {"mat": 24}
NO_ONNX = {
    "misf": "adaptive_filter is an operator of this library",
    "jpgnet": "adaptive_filter is an operator of this library",
}
"""Networks that ONNX's operators do not cover, and why."""

networks = pytest.mark.parametrize("name", NETWORKS)


def build(name, width=None):
    torch.manual_seed(0)
    return il.build(name, width=width or WIDTH.get(name, 8))


def side(network):
    """The smallest square that training uses, or that the network takes."""
    return max(64, network.stride)


def scene(network, h, w, known=None, n=2):
    """A batch with a hole in the first image's middle, and in the right half of the others; or `known` all over."""
    image = torch.rand(n, 3, h, w, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.ones(n, 1, h, w)
    mask[0, :, h // 4 : h // 2, w // 4 : w // 2] = 0
    mask[1:, :, :, w // 2 :] = 0
    return il.Batch.make(image, mask if known is None else torch.full_like(mask, known), priors=network.priors)


def tensors(value):
    return [value] if isinstance(value, torch.Tensor) else [x for part in value for x in tensors(part)]


def test_all_competitors_are_listed():
    assert {training.model for training in COMPARED.values()} <= set(il.models())


@networks
def test_two_sizes_and_two_widths(name):
    network = build(name).eval()
    s = side(network)
    for net, h, w in ((network, s, 2 * s), (build(name, OTHER.get(name, 9)).eval(), s, s)):
        with torch.no_grad():
            image = net(scene(net, h, w)).image
        assert image.shape == (2, 3, h, w)
        assert image.isfinite().all()
        assert image.abs().max() <= 1


@networks
def test_known_pixels_stay_and_hidden_ones_are_never_seen(name):
    network = build(name).eval()
    batch = scene(network, side(network), side(network))
    hidden = torch.where(batch.mask > 0, batch.target.image, torch.rand_like(batch.image) * 2 - 1)
    other = il.Batch.make(hidden, batch.mask, priors=network.priors)
    with torch.no_grad():
        output = network(batch)
        again = network(other)
    assert torch.equal(output.image, again.image)
    known = batch.mask.expand_as(batch.image) > 0
    assert torch.equal(output.composite(batch)[known], batch.image[known])
    assert not torch.equal(output.composite(batch)[~known], batch.image[~known])


@networks
def test_the_same_seed_gives_the_same_network_and_the_same_image(name):
    one, other = build(name).eval(), build(name).eval()
    batch = scene(one, side(one), side(one))
    with torch.no_grad():
        assert torch.equal(one(batch).image, other(batch).image)
        assert torch.equal(one(batch).image, one(batch).image)


@networks
def test_images_of_a_batch_do_not_meet(name):
    network = build(name).eval()
    batch = scene(network, side(network), side(network))
    with torch.no_grad():
        alone = network(batch.rows(slice(1, 2))).image
        torch.testing.assert_close(network(batch).image[1:], alone, atol=1e-4, rtol=1e-3)


@networks
@pytest.mark.parametrize("known", [None, 0.0, 1.0], ids=["hole and known", "all hole", "all known"])
def test_output_and_gradients_are_finite(name, known):
    network = build(name).train()
    output = network(scene(network, side(network), side(network), known))
    assert output.image.isfinite().all()
    parts = [output.image, *tensors(list(output.aux.values()))]
    sum((x * torch.randn_like(x)).mean() for x in parts).backward()
    idle = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert not idle


@networks
def test_maps_are_named_and_aux_belongs_to_training(name):
    network = build(name).eval()
    batch = scene(network, side(network), side(network))
    with torch.no_grad():
        plain, full = network(batch), network(batch, features=True)
    assert plain.aux == plain.features == {}
    assert torch.equal(plain.image, full.image)
    assert {"encoder", "decoder_input"} & set(full.features) or name.startswith("tsgl")


@networks
def test_every_term_of_the_loss_finds_what_it_judges(name):
    """A term that the output has nothing for would be left out in silence."""
    from inpaintlib.adversary import ADVERSARIAL
    from inpaintlib.losses import READS, Critics, generator_losses
    from inpaintlib.models.discriminator import DISCRIMINATORS
    from inpaintlib.perceptual import Perceptual
    from inpaintlib.recipes import Recipe

    network = build(name).train()
    small = scene(network, side(network), side(network))
    batch = il.Batch.make(small.target.image, small.mask, priors=network.priors, truth=tuple(set(READS.values())))
    assert network.adversary.form in ADVERSARIAL
    judge = DISCRIMINATORS[network.adversary.judge](4)
    critics = Critics(judge, Perceptual("alexnet"), network.adversary)
    found = generator_losses(network.losses, batch, network(batch), critics, Recipe())
    assert list(found) == [term.name for term in network.losses if term.weight]
    assert all(value.isfinite() for value in found.values())


@networks
def test_the_docstring_tells_the_idea_in_three_sentences(name):
    cls = find(name)
    idea = " ".join(cls.__doc__.split("\n\n")[0].split())
    assert idea.count(". ") + idea.endswith(".") == 3, idea
    assert cls.reference


@pytest.mark.slow
@networks
def test_it_exports(name):
    network = build(name).eval()
    s = side(network)
    batch = scene(network, s, s)
    given = (batch.image, batch.mask, *(batch.priors[p] for p in network.priors))
    program = export(network, s, batch=2)
    with torch.no_grad():
        torch.testing.assert_close(program.module()(*given), network(batch).image, atol=1e-4, rtol=1e-3)


def to_onnx(network, given, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # As it is: onnxscript's optimizer changes what RFR's attention computes.
        torch.onnx.export(OfTensors(network), given, path, dynamo=True, verbose=False, optimize=False)


@pytest.mark.slow
@networks
def test_it_exports_to_onnx_where_operators_allow(name, tmp_path):
    network = build(name).eval()
    s = side(network)
    batch = scene(network, s, s, n=1)
    given = (batch.image, batch.mask, *(batch.priors[p] for p in network.priors))
    if name in NO_ONNX:
        with pytest.raises(torch.onnx.errors.OnnxExporterError):
            to_onnx(network, given, tmp_path / "network.onnx")
        return
    to_onnx(network, given, tmp_path / "network.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx")
    names = [x.name for x in session.get_inputs()]
    (image,) = session.run(None, dict(zip(names, (x.numpy() for x in given))))
    with torch.no_grad():
        assert np.abs(image - network(batch).image.numpy()).max() < 1e-3
