"""One layer of a trained TSGL network under another normalization, guide or number of times: what its texture map
becomes, all learned numbers staying as they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from inpaintlib.alternatives import outer_share
from inpaintlib.batch import Batch, Output
from inpaintlib.diagnostics import channel_distribution, channel_entropy, kl, spectrogram
from inpaintlib.errors import InputError
from inpaintlib.models.tsgl.encoder import LAYERS
from inpaintlib.models.tsgl.guide import BranchReconstruction
from inpaintlib.ops.denormalize import denormalize
from inpaintlib.ops.normalize import NORMALIZATIONS, build_normalization
from inpaintlib.variant import GUIDE_WORDS, GUIDES, Variant

Map = Float[Tensor, "1 c h w"]


@dataclass(frozen=True)
class Choice:
    """layer: 1 .. 5.  guide: Global (the structure map) or Local (the local residual).  norm: a registered
    normalization.  times: how often in a row, 1 .. 9; beyond what was learned, the last one is done again."""

    layer: int
    guide: str
    norm: str
    times: int = 1

    def __post_init__(self):
        if self.layer not in range(1, LAYERS + 1):
            raise InputError(f"There is no layer {self.layer}; TSGL has layers 1 to {LAYERS}.")
        if self.norm.lower() not in NORMALIZATIONS:
            known = ", ".join(sorted(NORMALIZATIONS))
            raise InputError(f"No normalization is called {self.norm!r}; there are {known}.")
        if not 1 <= self.times <= 9:
            raise InputError(f"A guide is applied 1 to 9 times, not {self.times}.")


@dataclass(frozen=True)
class Reading:
    """What the diagnostics say of a map: mean, deviation, smallest and largest value over all its channels and
    positions; entropy: of the channels, bits, mean over positions; outer: share of the spectrum's mean beyond half the
    highest frequency (`alternatives.outer_share`); energy_map, entropy_map, spectrum: [h,w] each."""

    mean: float
    deviation: float
    low: float
    high: float
    entropy: float
    outer: float
    energy_map: Float[Tensor, "h w"]
    entropy_map: Float[Tensor, "h w"]
    spectrum: Float[Tensor, "h w"]

    @classmethod
    def of(cls, x: Map) -> "Reading":
        """Read one image's map."""
        entropy, spectrum = channel_entropy(x)[0], spectrogram(x)
        numbers = x.mean(), x.std(correction=0), x.min(), x.max(), entropy.mean(), outer_share(spectrum)[0]
        return cls(*(n.item() for n in numbers), x.abs().mean(dim=1)[0], entropy, spectrum[0])


class Exchange:
    """A trained TSGL network on one image, ready to have a layer's branch exchanged.

    network: from `il.load("tsgl")` or `il.build("tsgl")`, in evaluation mode.  batch: of one image.
    guides: the words of the guides that the network learned, "Global", "Local", "Texture".
    Raises InputError on a batch of several images, or a network without guides.
    """

    @torch.no_grad()
    def __init__(self, network: nn.Module, batch: Batch):
        if len(batch.image) != 1:
            raise InputError(f"One image at a time is looked at, not {len(batch.image)}.")
        self.network, self.batch = network.eval(), batch
        self.guides = [GUIDE_WORDS[branch.guide] for branch in Variant.parse(network.config.variant).branches]
        if not self.guides:
            raise InputError("The Baseline has no guide, so there is nothing to exchange; take another variant.")
        self.output = network(batch, features=True)

    def before(self, layer: int) -> Map:
        """The texture map of a layer (1 .. 5) before its reconstruction."""
        return self.output.features[self.network.main][layer - 1]

    @torch.no_grad()
    def after(self, choice: Choice) -> Map:
        """That map after one branch, as chosen."""
        branch = self._branch(choice)
        guide = self.output.features[GUIDES[choice.guide.lower()]][choice.layer - 1]
        return _Exchanged(branch, choice)(self.before(choice.layer), guide)

    @torch.no_grad()
    def answer(self, choice: Choice) -> Output:
        """What the whole network draws when that branch is exchanged in it, its other branches staying."""
        with self._exchanged(choice):
            return self.network(self.batch)

    def divergence(self, choice: Choice) -> float:
        """KL(after || before) in nats, of the channels' shares of the activation."""
        after, before = (channel_distribution(x) for x in (self.after(choice), self.before(choice.layer)))
        return kl(after, before).item()

    def _branch(self, choice: Choice) -> BranchReconstruction:
        branches = self.network.guides[choice.layer - 1].branches
        words = {guide.lower(): branch for guide, branch in zip(self.guides, branches)}
        if choice.guide.lower() not in words:
            raise InputError(f"This network learned no guide {choice.guide!r}; it has {', '.join(self.guides)}.")
        return words[choice.guide.lower()]

    @contextmanager
    def _exchanged(self, choice: Choice) -> Iterator[None]:
        branch = self._branch(choice)
        branches = self.network.guides[choice.layer - 1].branches
        place = list(branches).index(branch)
        branches[place] = _Exchanged(branch, choice)
        try:
            yield
        finally:
            branches[place] = branch


class _Exchanged(nn.Module):
    """A branch with its learned convolutions, another normalization, and done another number of times."""

    def __init__(self, branch: BranchReconstruction, choice: Choice):
        super().__init__()
        self.guide, self.branch, self.times = branch.guide, branch, choice.times
        channels = branch.convs[0].in_channels
        self.normalise = build_normalization(choice.norm, channels)
        if isinstance(self.normalise, nn.Module):
            self.normalise.eval()

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        pairs = list(zip(self.branch.denormalize, self.branch.convs))
        for i in range(self.times):
            own, conv = pairs[min(i, len(pairs) - 1)]
            gamma, beta = own.gamma_beta(F.relu(own.read(guide))).chunk(2, dim=1)
            x = conv(F.leaky_relu_(denormalize(self.normalise(x), gamma + own.added, beta), 0.2))
        return x
