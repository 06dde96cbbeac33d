"""The discriminators of TSGL's adversarial loss (Eq. 15): ours, and the two that the released code has.

forward(image [B,3,H,W] in [-1,1]) -> logits [B,1,h,w]; with maps=True also the map behind each activation, for feature
matching.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from inpaintlib.errors import InputError

Logits = Float[Tensor, "b 1 h2 w2"]
Judgement = Logits | tuple[Logits, list[Float[Tensor, "b _ _ _"]]]


class _Layers(nn.Sequential):
    """Layers of which the maps behind each activation are kept for whoever asks."""

    def judge(self, x: Tensor, maps: bool) -> Judgement:
        kept = []
        for layer in self:
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                kept.append(x)
        return (x, kept) if maps else x


class PatchDiscriminator(nn.Module):
    """Five 5x5 convolutions under spectral norm; each output judges one patch.

    Sizes follow PEN-Net's discriminator: width, 2, 4 and 8 times width, the first three with stride 2. Padded by 2 it
    takes any size. The released code pads by 1, which needs sides of at least 47 pixels: forward raises InputError on
    smaller ones.
    """

    STRIDES = (2, 2, 2, 1, 1)

    def __init__(self, width: int = 64, padding: int = 2):
        super().__init__()
        channels = (3, width, 2 * width, 4 * width, 8 * width)
        layers: list[nn.Module] = []
        for a, b, stride in zip(channels, channels[1:], self.STRIDES):
            conv = nn.Conv2d(a, b, 5, stride=stride, padding=padding)
            layers += [spectral_norm(conv), nn.LeakyReLU(0.2)]
        self.layers = _Layers(*layers, spectral_norm(nn.Conv2d(channels[-1], 1, 5, padding=padding)))
        self.smallest = 1
        for stride in reversed(self.STRIDES):
            self.smallest = (self.smallest - 1) * stride + 5 - 2 * padding

    def forward(self, image: Float[Tensor, "b 3 h w"], maps: bool = False) -> Judgement:
        height, width = image.shape[-2:]
        if min(height, width) < self.smallest:
            raise InputError(
                f"This discriminator judges images of at least {self.smallest} x {self.smallest} pixels, not {height} x"
                f" {width}; the one named 'patch' takes any size."
            )
        return self.layers.judge(image, maps)


class LayerDiscriminator(nn.Module):
    """pix2pixHD's "N-layer" discriminator with four layers, which the released 512-pixel code takes over from LaMa.

    Six 4x4 convolutions padded by 2, the first four with stride 2; batch normalization on all but the first and the
    last. Takes any size.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        channels = (width, 2 * width, 4 * width, 8 * width, 8 * width)
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=2), nn.LeakyReLU(0.2)]
        for (a, b), stride in zip(pairwise(channels), (2, 2, 2, 1)):
            conv = nn.Conv2d(a, b, 4, stride=stride, padding=2)
            layers += [conv, nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
        self.layers = _Layers(*layers, nn.Conv2d(channels[-1], 1, 4, padding=2))

    def forward(self, image: Float[Tensor, "b 3 h w"], maps: bool = False) -> Judgement:
        return self.layers.judge(image, maps)


DISCRIMINATORS: dict[str, Callable[[int], nn.Module]] = {
    "patch": PatchDiscriminator,
    "released": partial(PatchDiscriminator, padding=1),
    "pix2pixhd": LayerDiscriminator,
}
"""What a recipe's `discriminator` names; each is built with its width (64 in the paper's code)."""
