"""What an image looks like to a frozen classifier, for MISF's perceptual and style losses (Eq. 11)."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from inpaintlib.errors import InputError
from inpaintlib.losses import Views
from inpaintlib.lpips_distance import IMAGENET, read_trunk

VARIABLE = "INPAINTLIB_VGG19"
PLAIN = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
"""Mean and deviation that leave colours as they are."""


@dataclass(frozen=True)
class Trunk:
    """A classifier's convolutional layers, by their place in torchvision's `features`.

    content: ReLUs whose maps are compared; style: ReLUs whose Gram matrices are.  normalized: whether it is shown
    ImageNet's normalized colours, or the image in [0, 1] as MISF's released code does.
    """

    content: tuple[int, ...]
    style: tuple[int, ...]
    normalized: bool


TRUNKS: dict[str, Trunk] = {
    "vgg19": Trunk((1, 6, 11, 20, 29), (8, 17, 26, 31), normalized=False),
    "alexnet": Trunk((1, 4, 7, 9, 11), (4, 7, 9, 11), normalized=True),
}
"""VGG19's are relu1_1 .. relu5_1, and relu2_2, 3_4, 4_4, 5_2, as MISF's released code has them; AlexNet's all five
ReLUs, and all but the first. AlexNet comes with this package; VGG19 is read where it can be had."""


class Perceptual(nn.Module):
    """A trunk, frozen and in evaluation mode. forward(RGB images [B,3,H,W] in [-1,1]) -> Views.

    Raises InputError when its weights cannot be had, saying how they can.
    """

    def __init__(self, name: str):
        super().__init__()
        self.trunk = TRUNKS[name]
        self.layers = _layers(name)
        mean, deviation = IMAGENET if self.trunk.normalized else PLAIN
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Views:
        x, views = ((images + 1) / 2 - self.mean) / self.deviation, Views([], [])
        for place, layer in enumerate(self.layers):
            x = layer(x)
            if place in self.trunk.content:
                views.content.append(x)
            if place in self.trunk.style:
                views.style.append(x)
        return views


def _layers(name: str) -> nn.Sequential:
    """A trunk's layers up to the last one that is looked at, with their weights."""
    from torchvision import models  # Takes a second, which whoever trains with other losses need not wait for.

    last = max(TRUNKS[name].content + TRUNKS[name].style)
    with torch.device("meta"):  # Neither memory nor random numbers for weights that are replaced.
        layers = getattr(models, name)(weights=None).features[: last + 1]
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    state = {key.removeprefix("features."): value for key, value in WEIGHTS[name]().items()}
    layers.load_state_dict({key: state[key] for key in layers.state_dict()}, assign=True)
    return layers


def _vgg19() -> dict[str, Tensor]:
    """From the file that INPAINTLIB_VGG19 names, or torch.hub's cache, or the download that fills it."""
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise InputError(
                f"{VARIABLE} names {named}, which is not a file; it should be torchvision's VGG19 weights."
            )
        return torch.load(named, map_location="cpu", weights_only=True)
    from torchvision.models import VGG19_Weights

    try:
        return VGG19_Weights.IMAGENET1K_V1.get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        raise InputError(
            f"VGG19's weights are not at hand ({error}); name torchvision's file in {VARIABLE}, or train with"
            ' trunk="alexnet" in the recipe.'
        ) from None


WEIGHTS = {"alexnet": read_trunk, "vgg19": _vgg19}
