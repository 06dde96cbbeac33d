"""Batch and Output: what every model takes and gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from inpaintlib import priors as prior_maps
from inpaintlib.errors import InputError

PRIORS = ("edge", "gray", "smooth")


@dataclass
class Target:
    """The ground truth, for losses and metrics only: image [B,3,H,W] in [-1,1], edge and gray [B,1,H,W] and smooth
    [B,3,H,W] in [0,1], each None where it was not asked for."""

    image: Float[Tensor, "b 3 h w"]
    edge: Float[Tensor, "b 1 h w"] | None = None
    gray: Float[Tensor, "b 1 h w"] | None = None
    smooth: Float[Tensor, "b 3 h w"] | None = None

    def each(self, change: Callable[[Tensor], Tensor]) -> "Target":
        """The same, with every map changed."""
        maps = {f.name: getattr(self, f.name) for f in fields(self)}
        return Target(**{name: None if value is None else change(value) for name, value in maps.items()})


@dataclass
class Batch:
    """What a model may see, and, where it is known, what it should have drawn.

    image: [B,3,H,W] in [-1,1], zero in the hole.  mask: [B,1,H,W], 1 known, 0 hole.
    priors: name -> [B,c,H,W] in [0,1], zero in the hole.
    """

    image: Float[Tensor, "b 3 h w"]
    mask: Float[Tensor, "b 1 h w"]
    priors: dict[str, Float[Tensor, "b c h w"]]
    target: Target | None = None

    @classmethod
    def make(
        cls,
        image: Float[Tensor, "b 3 h w"] | UInt8[Tensor, "b 3 h w"],
        mask: Float[Tensor, "b 1 h w"],
        priors: tuple[str, ...] = PRIORS,
        leak: bool = False,
        truth: tuple[str, ...] | None = ("edge", "gray"),
        given: Mapping[str, Float[Tensor, "b c h w"]] | None = None,
    ) -> "Batch":
        """Mask the image (uint8, or float in [-1,1]) and draw its priors.

        With `leak=False` nothing that the model sees depends on what lies under the hole; `leak=True` is the papers'
        protocol, priors from the ground truth and then masked. `truth` names the maps that the target has besides the
        image; None leaves the target out.
        `given` holds priors that were made elsewhere, by name, such as a segmentation read from files.
        """
        if image.dtype == torch.uint8:
            image = image.float() / 127.5 - 1
        mask = mask.to(image)
        return cls(
            image=image * mask,
            mask=mask,
            priors=prior_maps.extract(image, mask, priors, leak=leak, given=given),
            target=None if truth is None else _target(image, priors, truth),
        )

    def check(self, stride: int, priors: tuple[str, ...]) -> None:
        """Raises InputError unless the sides are multiples of `stride` and the named priors are there: what a network
        asks of every batch."""
        h, w = self.image.shape[-2:]
        if h % stride or w % stride:
            raise InputError(
                f"The batch is {h} x {w} pixels and this network takes multiples of {stride}: batch.padded({stride})"
                " adds hole at two sides."
            )
        for name in priors:
            if name not in self.priors:
                raise InputError(
                    f"The batch has no prior {name!r} (it has {', '.join(self.priors) or 'none'}): make it with"
                    " priors=network.priors."
                )

    def __len__(self) -> int:
        return len(self.image)

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device."""
        return self.each(lambda x: x.to(device))

    def rows(self, chosen: slice) -> "Batch":
        """Some of its images, as a batch."""
        return self.each(lambda x: x[chosen])

    def each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """The same, with every tensor changed."""
        return Batch(
            change(self.image),
            change(self.mask),
            {name: change(value) for name, value in self.priors.items()},
            None if self.target is None else self.target.each(change),
        )

    def padded(self, stride: int) -> "Batch":
        """Grown at the right and the bottom to multiples of `stride`; what is added is hole. Drops the target."""
        h, w = self.image.shape[-2:]
        pad = (0, -w % stride, 0, -h % stride)
        return Batch(
            F.pad(self.image, pad), F.pad(self.mask, pad), {name: F.pad(p, pad) for name, p in self.priors.items()}
        )


def _target(image: Tensor, seen: tuple[str, ...], wanted: tuple[str, ...]) -> Target:
    """The ground truth's maps; a prior in `seen` that was registered for one of them stands in for the plain one."""
    names = {name: name for name in PRIORS}
    names |= {p.truth: p.name for p in prior_maps.PRIORS.values() if p.name in seen and p.truth}
    asked = {field: names[field] for field in wanted}
    full = prior_maps.extract(image, torch.ones_like(image[:, :1]), asked.values(), leak=True)
    return Target(image, **{field: full[name] for field, name in asked.items()})


@dataclass
class Output:
    """What a model gives: image [B,3,H,W] in [-1,1], raw; aux: what auxiliary losses read; features: named maps per
    layer, filled when asked for with `model(batch, features=True)`."""

    image: Float[Tensor, "b 3 h w"]
    aux: dict[str, Any] = field(default_factory=dict)
    features: dict[str, list[Tensor]] = field(default_factory=dict)

    def composite(self, batch: Batch) -> Float[Tensor, "b 3 h w"]:
        """The known pixels of the batch, and the model's in the hole."""
        return torch.where(batch.mask > 0, batch.image, self.image)
