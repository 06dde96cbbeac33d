"""Which questions the study asks, as data: each is a group of trainings that are compared."""

from dataclasses import dataclass, field

from inpaintlib.methods import CLASSICAL
from inpaintlib.models.misf.config import ABLATIONS
from inpaintlib.models.tsgl.config import DEFECTS
from inpaintlib.trainings import COMPARED, MISF_ROW, OURS, ROW


@dataclass(frozen=True)
class Group:
    """A question, and the experiments whose comparison answers it: label -> name. A name without a training here is
    declared, and waits for its network.

    protocols: labels that are measured on another protocol than the one asked for.  reference: the label that the
    others are compared with, and that is trained before them, "" where each is compared with each.  papers: the
    protocols on the papers' own data, in the profile paper.
    """

    question: str
    rows: dict[str, str] = field(hash=False)
    protocols: dict[str, str] = field(default_factory=dict, hash=False)
    reference: str = ""
    papers: tuple[str, ...] = ("psv-256",)


_MISF_DATA = ("places2-30k-256", "celeba-test-256", "dunhuang-256")
CLASSICAL_LABELS = {
    "Telea": "telea",
    "Navier-Stokes": "navier-stokes",
    "Biharmonic": "biharmonic",
    "PatchMatch": "patchmatch",
}
"""How tables call the methods that learn nothing."""

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
        papers=("celeba-256",),
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
        papers=("celeba-256", "places2-256", "places2-512"),
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
        reference="Edge map + Grayscale",
        papers=("ade20k-256",),
    ),
    "tau": Group(
        "How far should attention trust a hole?",
        {str(tau): OURS if tau == 100 else f"tsgl-tau-{tau}" for tau in (0, 50, 100, 150, 200)},
        reference="100",
    ),
    "leak": Group(
        "How much do priors from the ground truth give away?",
        {"no leak": OURS, "leak": "tsgl-leak"},
        {"leak": "bundled-256-leak"},
        reference="no leak",
    ),
    "statistics": Group(
        "Statistics of one image, or of the batch?",
        {"instance": OURS, "batch": "tsgl-batch-statistics"},
        reference="instance",
    ),
    "norm-cost": Group(
        "Local or global normalization at equal cost?",
        {label: ROW[label] for label in ("Global->Global", "Global->Local")},
    ),
    "twice": Group("Guide twice late, or in every layer?", {"late": OURS, "all": "tsgl-twice-all"}, reference="late"),
    "defects": Group(
        "What do the mistakes of the released code cost?",
        {"none": OURS, "none (balance)": "tsgl-balance", **{name: f"tsgl-defect-{name}" for name in DEFECTS}},
        reference="none",
    ),
    "final": Group(
        "How good can each network become here?",
        {"Ours": "tsgl-final", "Ours(LaMa)": "tsgl-lama-final", "LaMa": "lama-final", "MISF": "misf-final"},
        papers=(),
    ),
    "classical": Group("What do methods reach that learn nothing?", {name: name for name in CLASSICAL}, papers=()),
    "misf-ablation": Group(
        "What does each filter bring?", {label: MISF_ROW[label] for label in ABLATIONS}, papers=_MISF_DATA
    ),
    "misf-depth": Group(
        "Where to filter?",
        {
            "Sem-Filter(F1)": MISF_ROW["Sem-Filter(F1)"],
            "Sem-Filter(F2)": MISF_ROW["Sem-Filter(F2)"],
            "Sem-Filter(F3)": MISF_ROW["Sem-Filter"],
        },
        papers=("celeba-test-256",),
    ),
    "comparison": Group(
        "Who fills best, trained alike?",
        {
            **CLASSICAL_LABELS,
            **{label: training.model for label, training in COMPARED.items()},
            "MISF": MISF_ROW["MISF"],
            "Ours(PENNet)": "tsgl-pennet",
            "Ours(HiFill)": "tsgl-hifill",
            "Ours(LaMa)": "tsgl-lama",
            "Ours": "tsgl-balance",
        },
        papers=("celeba-256", "places2-256", "places2-512", *_MISF_DATA),
    ),
}


def home(name: str) -> str:
    """The first group with an experiment of this name."""
    return next(group for group, content in GROUPS.items() if name in content.rows.values())
