"""What the page "Look for yourself" shows of the maps inside networks: coloured sheets, and what their colours mean.

A picture holds a line of tiles for every variant and a column for every layer, of one kind of map and one photograph:
once with a scale that all variants of a layer share, once with a scale of its own for every tile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import webp
from jaxtyping import Float, UInt8

from inpaintlib import experiments, gallery, plotting, results, sheets
from inpaintlib.experiments import SCALES
from inpaintlib.measurements import highest
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.questions import GROUPS

LEVELS = 64
"""Steps of a scale: more would not be told apart, and would double the files."""
ENDS = (0.5, 99.5)
"""Percentiles at which a scale ends, so that one extreme pixel does not darken a map."""
CELLS = 48
"""Pixels of a spectrum's side on its sheet: a multiple of the sides that are stored."""
SPECTRUM = "mean of ln(1 + |F|)"

Layers = list[Float[np.ndarray, "side side"] | None]


@dataclass(frozen=True)
class Kind:
    """A kind of map: its title, one sentence on it, the question whose networks are shown, and where it is stored.

    stored: its name in `sheets.KINDS`, or, spectrum, in spectra.npz.
    """

    title: str
    says: str
    stored: str
    group: str = "table-iv"
    spectrum: bool = False

    @property
    def unit(self) -> str:
        """What the numbers of a scale count."""
        return SPECTRUM if self.spectrum else sheets.KINDS[self.stored][0]


def _spectrum(title: str, stored: str) -> Kind:
    says = "Frequency zero is in the middle, the highest at the border; a mean over channels and photographs."
    return Kind(title, says, stored, spectrum=True)


KINDS = {
    "texture": Kind(
        "Texture", "The texture map that a layer reconstructs, absolute values, mean of channels.", "texture"
    ),
    "high-pass": Kind(
        "Texture, high-pass", "What changes quickly over the texture map: its global structure.", "high_pass"
    ),
    "residual": Kind(
        "Local residual", "What the texture map of a layer has lost against the layer before.", "residual"
    ),
    "structure": Kind("Structure", "The structure map, where a variant has a structure encoder.", "structure"),
    "entropy": Kind(
        "Channel entropy",
        "How evenly the channels of the texture map speak at a position; low: few of them do.",
        "entropy",
    ),
    "branch-structure": Kind(
        "Entropy of the structure's branch", "The same of the branch that the structure guides.", "branch_structure"
    ),
    "branch-residual": Kind(
        "Entropy of the residual's branch", "The same of the branch that the local residual guides.", "branch_residual"
    ),
    "branch-texture": Kind(
        "Entropy of the texture's branch", "The same of the branch that the texture guides itself.", "branch_texture"
    ),
    "decoder-input": Kind(
        "Entropy of the decoder's input",
        "Of the maps that a decoder is given, for every decoder.",
        "decoder_input",
        "decoders",
    ),
    "spectrum-texture": _spectrum("Spectrum of the texture", "texture"),
    "spectrum-high-pass": _spectrum("Spectrum of the high-pass part", "high_pass"),
    "spectrum-residual": _spectrum("Spectrum of the local residual", "residual"),
    "spectrum-structure": _spectrum("Spectrum of the structure", "structure"),
}


