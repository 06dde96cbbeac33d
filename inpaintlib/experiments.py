"""Which measurements there are: the trainings and the questions, at the scale of a profile."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from inpaintlib.errors import InputError
from inpaintlib.methods import CLASSICAL
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.questions import GROUPS, home
from inpaintlib.recipes import FINALS, Recipe, recipe
from inpaintlib.schedules import SCHEDULES, schedule
from inpaintlib.training import Job
from inpaintlib.trainings import MISF_ROW, ROW, TRAININGS

SHORT = {"paris_streetview": "psv"}
"""Data sets that are called otherwise in an id."""


@dataclass(frozen=True)
class Experiment:
    """One measurement, of a training or of a method that learns nothing (budget 0).

    id = <name>-s<seed>; budget: images seen; group: the first question that it answers; recipe: what differs from the
    profile's; protocols: on which it is measured, the profile's own first; training: its key in TRAININGS, the same for
    each data set; data: the photographs that it learns from, "bundled" or a layout of `photos.dataset`; soften: as in
    `Training`; shipped: its weights travel with the package; priority: lower ones come first; after: ids of what it is
    compared with, and comes after; minutes: the walltime that a scheduler is asked for.
    """

    id: str
    model: str
    config: dict[str, Any] = field(hash=False)
    profile: str
    seed: int
    budget: int
    group: str
    recipe: dict[str, Any] = field(default_factory=dict, hash=False)
    protocols: tuple[str, ...] = ()
    training: str = ""
    data: str = "bundled"
    soften: float = 1.0
    shipped: bool = False
    priority: int = 0
    after: tuple[str, ...] = ()
    minutes: int = 0

    @property
    def name(self) -> str:
        """The id without its seed."""
        return self.id.rsplit("-s", 1)[0]

    @property
    def job(self) -> Job:
        """What the training loop is given."""
        return Job(self.model, self.config, self._recipe(), self.seed, self.budget)

    def _recipe(self) -> Recipe:
        base = recipe(self.profile) if self.data == "bundled" else schedule(_system(self.model), self.data).recipe
        return replace(base, **self.recipe)


@dataclass(frozen=True)
class Scale:
    """How large a profile's experiments are.

    width, budget: of the ablations, None for the paper's own; final_width, final_budget: of the final networks, 0 where
    there are none.  seeds: of the rows of ablation tables (TSGL Table IV, MISF Tables 3, 4), of the other ablations, of
    the finals.  protocol, diagnostics: what everything is measured on.  minutes: walltime of an ablation and of a final
    network.
    """

    width: int | None
    budget: int
    final_width: int
    final_budget: int
    seeds: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    protocol: str
    diagnostics: str
    minutes: tuple[int, int]


SCALES: dict[str, Scale] = {
    "smoke": Scale(8, 4, 8, 4, ((0,), (0,), (0,)), "smoke-64", "smoke-diagnostics-64", (5, 5)),
    "laptop": Scale(8, 8_000, 12, 50_000, ((0, 1, 2), (0,), (0,)), "bundled-256", "diagnostics-256", (60, 240)),
    "gpu": Scale(
        16, 64_000, 32, 400_000, ((0, 1, 2), (0, 1, 2), (0,)), "bundled-256", "diagnostics-256-wide", (20, 120)
    ),
    "paper": Scale(None, 0, 0, 0, ((0, 1, 2), (0,), ()), "psv-256", "diagnostics-256-wide", (10_000, 10_000)),
}

TABLE_ROWS = (*ROW.values(), *MISF_ROW.values())
"""Trainings that are rows of the papers' ablation tables."""
_ROW, _FINAL, _HOST, _SEEDS, _REST, _REST_SEEDS = range(6)
"""Priorities: Table IV with the first seed, the finals, the hosts, Table IV's other seeds, everything else."""


def scale(profile: str) -> Scale:
    """A profile's scale. Raises InputError on a profile without a study."""
    if profile not in SCALES:
        raise InputError(f"There is no study in the profile {profile!r}; there is one in {', '.join(SCALES)}.")
    return SCALES[profile]


def experiments(profile: str) -> list[Experiment]:
    """Every experiment of a profile, in order of priority. Raises InputError on a profile without a study."""
    make = _on_the_papers_data if scale(profile).width is None else _on_the_bundled_photographs
    return sorted(make(profile), key=lambda e: e.priority)


