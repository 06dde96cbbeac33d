"""The adversarial game as data: its form, who judges, which patches count as fake, and the penalty on the judge."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from inpaintlib.ops.gaussian import gaussian

Logits = Float[Tensor, "b 1 h w"]
Share = Float[Tensor, "b 1 h w"]
Scalar = Float[Tensor, ""]
Patches = Literal["all", "hole", "soft"]

SIGMA, RADIUS = 10.0, 30
"""The Gaussian of the soft mask, pixels: AOT-GAN's, cut off at three sigma."""


@dataclass(frozen=True)
class Adversarial:
    """A form of the game: the penalty of one patch's logit when it should say "real", when it should say "fake", and
    what the generator pays for it."""

    real: Callable[[Logits], Logits]
    fake: Callable[[Logits], Logits]
    fool: Callable[[Logits], Logits]

    def generator(self, fake: Logits, weight: Share | None = None) -> Scalar:
        """What the generator minimises: the mean over patches, each times its weight."""
        paid = self.fool(fake)
        return (paid if weight is None else paid * weight).mean()

    def discriminator(self, real: Logits, fake: Logits, share: Share | None = None) -> Scalar:
        """What the discriminator minimises. share: how far each patch of the result is to be called fake, in [0,1]."""
        blame = self.fake(fake)
        if share is not None:
            blame = share * blame + (1 - share) * self.real(fake)
        return self.real(real).mean() + blame.mean()


ADVERSARIAL: dict[str, Adversarial] = {
    "log": Adversarial(lambda x: F.softplus(-x), F.softplus, lambda x: F.softplus(-x)),
    "hinge": Adversarial(lambda x: F.relu(1 - x), lambda x: F.relu(1 + x), lambda x: -x),
    "least-squares": Adversarial(lambda x: (x - 1).square(), torch.square, lambda x: (x - 1).square()),
}
"""The forms by name, of logits x. "log": -log D and -log(1 - D) with D = sigmoid(x), TSGL Eq. 15; "hinge": as released
with TSGL; "least-squares": Mao et al., ICCV 2017."""


@dataclass(frozen=True)
class Adversary:
    """Whom a network plays against, and by which rules.

    form: a name in ADVERSARIAL.  judge: a name in `models.discriminator.DISCRIMINATORS`.  r1: gamma of the R1 penalty
    (Mescheder et al., ICML 2018), 0 for none.  patches: which patches of a composite the judge shall call fake: "all";
    "hole", those that have a hole pixel (LaMa, Sec. 2.3.2); "soft", each as far as the hole, blurred, lies in it, while
    the generator pays for the hole alone (AOT-GAN, Sec. 3.3).
    """

    form: str = "log"
    judge: str = "patch"
    r1: float = 0.0
    patches: Patches = "all"

    def __post_init__(self):
        for name, known in (("form", ADVERSARIAL), ("patches", get_args(Patches))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it is one of {', '.join(known)}.")

    def generator(self, fake: Logits, mask: Float[Tensor, "b 1 _ _"]) -> Scalar:
        """The adversarial loss of composites with this mask (1 known, 0 hole)."""
        weight = _hole_share(1 - mask, fake) if self.patches == "soft" else None
        return ADVERSARIAL[self.form].generator(fake, weight)

    def discriminator(self, real: Logits, fake: Logits, mask: Float[Tensor, "b 1 _ _"]) -> Scalar:
        """The judge's loss, without penalty."""
        return ADVERSARIAL[self.form].discriminator(real, fake, self._share(mask, fake))

    def _share(self, mask: Tensor, logits: Logits) -> Share | None:
        if self.patches == "all":
            return None
        hole = 1 - mask
        if self.patches == "hole":
            return F.adaptive_max_pool2d(hole, logits.shape[-2:])
        padded = F.pad(hole, (RADIUS, RADIUS, RADIUS, RADIUS), mode="replicate")
        return _hole_share(gaussian(padded, SIGMA, RADIUS), logits)


PLAIN = Adversary()
"""TSGL's own rules, and those of every network that names no others."""


def _hole_share(hole: Float[Tensor, "b 1 _ _"], logits: Logits) -> Share:
    """How much of the image region that each patch stands for is hole."""
    return F.adaptive_avg_pool2d(hole, logits.shape[-2:])


def r1_penalty(logits: Logits, real: Float[Tensor, "b 3 _ _"], gamma: float) -> Scalar:
    """gamma / 2 E |grad D(I_gt)|^2 over photographs `real`, which ask for a gradient; Mescheder et al., Eq. 9."""
    (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return gamma / 2 * gradient.square().sum(dim=(1, 2, 3)).mean()
