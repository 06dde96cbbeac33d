"""Distances between sets against literal loops and torchmetrics, their jackknife, and the networks behind them."""

import importlib.machinery
import itertools
import sys
import types

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.linalg import sqrtm
from torch.nn import functional as F
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd
from torchvision.transforms.functional import gaussian_blur

from inpaintlib import distances, inception, lpips_distance, photos
from inpaintlib.alexnet import AlexNet
from inpaintlib.distances import block_estimates, frechet_distance, kernel_distance, measure, pseudovalues
from inpaintlib.errors import InputError
from inpaintlib.lpips_distance import TRUNK
from inpaintlib.statistics import bootstrap

ON_ROWS = {kernel_distance: kernel_distance, frechet_distance: lambda x, y, groups: frechet_distance(x, y)}
BOTH = pytest.mark.parametrize("measured", list(ON_ROWS))


def sets(generator, photographs=6, crops=2, d=8, shift=0.2, scale=1.0):
    """Results and truths [N, d] of one covariance, results moved; crops of a photograph, and pairs, are alike."""
    photograph = generator.normal(size=(photographs, 1, d))
    truth = 0.7 * photograph + 0.7 * generator.normal(size=(photographs, crops, d))
    other = 0.7 * generator.normal(size=(photographs, 1, d)) + 0.7 * generator.normal(size=truth.shape)
    result = scale * (0.8 * truth + 0.6 * other) + shift
    return result.reshape(-1, d), truth.reshape(-1, d), np.repeat(np.arange(photographs), crops).astype(str)


@pytest.fixture
def small():
    return sets(np.random.default_rng(0))


def test_kernel_distance_pair_by_pair(small):
    x, y, groups = small

    def k(a, b):
        return (sum(float(p) * float(q) for p, q in zip(a, b)) / len(a) + 1) ** 3

    terms = [
        k(x[i], x[j]) + k(y[i], y[j]) - k(x[i], y[j]) - k(x[j], y[i])
        for i in range(len(x))
        for j in range(len(x))
        if groups[i] != groups[j]
    ]
    assert kernel_distance(x, y, groups) == pytest.approx(sum(terms) / len(terms), rel=1e-12)


def test_kernel_distance_is_kids_but_for_the_cross_pairs(small):
    """torchmetrics' estimator keeps k(x_i, y_i) in the cross term; without those pairs it is ours."""
    x, y, _ = small
    n, d = x.shape
    kernels = [torch.from_numpy((a @ b.T / d + 1) ** 3) for a, b in ((x, x), (x, y), (y, y))]
    theirs = float(poly_mmd(*(torch.from_numpy(side) for side in (x, y))))
    cross = kernels[1]
    without = 2 * (cross.sum() / n**2 - (cross.sum() - cross.trace()) / (n * (n - 1)))
    assert kernel_distance(x, y, range(n)) == pytest.approx(theirs + float(without), rel=1e-9)


def test_frechet_distance_against_torchmetrics_and_sqrtm(small):
    x, y, _ = small
    moments = [(side.mean(axis=0), np.cov(side.T)) for side in (x, y)]
    (mean_x, cov_x), (mean_y, cov_y) = moments
    literal = ((mean_x - mean_y) ** 2).sum() + np.trace(cov_x + cov_y - 2 * sqrtm(cov_x @ cov_y).real)
    theirs = _compute_fid(*(torch.from_numpy(part) for moment in moments for part in moment))
    assert frechet_distance(x, y) == pytest.approx(literal, rel=1e-9)
    assert frechet_distance(x, y) == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize("rows", [2, 5, 12])
def test_frechet_distance_with_fewer_rows_than_dimensions(rows):
    """In one dimension more than the rows span, a shift adds its square and a scaling (1 - s)^2 of the trace."""
    x = np.random.default_rng(1).normal(size=(rows, 40))
    trace = x.var(axis=0, ddof=1).sum()
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-12)
    assert frechet_distance(x + 0.5, x) == pytest.approx(40 * 0.25)
    moved = 0.7 * (x - x.mean(axis=0)) + x.mean(axis=0)
    assert frechet_distance(moved, x) == pytest.approx(0.09 * trace)


