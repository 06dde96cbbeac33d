"""Which measurements there are, as data: what is trained, at which scale, and which question it answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from inpaintlib.errors import InputError
from inpaintlib.methods import CLASSICAL
from inpaintlib.models.tsgl.config import BALANCE_DEFECTS, DEFECTS
from inpaintlib.recipes import Recipe, recipe
from inpaintlib.training import Job
from inpaintlib.variant import TABLE_IV, Variant

FINAL = "2Global(Local)->Global(Local)"
DECODER = "basic"
"""The plain decoder: what differs between two rows is their encoders alone."""
SPECTRA = ("Baseline", "Global->Global", "Global->Local", FINAL)
"""Rows of Table IV whose spectrograms a figure shows."""


def slug(variant: Variant | str) -> str:
    """A variant as part of a file name: "Global(2Local)->Global(Local)" gives "global-2local-to-global-local"."""
    return re.sub(r"[()]+", "-", str(variant).lower().replace("->", "-to-")).replace("--", "-").strip("-")


@dataclass(frozen=True)
class Training:
    """A network and how it is trained, apart from the scale of a profile.

    config: its settings.  wider: times the profile's width, for a network that is narrow in its own paper.  recipe:
    what differs from the profile's recipe.  final: with the width and the budget of a profile's final network.
    protocols: on which it is measured besides the profile's own.
    """

    model: str
    config: dict[str, Any] = field(default_factory=dict, hash=False)
    wider: int = 1
    recipe: dict[str, Any] = field(default_factory=dict, hash=False)
    final: bool = False
    protocols: tuple[str, ...] = ()


def _ours(variant: str = FINAL, decoder: str = DECODER, **config: Any) -> Training:
    return Training("tsgl", {"variant": variant, "decoder": decoder, **config})


ROW = {label: f"tsgl-{slug(label)}" for label in TABLE_IV}
OURS = ROW[FINAL]

TRAININGS: dict[str, Training] = {
    **{ROW[label]: _ours(label) for label in TABLE_IV},
    "tsgl-structure-alone": _ours("Baseline", reconstruct="structure"),
    "tsgl-structure-guided": _ours("Texture->Global", reconstruct="structure"),
    "tsgl-balance": _ours(decoder="balance"),
    "tsgl-pennet": _ours(decoder="pennet"),
    "tsgl-hifill": _ours(decoder="hifill"),
    "pennet": Training("pennet"),
    "hifill": Training("hifill", wider=2),
    "lama": Training("lama", protocols=("bundled-512",)),
    "tsgl-lama": Training("tsgl-lama", protocols=("bundled-512",)),
    **{f"tsgl-tau-{tau}": _ours(tau=float(tau)) for tau in (0, 50, 150, 200)},
    **{f"tsgl-prior-{name.replace('_', '-')}": _ours(structure=name) for name in ("lowres", "sobel_x", "sobel_y")},
    "tsgl-leak": replace(_ours(), recipe={"leak": True}, protocols=("bundled-256-leak",)),
    "tsgl-batch-statistics": _ours(statistics="batch"),
    "tsgl-twice-all": _ours(twice="all"),
    **{
        f"tsgl-defect-{name}": _ours(decoder="balance" if name in BALANCE_DEFECTS else DECODER, defects=(name,))
        for name in DEFECTS
    },
    "tsgl-final": replace(_ours(), final=True, protocols=("bundled-512",)),
}


@dataclass(frozen=True)
class Group:
    """A question, and the experiments whose comparison answers it: label -> name. A name without a training here is
    declared, and waits for its network.

    protocols: labels that are measured on another protocol than the one asked for.
    """

    question: str
    rows: dict[str, str] = field(hash=False)
    protocols: dict[str, str] = field(default_factory=dict, hash=False)


_MISF = ("Img-Filter", "Sem-Filter", "MISF", "En-decoder-Filter", "En-decoder")
_COMPARED = ("CTSDG", "RFR", "JPGNet", "EdgeConnect", "StructFlow", "PConv", "MISF", "Ours", "ZITS")

GROUPS: dict[str, Group] = {
    "table-iv": Group("Which guide, under which normalization?", dict(ROW)),
    "direction": Group(
        "Who should guide whom?",
        {
            "texture with structure": ROW["Global->Global"],
            "texture alone": ROW["Baseline"],
            "structure with texture": "tsgl-structure-guided",
            "structure alone": "tsgl-structure-alone",
        },
    ),
    "decoders": Group(
        "What does the cross-layer balance module bring?",
        {
            "Ours": "tsgl-balance",
            "Ours(Basic)": OURS,
            "Ours(PENNet)": "tsgl-pennet",
            "Ours(HiFill)": "tsgl-hifill",
        },
    ),
    "hosts": Group(
        "Does the encoder help in other networks?",
        {
            "PENNet": "pennet",
            "Ours(PENNet)": "tsgl-pennet",
            "HiFill": "hifill",
            "Ours(HiFill)": "tsgl-hifill",
            "LaMa": "lama",
            "Ours(LaMa)": "tsgl-lama",
        },
    ),
    "priors": Group(
        "What counts as structure?",
        {
            "Edge map + Grayscale": OURS,
            "Low-Resolution RGB": "tsgl-prior-lowres",
            "Semantic Segmentation": "tsgl-prior-segmentation",
            "Gradients-X": "tsgl-prior-sobel-x",
            "Gradients-Y": "tsgl-prior-sobel-y",
        },
    ),
    "tau": Group(
        "How far should attention trust a hole?",
        {str(tau): OURS if tau == 100 else f"tsgl-tau-{tau}" for tau in (0, 50, 100, 150, 200)},
    ),
    "leak": Group(
        "How much do priors from the ground truth give away?",
        {"no leak": OURS, "leak": "tsgl-leak"},
        {"leak": "bundled-256-leak"},
    ),
    "statistics": Group(
        "Statistics of one image, or of the batch?", {"instance": OURS, "batch": "tsgl-batch-statistics"}
    ),
    "norm-cost": Group(
        "Local or global normalization at equal cost?",
        {label: ROW[label] for label in ("Global->Global", "Global->Local")},
    ),
    "twice": Group("Guide twice late, or in every layer?", {"late": OURS, "all": "tsgl-twice-all"}),
    "defects": Group(
        "What do the mistakes of the released code cost?",
        {"none": OURS, "none (balance)": "tsgl-balance", **{name: f"tsgl-defect-{name}" for name in DEFECTS}},
    ),
    "final": Group("How good is the network that is shipped?", {"Ours": "tsgl-final"}),
    "classical": Group("What do methods reach that learn nothing?", {name: name for name in CLASSICAL}),
    "misf-ablation": Group("What does each filter bring?", {name: f"misf-{name.lower()}" for name in _MISF}),
    "misf-depth": Group("Where to filter?", {f"Sem-Filter(F{i})": f"misf-sem-filter-f{i}" for i in (1, 2, 3)}),
    "comparison": Group(
        "Who fills best, trained alike?",
        {name: {"MISF": "misf-misf", "Ours": "tsgl-balance"}.get(name, name.lower()) for name in _COMPARED},
    ),
}


@dataclass(frozen=True)
class Experiment:
    """One measurement, of a training or of a method that learns nothing (budget 0).

    id = <name>-s<seed>; budget: images seen; group: the first question that it answers; recipe: what differs from the
    profile's; protocols: on which it is measured, the profile's own first.
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

    @property
    def name(self) -> str:
        """The id without its seed."""
        return self.id.rsplit("-s", 1)[0]

    @property
    def job(self) -> Job:
        """What the training loop is given."""
        return Job(self.model, self.config, self._recipe(), self.seed, self.budget)

    def _recipe(self) -> Recipe:
        return replace(recipe(self.profile), **self.recipe)


