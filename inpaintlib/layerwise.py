"""The networks of a group layer by layer: what each loses from one layer to the next, and what its maps hold."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from inpaintlib.diagnostics import distribution, kl
from inpaintlib.experiments import SCALES
from inpaintlib.measurements import Measurements, NotRun
from inpaintlib.statistics import Comparison, Interval, bootstrap, compare

Values = Float[np.ndarray, "seeds photographs layers"]


class Layerwise:
    """A group's networks on the profile's diagnostics protocol; all trainings (seeds) that there are enter.

    labels: those of the group with results here.  sizes: sides in pixels of the maps of layers 1 .. 5.
    Raises InputError on a group that does not exist; whatever reads a result raises NotRun where there is none.
    """

    def __init__(self, group: str, profile: str):
        self.data = Measurements(group, SCALES["laptop"].diagnostics, profile)
        self.labels = [label for label in self.data.labels if self._measured(label)]
        self.sizes = [self.data.rows.protocol.size // 2**k for k in range(1, 6)]

    def kl(self, label: str, kind: str = "texture", against: str = "Baseline", shape: bool = False) -> Values:
        """KL(p || q) in nats: p the channel distribution of layer k of a network, q that of layer k - 1 of `against`,
        of the same seed (TSGL Sec. III-B1, Fig. 9, 10, 12, 20, 21).

        kind: texture, high_pass (layers 1 .. 5) or residual (2 .. 5).  against: another label, or the same one.
        shape: both distributions are sorted by size first, so that only their shapes are compared.
        """
        seeds = self.data.seeds(label, against)
        p, q = (self._distribution(name, kind, shape, seeds) for name in (label, against))
        return kl(torch.from_numpy(p[..., 1:, :]), torch.from_numpy(q[..., :-1, :])).numpy()

    def dump(self, label: str, name: str) -> Values:
        """Another array of a network's diagnostics.npz, such as "entropy_reconstructed" (bits)."""
        return self.data.dump(label, name)

    def intervals(self, values: Values) -> list[Interval]:
        """Of each layer the mean with its 95 % interval over photographs and seeds."""
        return [bootstrap(values[..., k], self.data.looked) for k in range(values.shape[-1])]

    def mean(self, values: Values) -> Interval:
        """Of the mean over all layers."""
        return bootstrap(values.mean(axis=-1), self.data.looked)

    def difference(self, one: Values, other: Values) -> Comparison:
        """`one` minus `other` on the same photographs, of the mean over all layers."""
        return compare(one.mean(axis=-1), other.mean(axis=-1), self.data.looked)

    def differences(self, one: Values, other: Values) -> list[Comparison]:
        """`one` minus `other` on the same photographs, layer by layer."""
        return [compare(one[..., k], other[..., k], self.data.looked) for k in range(one.shape[-1])]

    def _distribution(self, label: str, kind: str, shape: bool, seeds: Sequence[int]) -> np.ndarray:
        share = distribution(torch.from_numpy(self.data.pooled(label, kind, seeds))).numpy()
        return np.sort(share, axis=-1) if shape else share

    def _measured(self, label: str) -> bool:
        try:
            return bool(self.data.seeds(label))
        except NotRun:
            return False