def test_equal_sets_have_no_distance(small):
    x, _, groups = small
    assert kernel_distance(x, x, groups) == 0
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-12)
    assert not measure(kernel_distance, x, x, groups).pseudovalues.any()


def test_kernel_distance_is_unbiased_and_other_pairs_are_not():
    """Results and truths of one distribution: ours is 0 on average; with pairs of crops of one photograph it is too
    large, and KID's usual estimator, with each result paired with its own truth, is too small."""
    generator = np.random.default_rng(2)
    drawn = [sets(generator, photographs=6, crops=2, d=4, shift=0) for _ in range(1500)]
    ours = np.array([kernel_distance(*case) for case in drawn])
    within = np.array([kernel_distance(x, y, range(len(x))) for x, y, _ in drawn])
    usual = np.array([poly_mmd(*(torch.from_numpy(side[::2]) for side in (x, y))) for x, y, _ in drawn])
    error = ours.std() / np.sqrt(len(ours))
    assert abs(ours.mean()) < 3 * error
    assert within.mean() > 10 * error
    assert usual.mean() < -10 * error


@BOTH
def test_jackknife_by_leaving_out(measured, small):
    x, y, groups = small
    kept = [groups != name for name in np.unique(groups)]
    literal = [6 * ON_ROWS[measured](x, y, groups) - 5 * ON_ROWS[measured](x[k], y[k], groups[k]) for k in kept]
    assert pseudovalues(measured, x, y, groups) == pytest.approx(np.array(literal), rel=1e-9)


def test_mean_of_pseudovalues_is_the_kernel_distance_itself(small):
    x, y, groups = small
    assert pseudovalues(kernel_distance, x, y, groups).mean() == pytest.approx(kernel_distance(x, y, groups))


def test_pseudovalues_remove_the_frechet_distances_bias():
    """Equal distributions, 12 photographs, 16 dimensions: the plain value is far above 0."""
    generator = np.random.default_rng(3)
    found = [measure(frechet_distance, *sets(generator, 12, 2, 16, shift=0)) for _ in range(40)]
    plain, corrected = np.mean([f.value for f in found]), np.mean([f.pseudovalues.mean() for f in found])
    assert plain > 2
    assert abs(corrected) < 0.25 * plain


def test_order_of_rows_does_not_matter_and_photographs_come_by_name(small):
    x, y, groups = small
    order = np.random.default_rng(4).permutation(len(x))
    for measured in (kernel_distance, frechet_distance):
        one, other = measure(measured, x, y, groups), measure(measured, x[order], y[order], groups[order])
        assert one.value == pytest.approx(other.value)
        assert one.pseudovalues == pytest.approx(other.pseudovalues)
        assert one.blocks == pytest.approx(other.blocks)


def test_many_rows_are_taken_in_chunks(small, monkeypatch):
    x, y, groups = small
    whole = pseudovalues(kernel_distance, x, y, groups)
    monkeypatch.setattr(distances, "_CHUNK", 5)
    assert pseudovalues(kernel_distance, x, y, groups) == pytest.approx(whole)


@BOTH
def test_blocks_are_disjoint_and_hold_all_photographs(measured):
    """Each possible block has its own distance, which thereby tells who is in it."""
    x, groups = np.random.default_rng(0).normal(3, 2, (18, 2)), np.repeat(np.arange(9), 2)
    y = np.zeros_like(x)
    known = {}
    for names in itertools.chain(itertools.combinations(range(9), 2), itertools.combinations(range(9), 3)):
        chosen = np.isin(groups, names)
        known[round(ON_ROWS[measured](x[chosen], y[chosen], groups[chosen]), 8)] = names
    found = block_estimates(measured, x, y, groups)
    assert len(found) == 4
    assert sorted(name for value in found for name in known[round(value, 8)]) == list(range(9))
    assert (block_estimates(measured, x, y, groups) == found).all()
    assert set(block_estimates(measured, x, y, groups, seed=1)) != set(found)


