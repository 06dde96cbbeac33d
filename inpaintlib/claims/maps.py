"""Statistics of feature maps: what a layer loses (KL), how much of it is structure, its entropy, attention on the hole.

A loss is KL(p || q) in nats: p the channel distribution of layer k of a row, q that of layer k - 1 of the baseline
(TSGL Sec. III-B1). Layers are 0, the head at full size, to 5; a local residual exists from layer 1 on.
"""

import numpy as np
import torch

from inpaintlib.claims.claim import Finding
from inpaintlib.claims.differences import Names, Pairs, holes, slope, slopes, taken
from inpaintlib.claims.statistic import KINDS, Measured, Statistic
from inpaintlib.errors import InputError
from inpaintlib.statistics import Comparison, compare

BASELINE = "Baseline"
LAST = 5
EARLY = (2, 3)
"""Layers that the paper calls early, of those whose local residual has one before it; 4 and 5 are the late ones."""
TITLES: dict[str, str] = {
    "texture": "texture maps",
    "high_pass": "high-pass maps",
    "residual": "local residuals",
    "entropy_reconstructed": "entropy of the reconstructed maps",
    "entropy_branch_structure": "entropy of the structure branch",
    "entropy_branch_residual": "entropy of the residual branch",
    "entropy_decoder_input": "entropy of what the decoder reads",
    "hole_attention": "attention on hole tokens",
}
"""Kinds of maps and dumps as they are called in print."""
SIMILARITIES = ("similarity_filtered", "similarity_prefiltered")
"""Values of every row, besides the metrics: how like the true image's features those of the masked one are."""


def _unit(dump: str) -> str:
    return "bits" if dump.startswith("entropy") else ""


def losses(m: Measured, label: str, baseline: str, kind: str, seeds: list[int]) -> np.ndarray:
    """What every layer of a row loses against the baseline's layer before it, [S, P, layers]."""
    one, before = (torch.from_numpy(m.pooled(name, kind, seeds)) for name in (label, baseline))
    return m.divergence(one, before).numpy()


def kl_difference(m: Measured, pairs: Pairs, kind: str, baseline: str = BASELINE) -> list[Finding]:
    """Loss of the first row minus loss of the second, for the mean over layers and for each; the first loses less."""
    findings = []
    for less, more in pairs:
        seeds = m.seeds(less, more, baseline)
        one, other = (losses(m, label, baseline, kind, seeds) for label in (less, more))
        findings += _by_layer(m, one, other, -1, f"KL of {TITLES[kind]}, {less} minus {more}", KINDS[kind] + 1, "nats")
    return findings


def kl_level(m: Measured, pairs: Pairs, kind: str, margin: float, baseline: str = BASELINE) -> list[Finding]:
    """By what share of the second row's mean loss the first row's mean loss is higher; predicted zero."""
    findings = []
    for one_label, other_label in pairs:
        seeds = m.seeds(one_label, other_label, baseline)
        one, other = (losses(m, label, baseline, kind, seeds).mean(axis=-1) for label in (one_label, other_label))
        c = compare(one / other.mean(), other / other.mean(), m.looked)
        label = f"KL of {TITLES[kind]}, {one_label} over {other_label}, relative difference"
        findings.append(Finding(label, c.difference, 0, c.p, bound=margin, spec="+.3f"))
    return findings


def kl_crossing(m: Measured, label: str, baseline: str = BASELINE) -> list[Finding]:
    """Loss of high-pass maps minus loss of local residuals, layer by layer: below zero early, above zero late."""
    seeds = m.seeds(label, baseline)
    structure = losses(m, label, baseline, "high_pass", seeds)[:, :, 1:]
    residual = losses(m, label, baseline, "residual", seeds)
    findings = []
    for i, layer in enumerate(range(2, 2 + residual.shape[-1])):
        c = compare(structure[..., i], residual[..., i], m.looked)
        sign = -1 if layer in EARLY else 1
        text = f"KL of high-pass minus KL of residual, layer {layer}"
        findings.append(_finding(text, c, sign, layer=layer, unit="nats"))
    return findings


def structure_share(m: Measured, pairs: Pairs, kind: str, layers: tuple[int, ...]) -> list[Finding]:
    """How much of a layer's activation is left by the high-pass filter (or in the residual), as a share of the texture
    map's: first row minus second, for the mean over these layers and for each. The first row keeps more."""
    findings = []
    for more, less in pairs:
        seeds = m.seeds(more, less)
        one, other = (_structure(m, label, kind, layers, seeds) for label in (more, less))
        findings += _by_layer(
            m, one, other, 1, f"activation of {TITLES[kind]} over that of texture maps, {more} minus {less}", layers
        )
    return findings


def _check_layers(kind: str, layers: tuple[int, ...], **_: object) -> tuple[str, ...]:
    wrong = [k for k in layers if not KINDS.get(kind, 0) <= k <= LAST]
    if wrong or not layers:
        raise InputError(f"maps of {kind!r} have no layers {wrong or layers}; name some up to {LAST}")
    return ()


def _structure(m: Measured, label: str, kind: str, layers: tuple[int, ...], seeds: list[int]) -> np.ndarray:
    part, whole = (m.pooled(label, name, seeds).sum(axis=-1) for name in (kind, "texture"))
    return np.stack([part[..., k - KINDS[kind]] / whole[..., k] for k in layers], axis=-1)


