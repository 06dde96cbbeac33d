"""A training of a minute: the rows of TSGL's Table IV at a length that a reader waits for, and a row of one's own.

A training is known by what decides it: the job with the text of normalizations that are not the library's, the
photographs, the protocol. So one that is asked for again is read, and one whose normalization was edited is made.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inpaintlib import methods, paths
from inpaintlib.crops import Crops
from inpaintlib.errors import InputError
from inpaintlib.evaluation import Instruments, evaluate
from inpaintlib.experiments import SCALES, select
from inpaintlib.files import read_json, write_json
from inpaintlib.protocols import PROTOCOLS, photographs
from inpaintlib.provenance import provenance
from inpaintlib.training import Job, train
from inpaintlib.trainings import OURS
from inpaintlib.variant import Variant

IMAGES = {"smoke": 4, "laptop": 1_600}
"""Crops that a training sees: about a minute of one core."""
METRICS = {"psnr": 3, "ssim": 4, "lpips": 4}
"""What is measured, and the decimals that are kept."""
KEPT = "minutes.json"


@dataclass(frozen=True)
class Minute:
    """What a training of a minute measured. values: a metric of METRICS -> its mean for every photograph of the
    protocol, in order of name. seconds: of training."""

    variant: str
    profile: str
    seed: int
    images: int
    seconds: float
    commit: str
    dirty: bool
    device: str
    values: dict[str, list[float]]

    @property
    def run(self) -> dict[str, Any]:
        """What a figure's stamp reads."""
        return asdict(self)


def minute(variant: str | Variant, profile: str = "laptop", seed: int = 0, *, progress: bool = True) -> Minute:
    """A row of Table IV, or a variant of one's own, trained for a minute and measured on the profile's protocol.

    It is read where it was made before, with the package or on this machine; one that was stopped goes on. Raises
    InputError on a variant that is none, and on another profile than smoke and laptop.
    """
    job = _job(variant, profile, seed)
    key = _fingerprint(job, profile)
    place = paths.runs(profile, "minutes") / key
    for file in (_shipped(profile), place / KEPT):
        rows = read_json(file) if file.is_file() else {}
        if key in rows:
            return Minute(**rows[key])
    found = _measured(job, profile, place, progress)
    write_json(place / KEPT, {key: asdict(found)})
    return found


def names(profile: str) -> list[str]:
    """The photographs behind `Minute.values`, in their order."""
    return np.unique(_protocol(profile).rows().group).tolist()


def ship(found: dict[str, Minute], profile: str = "laptop") -> Path:
    """Keep trainings, by variant, with the package's results, in the place of those that were there; returns the
    file."""
    rows = {_fingerprint(_job(label, profile, one.seed), profile): asdict(one) for label, one in found.items()}
    write_json(_shipped(profile), rows)
    return _shipped(profile)


def _shipped(profile: str) -> Path:
    return paths.results(profile, "minutes") / KEPT


def _protocol(profile: str):
    return PROTOCOLS[SCALES[profile].protocol]


def _job(variant: str | Variant, profile: str, seed: int) -> Job:
    if profile not in IMAGES:
        raise InputError(f"A training of a minute has the profile smoke or laptop, not {profile!r}.")
    (row,) = select(profile, (f"{OURS}-s0",))
    return Job(row.model, row.config | {"variant": str(Variant.parse(variant))}, row.job.recipe, seed, IMAGES[profile])


def _fingerprint(job: Job, profile: str) -> str:
    parts = (job.as_dict(), photographs("bundled", "train").checksum(), _protocol(profile).rows().checksum)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _measured(job: Job, profile: str, place: Path, progress: bool) -> Minute:
    """Train, and take each photograph's mean over its crops and holes."""
    crops = Crops(photographs("bundled", "train"), job.recipe.crop, job.recipe.scales)
    state = train(job, crops, place, progress=progress)
    method, protocol = methods.network(state.average), _protocol(profile)
    measured = evaluate(method, protocol, instruments=Instruments.load(method.device))
    groups = protocol.rows().group
    values = {
        metric: [round(float(measured.values[metric][groups == name].mean()), decimals) for name in names(profile)]
        for metric, decimals in METRICS.items()
    }
    made = {key: value for key, value in provenance(method.device).items() if key in ("commit", "dirty", "device")}
    seconds, seen = round(state.seconds, 1), state.step * job.recipe.batch
    return Minute(job.config["variant"], profile, job.seed, seen, seconds, values=values, **made)
