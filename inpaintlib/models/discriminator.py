"""The patch discriminator of TSGL's adversarial loss (Eq. 15), for any input size."""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchDiscriminator(nn.Module):
    """Five 5x5 convolutions under spectral norm; each output judges one patch.

    forward(image [B,3,H,W] in [-1,1], sides of at least 8) -> logits [B,1,h,w]. Sizes follow PEN-Net's discriminator:
    width, 2, 4 and 8 times width, the first three with stride 2.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        channels = (3, width, 2 * width, 4 * width, 8 * width)
        layers: list[nn.Module] = []
        for a, b, stride in zip(channels, channels[1:], (2, 2, 2, 1)):
            conv = nn.Conv2d(a, b, 5, stride=stride, padding=2)
            layers += [spectral_norm(conv), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(channels[-1], 1, 5, padding=2)))

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)