@BOTH
def test_two_photographs_are_enough(measured):
    x, y, groups = sets(np.random.default_rng(5), photographs=2, crops=1)
    found = measure(measured, x, y, groups)
    assert (found.photographs, found.crops) == (2, 2)
    assert (found.pseudovalues == found.value).all()
    assert found.blocks.tolist() == [found.value]


def test_nonsense_is_refused(small):
    x, y, groups = small
    for call, message in (
        (lambda: kernel_distance(x, y[:, :3], groups), r"of one d, not \[12, 8\] and \[12, 3\]"),
        (lambda: frechet_distance(x[:1], y), "N >= 2"),
        (lambda: kernel_distance(x, y, groups[:4]), "12 results, 12 truths and 4 photographs' names"),
        (lambda: kernel_distance(x, y, ["a"] * 12), "at least two photographs, not of 1"),
        (lambda: frechet_distance(x * np.nan, y), "finite"),
    ):
        with pytest.raises(InputError, match=message):
            call()


@pytest.mark.slow
@pytest.mark.parametrize("measured, shift, truth", [(frechet_distance, 0.3, 16 * 0.09), (frechet_distance, 1.0, 16.0)])
def test_jackknife_intervals_of_the_frechet_distance_cover(measured, shift, truth):
    assert 0.9 <= covered(measured, shift, truth, 300) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.1, 0.3, 1.0])
def test_jackknife_intervals_of_the_kernel_distance_cover(shift):
    many = np.mean([kernel_distance(*sets(np.random.default_rng(i), 1500, 1, 16, shift)) for i in range(8)])
    assert 0.9 <= covered(kernel_distance, shift, many, 600) <= 0.995


def covered(measured, shift, truth, repeats):
    generator = np.random.default_rng(6)
    hits = 0
    for i in range(repeats):
        interval = bootstrap(pseudovalues(measured, *sets(generator, 23, 2, 16, shift)), range(23), draws=1000, seed=i)
        hits += interval.low <= truth <= interval.high
    return hits / repeats


@pytest.fixture(scope="module")
def trunk():
    return AlexNet()


@pytest.fixture(scope="module")
def crops():
    chosen = photos.bundled("test")
    images = np.stack([chosen[i][:128, :128] for i in range(0, 16, 2)])
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def test_alexnet_by_hand(trunk):
    """Five convolutions and two poolings from the trunk's file, on ImageNet's normalisation."""
    weights = load_file(TRUNK)
    images = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    x = images.double() / 2 + 0.5
    x = (x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    for number, stride, padding in ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1)):
        x = F.max_pool2d(x, 3, 2) if number in (3, 6) else x
        weight, bias = (weights[f"features.{number}.{kind}"].double() for kind in ("weight", "bias"))
        x = F.conv2d(x, weight, bias, stride, padding).relu()
    found = trunk(images)
    assert found.shape == (2, 256)
    assert torch.allclose(found.double(), x.mean(dim=(2, 3)), atol=1e-5)


def test_alexnet_is_frozen_and_leaves_the_random_state_alone():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    made = AlexNet()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not any(p.requires_grad for p in made.parameters())
    assert {p.device.type for p in made.parameters()} == {"cpu"}


def test_alexnet_refuses_what_it_cannot_see(trunk, monkeypatch, tmp_path):
    for shape in ((1, 1, 64, 64), (1, 3, 30, 64), (3, 64, 64)):
        with pytest.raises(InputError, match="at least 31 pixels"):
            trunk(torch.zeros(shape))
    (tmp_path / "x.safetensors").write_bytes(b"no")
    monkeypatch.setattr(lpips_distance, "TRUNK", tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="damaged"):
        AlexNet()


def test_a_larger_defect_is_farther(trunk, crops):
    """The middle of each photograph blurred a little, then much, then gray."""
    defects = [gaussian_blur(crops, 25, sigma) for sigma in (0.5, 1.5, 4.0)]
    defects.append(torch.zeros_like(crops))
    truth, names = trunk(crops).numpy(), [str(i) for i in range(len(crops))]
    kernel, frechet = [], []
    for defect in defects:
        result = crops.clone()
        result[..., 32:96, 32:96] = defect[..., 32:96, 32:96]
        features = trunk(result).numpy()
        kernel.append(kernel_distance(features, truth, names))
        frechet.append(frechet_distance(features, truth))
    assert kernel == sorted(kernel)
    assert frechet == sorted(frechet)
    assert kernel[-1] > 0


