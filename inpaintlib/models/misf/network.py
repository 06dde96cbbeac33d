"""Multi-level interactive siamese filtering: MISF Eq. 4 to 10."""

import torch
from torch import Tensor, nn

from inpaintlib.batch import Batch, Output
from inpaintlib.features import Features
from inpaintlib.losses import Term
from inpaintlib.models.misf import released, table1
from inpaintlib.models.misf.config import Config
from inpaintlib.models.painting import Painting
from inpaintlib.models.registry import model
from inpaintlib.ops import adaptive_filter

LAYOUTS = {"table1": table1, "released": released}


@model("misf")
class MISF(nn.Module):
    """Filling a hole is seen as filtering: each element of a map is replaced by a weighted sum of its neighbours. A
    second branch looks at the damaged image and predicts the weights, other ones for every element. Filtering deep
    features brings back what an image shows, and filtering the output brings back its detail.

    MISF and its ablations (`config.ABLATIONS`). Takes sizes that are multiples of 4. Raises InputError on settings that
    contradict each other.
    """

    Config = Config
    stride = 4
    priors = ()
    reference = "misf"
    losses = (Term("reconstruction", 1.0), Term("adversarial", 0.1), Term("perceptual", 0.1), Term("style", 250.0))

    def __init__(self, config: Config = Config()):  # noqa: B008
        super().__init__()
        self.config = config
        layout = LAYOUTS[config.layout]
        if config.filter_image != "input":
            self.filtering = layout.Filtering(config)
        if config.predicts:
            self.predicting = layout.Predicting(config)
        self.painting = Painting(config.over)

    def forward(self, batch: Batch, features: bool = False) -> Output:
        """Batch -> Output. features: "encoder", F_1 .. F_3 before any filter; "prefiltered" and "filtered", the map of
        Eq. 6 before and after it; "feature_kernels" and "image_kernels", what was predicted, [B,C*N*N,h,w], N*N taps of
        a channel in a row; "unfiltered_image", F_7; "decoder_input", what is decoded."""
        batch.check(self.stride, self.priors)
        kept = Features(features)
        x = torch.cat((batch.image, 1 - batch.mask), dim=1)
        if self.config.filter_image == "input":
            e1 = self.predicting.first(x)
            e2 = self.predicting.second(e1)
            kernels = self.predicting.of_image(e1, e2, None, self.predicting.third(e2, None))
            kept.add(image_kernels=kernels.flatten(1, 2))
            return Output(self.painting(adaptive_filter(batch.image, kernels).clamp(-1, 1), batch), {}, kept.maps)
        image = self._encode_and_decode(x, kept)
        return Output(self.painting(torch.tanh(image), batch), {}, kept.maps)

    def _encode_and_decode(self, x: Tensor, kept: Features) -> Tensor:
        """Eq. 8: both branches layer by layer, each map filtered before the next one is made from it."""
        sifb, kpb = self.filtering, self.predicting if self.config.predicts else None
        e1 = kpb and kpb.first(x)
        f1 = self._filtered("F1", sifb.first(x), e1, kept)
        e2 = kpb and kpb.second(e1)
        f2 = self._filtered("F2", sifb.second(f1), e2, kept)
        shared = f2 if self.config.interaction else None
        e3 = kpb.third(e2, shared) if self._reaches_the_third() else None
        f3 = self._filtered("F3", sifb.third(f2), e3, kept)
        image = sifb.decode(f3)
        kept.add(decoder_input=f3, unfiltered_image=image)
        if self.config.filter_image == "none":
            return image
        kernels = kpb.of_image(e1, e2, shared, e3)
        kept.add(image_kernels=kernels.flatten(1, 2))
        return adaptive_filter(image, kernels)

    def _reaches_the_third(self) -> bool:
        return self.config.filter_feature == "F3" or self.config.filter_image != "none"

    def _filtered(self, name: str, feature: Tensor, predicted: Tensor | None, kept: Features) -> Tensor:
        """Eq. 6 and 9, where this is the map to be filtered."""
        kept.add(encoder=feature)
        if name != self.config.filter_feature:
            return feature
        kernels = self.predicting.of_feature(predicted)
        filtered = adaptive_filter(feature, kernels)
        kept.add(feature_kernels=kernels.flatten(1, 2), prefiltered=feature, filtered=filtered)
        return filtered
