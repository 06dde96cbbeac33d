"""A network as a graph of tensors alone: for other programs, and to see what flows from part to part."""

import copy

import torch
from torch import Tensor, nn

from inpaintlib.batch import Batch
from inpaintlib.counting import empty_batch
from inpaintlib.errors import InputError


class OfTensors(nn.Module):
    """A network of this library that takes tensors in the place of a batch.

    forward(image [B,3,H,W] in [-1,1], zero in the hole, mask [B,1,H,W], 1 known, priors in the order of
    `network.priors`, each [B,c,H,W] in [0,1], zero in the hole) -> image [B,3,H,W] in [-1,1].
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, mask: Tensor, *priors: Tensor) -> Tensor:
        return self.network(Batch(image, mask, dict(zip(self.network.priors, priors)))).image


def export(network: nn.Module, size: int = 256, batch: int = 1) -> torch.export.ExportedProgram:
    """The network in evaluation mode as torch.export's graph of one size, without anything of this library in it.

    Its inputs are those of `OfTensors`; `torch.export.save` writes it, `torch.onnx.export` takes it further. The given
    network stays as it is. Raises InputError on a size that the network does not take.
    """
    if size < 1 or size % network.stride:
        raise InputError(f"{size} is no size for this network; it takes multiples of {network.stride}.")
    given = empty_batch(network, size, batch).to(next(network.parameters()).device)
    inputs = (given.image, given.mask, *given.priors.values())
    with torch.no_grad():
        return torch.export.export(OfTensors(copy.deepcopy(network).eval()), inputs)
