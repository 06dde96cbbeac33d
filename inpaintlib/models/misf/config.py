"""The sizes and switches of MISF as data; every default is the paper's."""

from dataclasses import dataclass
from typing import Any, Literal

from inpaintlib.errors import InputError
from inpaintlib.models.painting import Over
from inpaintlib.models.values import check_values


@dataclass(frozen=True)
class Config:
    """What is filtered, with what, and how large everything is.

    width: channels of F_1 and E_1 (64 in the paper); F_2 has twice, F_3 four times as many.  kernel: N, the side of a
    predicted kernel, odd.  blocks: convolutions (layout "table1") or residual blocks ("released") on F_3.
    filter_image: "output", what the decoder draws (Eq. 8); "input", the masked image itself, without any encoder and
    decoder (Eq. 1); "none".  filter_feature: the map of Eq. 6, "F1", "F2" or "F3", or "none".  interaction: the branch
    that predicts sees F_2 as well (Eq. 9 and 10, j = 2).  layout: "table1", the paper's Table 1; "released", the
    layers of the released code.  over: what the output is painted over, see `models.painting`.
    """

    width: int = 64
    kernel: int = 3
    blocks: int = 8
    filter_image: Literal["output", "input", "none"] = "output"
    filter_feature: Literal["F1", "F2", "F3", "none"] = "F3"
    interaction: bool = True
    layout: Literal["table1", "released"] = "table1"
    over: Over = "nothing"

    def __post_init__(self):
        check_values(self)
        if self.kernel % 2 == 0:
            raise InputError(f"kernel is {self.kernel}; a kernel around an element has an odd side, such as 3.")
        if self.layout == "released" and self.filter_feature in ("F1", "F2"):
            raise InputError(f"filter_feature is {self.filter_feature!r}; the released layout filters F3 or none.")
        if self.filter_image == "input" and (self.filter_feature != "none" or self.interaction):
            raise InputError(
                'filter_image="input" has no features: give filter_feature="none" and interaction=False as well.'
            )
        if not self.predicts and self.interaction:
            raise InputError(
                "interaction=True needs a filter, of the image or of a feature: without one nothing is predicted."
            )

    @property
    def predicts(self) -> bool:
        """Whether anything is filtered."""
        return self.filter_image != "none" or self.filter_feature != "none"


ABLATIONS: dict[str, dict[str, Any]] = {
    "Img-Filter": {"filter_image": "input", "filter_feature": "none", "interaction": False},
    "Sem-Filter": {"filter_image": "none", "filter_feature": "F3", "interaction": False},
    "MISF": {},
    "En-decoder-Filter": {"filter_image": "output", "filter_feature": "none", "interaction": False},
    "En-decoder": {"filter_image": "none", "filter_feature": "none", "interaction": False},
}
"""The rows of Table 3 as settings, in the paper's order; Table 4 varies Sem-Filter's `filter_feature`."""
