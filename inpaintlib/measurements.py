"""The results of a group of experiments, aligned: the same rows for every label, a line for every seed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inpaintlib import experiments, results
from inpaintlib.diagnostics import kl_to_previous_layer
from inpaintlib.errors import InputError
from inpaintlib.experiments import SCALES
from inpaintlib.protocols import PROTOCOLS, Rows
from inpaintlib.questions import GROUPS, Group
from inpaintlib.recipes import PROFILES


class NotRun(InputError):
    """Evidence that is declared, and has no results on this machine yet."""


class Stale(NotRun):
    """Results that are there, and were made on another protocol than today's."""


class Measurements:
    """What a group's experiments measured on one protocol, in one profile.

    Raises InputError when the group or the protocol does not exist. Everything that reads a result raises NotRun when
    it is not there, and Stale when it was made on another protocol than today's: such results share no table.

    divergence: what is lost from layer to layer, of the pooled vectors of a network and of its baseline.
    """

    divergence = staticmethod(kl_to_previous_layer)

    def __init__(self, group: str, protocol: str, profile: str):
        if group not in GROUPS:
            raise InputError(f"There is no group {group!r} of experiments; there is {', '.join(GROUPS)}.")
        if protocol not in PROTOCOLS:
            raise InputError(f"There is no protocol {protocol!r}; there is {', '.join(PROTOCOLS)}.")
        self.group, self.profile = GROUPS[group], profile
        self.protocol = _stand_in(protocol, self.group, profile)
        self._data = _learned_from(self.protocol, self.group, profile)
        self._runs: dict[str, dict[int, dict[str, Any]]] = {}

    @property
    def labels(self) -> list[str]:
        """The group's labels, with results or without."""
        return list(self.group.rows)

    @property
    def rows(self) -> Rows:
        """The protocol's rows."""
        return PROTOCOLS[self.protocol].rows()

    @property
    def photographs(self) -> np.ndarray:
        """Names of the photographs (subjects) that `distance` has a value for."""
        return np.unique(self.rows.group)

    @property
    def looked(self) -> np.ndarray:
        """The photograph of each line of the dumps."""
        return PROTOCOLS[SCALES[self.profile].diagnostics].rows().group

    def column(self, name: str) -> np.ndarray:
        """Which rows a table's column pools, bool [N]."""
        return self.rows.column(name)

    def seeds(self, *labels: str) -> list[int]:
        """The seeds that all of these labels have results of. Raises NotRun when there is none."""
        common = set.intersection(*({*self._of(label)} for label in labels))
        if not common:
            raise NotRun(f"{' and '.join(labels)} have no seed in common in the profile {self.profile}.")
        return sorted(common)

    def runs(self, *labels: str) -> list[dict[str, Any]]:
        """run.json of every training of these labels, for a figure's stamp. Raises NotRun as `seeds`."""
        return [self._of(label)[seed] for label in labels for seed in self.seeds(label)]

    def values(self, label: str, metric: str, seeds: Sequence[int] | None = None) -> np.ndarray:
        """A metric of every row, float64 [S, N], a line a seed (default: all that there are)."""
        return self._stack(label, seeds, lambda run: self._array(run, label, "stats", metric))

    def distance(self, label: str, metric: str, column: str, seeds: Sequence[int] | None = None) -> np.ndarray:
        """Pseudovalues of a distance ("kd", "edge_kd", "fd" ...) in a column, float64 [S, photographs]."""
        place = list(PROTOCOLS[self.protocol].columns).index(column)
        return self._stack(label, seeds, lambda run: self._array(run, label, "distances", metric)[place])

    def pooled(self, label: str, kind: str, seeds: Sequence[int] | None = None) -> np.ndarray:
        """Mean absolute activation of each channel, float64 [S, photographs, layers, C]; kind: texture, high_pass
        (layers 0 to 5) or residual (layers 1 to 5)."""
        return self.dump(label, f"pooled_{kind}", seeds)

    def dump(self, label: str, name: str, seeds: Sequence[int] | None = None) -> np.ndarray:
        """Another array of diagnostics.npz, float64 [S, photographs, ...]."""
        return self._stack(label, seeds, lambda run: self._looked_into(run, name, label))

    def scale(self, labels: Sequence[str]) -> dict[str, Any]:
        """How large the evidence is: profile, photographs, rows, seeds and commits of these labels' common runs."""
        seeds = self.seeds(*labels)
        runs = [self._of(label)[seed] for label in labels for seed in seeds]
        return {
            "profile": self.profile,
            "photographs": len(self.photographs),
            "rows": len(self.rows),
            "seeds": seeds,
            "commits": sorted({run["commit"][:7] for run in runs}),
        }

    def _of(self, label: str) -> dict[int, dict[str, Any]]:
        """A label's runs by seed."""
        if label not in self.group.rows:
            raise InputError(f"The group has no label {label!r}; it has {', '.join(self.labels)}.")
        if label not in self._runs:
            self._runs[label] = self._look(label)
        if not self._runs[label]:
            raise NotRun(f"{label} ({self.group.rows[label]}) has no results in the profile {self.profile}.")
        return self._runs[label]

    def _look(self, label: str) -> dict[int, dict[str, Any]]:
        found = {}
        for experiment in experiments.seeds_of(self.profile, self.group.rows[label], self._data):
            if results.exists(experiment.id, self.profile):
                run = results.read_run(experiment.id, self.profile)
                self._check(run, label)
                found[experiment.seed] = run
        return found

    def _check(self, run: dict[str, Any], label: str) -> None:
        name = self._protocol_of(label)
        entries = (run["diagnostics_protocol"], *run["also"], run["protocol"])
        measured = {entry["name"]: entry["checksum"] for entry in entries}
        if name not in measured:
            raise NotRun(f"{label} was not measured on {name} in the profile {self.profile}.")
        _same(run, measured[name], name, self.profile)

    def _looked_into(self, run: dict[str, Any], name: str, label: str) -> np.ndarray:
        looked = PROTOCOLS[SCALES[self.profile].diagnostics]
        _same(run, run["diagnostics_protocol"]["checksum"], looked.name, self.profile)
        if not results.has(run["experiment"], self.profile, "diagnostics"):
            raise NotRun(f"{label} keeps no maps among its results in the profile {self.profile}.")
        return self._read(run, "diagnostics", name, label)

    def _protocol_of(self, label: str) -> str:
        return self.protocol if self.profile == "smoke" else self.group.protocols.get(label, self.protocol)

    def _array(self, run: dict[str, Any], label: str, file: str, name: str) -> np.ndarray:
        protocol = self._protocol_of(label)
        suffix = "" if run["protocol"]["name"] == protocol else f"-{protocol}"
        return self._read(run, f"{file}{suffix}", name, label)

    def _read(self, run: dict[str, Any], file: str, name: str, label: str) -> np.ndarray:
        arrays = results.read_arrays(run["experiment"], self.profile, file)
        if name not in arrays:
            raise NotRun(f"{label} has no {name} among its results in the profile {self.profile}.")
        return arrays[name].astype(np.float64)

    def _stack(
        self, label: str, seeds: Sequence[int] | None, read: Callable[[dict[str, Any]], np.ndarray]
    ) -> np.ndarray:
        runs = self._of(label)
        return np.stack([read(runs[seed]) for seed in (sorted(runs) if seeds is None else seeds)])


