"""Metrics against scikit-image and torchmetrics, literal formulas, and LPIPS against its parts and reference values."""

import socket
import warnings

import lpips as package
import numpy as np
import pytest
import torch
import torchmetrics.functional.image as torchmetrics
from safetensors.torch import load_file
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchvision.models import alexnet

from inpaintlib import lpips_distance, metrics, photos
from inpaintlib.errors import InputError
from inpaintlib.files import sha256

SSIM = {
    "gaussian_weights": True,
    "sigma": 1.5,
    "use_sample_covariance": False,
    "data_range": 1.0,
    "channel_axis": 0,
}


@pytest.fixture(scope="module")
def pair():
    crops, _, _ = photos.evaluation_crops(photos.bundled("test"), 256)
    a = crops[:6, :, :96, :117].float() / 255
    noise = torch.randn(a.shape, generator=torch.Generator().manual_seed(0))
    level = torch.tensor([0.0005, 0.01, 0.03, 0.1, 0.2, 0.4]).view(-1, 1, 1, 1)
    return a, (a + level * noise).clamp(0, 1)


@pytest.fixture(scope="module")
def hole():
    mask = torch.ones(6, 1, 96, 117)
    for i in range(6):
        mask[i, :, 10 * i : 10 * i + 20, 5 : 30 + 10 * i] = 0
    mask[0, :, 0, 0] = 0
    return mask


@pytest.fixture(scope="module")
def distance():
    return metrics.Lpips()


def test_psnr_is_per_image_as_in_scikit_image(pair):
    a, b = pair
    wanted = [peak_signal_noise_ratio(x.numpy(), y.numpy(), data_range=1.0) for x, y in zip(a, b)]
    np.testing.assert_allclose(metrics.psnr(a, b), wanted, rtol=1e-5)
    pooled = torchmetrics.peak_signal_noise_ratio(a, b, data_range=1.0)
    each = torchmetrics.peak_signal_noise_ratio(a, b, data_range=1.0, reduction="none", dim=(1, 2, 3))
    torch.testing.assert_close(metrics.psnr(a, b), each)
    assert metrics.psnr(a, b).mean() > pooled + 1  # the mean of images is not the PSNR of the pooled error


def test_ssim_equals_scikit_image_and_torchmetrics(pair):
    a, b = pair
    wanted = [structural_similarity(x.double().numpy(), y.double().numpy(), **SSIM) for x, y in zip(a, b)]
    np.testing.assert_allclose(metrics.ssim(a, b), wanted, atol=2e-5)
    _, full = torchmetrics.structural_similarity_index_measure(a, b, data_range=1.0, return_full_image=True)
    inside = full[..., 5:-5, 5:-5].mean((1, 2, 3))  # torchmetrics itself averages over the border too
    torch.testing.assert_close(metrics.ssim(a, b), inside, atol=1e-4, rtol=0)


def test_ssim_in_the_hole_averages_scikit_images_map(pair, hole):
    a, b = pair
    got = metrics.ssim(a, b, hole=hole)
    for i, (x, y) in enumerate(zip(a.double().numpy(), b.double().numpy())):
        _, full = structural_similarity(x, y, full=True, **SSIM)
        np.testing.assert_allclose(got[i], full[:, hole[i, 0].numpy() == 0].mean(), atol=2e-5)


def test_both_ssims_from_one_map_are_the_two_by_themselves(pair, hole):
    whole, hidden = metrics.ssim_whole_and_hole(*pair, hole)
    assert torch.allclose(whole, metrics.ssim(*pair), atol=1e-6)
    assert torch.allclose(hidden, metrics.ssim(*pair, hole=hole), atol=1e-6)
    with pytest.raises(InputError, match="at least 11 x 11"):
        metrics.ssim_whole_and_hole(*(part[..., :10, :10] for part in pair), torch.zeros(len(pair[0]), 1, 10, 10))


