"""What an experiment keeps of the maps inside its network, for the figures and claims that read them."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from inpaintlib import alternatives, dump, sheets
from inpaintlib.experiments import SCALES, Experiment
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import OURS, ROW

BRIEF = ("hosts", "leak", "final", "comparison")
"""Questions whose experiments are measured on a second protocol: what that takes leaves room for entropies alone."""
WITH_SPECTRA = (*ROW.values(), "zits")
"""Trainings whose first seed keeps spectra.npz: every row of Table IV, and ZITS for Fig. 16."""
_OF_A_ROW = (
    *("texture", "high_pass", "residual", "structure", "entropy"),
    *("branch_structure", "branch_residual", "branch_texture"),
)
ON_SHEETS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(ROW.values(), _OF_A_ROW),
    **{
        name: ("texture", "residual", "structure", "entropy", "decoder_input", "balanced")
        for name in GROUPS["decoders"].rows.values()
    },
    OURS: (*_OF_A_ROW, "decoder_input"),
    **dict.fromkeys(("tsgl-structure-alone", "tsgl-structure-guided"), ("structure",)),
    "ctsdg": ("encoder", "structure", "decoded_texture", "decoded_structure"),
    "zits": ("encoder", "structure"),
}
"""Trainings whose first seed keeps sheet.webp, with the kinds of `sheets.KINDS` on it: those that figures of maps and
the book's browser show."""
WITH_ALTERNATIVES = tuple(ROW.values())
"""Trainings whose first seed keeps alternatives.npz: every row of Table IV."""


class Inside(NamedTuple):
    """What `look_inside` found: arrays of each .npz file, and the picture of each .webp file."""

    arrays: dict[str, dict[str, np.ndarray]]
    pictures: dict[str, np.ndarray]


def look_inside(experiment: Experiment, model: nn.Module, device: torch.device) -> Inside:
    """On the profile's diagnostics protocol: "diagnostics" of every network that names maps; of those with seed 0 that
    are named above "spectra", "alternatives" and "sheet", a picture with the ends of its tiles. And what "stats" gets
    besides metrics, a number for every row of the experiment's own protocol: similarities, of a network that filters
    features."""
    looked = PROTOCOLS[SCALES[experiment.profile].diagnostics]
    kept = dump.entropies if experiment.group in BRIEF else dump.statistics
    arrays = {"diagnostics": kept(model, looked, device)}
    arrays["stats"] = dump.similarities(model, PROTOCOLS[experiment.protocols[0]], device)
    pictures = {}
    if experiment.seed == 0 and experiment.training in WITH_SPECTRA:
        arrays["spectra"] = dump.spectra(model, looked, device)
    if experiment.seed == 0 and experiment.training in WITH_ALTERNATIVES:
        arrays["alternatives"] = alternatives.measured(model, looked, device)
    if experiment.seed == 0 and experiment.training in ON_SHEETS:
        pictures["sheet"], arrays["sheet"] = sheets.sheet(model, looked, ON_SHEETS[experiment.training], device)
    return Inside({name: values for name, values in arrays.items() if values}, pictures)
