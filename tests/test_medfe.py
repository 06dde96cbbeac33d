"""MEDFE: its counts, its two groups, and what equalization has to do with the result."""

import pytest
import torch

import inpaintlib as il


def scene(h=64, w=128):
    image = torch.rand(2, 3, h, w, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.ones(2, 1, h, w)
    mask[..., h // 4 : h // 2, w // 4 : w // 2] = 0
    return il.Batch.make(image, mask, priors=())


def small():
    torch.manual_seed(0)
    return il.build("medfe", width=2)


def test_counts():
    """The balance module as measured in TSGL, which took it over; six 4x4 convolutions and four residual blocks
    before, six transposed convolutions after it."""
    with torch.device("meta"):
        network = il.build("medfe")
    parts = il.counts(network, 256)
    downs = 16 * (4 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 2 * 512 * 512)
    ups = 16 * (512 * 512 + 1024 * 512 + 1024 * 256 + 512 * 128 + 256 * 64 + 128 * 3)
    assert parts["encoder"].parameters == pytest.approx(downs, rel=1e-3)
    assert parts["middle"].parameters == 4 * 2 * 9 * 512 * 512
    assert parts["balance"].parameters / 1e6 == pytest.approx(82.190 - 27.197, rel=1e-3)
    assert parts["decoder"].parameters == pytest.approx(ups, rel=1e-3)


def test_shallow_maps_are_texture_and_deep_ones_are_structure():
    """A shallow layer's own branch into the module moves the texture group alone, the deep layers' the structure."""
    network, batch = small().eval(), scene()
    with torch.no_grad():
        structure, texture = network(batch, features=True).features["streams"]
        network.balance.early[0][0][0].weight.mul_(-1)
        streams = network(batch, features=True).features["streams"]
        assert torch.equal(streams[0], structure)
        assert not torch.equal(streams[1], texture)
        network.balance.early[0][0][0].weight.mul_(-1)
        network.balance.late[0].weight.mul_(-1)
        streams = network(batch, features=True).features["streams"]
        assert not torch.equal(streams[0], structure)
        assert torch.equal(streams[1], texture)


def test_each_group_learns_from_its_own_image():
    network, batch = small().train(), scene()
    aux = network(batch).aux
    assert [tuple(x.shape) for x in (*aux["structure"], *aux["pyramid"])] == [(2, 3, 8, 16)] * 2
    aux["structure"][0].sum().backward()
    assert network.balance.late[0].weight.grad.any()
    assert network.balance.early[0][0][0].weight.grad is None
    assert network.texture_image[0].weight.grad is None
    assert network.eval()(batch).aux == {}


def test_the_residual_blocks_are_idle_where_the_deepest_map_is_one_position():
    network = small().eval()
    x = torch.randn(1, 16, 1, 1)
    assert torch.equal(network.middle(x), x)
    assert not torch.equal(network.middle(x.expand(1, 16, 2, 2) * torch.rand(1, 16, 2, 2)), x.expand(1, 16, 2, 2))