def test_l1_and_psnr_in_the_hole_by_hand(pair, hole):
    a, b = pair
    for i in range(len(a)):
        inside = hole[i, 0] == 0
        error = (a[i] - b[i])[:, inside].double()
        torch.testing.assert_close(metrics.l1(a, b, hole)[i].double(), error.abs().mean(), atol=1e-7, rtol=1e-5)
        wanted = -10 * torch.log10(error.square().mean())
        torch.testing.assert_close(metrics.psnr(a, b, hole)[i].double(), wanted, atol=0, rtol=1e-5)
    torch.testing.assert_close(metrics.l1(a, b), (a - b).abs().mean((1, 2, 3)))


@pytest.mark.parametrize("metric", [metrics.psnr, metrics.l1])
def test_known_pixels_do_not_count_in_the_hole(pair, hole, metric):
    a, b = pair
    changed = torch.where(hole > 0, 1 - b, b)
    assert torch.equal(metric(a, b, hole), metric(a, changed, hole))
    assert not torch.equal(metric(a, b), metric(a, changed))


def test_whole_image_as_hole_is_the_whole_image(pair):
    a, b = pair
    everything = torch.zeros(6, 1, 96, 117)
    torch.testing.assert_close(metrics.psnr(a, b, everything), metrics.psnr(a, b))
    torch.testing.assert_close(metrics.l1(a, b, everything), metrics.l1(a, b))


def test_identical_images(pair):
    a, _ = pair
    assert (metrics.psnr(a, a) == metrics.PSNR_CAP).all()
    assert (metrics.l1(a, a) == 0).all()
    torch.testing.assert_close(metrics.ssim(a, a), torch.ones(6))


@pytest.mark.parametrize("metric", [metrics.psnr, metrics.ssim, metrics.l1])
def test_bad_shapes_and_masks_get_one_sentence(pair, hole, metric):
    a, b = pair
    with pytest.raises(InputError, match="one shape"):
        metric(a, b[:2])
    with pytest.raises(InputError, match=r"\[6, 1, 96, 117\]"):
        metric(a, b, hole[:, :, :10])
    with pytest.raises(InputError, match="needs a hole"):
        metric(a, b, torch.ones_like(hole))


def test_ssim_refuses_images_below_its_window():
    with pytest.raises(InputError, match="11 x 11 pixels, not 10 x 40"):
        metrics.ssim(torch.zeros(1, 3, 10, 40), torch.zeros(1, 3, 10, 40))


def test_the_trunk_is_torchvisions(distance):
    assert sha256(lpips_distance.TRUNK) == lpips_distance.TRUNK_SHA256
    trunk = alexnet(weights=None).features[:12].eval()
    trunk.load_state_dict(
        {name.removeprefix("features."): value for name, value in load_file(lpips_distance.TRUNK).items()}
    )
    images = torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        assert torch.equal(trunk(images), distance.distance.net(images)[-1])


