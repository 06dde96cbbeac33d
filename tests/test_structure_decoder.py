"""D_S in both forms: sizes, counts, what a hole's mask does, one graph."""

import pytest
import torch

from inpaintlib.models.tsgl.structure_decoder import STRUCTURE_DECODERS, ReleasedStructureDecoder, SafeBatchNorm

SIZES = [(1, 1), (1, 2), (2, 2), (3, 5), (8, 8)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", list(STRUCTURE_DECODERS))
def test_the_edge_map_has_the_size_of_the_image(name, batch, size):
    decode = STRUCTURE_DECODERS[name](4)
    x, mask = torch.randn(batch, 64, *size), torch.ones(batch, 1, *size)
    for mode in (True, False):
        out = decode.train(mode)(x, mask)
        assert out.shape == (batch, 1, 32 * size[0], 32 * size[1])
        assert out.isfinite().all()


def test_the_released_form_has_the_released_ones_parameters():
    count = sum(p.numel() for p in ReleasedStructureDecoder(64).parameters())
    assert count / 1e6 == pytest.approx(53.54, rel=0.01)


def test_the_light_form_keeps_its_names_and_takes_an_eighth():
    light = STRUCTURE_DECODERS["light"](64)
    names = {name.split(".")[0] for name in light.state_dict()}
    assert names == {"layers", "edge"}
    assert sum(p.numel() for p in light.parameters()) < 53.54e6 / 8


@pytest.mark.parametrize("name, reads", [("light", False), ("released", True)])
def test_only_the_released_form_reads_the_mask(name, reads):
    torch.manual_seed(0)
    decode = STRUCTURE_DECODERS[name](4).eval()
    x, mask = torch.randn(1, 64, 4, 4), torch.ones(1, 1, 4, 4)
    hole = mask.clone()
    hole[..., 1:3, 1:3] = 0
    whole, cut = decode(x, mask), decode(x, hole)
    assert torch.equal(whole, cut) != reads
    x_other = x.where(hole > 0, 7.0)
    assert torch.equal(cut, decode(x_other, hole)) == reads


def test_batch_normalization_of_a_single_value_takes_the_running_statistics():
    norm, plain = SafeBatchNorm(3), torch.nn.BatchNorm2d(3)
    many = torch.randn(4, 3, 2, 2)
    assert torch.equal(norm(many), plain(many))
    one = torch.randn(1, 3, 1, 1)
    assert torch.equal(norm(one), plain.eval()(one))
    assert torch.equal(norm.running_mean, plain.running_mean)


@pytest.mark.parametrize("name", list(STRUCTURE_DECODERS))
def test_gradients_reach_the_structure_map_and_every_weight(name):
    torch.manual_seed(0)
    decode = STRUCTURE_DECODERS[name](4)
    x, mask = torch.randn(2, 64, 4, 4, requires_grad=True), torch.ones(2, 1, 4, 4)
    mask[..., 1:3, 1:3] = 0
    decode(x, mask).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in decode.parameters())
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("name", list(STRUCTURE_DECODERS))
def test_it_is_one_graph(name):
    decode = STRUCTURE_DECODERS[name](4)
    x, mask = torch.randn(2, 64, 3, 2), torch.ones(2, 1, 3, 2)
    compiled = torch.compile(decode, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x, mask), decode(x, mask))
