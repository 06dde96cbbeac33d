"""Filtering an image again and again: the "naive solution" of MISF Sec. 3.2, Fig. 2 h."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from inpaintlib.batch import Batch
from inpaintlib.errors import InputError
from inpaintlib.models.misf.network import MISF


@torch.no_grad()
def recurrently(model: MISF, batch: Batch) -> Iterator[Float[Tensor, "b 3 h w"]]:
    """Filter the image, then the result, and so on; give every pass's composite, [B,3,H,W] in [-1,1].

    A pass reaches the hole pixels within half a kernel of a known one. These count as known in the next pass, so that
    each pass meets the kind of image that the network was trained on; the paper leaves that open. It ends when nothing
    is left to fill, or when a pass reaches nothing, as with an image that is hole all over.

    Raises InputError when the model does not filter the image itself (filter_image="input").
    """
    if model.config.filter_image != "input":
        raise InputError(
            f'This network has filter_image={model.config.filter_image!r}; only one with "input" can filter its result'
            " again."
        )
    k = model.config.kernel
    while True:
        filled = model(batch).composite(batch)
        yield filled
        reached = F.max_pool2d(batch.mask, k, stride=1, padding=k // 2)
        if torch.equal(reached, batch.mask):
            return
        batch = Batch(filled * reached, reached, {})
        if bool((reached > 0).all()):
            return
