"""What an experiment keeps of the maps inside its network, for the figures and claims that read them."""

import numpy as np
import torch
from torch import nn

from inpaintlib import dump
from inpaintlib.experiments import SCALES, Experiment
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import ROW

BRIEF = ("hosts", "leak", "final", "comparison")
"""Questions whose experiments are measured on a second protocol: what that takes leaves room for entropies alone."""
WITH_SPECTRA = tuple(ROW.values())
"""Trainings whose first seed keeps spectra.npz: every row of Table IV."""
WITH_MAPS = (
    *(
        ROW[label]
        for label in (
            "Baseline",
            "Global->Global",
            "Global->Local",
            "Local->Global",
            "Local->Local",
            "2Global(Local)->Local(Global)",
            "Global(2Local)->Global(Local)",
            "2Global(Texture)->Global(Local)",
            "2Global(Local)->Global(Local)",
        )
    ),
    *GROUPS["decoders"].rows.values(),
)
"""Trainings whose first seed keeps maps.npz: those that TSGL Fig. 3, 5, 7, 8, 16, 18, 20 and 21 show."""


def look_inside(experiment: Experiment, model: nn.Module, device: torch.device) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of each file, on the profile's diagnostics protocol: "diagnostics" of every network that names maps,
    "spectra" and "maps" of those of WITH_SPECTRA and WITH_MAPS with seed 0. And what "stats" gets besides metrics, a
    number for every row of the experiment's own protocol: similarities, of a network that filters features."""
    looked = PROTOCOLS[SCALES[experiment.profile].diagnostics]
    kept = dump.entropies if experiment.group in BRIEF else dump.statistics
    arrays = {"diagnostics": kept(model, looked, device)}
    arrays["stats"] = dump.similarities(model, PROTOCOLS[experiment.protocols[0]], device)
    if experiment.seed == 0 and experiment.training in WITH_SPECTRA:
        arrays["spectra"] = dump.spectra(model, looked, device)
    if experiment.seed == 0 and experiment.training in WITH_MAPS:
        arrays["maps"] = dump.maps(model, looked, device)
    return {name: values for name, values in arrays.items() if values}
