"""How a network is trained, as data: one recipe a profile. The paper's settings are the defaults."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from inpaintlib.adversary import ADVERSARIAL, Adversary
from inpaintlib.errors import InputError
from inpaintlib.losses import JUDGED, OF_PIXELS, Term
from inpaintlib.models.discriminator import DISCRIMINATORS
from inpaintlib.perceptual import TRUNKS

PROFILES = ("smoke", "laptop", "gpu", "paper")


@dataclass(frozen=True)
class Recipe:
    """Settings of one training; the defaults are TSGL's (Sec. III-C, IV-A), batch size and crop as released.

    crop: side of the square crops, pixels.  scales: photographs are reduced by one of these before cropping.
    hole_area: share of the crop that is hole, drawn uniformly.  holes: size of the pool of holes that batches take
    from, turned and mirrored; 0 draws new ones for every batch.  lr, lr_discriminator, betas: Adam.
    warmup: steps over which the rate rises from zero.  decay: exponent p of the rate's fall (1 - progress)^p, 0 for a
    constant rate.  hole_weight, edge_hole_weight: of a hole pixel in the reconstruction and in the edge loss.
    adversarial: weight that replaces the model's for that term, None to keep it, 0 trains without a discriminator.
    adversarial_form: a name in `adversary.ADVERSARIAL`.  discriminator: a name in
    `models.discriminator.DISCRIMINATORS`.  Both are the model's own, `model.adversary`, where they are None.
    ema: decay of the running average of weights that is kept instead of the last ones, 0 for none.  clip: bound on the
    gradient's norm, 0 for none.  leak: priors from the ground truth and then masked, as both papers do.
    trunk: whose maps the perceptual and the style loss compare, a name in `perceptual.TRUNKS`.
    Raises InputError on a name that does not exist.
    """

    crop: int = 256
    batch: int = 16
    scales: tuple[float, ...] = (1.0,)
    hole_area: tuple[float, float] = (0.01, 0.6)
    lr: float = 5e-4
    lr_discriminator: float = 1e-4
    betas: tuple[float, float] = (0.5, 0.99)
    warmup: int = 0
    decay: float = 0.0
    hole_weight: float = 1.0
    edge_hole_weight: float = 1.0
    adversarial: float | None = None
    adversarial_form: str | None = None
    discriminator: str | None = None
    discriminator_width: int = 64
    ema: float = 0.0
    clip: float = 0.0
    leak: bool = True
    holes: int = 0
    trunk: str = "alexnet"

    def __post_init__(self):
        for name, known in {"adversarial_form": ADVERSARIAL, "discriminator": DISCRIMINATORS, "trunk": TRUNKS}.items():
            value = getattr(self, name)
            if value not in known and value != getattr(Recipe, name):
                raise InputError(f"{name} is {value!r} in a recipe; it is one of {', '.join(known)}.")

    def terms(self, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        """A model's loss terms with this recipe's weight of the adversarial one.

        With weight 0 no term asks a judge; and a loss that then says nothing of the hole's pixels, such as MAT's, gets
        their mean absolute difference, as TSGL's has it.
        """
        if self.adversarial is None:
            return terms
        if self.adversarial == 0:
            terms = tuple(Term(t.name, 0.0) if t.name in JUDGED else t for t in terms)
            told = any(t.weight for t in terms if t.name in OF_PIXELS)
            return terms if told else (Term("reconstruction", 1.0), *terms)
        return tuple(Term(t.name, self.adversarial) if t.name == "adversarial" else t for t in terms)

    def adversary(self, own: Adversary) -> Adversary:
        """A model's adversary, with what this recipe names in its place."""
        return replace(own, form=self.adversarial_form or own.form, judge=self.discriminator or own.judge)

    def against(self, own: Adversary) -> "Recipe":
        """This recipe with the names of the adversary that it comes to, for run.json."""
        played = self.adversary(own)
        return replace(self, adversarial_form=played.form, discriminator=played.judge)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for run.json."""
        return asdict(self)

    def changes(self) -> dict[str, Any]:
        """The fields that differ from their defaults, for a study's fingerprint: a field that is added later changes
        nothing in recipes that leave it alone. So a default, once published, must stay."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}


RECIPES: dict[str, Recipe] = {
    "paper": Recipe(),
    "laptop": Recipe(
        crop=64,
        batch=8,
        scales=(1.0, 0.7, 0.5),
        hole_area=(0.05, 0.5),
        lr=2e-3,
        lr_discriminator=5e-4,
        betas=(0.9, 0.99),
        warmup=100,
        decay=1.0,
        hole_weight=5.0,
        adversarial=0.0,
        discriminator_width=16,
        ema=0.998,
        clip=1.0,
        leak=False,
    ),
    "gpu": Recipe(
        crop=128,
        batch=16,
        scales=(1.0, 0.7, 0.5),
        hole_area=(0.05, 0.6),
        holes=4096,
        lr=2e-3,
        lr_discriminator=5e-4,
        betas=(0.9, 0.99),
        warmup=200,
        decay=1.0,
        hole_weight=5.0,
        adversarial=0.0,
        discriminator_width=32,
        ema=0.999,
        clip=1.0,
        leak=False,
    ),
    "smoke": Recipe(crop=64, batch=2, scales=(0.5,), hole_area=(0.05, 0.5), discriminator_width=8, leak=False),
}

_SHARPENED: dict[str, Any] = {
    "lr": 1e-3,
    "betas": (0.5, 0.99),
    "adversarial": 0.1,
    "adversarial_form": "hinge",
    "holes": 4096,
}
FINALS: dict[str, dict[str, Any]] = {"laptop": _SHARPENED, "gpu": _SHARPENED | {"crop": 256}}
"""What a profile's final networks train with beyond its recipe: the same for all of them."""

RELEASED: dict[str, Any] = {
    "hole_weight": 5.0,
    "edge_hole_weight": 5.0,
    "adversarial_form": "hinge",
    "discriminator": "released",
}
"""What the released 256-pixel code does differently from the paper's equations: `replace(recipe, **RELEASED)`."""


def recipe(profile: str) -> Recipe:
    """The recipe of a profile. Raises InputError on a profile that has none."""
    if profile not in RECIPES:
        raise InputError(f"There is no recipe for the profile {profile!r}; there is one for {', '.join(RECIPES)}.")
    return RECIPES[profile]
