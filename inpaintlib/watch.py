"""A training watched from time to time: what the averaged weights paint into held-out crops."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from inpaintlib.batch import Batch
from inpaintlib.crops import Crops, to_uint8
from inpaintlib.masks import irregular
from inpaintlib.metrics import psnr
from inpaintlib.recipes import Recipe

LOOKS = 12
"""Times that a training is looked at, at equal distances; the last time is its end."""
CROPS, SHOWN = 16, 4
"""Crops that the hole PSNR is a mean of, and those whose pictures are kept."""


class Watch:
    """CROPS crops of photographs that are not trained on, with holes as in training, the same for every seed.

    photos: a sequence as `Crops` takes it.  recipe: of the training.  priors: that the network sees.
    """

    def __init__(self, photos: Sequence, recipe: Recipe, priors: tuple[str, ...]) -> None:
        generator = torch.Generator().manual_seed(0)
        images = Crops(photos, recipe.crop, recipe.scales).sample(CROPS, generator)
        masks = irregular(CROPS, recipe.crop, generator, area=recipe.hole_area)
        self.batch = Batch.make(images, masks, priors=priors, leak=recipe.leak, truth=())

    def due(self, step: int, steps: int) -> bool:
        """Whether to look after `step` of `steps`."""
        return step * LOOKS // steps > (step - 1) * LOOKS // steps

    @torch.no_grad()
    def look(self, model: nn.Module) -> tuple[float, UInt8[Tensor, "shown 3 size size"]]:
        """The mean hole PSNR in dB, and what is painted into the first SHOWN crops."""
        batch = self.batch = self.batch.to(next(model.parameters()).device)
        training = model.training
        painted = model.eval()(batch).composite(batch).float()
        model.train(training)
        found = psnr((painted + 1) / 2, (batch.target.image + 1) / 2, hole=batch.mask)
        return float(found.mean()), to_uint8(painted[:SHOWN]).cpu()

    def masked(self) -> UInt8[Tensor, "shown 3 size size"]:
        """What the network sees of the crops whose pictures are kept: the hole is gray."""
        return to_uint8(self.batch.image[:SHOWN]).cpu()

    def truth(self) -> UInt8[Tensor, "shown 3 size size"]:
        """The crops themselves."""
        return to_uint8(self.batch.target.image[:SHOWN]).cpu()


def strip(watch: Watch, samples: Sequence[Tensor]) -> UInt8[np.ndarray, "height width 3"]:
    """One picture: a line a crop; from left to right what is known, the samples in order of time, and the truth."""
    columns = [watch.masked(), *samples, watch.truth()]
    lines = [torch.cat([column[i] for column in columns], dim=2) for i in range(SHOWN)]
    return torch.cat(lines, dim=1).permute(1, 2, 0).numpy()
