"""A layer under another normalization: with the learned one nothing changes, with another one only that layer does."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.exchange import Choice, Exchange, Reading
from inpaintlib.ops.normalize import NORMALIZATIONS, global_normalization, local_normalization, source_of
from inpaintlib.trainings import FINAL


@pytest.fixture(scope="module")
def exchange():
    torch.manual_seed(0)
    network = il.build("tsgl", variant=FINAL, width=8, decoder="basic")
    with torch.no_grad():
        for parameter in network.parameters():  # as if it were trained: guides then speak
            parameter += 0.02 * torch.randn_like(parameter)
    return Exchange(network, il.example_batch(1, 64))


@pytest.mark.parametrize("layer", range(1, 6))
@pytest.mark.parametrize(
    ("guide", "norm", "feature"), [("Global", "global", "structure"), ("Local", "local", "residual")]
)
def test_the_learned_choice_is_what_the_network_computes(exchange, layer, guide, norm, feature):
    times = 2 if guide == "Global" and layer >= 4 else 1
    choice = Choice(layer, guide, norm, times)
    own = exchange.output.features[f"branch_{feature}"][layer - 1]
    torch.testing.assert_close(exchange.after(choice), own, rtol=0, atol=0)
    torch.testing.assert_close(exchange.answer(choice).image, exchange.output.image, rtol=0, atol=0)
    assert exchange.divergence(choice) >= 0


def test_another_normalization_changes_the_answer_and_leaves_the_network_as_it_was(exchange):
    weights = {name: value.clone() for name, value in exchange.network.state_dict().items()}
    changed = exchange.answer(Choice(3, "Global", "local")).image
    assert not torch.equal(changed, exchange.output.image)
    after = exchange.network.state_dict()
    assert weights.keys() == after.keys()
    assert all(torch.equal(weights[name], after[name]) for name in weights)
    with torch.no_grad():
        torch.testing.assert_close(exchange.network(exchange.batch).image, exchange.output.image, rtol=0, atol=0)


def test_one_step_is_normalise_denormalise_activate_convolve(exchange):
    branch = exchange.network.guides[1].branches[0]
    x, guide = exchange.before(2).double(), exchange.output.features["structure"][1].double()
    branch = branch.double()
    with torch.no_grad():
        scale, shift = branch.denormalize[0].gamma_beta(branch.denormalize[0].read(guide).clamp_min(0)).chunk(2, dim=1)
        literal = scale * local_normalization(x) + shift
        literal = branch.convs[0](torch.where(literal > 0, literal, 0.2 * literal))
    branch.float()
    found = exchange.after(Choice(2, "Global", "local")).double()
    torch.testing.assert_close(found, literal, rtol=1e-3, atol=1e-4)


def test_doing_it_again_repeats_the_last_one_that_was_learned(exchange):
    once, thrice = (exchange.after(Choice(2, "Local", "local", times)) for times in (1, 3))
    assert once.shape == thrice.shape
    assert not torch.allclose(once, thrice)


def test_a_reading_is_that_of_the_diagnostics():
    x = torch.randn(1, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    told = Reading.of(x)
    values = x.double().flatten().tolist()
    mean = sum(values) / len(values)
    assert told.mean == pytest.approx(mean, abs=1e-6)
    assert told.deviation == pytest.approx((sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5, rel=1e-5)
    assert (told.low, told.high) == pytest.approx((min(values), max(values)))
    assert told.entropy == pytest.approx(il.diagnostics.channel_entropy(x).mean().item())
    assert 0.9 < told.outer < 1.1  # noise has a flat spectrum
    assert told.energy_map.shape == told.entropy_map.shape == told.spectrum.shape == (16, 16)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ((0, "Global", "global"), "layers 1 to 5"),
        ((1, "Global", "median"), "No normalization is called 'median'; there are batch, global"),
        ((1, "Global", "global", 10), "1 to 9 times, not 10"),
    ],
)
def test_a_wrong_choice_is_refused(wrong, says):
    with pytest.raises(il.InputError, match=says):
        Choice(*wrong)


def test_a_guide_that_was_not_learned_is_refused(exchange):
    with pytest.raises(il.InputError, match="learned no guide 'Texture'; it has Global, Local"):
        exchange.after(Choice(1, "Texture", "global"))


def test_what_cannot_be_opened_is_refused():
    baseline = il.build("tsgl", variant="Baseline", width=8, decoder="basic")
    with pytest.raises(il.InputError, match="no guide"):
        Exchange(baseline, il.example_batch(1, 64))
    with pytest.raises(il.InputError, match="One image at a time"):
        Exchange(baseline, il.example_batch(2, 64))


def test_the_text_of_a_normalization_is_known_where_it_is_not_the_librarys(monkeypatch):
    monkeypatch.setattr("inpaintlib.ops.normalize.NORMALIZATIONS", dict(NORMALIZATIONS))

    @il.normalization("halved_here")
    def halved_here(x):
        return x / 2

    assert "return x / 2" in source_of("halved_here")
    assert [source_of(name) for name in ("global", "local", "batch")] == ["", "", ""]
    scope = {"il": il}
    exec("@il.normalization('lost')\ndef lost(x):\n    return x", scope)
    with pytest.raises(il.InputError, match="text of the normalization 'lost' is lost"):
        source_of("lost")
    assert global_normalization(torch.ones(1, 2, 3, 3)).abs().max() == 0
