"""What an image looks like to AlexNet, as one vector: the features of KD-AlexNet and FD-AlexNet."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from inpaintlib.errors import InputError
from inpaintlib.lpips_distance import IMAGENET, read_trunk

_LAST = 12  # Layers of torchvision's `features` up to the last convolution's ReLU.
_SMALLEST = 31  # Pixels a side that the two poolings need.


class AlexNet(nn.Module):
    """The convolutional trunk of torchvision's AlexNet (ImageNet weights) as this package ships it, frozen, in float32.

    Raises ValueError when the trunk's file is not the one that this package ships (its checksum is compared).
    Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014; weights:
    data/alexnet_features.md.
    """

    def __init__(self) -> None:
        from torchvision.models import alexnet  # Takes seconds, which whoever only reads results need not wait for.

        super().__init__()
        with torch.device("meta"):  # Neither memory nor random numbers for weights that are replaced.
            self.layers = alexnet(weights=None).features[:_LAST]
        trunk = {name.removeprefix("features."): value for name, value in read_trunk().items()}
        self.layers.load_state_dict(trunk, assign=True)
        for name, values in zip(("mean", "deviation"), IMAGENET):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 256"]:
        """Mean over positions of the last convolution's channels after ReLU, >= 0; images: RGB in [-1, 1].

        Raises InputError when the images are not [B, 3, H, W], or below 31 pixels a side.
        """
        if images.ndim != 4 or images.shape[1] != 3 or min(images.shape[2:]) < _SMALLEST:
            wanted = f"a batch [B, 3, H, W] with at least {_SMALLEST} pixels a side"
            raise InputError(f"AlexNet's features need {wanted}, not {list(images.shape)}.")
        with torch.autocast(images.device.type, enabled=False):
            normalised = ((images.float() + 1) / 2 - self.mean) / self.deviation
            return self.layers(normalised).mean(dim=(2, 3))
