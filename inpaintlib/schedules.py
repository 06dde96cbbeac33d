"""How long the papers train, and on what: the presets of the profile `paper`."""

from dataclasses import dataclass

from inpaintlib.errors import InputError
from inpaintlib.recipes import Recipe


@dataclass(frozen=True)
class Schedule:
    """train, held_out: photographs of the data set.  images: seen in one training.  recipe: of every network there.
    source: where the numbers stand; what a paper leaves open is ours and says so."""

    train: int
    held_out: int
    images: int
    recipe: Recipe
    source: str


TSGL = Recipe()
MISF = Recipe(lr=1e-4, lr_discriminator=1e-4, betas=(0.0, 0.9), trunk="vgg19")
"""Its paper gives Adam's rate and the batch; betas and VGG19 are EdgeConnect's, whose training it takes over."""


def _epochs(train: int, held_out: int, epochs: int, source: str) -> Schedule:
    return Schedule(train, held_out, epochs * train, TSGL, source)


def _iterations(train: int, held_out: int, source: str, iterations: int = 350_000) -> Schedule:
    return Schedule(train, held_out, iterations * MISF.batch, MISF, source)


SCHEDULES: dict[tuple[str, str], Schedule] = {
    ("tsgl", "paris_streetview"): _epochs(14_900, 100, 150, "TSGL Sec. IV-A"),
    ("tsgl", "celeba"): _epochs(28_000, 2_000, 150, "TSGL Sec. IV-A"),
    ("tsgl", "places2"): _epochs(1_800_000, 36_500, 20, "TSGL Sec. IV-A; held out: the data set's own validation set"),
    ("tsgl", "ade20k"): _epochs(20_210, 2_000, 150, "the data set's own split; 150 epochs as for its other small sets"),
    ("misf", "places2"): _iterations(1_800_000, 30_000, "MISF Sec. 4.1"),
    ("misf", "celeba"): _iterations(162_770, 19_961, "MISF Sec. 4.1, with the data set's own split"),
    ("misf", "dunhuang"): _iterations(500, 100, "MISF Sec. 4.1, with the challenge's own split"),
}
"""(system, data set) -> schedule."""


def schedule(system: str, data: str) -> Schedule:
    """The schedule of a system on a data set. Raises InputError on a pair that no paper trains."""
    if (system, data) not in SCHEDULES:
        pairs = ", ".join(" on ".join(pair) for pair in SCHEDULES)
        raise InputError(f"No paper trains {system} on {data}; there is {pairs}.")
    return SCHEDULES[system, data]