def _on_the_bundled_photographs(profile: str) -> Iterator[Experiment]:
    size = SCALES[profile]
    for name, training in TRAININGS.items():
        for seed in _seeds(name, size):
            wide = round((size.final_width if training.final else size.width) * training.wider)
            yield Experiment(
                f"{name}-s{seed}",
                training.model,
                {"width": wide, **training.config},
                profile,
                seed,
                size.final_budget if training.final else size.budget,
                home(name),
                (FINALS.get(profile, {}) if training.final else {}) | training.recipe,
                (size.protocol, *(training.protocols if profile != "smoke" else ())),
                name,
                soften=training.soften,
                shipped=training.shipped and seed == 0,
                priority=_priority(name, seed),
                after=_after(name, seed),
                minutes=size.minutes[training.final],
            )
    for name in CLASSICAL:
        yield Experiment(
            f"{name}-s0", name, {}, profile, 0, 0, "classical", {}, (size.protocol,), name, minutes=size.minutes[0]
        )


def _on_the_papers_data(profile: str) -> Iterator[Experiment]:
    """Each training on every data set of the tables that it stands in, at the paper's width and length."""
    size = SCALES[profile]
    for name, training in TRAININGS.items():
        for data, protocols in _papers_protocols(name).items():
            for seed in _seeds(name, size):
                yield Experiment(
                    f"{name}-{SHORT.get(data, data)}-s{seed}",
                    training.model,
                    dict(training.config),
                    profile,
                    seed,
                    schedule(_system(training.model), data).images,
                    home(name),
                    training.recipe,
                    protocols,
                    name,
                    data,
                    priority=_priority(name, seed),
                    minutes=size.minutes[0],
                )


def _papers_protocols(name: str) -> dict[str, tuple[str, ...]]:
    """Data set -> the protocols on it, over all groups that a training belongs to, where its paper trains on it."""
    found: dict[str, tuple[str, ...]] = {}
    for group in GROUPS.values():
        for protocol in group.papers if name in group.rows.values() and not TRAININGS[name].final else ():
            data = PROTOCOLS[protocol].photos
            if (_system(TRAININGS[name].model), data) not in SCHEDULES:
                continue
            found[data] = tuple(dict.fromkeys((*found.get(data, ()), protocol)))
    return found


def _system(model: str) -> str:
    """The paper whose training a network takes over: MISF's for its own networks, TSGL's for all others."""
    return "misf" if model.startswith("misf") else "tsgl"


def _seeds(name: str, size: Scale) -> tuple[int, ...]:
    rows, others, finals = size.seeds
    return finals if TRAININGS[name].final else rows if name in TABLE_ROWS else others


def _priority(name: str, seed: int) -> int:
    if TRAININGS[name].final:
        return _FINAL
    if name in ROW.values():
        return _SEEDS if seed else _ROW
    if name in GROUPS["hosts"].rows.values():
        return _REST_SEEDS if seed else _HOST
    return _REST_SEEDS if seed else _REST


def _after(name: str, seed: int) -> tuple[str, ...]:
    """What the training is compared with: the references of its groups, of the same seed."""
    references = (
        group.rows[group.reference] for group in GROUPS.values() if group.reference and name in group.rows.values()
    )
    return tuple(f"{reference}-s{seed}" for reference in dict.fromkeys(references) if reference != name)


def select(profile: str, only: tuple[str, ...] = ()) -> list[Experiment]:
    """The experiments of a profile whose id, name, training or group is given; all when none is. Raises InputError on a
    wrong name, naming the groups."""
    every = experiments(profile)
    chosen: dict[str, Experiment] = {}
    trained = {e.training for e in every}
    for wanted in only:
        names = set(GROUPS[wanted].rows.values()) if wanted in GROUPS else {wanted}
        found = {e.id: e for e in every if e.training in names or e.name in names or e.id == wanted}
        if not found:
            there = [name for name, group in GROUPS.items() if trained & set(group.rows.values())]
            raise InputError(
                f"The profile {profile} has no experiment or group {wanted!r}; `inpaintlib study list` shows its"
                f" experiments, and its groups are {', '.join(there)}."
            )
        chosen |= found
    return [e for e in every if not only or e.id in chosen]


def seeds_of(profile: str, training: str, data: str = "bundled") -> Iterator[Experiment]:
    """The experiments of one training on one set of photographs, a seed each."""
    return (e for e in experiments(profile) if e.training == training and e.data == data)
