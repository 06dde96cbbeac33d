"""The trunks of the perceptual and the style loss: their layers by name, their weights, and how they are refused."""

import pytest
import torch
from torch import nn
from torchvision import models

import inpaintlib as il
from inpaintlib import perceptual
from inpaintlib.perceptual import TRUNKS, Perceptual


def relus(name):
    """Place in `features` -> name in the papers' counting: relu<block>_<number in the block>."""
    names, block, number = {}, 1, 0
    for place, layer in enumerate(getattr(models, name)(weights=None).features):
        if isinstance(layer, nn.MaxPool2d):
            block, number = block + 1, 0
        if isinstance(layer, nn.ReLU):
            number += 1
            names[place] = f"relu{block}_{number}"
    return names


def test_vgg19s_layers_are_those_of_the_released_code():
    names = relus("vgg19")
    assert [names[i] for i in TRUNKS["vgg19"].content] == [f"relu{k}_1" for k in range(1, 6)]
    assert [names[i] for i in TRUNKS["vgg19"].style] == ["relu2_2", "relu3_4", "relu4_4", "relu5_2"]


def test_alexnets_layers_are_its_five_relus():
    assert list(relus("alexnet")) == list(TRUNKS["alexnet"].content)
    assert TRUNKS["alexnet"].style == TRUNKS["alexnet"].content[1:]


def test_alexnet_sees_what_torchvisions_network_sees():
    eye = Perceptual("alexnet")
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    views = eye(images)
    full = models.alexnet(weights=None).features.eval()
    full.load_state_dict({k.removeprefix("features."): v for k, v in perceptual.WEIGHTS["alexnet"]().items()})
    mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in perceptual.IMAGENET)
    x, seen = (images * 0.5 + 0.5 - mean) / deviation, []
    with torch.no_grad():
        for layer in full:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                seen.append(x.clone())
    assert len(views.content) == 5
    for found, expected in zip(views.content, seen):
        torch.testing.assert_close(found, expected)


def test_a_trunk_learns_nothing_and_passes_gradients_on():
    eye = Perceptual("alexnet")
    images = torch.rand(1, 3, 64, 64, requires_grad=True)
    sum(x.mean() for x in eye(images).style).backward()
    assert images.grad.abs().max() > 0
    assert not any(p.requires_grad for p in eye.parameters())


@pytest.fixture
def vgg_file(tmp_path):
    """Random weights of VGG19's convolutions, under torchvision's names."""
    torch.manual_seed(0)
    state = {f"features.{key}": value for key, value in models.vgg19(weights=None).features.state_dict().items()}
    torch.save(state, tmp_path / "vgg19.pth")
    return tmp_path / "vgg19.pth"


def test_vgg19_is_read_from_a_file(vgg_file, monkeypatch):
    monkeypatch.setenv(perceptual.VARIABLE, str(vgg_file))
    eye = Perceptual("vgg19")
    images = torch.rand(1, 3, 32, 32) * 2 - 1
    views = eye(images)
    assert [x.shape[1] for x in views.content] == [64, 128, 256, 512, 512]
    weight = torch.load(vgg_file, weights_only=True)
    first = nn.functional.conv2d((images + 1) / 2, weight["features.0.weight"], weight["features.0.bias"], padding=1)
    torch.testing.assert_close(views.content[0], first.relu())


def test_without_weights_one_sentence_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv(perceptual.VARIABLE, str(tmp_path / "none.pth"))
    with pytest.raises(il.InputError, match="is not a file"):
        Perceptual("vgg19")
    monkeypatch.delenv(perceptual.VARIABLE)

    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(models.VGG19_Weights, "get_state_dict", offline)
    with pytest.raises(il.InputError, match=r"not at hand \(no network\); name torchvision.s file in INPAINTLIB_VGG19"):
        Perceptual("vgg19")