def dump_trend(m: Measured, label: str, dumps: Names, sign: int) -> list[Finding]:
    """Change per layer of a row's dump: the slope of a line through each photograph's layers."""
    findings = []
    for name in dumps:
        slopes = slope(m.dump(label, name, m.seeds(label)))
        c = compare(slopes, np.zeros_like(slopes), m.looked)
        findings.append(_finding(f"{TITLES[name]}, {label}, change per layer", c, sign, unit=_unit(name)))
    return findings


def dump_trend_difference(m: Measured, pairs: Pairs, dumps: Names) -> list[Finding]:
    """That change of the first row minus that of the second; the first row's falls less, or rises more."""
    return _dump_pairs(m, pairs, dumps, slope, 1, "change per layer")


def dump_difference(m: Measured, pairs: Pairs, dumps: Names, sign: int = 1) -> list[Finding]:
    """Mean over layers (or blocks) of a dump, first row minus second; `sign` is predicted."""
    return _dump_pairs(m, pairs, dumps, lambda values: values.mean(axis=-1), sign, "mean")


def dump_fluctuation(m: Measured, pairs: Pairs, dumps: Names) -> list[Finding]:
    """Standard deviation over the layers of a dump, first row minus second; the first row fluctuates less."""
    return _dump_pairs(m, pairs, dumps, lambda values: values.std(axis=-1), -1, "standard deviation over layers")


def dump_level(m: Measured, label: str, dumps: Names, margin: float) -> list[Finding]:
    """Mean over layers (or blocks) of a row's dump; predicted zero, within a margin in the dump's own unit."""
    findings = []
    for name in dumps:
        means = m.dump(label, name, m.seeds(label)).mean(axis=-1)
        c = compare(means, np.zeros_like(means), m.looked)
        findings.append(_finding(f"{TITLES[name]}, {label}", c, 0, bound=margin, unit=_unit(name)))
    return findings


def filtered_similarity(m: Measured, label: str, columns: Names) -> list[Finding]:
    """Similarity to the true image's features after filtering minus before, in columns of hole area."""
    findings = []
    for column in columns:
        (after, before), groups = zip(*(taken(m, (label,), name, column) for name in SIMILARITIES))
        c = compare(after[0], before[0], groups[0])
        findings.append(_finding(f"similarity, filtered minus not, {holes(column)}", c, 1))
    return findings


def growth_of_similarity(m: Measured, label: str, columns: Names) -> list[Finding]:
    """How much that gain grows from one column of hole area to the next."""
    after, before = (slopes(m, label, name, columns, m.seeds(label)) for name in SIMILARITIES)
    c = compare(after, before, np.arange(after.shape[1]))
    return [_finding(f"similarity, filtered minus not, change per column from {columns[0]} to {columns[-1]}", c, 1)]


def _dump_pairs(m: Measured, pairs: Pairs, dumps: Names, reduce, sign: int, what: str) -> list[Finding]:
    findings = []
    for name in dumps:
        for first, second in pairs:
            seeds = m.seeds(first, second)
            one, other = (reduce(m.dump(label, name, seeds)) for label in (first, second))
            findings.append(
                _finding(
                    f"{TITLES[name]}, {what}, {first} minus {second}",
                    compare(one, other, m.looked),
                    sign,
                    unit=_unit(name),
                )
            )
    return findings


def _by_layer(
    m: Measured, one: np.ndarray, other: np.ndarray, sign: int, label: str, layers, unit: str = ""
) -> list[Finding]:
    """The mean over layers, and each layer. layers: their numbers, or the first of them."""
    numbers = range(layers, layers + one.shape[-1]) if isinstance(layers, int) else layers
    whole = _finding(
        f"{label}, mean over layers", compare(one.mean(axis=-1), other.mean(axis=-1), m.looked), sign, unit=unit
    )
    each = [compare(one[..., i], other[..., i], m.looked) for i in range(one.shape[-1])]
    return [whole, *(_finding(f"{label}, layer {k}", c, sign, layer=k, unit=unit) for k, c in zip(numbers, each))]


def _finding(label: str, c: Comparison, sign: int, **more) -> Finding:
    return Finding(label, c.difference, sign, c.p, **{"spec": "+.3g", **more})


STATISTICS = (
    Statistic("KL difference", "what the layers of two rows lose against the baseline's layer before", kl_difference),
    Statistic("KL level", "relative difference of what two rows lose", kl_level),
    Statistic("KL crossing", "loss of high-pass maps against loss of local residuals, layer by layer", kl_crossing),
    Statistic("structure share", "share of structure in the layers of two rows", structure_share, check=_check_layers),
    Statistic("trend over layers", "change from layer to layer", dump_trend),
    Statistic("difference of trends", "difference of two rows' change from layer to layer", dump_trend_difference),
    Statistic("difference of means", "difference of two rows' mean over layers", dump_difference),
    Statistic("fluctuation over layers", "difference of two rows' spread over layers", dump_fluctuation),
    Statistic("level", "mean over layers of one row", dump_level),
    Statistic(
        "filtered similarity", "similarity to the true features, after filtering minus before", filtered_similarity
    ),
    Statistic("growth of similarity", "change of that gain with the hole", growth_of_similarity),
)