class Stub(torch.nn.Module):
    """Stands for torch_fidelity.FeatureExtractorInceptionV3: a fixed linear map of bytes, called as the package is."""

    def __init__(self, name, features_list, feature_extractor_weights_path=None, **rest):
        super().__init__()
        assert features_list == ["2048"]
        self.weight = torch.nn.Parameter(torch.load(feature_extractor_weights_path, weights_only=True))
        self.eval()

    def forward(self, images):
        assert images.dtype == torch.uint8
        return (images.float().flatten(1) @ self.weight,)


@pytest.fixture
def fidelity(monkeypatch, tmp_path):
    """A package torch_fidelity and a file of weights, both of this test alone."""
    stub = types.ModuleType("torch_fidelity")
    stub.__spec__ = importlib.machinery.ModuleSpec("torch_fidelity", None)
    stub.FeatureExtractorInceptionV3 = Stub
    monkeypatch.setitem(sys.modules, "torch_fidelity", stub)
    path = tmp_path / inception.NAMES[0]
    torch.save(torch.randn(48, 2048, generator=torch.Generator().manual_seed(0)), path)
    monkeypatch.setattr(inception, "SHA256", inception.sha256(path))
    return path


@pytest.fixture(autouse=True)
def _nothing_found(monkeypatch, tmp_path):
    """No test sees the weights or the package of the machine that it runs on."""
    monkeypatch.delenv(inception.VARIABLE, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)


def test_without_inception_one_sentence_says_why(monkeypatch, tmp_path):
    assert inception.find() is None
    sentence = inception.absent()
    assert "FID and KID are not measured here" in sentence
    assert inception.VARIABLE in sentence
    assert "inpaintlib[fid]" in sentence
    assert sentence.count(". ") == 0
    with pytest.raises(InputError, match="FID and KID are not measured here"):
        inception.features()
    (tmp_path / "w.pth").write_bytes(b"")
    monkeypatch.setenv(inception.VARIABLE, str(tmp_path / "w.pth"))
    assert inception.find() is None
    assert "the weights" not in inception.absent()


def test_a_variable_that_names_no_file_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv(inception.VARIABLE, str(tmp_path / "absent.pth"))
    for call in (inception.find, inception.absent, inception.features):
        with pytest.raises(InputError, match=r"INPAINTLIB_INCEPTION names .*absent\.pth, which is not a file"):
            call()


def test_weights_are_found_where_torch_hub_keeps_them(fidelity, tmp_path):
    assert inception.find() is None
    assert "the package" not in inception.absent()
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    found = folder / inception.NAMES[1]
    found.write_bytes(fidelity.read_bytes())
    assert inception.find() == found
    assert inception.absent() == ""


def test_fid_is_the_frechet_distance_of_inceptions_features(fidelity, monkeypatch):
    monkeypatch.setenv(inception.VARIABLE, str(fidelity))
    network = inception.features()
    assert not network.train().training
    assert not any(p.requires_grad for p in network.parameters())
    images = torch.rand(2, 5, 3, 4, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1
    found = [network(part).numpy() for part in images]
    weight = torch.load(fidelity, weights_only=True)
    bytes_ = [((part + 1) * 127.5).round().flatten(1) for part in images]
    expected = [(part @ weight).numpy() for part in bytes_]
    assert found[0].shape == (5, 2048)
    assert frechet_distance(*found) == pytest.approx(frechet_distance(*expected), rel=1e-5)
    with pytest.raises(InputError, match=r"\[B, 3, H, W\], not \[1, 1, 4, 4\]"):
        network(torch.zeros(1, 1, 4, 4))


def test_other_weights_are_refused(fidelity, monkeypatch):
    monkeypatch.setenv(inception.VARIABLE, str(fidelity))
    monkeypatch.setattr(inception, "SHA256", "0" * 64)
    with pytest.raises(InputError, match="does not hold the Inception weights of FID"):
        inception.features()
