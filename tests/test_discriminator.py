"""Discriminators: sizes, and the counts of the released ones."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from inpaintlib.errors import InputError
from inpaintlib.models.discriminator import DISCRIMINATORS, PatchDiscriminator


def parameters(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("size", [(64, 64), (40, 96), (8, 8), (1, 3)])
def test_ours_takes_any_size(size):
    out = DISCRIMINATORS["patch"](4)(torch.randn(1, 3, *size))
    assert out.shape == (1, 1, -(-size[0] // 8), -(-size[1] // 8))


@pytest.mark.parametrize("size, shape", [((64, 64), (3, 3)), ((47, 96), (1, 7))])
def test_the_released_one_pads_less(size, shape):
    assert DISCRIMINATORS["released"](4)(torch.randn(1, 3, *size)).shape == (1, 1, *shape)


@pytest.mark.parametrize("size", [(46, 64), (64, 46)])
def test_the_released_one_refuses_what_would_leave_no_patch(size):
    judge = DISCRIMINATORS["released"](4)
    with pytest.raises(InputError, match=rf"at least 47 x 47 pixels, not {size[0]} x {size[1]}; the one named 'patch'"):
        judge(torch.randn(1, 3, *size))


@pytest.mark.parametrize("size, shape", [((64, 64), (7, 7)), ((33, 50), (5, 7)), ((1, 1), (3, 3))])
def test_pix2pixhds_takes_any_size(size, shape):
    assert DISCRIMINATORS["pix2pixhd"](4)(torch.randn(2, 3, *size)).shape == (2, 1, *shape)


@pytest.mark.parametrize("name, millions", [("patch", 4.32), ("released", 4.32), ("pix2pixhd", 6.96)])
def test_parameters_of_the_released_ones(name, millions):
    assert parameters(DISCRIMINATORS[name](64)) / 1e6 == pytest.approx(millions, rel=0.01)


def test_multiplications_of_the_released_one():
    judge = DISCRIMINATORS["released"](64).to("meta").eval()
    with FlopCounterMode(display=False) as counter:
        judge(torch.zeros(1, 3, 256, 256, device="meta"))
    assert counter.get_total_flops() / 2e9 == pytest.approx(4.44, rel=0.02)


def test_the_padding_is_all_that_sets_the_released_one_apart():
    ours, released = PatchDiscriminator(4), DISCRIMINATORS["released"](4)
    released.load_state_dict(ours.state_dict())
    image = torch.randn(1, 3, 128, 128)
    assert ours.eval()(image).shape == (1, 1, 16, 16)
    assert released.eval()(image).shape == (1, 1, 11, 11)


@pytest.mark.parametrize("name", list(DISCRIMINATORS))
def test_gradients_reach_the_image_and_every_weight(name):
    judge = DISCRIMINATORS[name](4)
    image = torch.randn(2, 3, 64, 64, requires_grad=True)
    judge(image).square().sum().backward()
    assert image.grad.abs().sum() > 0
    assert all(p.grad is not None for p in judge.parameters())


@pytest.mark.parametrize("name", list(DISCRIMINATORS))
def test_maps_are_those_behind_each_activation_and_leave_the_logits_alone(name):
    judge, image = DISCRIMINATORS[name](4).eval(), torch.randn(1, 3, 64, 64)
    logits, maps = judge(image, maps=True)
    assert torch.equal(logits, judge(image))
    assert [x.shape[1] for x in maps] == [4, 8, 16, 32] + [32] * (name == "pix2pixhd")