def highest(group: str, profile: str) -> str:
    """The largest profile, from `profile` up, with results of every label that `profile` has results of, and of one at
    least: what a page shows of a question. The smoke profile, whose numbers mean nothing, stays itself."""
    names = GROUPS[group].rows.values()
    here = [name for name in names if _has_results(name, profile)]
    larger = PROFILES[PROFILES.index(profile) + 1 :] if profile != "smoke" else ()
    for other in reversed(larger):
        if here and all(_has_results(name, other) for name in here):
            return other
    return profile


def _has_results(name: str, profile: str) -> bool:
    return any(e.training == name and results.exists(e.id, profile) for e in experiments.experiments(profile))


def _same(run: dict[str, Any], checksum: str, protocol: str, profile: str) -> None:
    """Refuse a result of another protocol than today's of that name."""
    if checksum != PROTOCOLS[protocol].rows().checksum:
        raise Stale(
            f"{run['experiment']} was measured on another {protocol} than today's ({checksum}); `inpaintlib study"
            f" measure --profile {profile} --only {run['experiment']}` measures it again."
        )


def _stand_in(protocol: str, group: Group, profile: str) -> str:
    """What a profile measures in the place of a protocol that is asked for with the laptop's name: smoke its small one,
    paper the group's own data at that size."""
    size = SCALES[profile]
    if protocol == SCALES["laptop"].diagnostics:
        return size.diagnostics
    if profile == "smoke":
        return size.protocol
    same = [name for name in group.papers if PROTOCOLS[name].size == PROTOCOLS[protocol].size]
    return same[0] if size.width is None and same else protocol


def _learned_from(protocol: str, group: Group, profile: str) -> str:
    """The photographs that the group's networks learned from: the data set of the protocol, in the profile paper."""
    if SCALES[profile].width is not None or not group.papers:
        return "bundled"
    photos = PROTOCOLS[protocol].photos
    return PROTOCOLS[group.papers[0]].photos if photos == "bundled" else photos
