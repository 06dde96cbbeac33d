"""LPIPS with the AlexNet trunk that this package carries: no network, no printed line, no random state touched."""

from pathlib import Path

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from inpaintlib.errors import InputError
from inpaintlib.files import sha256

TRUNK = Path(__file__).parent / "data" / "alexnet_features.safetensors"
TRUNK_SHA256 = "be3eb814e468ab7753d6bdd7af3563812bd4735c31ef62702e87849e0d28182c"
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation of ImageNet's colours in [0, 1], which networks trained on them are shown."""
_LINEAR = "lpips_models/alex.pth"  # In torchmetrics: the linear layers of version 0.1, as their authors publish them.
_SLICES = {0: "slice1.0", 3: "slice2.3", 6: "slice3.6", 8: "slice4.8", 10: "slice5.10"}
_KINDS = ("weight", "bias")
_SMALLEST = 31  # Pixels a side that AlexNet's two poolings need.


def read_trunk() -> dict[str, Tensor]:
    """The trunk's weights by torchvision's names. Raises ValueError when the file is not the one that is shipped."""
    if sha256(TRUNK) != TRUNK_SHA256:
        raise ValueError(f"{TRUNK} is damaged or was changed; restore it with `git checkout -- {TRUNK.name}`.")
    return load_file(TRUNK)


class Lpips(nn.Module):
    """Learned perceptual distance 0.1 on AlexNet: frozen, always in evaluation mode, differentiable in its inputs.

    Raises ValueError when the trunk's file is not the one that this package ships (its checksum is compared).
    Source: Zhang, Isola, Efros, Shechtman, Wang, "The unreasonable effectiveness of deep features", 2018; torchmetrics
    gives the arithmetic and the linear layers, data/alexnet_features.safetensors the trunk. A test holds the distances
    equal to those of the authors' package `lpips`.
    """

    def __init__(self) -> None:
        super().__init__()
        trunk = read_trunk()
        from torchmetrics.functional.image import lpips as package

        with torch.random.fork_rng(devices=[]):
            self.distance = package._LPIPS(pretrained=False, pnet_rand=True, net="alex")  # The public one downloads.
        linear = torch.load(Path(package.__file__).parent / _LINEAR, map_location="cpu", weights_only=True)
        self.distance.lins.load_state_dict({name.removeprefix("lin"): value for name, value in linear.items()})
        renamed = {f"{new}.{kind}": trunk[f"features.{old}.{kind}"] for old, new in _SLICES.items() for kind in _KINDS}
        self.distance.net.load_state_dict(renamed)
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "Lpips":
        """Stay in evaluation mode whatever is asked: the distance has dropout that a measurement must not use."""
        return super().train(False)

    def forward(self, a: Float[Tensor, "B 3 H W"], b: Float[Tensor, "B 3 H W"]) -> Float[Tensor, " B"]:
        """One distance per pair; a, b: RGB in [-1, 1]; 0 = the same, 0.5 = hardly alike.

        Raises InputError when the shapes differ, are not [B, 3, H, W], or are below 31 pixels a side.
        """
        if a.shape != b.shape or a.ndim != 4 or a.shape[1] != 3 or min(a.shape[2:]) < _SMALLEST:
            wanted = f"two batches of one shape [B, 3, H, W] with at least {_SMALLEST} pixels a side"
            raise InputError(f"LPIPS compares {wanted}, not {list(a.shape)} with {list(b.shape)}.")
        with torch.autocast(a.device.type, enabled=False):
            return self.distance(a.float(), b.float()).flatten()
