"""TSGL Eq. 13-16 against their printed form, the released code's forms, and the registry of terms."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib.adversary import ADVERSARIAL, Adversary, r1_penalty
from inpaintlib.losses import (
    TERMS,
    Critics,
    Term,
    Views,
    edge,
    edge_entropy,
    feature_matching,
    generator_losses,
    gram,
    perceptual,
    pyramid,
    reconstruction,
    sampling_correctness,
    style,
    total_variation,
)
from inpaintlib.models.discriminator import PatchDiscriminator
from inpaintlib.ops.appearance_flow import gaussian_sampling
from inpaintlib.recipes import RELEASED, Recipe


def weighted_mean(first, second, mask, hole_weight):
    """sum over pixels of |first - second|, hole pixels hole_weight times, over the number of all pixels: a loop."""
    total = 0.0
    for n, c, i, j in torch.cartesian_prod(*map(torch.arange, first.shape)).tolist():
        weight = 1.0 if mask[n, 0, i, j] else hole_weight
        total += weight * abs(float(first[n, c, i, j]) - float(second[n, c, i, j])) / first.numel()
    return total


@pytest.mark.parametrize("hole_weight", [0.0, 1.0, 5.0])
def test_reconstruction_and_edge_are_mean_absolute_differences_and_weigh_the_hole(hole_weight):
    image, target = torch.randn(2, 2, 3, 4, 5, dtype=torch.float64).unbind(0)
    mask = (torch.rand(2, 1, 4, 5) > 0.5).double()
    expected = weighted_mean(image, target, mask, hole_weight)
    assert float(reconstruction(image, target, mask, hole_weight)) == pytest.approx(expected)
    logits, edges = image[:, :1], (target[:, :1] > 0).double()
    expected = weighted_mean(1 / (1 + (-logits).exp()), edges, mask, hole_weight)
    assert float(edge(logits, edges, mask, hole_weight)) == pytest.approx(expected)


def test_without_a_weight_the_hole_counts_like_the_rest():
    image, target, mask = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8), torch.rand(2, 1, 8, 8).round()
    assert torch.equal(reconstruction(image, target, mask), (image - target).abs().mean())
    wanted = (torch.sigmoid(image[:, :1]) - target[:, :1]).abs().mean()
    assert torch.equal(edge(image[:, :1], target[:, :1], mask), wanted)


def test_the_log_form_as_printed():
    logits = torch.tensor([[[[0.3, -2.0]]]], dtype=torch.float64)
    d = [1 / (1 + math.exp(-x)) for x in (0.3, -2.0)]
    game = ADVERSARIAL["log"]
    assert float(game.generator(logits)) == pytest.approx(-sum(map(math.log, d)) / 2)
    real = -sum(map(math.log, d)) / 2
    fake = -sum(math.log(1 - x) for x in d) / 2
    assert float(game.discriminator(logits, logits)) == pytest.approx(real + fake)


def test_the_hinge_form():
    real, fake = torch.tensor([0.25, 3.0]).view(1, 1, 1, 2), torch.tensor([-4.0, 0.5]).view(1, 1, 1, 2)
    game = ADVERSARIAL["hinge"]
    assert float(game.discriminator(real, fake)) == pytest.approx(0.75 / 2 + 1.5 / 2)
    assert float(game.generator(fake)) == pytest.approx(3.5 / 2)


def test_the_least_squares_form():
    real, fake = torch.tensor([0.25, 3.0]).view(1, 1, 1, 2), torch.tensor([-4.0, 0.5]).view(1, 1, 1, 2)
    game = ADVERSARIAL["least-squares"]
    assert float(game.discriminator(real, fake)) == pytest.approx((0.75**2 + 4) / 2 + (16 + 0.25) / 2)
    assert float(game.generator(fake)) == pytest.approx((25 + 0.25) / 2)


def test_patches_without_a_hole_count_as_real_or_all_count_as_fake():
    mask = torch.ones(1, 1, 8, 8)
    mask[..., :2, :2] = 0  # a quarter of the first of four patches
    real, fake = torch.zeros(1, 1, 2, 2), torch.randn(1, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    blame, credit = (float(F.softplus(sign * fake)[0, 0].flatten()[0]) for sign in (1, -1))
    others = F.softplus(-fake).flatten()[1:].sum() + blame
    as_real = math.log(2)
    assert float(Adversary(patches="hole").discriminator(real, fake, mask)) == pytest.approx(
        as_real + float(others) / 4
    )
    assert float(Adversary().discriminator(real, fake, mask)) == pytest.approx(as_real + float(F.softplus(fake).mean()))
    assert float(Adversary(patches="soft").generator(fake, mask)) == pytest.approx(credit * 0.25 / 4)


def test_the_soft_target_is_the_blurred_hole():
    """AOT-GAN: the gradient is that of a squared distance from one minus the blurred hole."""
    mask = torch.ones(1, 1, 64, 64, dtype=torch.float64)
    mask[..., 20:40, 10:30] = 0
    fake = torch.randn(1, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    loss = Adversary("least-squares", patches="soft").discriminator(torch.ones_like(fake), fake, mask)
    blurred = torch.from_numpy(gaussian_filter((1 - mask)[0, 0].numpy(), 10, mode="nearest", radius=30))
    target = 1 - blurred.reshape(8, 8, 8, 8).mean(dim=(1, 3))
    (found,) = torch.autograd.grad(loss, fake)
    torch.testing.assert_close(found[0, 0], 2 * (fake[0, 0] - target).detach() / 64)


def test_the_r1_penalty_is_half_gamma_times_the_mean_squared_gradient():
    image = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    logits = image.pow(2).sum(dim=1, keepdim=True)
    penalty = r1_penalty(logits, image, 10.0).detach()
    assert float(penalty) == pytest.approx(5 * float((2 * image.detach()).square().sum()) / 2)


def test_an_adversary_refuses_rules_that_do_not_exist():
    with pytest.raises(ValueError, match="patches is 'best'; it is one of all, hole, soft"):
        Adversary(patches="best")
    with pytest.raises(ValueError, match="form is 'best'"):
        Adversary("best")


def test_edges_of_any_size_have_an_edge_where_a_pixel_of_the_cell_has():
    target = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    target[0, 0, 3, 5] = 1
    logits = torch.tensor([[0.5, -1.0], [2.0, 0.0]], dtype=torch.float64).view(1, 1, 2, 2)
    chance = [1 / (1 + math.exp(-x)) for x in (0.5, -1.0, 2.0, 0.0)]
    wanted = -sum(math.log(p if i == 1 else 1 - p) for i, p in enumerate(chance)) / 4
    assert float(edge_entropy(logits, target)) == pytest.approx(wanted)


def test_total_variation_counts_pairs_around_the_hole():
    image = torch.randn(1, 2, 6, 7, dtype=torch.float64)
    mask = torch.ones(1, 1, 6, 7, dtype=torch.float64)
    mask[0, 0, 2, 3] = 0
    near = {(y, x) for y in (1, 2, 3) for x in (2, 3, 4)}
    rows = columns = 0.0
    for c, y, x in torch.cartesian_prod(*map(torch.arange, (2, 6, 7))).tolist():
        if {(y, x), (y + 1, x)} <= near:
            rows += abs(float(image[0, c, y + 1, x] - image[0, c, y, x])) / (2 * 5 * 7)
        if {(y, x), (y, x + 1)} <= near:
            columns += abs(float(image[0, c, y, x + 1] - image[0, c, y, x])) / (2 * 6 * 6)
    assert float(total_variation(image, mask)) == pytest.approx(rows + columns)
    assert float(total_variation(image, torch.ones_like(mask))) == 0


def test_feature_matching_is_the_mean_over_layers_and_moves_the_result_only():
    a, b = ([torch.randn(1, c, 4, 4, dtype=torch.float64, requires_grad=True) for c in (2, 3)] for _ in range(2))
    loss = feature_matching(a, b)
    wanted = sum(float((x - y).detach().abs().mean()) for x, y in zip(a, b)) / 2
    assert float(loss.detach()) == pytest.approx(wanted)
    loss.backward()
    assert all(x.grad.any() for x in a)
    assert all(y.grad is None for y in b)


def test_sampling_correctness_position_by_position():
    """Against a loop, for a flow of whole positions and a window so narrow that it fetches the position itself."""
    generator = torch.Generator().manual_seed(0)
    seen, target = torch.rand(2, 1, 3, 4, 5, generator=generator, dtype=torch.float64).unbind(0)
    flow = torch.randint(-2, 3, (1, 2, 4, 5), generator=generator).double()
    mask = (torch.rand(1, 1, 4, 5, generator=generator) > 0.5).double()
    fetched = gaussian_sampling(seen, flow, 4, 2.0)

    def cosine(a, b):
        return float(a @ b / (a.norm() * b.norm()))

    values = []
    for y, x in torch.cartesian_prod(torch.arange(4), torch.arange(5)).tolist():
        if mask[0, 0, y, x] == 0:
            wanted = target[0, :, y, x]
            best = max(cosine(seen[0, :, i, j], wanted) for i in range(4) for j in range(5))
            values.append(math.exp(-cosine(fetched[0, :, y, x], wanted) / best))
    found = float(sampling_correctness(seen, target, flow, mask))
    assert found == pytest.approx(sum(values) / len(values), rel=1e-6)
    twice = flow.repeat_interleave(2, 2).repeat_interleave(2, 3) * 2
    assert float(sampling_correctness(seen, target, twice, mask)) == pytest.approx(found)
    assert float(sampling_correctness(seen, target, flow, torch.ones_like(mask))) == 0


def test_known_and_hole_share_what_reconstruction_sums(drawn):
    found = values(drawn, Recipe())
    assert float(found["known"] + found["hole"]) == pytest.approx(float(found["reconstruction"]))


def test_without_an_adversarial_weight_no_term_asks_a_judge():
    terms = (Term("reconstruction", 1.0), Term("adversarial", 0.1), Term("feature_matching", 10.0))
    assert [t.weight for t in Recipe(adversarial=0.0).terms(terms)] == [1.0, 0.0, 0.0]
    assert [t.weight for t in Recipe(adversarial=0.5).terms(terms)] == [1.0, 0.5, 10.0]
    assert Recipe().terms(terms) == terms
    seen = (Term("perceptual", 0.1), Term("known", 10.0), Term("adversarial", 1.0))
    assert [t.name for t in Recipe(adversarial=0.0).terms(seen)] == ["reconstruction", *(t.name for t in seen)]


def test_a_recipe_leaves_a_models_adversary_alone_unless_it_names_another():
    own = Adversary("least-squares", "pix2pixhd", 2.0, "soft")
    assert Recipe().adversary(own) == own
    changed = Recipe(adversarial_form="hinge", discriminator="patch").adversary(own)
    assert changed == Adversary("hinge", "patch", 2.0, "soft")
    told = Recipe().against(own)
    assert (told.adversarial_form, told.discriminator) == ("least-squares", "pix2pixhd")


def test_the_pyramid_term_is_the_mean_over_levels_of_l1_at_the_levels_size():
    target = torch.randn(2, 3, 8, 12, dtype=torch.float64)
    small, full = torch.randn(2, 3, 2, 3, dtype=torch.float64), torch.randn(2, 3, 8, 12, dtype=torch.float64)
    cells = target.unflatten(3, (3, 4)).unflatten(2, (2, 4)).mean(dim=(3, 5))
    wanted = ((small - cells).abs().mean() + (full - target).abs().mean()) / 2
    torch.testing.assert_close(pyramid([small, full], target), wanted)


@pytest.fixture(scope="module")
def drawn():
    """A batch, and what a model might have drawn for it."""
    crops = il.example_batch(1, 64)
    batch = il.Batch.make(crops.target.image, crops.mask, truth=("edge", "gray", "smooth"))
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 64, 64, generator=generator) * 2 - 1
    aux = {
        "edge": torch.randn(1, 1, 64, 64, generator=generator),
        "pyramid": [image[..., ::4, ::4], image[..., ::2, ::2]],
        "structure": [image[..., ::2, ::2]],
        "flow": torch.randn(1, 2, 16, 16, generator=generator),
    }
    return batch, il.Output(image, aux)


def values(drawn, recipe, judge=PatchDiscriminator(4)):  # noqa: B008
    batch, output = drawn
    return generator_losses(tuple(Term(name, 1.0) for name in TERMS), batch, output, Critics(judge, squares), recipe)


def squares(images):
    """A trunk with one layer to compare and another one for style."""
    return Views([images.square(), images[..., ::4, ::4].square()], [images[:, :2].square()])


def test_each_option_of_a_recipe_changes_its_term_and_no_other(drawn):
    torch.manual_seed(0)
    judge = PatchDiscriminator(4).eval()
    plain = values(drawn, Recipe(), judge)
    assert plain.keys() == TERMS.keys()
    options = {"hole_weight": "reconstruction", "edge_hole_weight": "edge", "adversarial_form": "adversarial"}
    for field, name in options.items():
        other = values(drawn, Recipe(**{field: RELEASED[field]}), judge)
        assert [n for n in plain if not torch.equal(plain[n], other[n])] == [name]


def test_terms_without_a_weight_or_without_something_to_judge_are_left_out(drawn):
    batch, output = drawn
    terms = (Term("adversarial", 0.0), Term("reconstruction", 1.0), Term("edge", 1.0), Term("pyramid", 1.0))
    assert set(generator_losses(terms, batch, output, Critics(), Recipe())) == {"reconstruction", "edge", "pyramid"}
    bare = generator_losses(terms, batch, il.Output(output.image), Critics(), Recipe())
    assert set(bare) == {"reconstruction"}
    with pytest.raises(ValueError, match="no loss term named 'charm'; there is reconstruction, known, hole, edge"):
        generator_losses((Term("charm", 1.0),), batch, output, Critics(), Recipe())


def test_the_terms_of_tsgl():
    network = il.build("tsgl", width=4)
    assert {t.name: t.weight for t in network.losses} == {"reconstruction": 1.0, "edge": 1.0, "adversarial": 0.1}
    batch = il.example_batch(1, 64)
    terms = generator_losses(network.losses, batch, network(batch), Critics(PatchDiscriminator(4)), Recipe())
    assert set(terms) == {"reconstruction", "edge", "adversarial"}


def test_gram_matrices_number_by_number():
    maps = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    for n in range(2):
        for i in range(3):
            for j in range(3):
                expected = sum(float(maps[n, i, y, x] * maps[n, j, y, x]) for y in range(4) for x in range(5)) / 60
                assert float(gram(maps)[n, i, j]) == pytest.approx(expected)


def test_perceptual_and_style_sum_mean_differences_over_layers():
    a, b = ([torch.randn(1, c, 4, 4, dtype=torch.float64) for c in (2, 3)] for _ in range(2))
    assert float(perceptual(a, b)) == pytest.approx(sum(float((x - y).abs().mean()) for x, y in zip(a, b)))
    matrices = [(gram(x) - gram(y)).abs().mean() for x, y in zip(a, b)]
    assert float(style(a, b)) == pytest.approx(sum(map(float, matrices)))
    assert float(style([x.flip(2) for x in a], a)) == pytest.approx(0)  # style does not ask where


def test_style_is_that_of_the_hole_alone(drawn):
    batch, output = drawn
    known = il.Output(torch.where(batch.mask > 0, -output.image, output.image), output.aux)
    terms = (Term("style", 1.0), Term("perceptual", 1.0))
    one, other = (generator_losses(terms, batch, o, Critics(eye=squares), Recipe()) for o in (output, known))
    assert torch.equal(one["style"], other["style"])
    seen = []
    generator_losses(terms, batch, output, Critics(eye=lambda x: seen.append(x) or squares(x)), Recipe())
    assert any(torch.equal(x, output.image * (1 - batch.mask)) for x in seen)


def test_the_discriminator_sees_the_composite(drawn):
    batch, output = drawn
    seen = []
    judge = SimpleNamespace(ask=lambda image: seen.append(image) or image[:, :1])
    generator_losses((Term("adversarial", 1.0),), batch, output, Critics(judge.ask), Recipe())
    assert torch.equal(seen[0], output.composite(batch))


def test_the_released_settings_fit_any_recipe():
    released = replace(Recipe(), **RELEASED)
    assert (released.hole_weight, released.edge_hole_weight) == (5.0, 5.0)
    assert (released.adversarial_form, released.discriminator) == ("hinge", "released")


@pytest.mark.parametrize("field, known", [("adversarial_form", "log, hinge"), ("discriminator", "patch, released")])
def test_a_recipe_refuses_names_that_do_not_exist(field, known):
    with pytest.raises(il.InputError, match=rf"{field} is 'best' in a recipe; it is one of {known}"):
        Recipe(**{field: "best"})
