"""TSGL Eq. 13-16 against their printed form."""

import math

import pytest
import torch

import inpaintlib as il
from inpaintlib.losses import (
    Term,
    adversarial_discriminator,
    adversarial_generator,
    edge,
    generator_losses,
    reconstruction,
)
from inpaintlib.models.discriminator import PatchDiscriminator


def test_reconstruction_is_a_mean_absolute_difference_and_weighs_the_hole():
    image, target = torch.randn(2, 2, 3, 4, 4, dtype=torch.float64).unbind(0)
    mask = (torch.rand(2, 1, 4, 4) > 0.5).double()
    plain = weighted = 0.0
    for n in range(2):
        for c in range(3):
            for i in range(4):
                for j in range(4):
                    d = abs(float(image[n, c, i, j]) - float(target[n, c, i, j]))
                    plain += d / 96
                    weighted += d * (1 if mask[n, 0, i, j] else 5) / 96
    assert float(reconstruction(image, target, mask)) == pytest.approx(plain)
    assert float(reconstruction(image, target, mask, 5.0)) == pytest.approx(weighted)


def test_edge_and_adversarial_terms_as_printed():
    logits = torch.tensor([[[[0.3, -2.0]]]], dtype=torch.float64)
    target = torch.tensor([[[[1.0, 0.0]]]], dtype=torch.float64)
    d = [1 / (1 + math.exp(-x)) for x in (0.3, -2.0)]
    assert float(edge(logits, target)) == pytest.approx((abs(d[0] - 1) + abs(d[1])) / 2)
    assert float(adversarial_generator(logits)) == pytest.approx(-sum(map(math.log, d)) / 2)
    real = -sum(map(math.log, d)) / 2
    fake = -sum(math.log(1 - x) for x in d) / 2
    assert float(adversarial_discriminator(logits, logits)) == pytest.approx(real + fake)


def test_terms_are_data():
    batch = il.example_batch(1, 64)
    network = il.build("tsgl", width=4)
    judge = PatchDiscriminator(4)
    values = generator_losses(network.losses, batch, network(batch), judge, 1.0)
    assert set(values) == {"reconstruction", "edge", "adversarial"}
    assert {t.name: t.weight for t in network.losses} == {"reconstruction": 1.0, "edge": 1.0, "adversarial": 0.1}
    without = generator_losses(
        (Term("adversarial", 0.0), Term("reconstruction", 1.0)), batch, network(batch), None, 1.0
    )
    assert set(without) == {"reconstruction"}
    with pytest.raises(ValueError, match="no loss term named 'style'"):
        generator_losses((Term("style", 1.0),), batch, network(batch), None, 1.0)


@pytest.mark.parametrize("size", [(64, 64), (40, 96), (8, 8)])
def test_the_discriminator_takes_any_size(size):
    judge = PatchDiscriminator(4)
    out = judge(torch.randn(1, 3, *size))
    assert out.shape == (1, 1, -(-size[0] // 8), -(-size[1] // 8))


def test_the_discriminator_has_the_released_ones_parameters():
    """PEN-Net's, as TSGL's released code uses it: 4.32 M."""
    count = sum(p.numel() for p in PatchDiscriminator(64).parameters())
    assert count / 1e6 == pytest.approx(4.32, rel=0.01)