@dataclass(frozen=True)
class Scale:
    """How large a profile's experiments are: widths and images seen of the ablations and of the final network, seeds
    of Table IV's rows (the others have the first), and what everything is measured on."""

    width: int
    budget: int
    final_width: int
    final_budget: int
    seeds: tuple[int, ...]
    protocol: str
    diagnostics: str


SCALES: dict[str, Scale] = {
    "smoke": Scale(8, 4, 8, 4, (0,), "smoke-64", "smoke-diagnostics-64"),
    "laptop": Scale(8, 8_000, 12, 40_000, (0, 1, 2), "bundled-256", "diagnostics-256"),
}


def scale(profile: str) -> Scale:
    """A profile's scale. Raises InputError on a profile without a study."""
    if profile not in SCALES:
        raise InputError(f"There is no study in the profile {profile!r}; there is one in {', '.join(SCALES)}.")
    return SCALES[profile]


def home(name: str) -> str:
    """The first group with an experiment of this name."""
    return next(group for group, content in GROUPS.items() if name in content.rows.values())


def experiments(profile: str) -> list[Experiment]:
    """Every experiment of a profile: all trainings with the first seed, the classical methods, then the other seeds.
    Raises InputError on a profile without a study."""
    seeds = scale(profile).seeds
    first = [_experiment(name, profile, seeds[0]) for name in TRAININGS]
    classical = [
        Experiment(f"{name}-s0", name, {}, profile, 0, 0, "classical", {}, (SCALES[profile].protocol,))
        for name in CLASSICAL
    ]
    return [*first, *classical, *(_experiment(name, profile, seed) for seed in seeds[1:] for name in ROW.values())]


def _experiment(name: str, profile: str, seed: int) -> Experiment:
    training, size = TRAININGS[name], SCALES[profile]
    width = size.final_width if training.final else size.width * training.wider
    budget = size.final_budget if training.final else size.budget
    protocols = (size.protocol, *(training.protocols if profile != "smoke" else ()))
    config = {"width": width, **training.config}
    return Experiment(
        f"{name}-s{seed}", training.model, config, profile, seed, budget, home(name), training.recipe, protocols
    )


def select(profile: str, only: tuple[str, ...] = ()) -> list[Experiment]:
    """The experiments of a profile whose id, name or group is given; all when none is. Raises InputError on a wrong
    name, naming the groups."""
    every = experiments(profile)
    chosen: dict[str, Experiment] = {}
    for wanted in only:
        names = set(GROUPS[wanted].rows.values()) if wanted in GROUPS else {wanted}
        found = {e.id: e for e in every if e.name in names or e.id == wanted}
        if not found:
            raise InputError(
                f"The profile {profile} has no experiment or group {wanted!r}; `inpaintlib study list` shows its"
                f" experiments, and its groups are {', '.join(GROUPS)}."
            )
        chosen |= found
    return [e for e in every if not only or e.id in chosen]


def seeds_of(profile: str, name: str) -> Iterator[Experiment]:
    """The experiments of one name, a seed each."""
    return (e for e in experiments(profile) if e.name == name)
