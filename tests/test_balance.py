"""The cross-layer balance module: its streams, its masks, any size and width, the released form and its mistakes."""

import pytest
import torch
from torch.nn import functional as F

from inpaintlib.features import Features
from inpaintlib.models.tsgl.balance import STEPS, STREAMS, BalanceOptions, CrossLayerBalance, PartialChain
from inpaintlib.models.tsgl.balance_released import ReleasedBalance
from inpaintlib.models.tsgl.released import OverwrittenPartialConv
from inpaintlib.ops.partial_conv import PartialConv, mask_chain
from inpaintlib.ops.reduce_mask import reduce_mask

FORMS = (CrossLayerBalance, ReleasedBalance)


def layers(width=4, size=(128, 128), n=1, seed=0):
    """Six random maps f_1 .. f_6 and their channels."""
    channels = (width, 2 * width, 4 * width, 8 * width, 8 * width, 8 * width)
    generator = torch.Generator().manual_seed(seed)
    maps = [torch.rand(n, c, size[0] >> k, size[1] >> k, generator=generator) for k, c in enumerate(channels, start=1)]
    return maps, channels


def holed(size=(128, 128)):
    mask = torch.ones(1, 1, *size)
    mask[:, :, 20:90, 30:100] = 0
    return mask


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("width", "size"), [(4, (64, 64)), (5, (64, 192)), (13, (128, 64))])
def test_any_size_and_width(form, width, size):
    maps, channels = layers(width, size)
    kept = Features(True)
    module = form(channels).train()
    out = module(maps, torch.ones(1, 1, *size), kept)
    assert [o.shape for o in out] == [m.shape for m in maps]
    assert kept.maps["equalized"][0].shape == (1, channels[3], size[0] // 8, size[1] // 8)
    sum(o.mean() for o in out).backward()
    assert [name for name, p in module.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []


def test_the_streams_gather_the_layers_that_the_paper_names():
    """A change in one layer's map reaches exactly the streams that gather it."""
    maps, channels = layers()
    module = CrossLayerBalance(channels).eval()
    mask = torch.ones(1, 1, 128, 128)

    def streams(changed=None):
        kept = Features(True)
        module([m + 1 if k == changed else m for k, m in enumerate(maps, start=1)], mask, kept)
        return dict(zip(STREAMS, kept.maps["streams"]))

    with torch.no_grad():
        before = streams()
        moved = {
            k: {name for name, s in streams(k).items() if not torch.allclose(s, before[name])} for k in range(1, 7)
        }
    assert moved == {
        1: {"early"}, 2: {"early"}, 3: {"early"}, 4: {"late"}, 5: {"late"}, 6: {"late", "last"}
    }  # fmt: skip


def test_every_stream_has_five_partial_convolutions_of_a_kernel_size_of_its_own():
    _, channels = layers()
    streams = CrossLayerBalance(channels).streams.values()
    kernels = [{conv.kernel for conv in stream.chain.convs} for stream in streams]
    assert [len(stream.chain.convs) for stream in streams] == [5, 5, 5]
    assert all(len(k) == 1 for k in kernels)
    assert sorted(k for ks in kernels for k in ks) == [3, 5, 7]


def test_a_chain_of_full_masks_is_a_chain_of_convolutions():
    torch.manual_seed(0)
    chain = PartialChain(8, 5, PartialConv)
    x = torch.randn(2, 8, 9, 11)
    expected = x
    for conv, norm in zip(chain.convs, chain.norms):
        expected = F.leaky_relu(norm(F.conv2d(expected, conv.weight, padding=2)), 0.2)
    torch.testing.assert_close(chain(x, mask_chain(torch.ones(2, 1, 9, 11), 5, STEPS)), expected)


def test_the_hole_really_propagates_and_a_dead_mask_does_not():
    """What the grid's hole positions hold before the first partial convolution must not matter, unless it is dead."""
    _, channels = layers()
    for dead, same in ((False, True), (True, False)):
        torch.manual_seed(0)
        module = CrossLayerBalance(channels, BalanceOptions(dead_mask=dead)).eval()
        known = reduce_mask(holed(), (16, 16))
        assert 0 < known.mean() < 1
        stream = module.streams["last"]
        x = torch.randn(1, 16, 16, 16)
        other = torch.where(known > 0, x, torch.randn_like(x))
        seen = torch.ones_like(known) if dead else known
        updates = mask_chain(seen, stream.chain.kernel, STEPS)
        with torch.no_grad():
            assert torch.allclose(stream.chain(x, updates), stream.chain(other, updates)) is same


@pytest.mark.parametrize("form", FORMS)
def test_each_mistake_changes_the_result_and_by_default_there_is_none(form):
    maps, channels = layers()
    kept = Features(False)

    def run(**mistake):
        torch.manual_seed(0)
        module = form(channels, BalanceOptions(**mistake)).eval()
        torch.manual_seed(1)
        for p in module.parameters():
            if p.ndim > 1:
                torch.nn.init.kaiming_normal_(p)
        with torch.no_grad():
            return module(maps, holed(), kept)[0]

    plain = run()
    mistakes = (
        {"dead_mask": True},
        {"scramble": True},
        {"conv": OverwrittenPartialConv},
        {"similarity": "softmax-positions"},
    )
    for mistake in mistakes:
        assert not torch.allclose(run(**mistake), plain, atol=1e-4), mistake
    assert torch.equal(run(), plain)


def test_overwritten_mask_kernels_count_with_random_numbers_of_either_sign():
    torch.manual_seed(0)
    conv = OverwrittenPartialConv(256, 256, 3)
    sums = conv.mask_kernel.sum((1, 2, 3))
    assert 80 < int((sums < 0).sum()) < 176
    assert float(sums.std()) == pytest.approx(0.02 * (256 * 9) ** 0.5, rel=0.2)
    x = torch.randn(1, 256, 6, 6)
    out = conv(x, torch.ones(1, 1, 6, 6))[0]
    plain = F.conv2d(x, conv.weight, padding=1)
    factor = 256 * 9 / sums
    torch.testing.assert_close(
        out[:, :, 2:4, 2:4], (plain * factor[:, None, None])[:, :, 2:4, 2:4], rtol=1e-3, atol=1e-2
    )


def test_a_reduced_mask_is_known_where_half_is():
    mask = torch.zeros(1, 1, 8, 8)
    mask[:, :, :4, :2] = 1
    mask[:, :, 4:, 4:7] = 1
    mask[:, :, 0, 4] = 1
    assert reduce_mask(mask, (2, 2)).tolist() == [[[[1.0, 0.0], [0.0, 1.0]]]]
