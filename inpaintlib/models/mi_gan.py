"""MI-GAN (Sargsyan et al., ICCV 2023): a U-Net small enough for a phone, of depthwise and pointwise convolutions.

The paper distils it from CoModGAN; here it has no teacher, and the L1 distance of the hole to the photograph takes the
place of the distance to the teacher's drawing. There is no noise input, whose strength starts at zero, so that an image
has one result. Sides need not be multiples of 128, as seven halvings would have it: halving rounds up, and doubling is
cut to the size of the map that it meets.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from inpaintlib.adversary import Adversary
from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.registry import model
from inpaintlib.models.values import check_values
from inpaintlib.ops.branched_conv import BranchedConv, merge
from inpaintlib.ops.equalized import activate
from inpaintlib.ops.resample import enlarge, halve


class SeparableConv(nn.Module):
    """A 3x3 kernel for each channel, then a 1x1 convolution; the map is halved between them, or doubled after both.

    forward(x [B,a,h,w], size of the result, where it is larger) -> [B,b,h2,w2].
    """

    def __init__(self, a: int, b: int, branches: int, halving: bool = False):
        super().__init__()
        self.halving = halving
        self.depthwise = BranchedConv(a, a, 3, branches, groups=a)
        self.pointwise = BranchedConv(a, b, 1, branches, bias=False)

    def forward(self, x: Tensor, size: torch.Size | None = None) -> Tensor:
        x = activate(self.depthwise(x))
        x = self.pointwise(halve(x) if self.halving else x)
        return activate(x if size is None else enlarge(x, size))


class _Encoder(nn.Module):
    """forward(mask and image [B,4,H,W]) -> (a map at each size, finest first, and the deepest one convolved again)."""

    def __init__(self, channels: tuple[int, ...], branches: int):
        super().__init__()
        self.read = BranchedConv(4, channels[0], 1, 1)
        self.stay = nn.ModuleList(SeparableConv(c, c, branches) for c in channels)
        downs = [SeparableConv(a, b, branches, halving=True) for a, b in pairwise(channels)]
        self.leave = nn.ModuleList((*downs, SeparableConv(channels[-1], channels[-1], branches)))

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        x, maps = activate(self.read(x)), []
        for stay, leave in zip(self.stay, self.leave):
            maps.append(stay(x))
            x = leave(maps[-1])
        return maps, x


class _Decoder(nn.Module):
    """At each size the map meets the encoder's and adds its detail to the image, which is doubled from size to size.

    forward(deepest map, the encoder's maps, finest first) -> image [B,3,H,W].
    """

    def __init__(self, channels: tuple[int, ...], branches: int):
        super().__init__()
        upward = channels[::-1]
        self.enter = nn.ModuleList(SeparableConv(a, b, branches) for a, b in zip((upward[0], *upward), upward))
        self.mix = nn.ModuleList(SeparableConv(c, c, branches) for c in upward)
        self.paint = nn.ModuleList(BranchedConv(c, 3, 1, branches) for c in upward)

    def forward(self, x: Tensor, maps: list[Tensor]) -> Tensor:
        image = None
        for enter, mix, paint, skip in zip(self.enter, self.mix, self.paint, maps[::-1]):
            size = skip.shape[-2:]
            x = mix(enter(x, size) + skip)
            image = paint(x) if image is None else enlarge(image, size) + paint(x)
        return image


@dataclass(frozen=True)
class Config:
    """width: channels at full size, eight times as many from an eighth of it on (64 in the paper's network for 512
    pixels).  branches: kernels that are summed in training (9 in the paper); 1 when they are merged."""

    width: int = 64
    branches: int = 9

    def __post_init__(self):
        check_values(self)


@model("mi-gan")
class MIGAN(nn.Module):
    """Every convolution is split into one kernel for each channel and one weight for each pair of channels, which costs
    about a ninth of a full one. To train as well as a larger network, each kernel is a sum of nine in training, and one
    kernel afterwards. The image grows from coarse to fine, where every size adds its own detail to the doubled image
    before it.

    Takes sizes that are multiples of 64. In training the image has no bounds, so that one that overshoots still has a
    gradient; otherwise it is cut to [-1,1].
    """

    Config = Config
    stride = 64
    priors = ()
    reference = "mi-gan"
    losses = (Term("hole", 2.0), Term("adversarial", 1.0))
    adversary = Adversary("log", r1=10.0)

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        channels = tuple(config.width * factor for factor in (1, 2, 4, 8, 8, 8, 8, 8))
        self.encoder = _Encoder(channels, config.branches)
        self.decoder = _Decoder(channels, config.branches)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", eight maps; "decoder_input", the deepest one convolved again."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        maps, x = self.encoder(torch.cat((batch.mask - 0.5, batch.image), dim=1))
        kept.add(encoder=maps, decoder_input=x)
        image = self.decoder(x, maps)
        return Output(image if self.training else image.clamp(-1, 1), {}, kept.maps)

    def merged(self) -> "MIGAN":
        """The same network with one kernel in place of each sum: what is left to ship, on the CPU."""
        single = MIGAN(replace(self.config, branches=1))
        kernels = {
            f"{name}.kernels": merge(conv.kernels, conv.branches)
            for name, conv in self.named_modules()
            if isinstance(conv, BranchedConv)
        }
        single.load_state_dict(self.state_dict() | kernels)
        return single.train(self.training)
