"""MISF (Li et al., CVPR 2022): one branch predicts a kernel for every element, the other one is filtered with them."""

from inpaintlib.models.misf.network import MISF, Config
from inpaintlib.models.misf.recurrent import recurrently

__all__ = ["MISF", "Config", "recurrently"]