def test_lpips_by_hand(distance):
    """Zhang et al. 2018, Eq. 1, from the trunk's file and the authors' linear layers, without any package's network."""
    trunk = load_file(lpips_distance.TRUNK)
    folder = package.__path__[0]
    linear = torch.load(f"{folder}/weights/v0.1/alex.pth", map_location="cpu", weights_only=True)
    a, b = torch.rand(2, 2, 3, 64, 96, generator=torch.Generator().manual_seed(1)).double() * 2 - 1

    def layers(x):
        x = (x - torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1)) / torch.tensor([0.458, 0.448, 0.450]).view(
            3, 1, 1
        )
        for number, options in ((0, (4, 2)), (3, (1, 2)), (6, (1, 1)), (8, (1, 1)), (10, (1, 1))):
            if number in (3, 6):
                x = torch.nn.functional.max_pool2d(x, 3, 2)
            weight, bias = (trunk[f"features.{number}.{kind}"].double() for kind in ("weight", "bias"))
            x = torch.nn.functional.conv2d(x, weight, bias, *options).relu()
            yield x / x.square().sum(1, keepdim=True).sqrt()

    wanted = sum(
        ((x - y).square() * linear[f"lin{i}.model.1.weight"].double()).sum(1).mean((1, 2))
        for i, (x, y) in enumerate(zip(layers(a), layers(b)))
    )
    torch.testing.assert_close(distance(a, b), wanted.float(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("size", [(31, 31), (64, 64), (96, 117), (200, 40)])
def test_lpips_equals_the_authors_package(distance, size):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package calls torchvision by its old names
        theirs = package.LPIPS(net="alex", pnet_rand=True, verbose=False)
    theirs.net.load_state_dict(distance.distance.net.state_dict())
    generator = torch.Generator().manual_seed(2)
    a, b = torch.rand(2, 4, 3, *size, generator=generator) * 2 - 1
    near = a + 1e-3 * torch.randn(a.shape, generator=generator)
    flat = torch.full_like(a, -0.5)
    with torch.no_grad():
        for other in (b, near, flat, a):
            wanted = theirs(a, other).flatten()
            torch.testing.assert_close(distance(a, other), wanted, atol=1e-7, rtol=1e-6)


def to_input(picture):
    return torch.from_numpy(np.ascontiguousarray(picture)).float().permute(2, 0, 1)[None] / 127.5 - 1


def test_lpips_reference_distances_on_the_astronaut(distance):
    """Values that an independent run gave on a part of this picture, to within what another part of it changes."""
    picture = data.astronaut()[100:356, 100:356]
    noise = np.random.default_rng(0).normal(0, 10, picture.shape)
    changed = {
        "shift 1": (np.roll(picture, 1, 1), 0.022),
        "shift 4": (np.roll(picture, 4, 1), 0.064),
        "brightness 10": (np.clip(picture.astype(int) + 10, 0, 255), 0.002),
        "noise 10": (np.clip(picture + noise, 0, 255), 0.113),
        "blur 1": (gaussian_filter(picture.astype(float), (1, 1, 0)), 0.143),
        "blur 3": (gaussian_filter(picture.astype(float), (3, 3, 0)), 0.453),
    }
    for name, (other, wanted) in changed.items():
        assert distance(to_input(other), to_input(picture)).item() == pytest.approx(wanted, abs=0.015), name
    assert distance(to_input(picture), to_input(picture)).item() == 0


def test_lpips_grows_with_the_damage_and_takes_batches(distance, pair):
    a, b = (x * 2 - 1 for x in pair)
    b = a[:1] + torch.linspace(0.1, 1, 6).view(-1, 1, 1, 1) * (b - a)[-1:]
    a = a[:1].expand_as(b)
    with torch.no_grad():
        together = distance(a, b)
        assert together.shape == (6,)
        assert (together.diff() > 0).all()
        one_by_one = torch.cat([distance(x[None], y[None]) for x, y in zip(a, b)])
    torch.testing.assert_close(together, one_by_one, atol=1e-6, rtol=1e-5)


def test_lpips_is_frozen_silent_and_offline(monkeypatch, capfd):
    def refuse(*_):
        raise AssertionError("LPIPS opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    before = torch.get_rng_state()
    distance = metrics.Lpips().train()
    assert torch.equal(before, torch.get_rng_state())
    assert capfd.readouterr() == ("", "")
    assert not any(module.training for module in distance.modules())
    assert not any(parameter.requires_grad for parameter in distance.parameters())
    image = torch.zeros(1, 3, 40, 40, requires_grad=True)
    distance(image, torch.rand(1, 3, 40, 40) - 0.5).sum().backward()
    assert image.grad.abs().sum() > 0


def test_lpips_refuses_bad_input_and_a_damaged_trunk(distance, monkeypatch, tmp_path):
    with pytest.raises(InputError, match="31 pixels"):
        distance(torch.zeros(1, 3, 30, 40), torch.zeros(1, 3, 30, 40))
    (tmp_path / "trunk.safetensors").write_bytes(b"cut")
    monkeypatch.setattr(lpips_distance, "TRUNK", tmp_path / "trunk.safetensors")
    with pytest.raises(ValueError, match=r"trunk\.safetensors is damaged"):
        metrics.Lpips()