def explored(profile: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the browser of maps is told, empty where the profile has none, and its pictures by file name."""
    kinds, pictures = [], {}
    for id, kind in KINDS.items():
        told = _of_kind(id, kind, highest(kind.group, profile), pictures) if profile != "smoke" else None
        kinds += [told] if told else []
    if not kinds:
        return {}, {}
    looked = PROTOCOLS[SCALES[profile].diagnostics]
    shown = sheets.shown_rows(looked)
    pictures["photographs.webp"] = webp.photograph(gallery.given(looked, shown)[0])
    names = [str(looked.rows().group[row]).replace("_", " ") for row in shown]
    return {"layers": sheets.LAYERS, "kinds": kinds, "photographs": names, "given": "photographs.webp"}, pictures


def _of_kind(id: str, kind: Kind, profile: str, pictures: dict[str, bytes]) -> dict[str, Any] | None:
    """What is told of a kind, its pictures put to the others; None where no network of the profile has it."""
    found = dict(_stored(kind, profile))
    if not found:
        return None
    runs = [results.read_run(experiment, profile) for experiment, _ in found.values()]
    told = []
    for photograph, variants in enumerate(zip(*(layers for _, layers in found.values()))):
        ends = [scale([maps[k] for maps in variants if maps[k] is not None]) for k in range(sheets.LAYERS)]
        own = [[None if x is None else scale([x]) for x in maps] for maps in variants]
        files = {how: f"{id}-{photograph}-{how}.webp" for how in ("shared", "own")}
        pictures[files["shared"]] = webp.lossless(sheet(variants, [ends] * len(variants)))
        pictures[files["own"]] = webp.lossless(sheet(variants, own))
        told.append({"pictures": files, "ends": [_words(e) for e in ends], "values": _values(variants, own)})
    looked = PROTOCOLS[SCALES[profile].diagnostics]
    samples = f"{len(set(looked.rows().group)) if kind.spectrum else len(told)} photographs"
    return {
        "id": id,
        "title": kind.title,
        "says": kind.says,
        "unit": kind.unit,
        "group": "Spectra" if kind.spectrum else "Maps",
        "variants": [label.replace("->", " → ") for label in found],
        "sheets": told,
        "stamp": str(plotting.Stamp.of(samples, *runs)),
    }


def _stored(kind: Kind, profile: str) -> Iterator[tuple[str, tuple[str, list[Layers]]]]:
    """Label -> experiment and maps of every photograph, of first seeds that have the kind of today's photographs."""
    checksum = PROTOCOLS[SCALES[profile].diagnostics].rows().checksum
    for label, training in GROUPS[kind.group].rows.items():
        for experiment in experiments.seeds_of(profile, training):
            file = "spectra" if kind.spectrum else "sheet"
            if experiment.seed or not results.has(experiment.id, profile, file):
                continue
            run = results.read_run(experiment.id, profile)
            maps = _spectra(experiment.id, profile, kind) if kind.spectrum else _maps(experiment.id, profile, kind)
            if maps and run["diagnostics_protocol"]["checksum"] == checksum:
                yield label, (experiment.id, maps)


def _maps(experiment: str, profile: str, kind: Kind) -> list[Layers]:
    picture, ends = sheets.read(experiment, profile)
    count = len(ends[kind.stored]) if kind.stored in ends else 0
    return [_filled_up(list(sheets.maps(picture, ends, kind.stored, photograph))) for photograph in range(count)]


def _spectra(experiment: str, profile: str, kind: Kind) -> list[Layers]:
    arrays = results.read_arrays(experiment, profile, "spectra")
    found = [arrays.get(f"{kind.stored}_{layer}") for layer in range(1, sheets.LAYERS + 1)]
    layers = [x if x is None else np.kron(x, np.ones((CELLS // len(x),) * 2, np.float32)) for x in found]
    return [layers] if any(x is not None for x in layers) else []


def _filled_up(layers: Layers) -> Layers:
    return layers + [None] * (sheets.LAYERS - len(layers))


def scale(maps: list[Float[np.ndarray, "side side"]]) -> tuple[float, float] | None:
    """Where the colours of these maps begin and end; None without maps."""
    return tuple(float(end) for end in np.percentile(np.stack(maps), ENDS)) if maps else None


def coloured(x: Float[np.ndarray, "side side"], ends: tuple[float, float]) -> UInt8[np.ndarray, "side side 3"]:
    """A map in the house's colours of activations, in LEVELS steps from the one end to the other."""
    low, high = ends
    share = np.clip((x - low) / (high - low), 0, 1) if high > low else np.zeros_like(x)
    return colours()[np.round(share * (LEVELS - 1)).astype(int)]


def colours() -> UInt8[np.ndarray, "levels 3"]:
    """The colours of a scale, from its low end to its high end."""
    colour_map = matplotlib.colormaps[plotting.MAPS["activation"]]
    return (colour_map(np.linspace(0, 1, LEVELS))[:, :3] * 255).round().astype(np.uint8)


def sheet(variants: list[Layers], ends: list[list[tuple[float, float] | None]]) -> UInt8[np.ndarray, "height width 3"]:
    """A line of coloured tiles for every variant, white where it has no such layer."""
    side = next(len(x) for maps in variants for x in maps if x is not None)
    white = np.full((side, side, 3), 255, np.uint8)
    lines = (
        np.concatenate([white if x is None else coloured(x, e) for x, e in zip(maps, each)], axis=1)
        for maps, each in zip(variants, ends)
    )
    return np.concatenate(list(lines))


def _values(variants: list[Layers], own: list[list[tuple[float, float] | None]]) -> list[list[list[str] | None]]:
    """Of every tile the ends of its own scale and its mean, None where there is none."""
    return [
        [None if x is None else [*_words(ends), f"{x.mean():.3g}"] for x, ends in zip(maps, each)]
        for maps, each in zip(variants, own)
    ]


def _words(ends: tuple[float, float] | None) -> list[str] | None:
    return ends and [f"{end:.3g}" for end in ends]
