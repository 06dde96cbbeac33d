"""Which rows and figures of the papers are made again here, by which experiment, and which are only printed."""

from dataclasses import dataclass
from functools import lru_cache

from inpaintlib import published
from inpaintlib.claims import CLAIMS
from inpaintlib.errors import InputError
from inpaintlib.experiments import SCALES
from inpaintlib.protocols import TABLES
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import TRAININGS

REGENERATED = "regenerated"
WAITS = "measured here, waits for training"
PRINTED = "published only"
STATES = (REGENERATED, WAITS, PRINTED)

UNWRITTEN = {
    "DGTS": "two transformers over tokens of texture and structure; not written here",
    "FAR": "needs a masked autoencoder that learned from the whole of Places2 before; not written here",
    "IR-SDE": "a diffusion model, which asks its network a hundred times for each image; not written here",
    "RegionWise": "a generator for regular and one for irregular holes, each with losses of its own; not written here",
    "StrDiffusion": "a diffusion model, which asks its network hundreds of times for each image; not written here",
}
"""Why a row stays with its printed numbers."""
UNTRAINED = {"tsgl-prior-segmentation": "no segmentation labels come with the photographs"}
"""Why an experiment of a table's row has no training."""
COUNTED = "its parameters and operations are counted on the network's shapes"


@dataclass(frozen=True)
class Origin:
    """Where a row of a table comes from.

    state: one of STATES.  group, label, experiment: of `questions.GROUPS`, "" for a row that no group has.
    why: what a state other than "regenerated" waits for, or what is counted.
    """

    state: str
    group: str = ""
    label: str = ""
    experiment: str = ""
    why: str = ""


GROUPS_OF: dict[str, tuple[str, ...]] = {
    "tsgl-table-1": ("direction",),
    "tsgl-table-2": ("hosts", "comparison"),
    "tsgl-table-3": ("hosts", "comparison"),
    "tsgl-table-4": ("table-iv",),
    "tsgl-table-5": ("comparison",),
    "tsgl-table-6": ("hosts", "comparison"),
    "tsgl-table-7": ("decoders",),
    "tsgl-table-8": ("priors",),
    "misf-table-1": ("misf-ablation",),
    "misf-table-2": ("comparison",),
    "misf-table-3": ("misf-ablation",),
    "misf-table-4": ("misf-depth",),
    **dict.fromkeys(("tsgl-fig-1", "tsgl-fig-14", "tsgl-fig-16"), ("comparison",)),
    **{f"tsgl-fig-{number}": ("table-iv",) for number in (3, 7, 8, 9, 10, 11, 12, 15, 20, 21)},
    "tsgl-fig-5": ("final",),
    **dict.fromkeys(("tsgl-fig-17", "tsgl-fig-18"), ("decoders",)),
    "tsgl-fig-19": ("hosts", "comparison"),
    "tsgl-fig-22": ("priors",),
    "tsgl-fig-23": ("tau",),
    **{f"misf-fig-{number}": ("comparison",) for number in (1, 5, 6, "a", "b")},
    **{f"misf-fig-{number}": ("misf-ablation",) for number in (2, 4, 7, "c", "d", "e", "f")},
}
"""Item -> the groups of experiments behind it, the nearest first; a diagram has none."""

LABELS: dict[tuple[str, str], str] = {
    ("tsgl-table-1", "w. structure feature map"): "texture with structure",
    ("tsgl-table-1", "w/o. structure feature map"): "texture alone",
    ("tsgl-table-1", "w. texture feature map"): "structure with texture",
    ("tsgl-table-1", "w/o. texture feature map"): "structure alone",
    ("tsgl-table-5", "GC"): "DeepFill v2",
    ("misf-table-2", "RFRNet"): "RFR",
}
"""Rows that the group calls otherwise than the print."""

WHOLE_NETWORK = {"misf-table-1": "MISF"}
"""Tables whose rows are the layers of one network: its label."""
SAME = {"tsgl-table-3": "tsgl-table-6"}
"""A table that is printed twice."""


def groups_of(item: str) -> tuple[str, ...]:
    """The groups of experiments behind a figure or table, the nearest first; none for a diagram. Raises InputError on
    an item that the papers do not have."""
    known = {one.id for one in published.items()}
    if item not in known:
        raise InputError(f"The papers have no item {item!r}; `il.published.items()` lists theirs.")
    return GROUPS_OF.get(item, ())


def rows_of(table: str) -> dict[str, Origin]:
    """Every row of a published table, in the order of print, with where it comes from. Raises InputError as
    `published.table`."""
    return {row: _origin(table, row) for row in published.table(table).row.unique()}


@lru_cache(maxsize=1)
def counts_of() -> dict[tuple[str, str], tuple[str, ...]]:
    """(table, row) -> ids of the claims that count its network."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for claim in CLAIMS:
        for evidence in claim.evidence:
            if evidence.statistic == "count":
                place = evidence.of["printed"]
                found[place] = tuple(dict.fromkeys((*found.get(place, ()), claim.id)))
    return found


def _origin(table: str, row: str) -> Origin:
    counted = (SAME.get(table, table), row) in counts_of()
    if counted and table not in TABLES:
        return Origin(REGENERATED, why=COUNTED)
    label = WHOLE_NETWORK.get(table, LABELS.get((table, row), row))
    group = next((group for group in GROUPS_OF[table] if label in GROUPS[group].rows), None)
    if group is None:
        return Origin(REGENERATED, why=COUNTED) if counted else Origin(PRINTED, why=UNWRITTEN[row])
    experiment = GROUPS[group].rows[label]
    why = _waits_for(table, experiment)
    return Origin(WAITS if why else REGENERATED, group, label, experiment, why)


def _waits_for(table: str, experiment: str) -> str:
    if experiment not in TRAININGS:
        return UNTRAINED.get(experiment, "declared, without a training yet")
    here = TABLES[table].here if table in TABLES else None
    measured = {scale.protocol for scale in SCALES.values()} | set(TRAININGS[experiment].protocols)
    return "" if here is None or here in measured else f"has a training, which is not measured on {here} yet"
