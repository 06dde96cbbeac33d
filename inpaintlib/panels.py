"""Figures that several chapters draw alike: curves over layers, rows of maps, dots with intervals, grids of results."""

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from inpaintlib.alternatives import outer_share
from inpaintlib.plotting import PALETTE, WIDTH, show
from inpaintlib.statistics import Interval
from inpaintlib.trainings import FINAL

Style = dict[str, str]
Map = Float[np.ndarray, "h w"]
Picture = UInt8[np.ndarray, "h w 3"]

FAMILIES = {"": "0.35", "Global": PALETTE[0], "Local": PALETTE[2], "Texture": PALETTE[1], "both": PALETTE[4]}
"""Guide -> colour of the variants of Table IV that have it: none, structure, local residual, texture, two of them."""
OURS_COLOUR = PALETTE[3]
"""Of the paper's own network, whatever it is compared with."""
NETWORK, CLASSICAL = PALETTE[0], PALETTE[7]
"""Colours of other networks, and of methods that learn nothing."""
FILTERS: dict[str, Style] = {
    "En-decoder": {"color": FAMILIES[""], "marker": "s", "linestyle": ":"},
    "Img-Filter": {"color": PALETTE[5], "marker": "o", "linestyle": "--"},
    "En-decoder-Filter": {"color": PALETTE[5], "marker": "D", "linestyle": "-"},
    "Sem-Filter": {"color": PALETTE[9], "marker": "^", "linestyle": "-"},
    "Sem-Filter(F1)": {"color": PALETTE[9], "marker": "v", "linestyle": ":"},
    "Sem-Filter(F2)": {"color": PALETTE[9], "marker": "o", "linestyle": "--"},
    "Sem-Filter(F3)": {"color": PALETTE[9], "marker": "^", "linestyle": "-"},
}
"""Ablations of MISF, coloured by what they filter: nothing, the image, features. MISF, which filters both, looks like
any other network."""
LARGEST = 1.4
"""Inches of a picture's side in a grid of results, at most."""
LARGEST_MAP = 1.15
"""Inches of a feature map's side: its 64 pixels need no more."""
_MARKERS = {"global": "o", "local": "^"}


def style_of(label: str) -> Style:
    """Colour, marker and line of a variant of Table IV, the same in every figure: colour by guide, solid lines and
    circles for global normalization, dashed lines and triangles for local; of "Ours", of MISF's ablations, and any
    other network."""
    if label in FILTERS:
        return FILTERS[label]
    if label == FINAL or label.startswith("Ours"):
        return {"color": OURS_COLOUR, "marker": "D", "linestyle": "-" if label in (FINAL, "Ours") else "--"}
    if label == "Baseline":
        return {"color": FAMILIES[""], "marker": "s", "linestyle": ":"}
    guide, _, side = label.partition("->")
    if guide in FAMILIES:
        local = side.lower() == "local"
        return {
            "color": FAMILIES[guide],
            "marker": _MARKERS["local" if local else "global"],
            "linestyle": "--" if local else "-",
        }
    if "->" in label:
        return {"color": FAMILIES["both"], "marker": "P" if "2Local" in label else "X", "linestyle": "-."}
    return {"color": NETWORK, "marker": "o", "linestyle": "-"}


def printed(label: str) -> str:
    """A label as figures print it, with a true arrow."""
    return label.replace("->", "→")


def curves(
    panels: Mapping[str, Mapping[str, Sequence[Interval]]],
    sizes: Sequence[int],
    quantity: str,
    zero: bool = False,
    style: Callable[[str], Style] = style_of,
) -> Figure:
    """A panel for each title, in it a line over the layers for each label, means with 95 % bars.

    sizes: sides in pixels of layers 1 .. 5; a shorter line belongs to the last layers.  quantity: with its unit.
    zero: the axis begins at zero.  One legend stands above.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(WIDTH, 3.3), squeeze=False)
    for ax, (title, lines) in zip(axes[0], panels.items()):
        for i, (label, intervals) in enumerate(lines.items()):
            places = np.arange(len(sizes) - len(intervals), len(sizes)) + 0.07 * (i - (len(lines) - 1) / 2)
            means, reach = _bars(intervals)
            ax.errorbar(
                places, means, yerr=reach, label=printed(label), markersize=4, capsize=2, elinewidth=1, **style(label)
            )
        ax.set(title=title, xlabel="side of the layer (px)")
        ax.set_xticks(range(len(sizes)), sizes)
        ax.grid(axis="y")
        ax.set_axisbelow(True)
        if zero:
            ax.set_ylim(0, None)
    axes[0, 0].set_ylabel(quantity)
    _legend_above(figure, *axes[0, 0].get_legend_handles_labels())
    return figure


def _legend_above(figure: Figure, handles: list, labels: list[str]) -> None:
    """One legend for all panels, in as many columns, up to four, as the figure is wide."""
    for columns in range(min(len(labels), 4), 0, -1):
        legend = figure.legend(
            handles, labels, loc="outside upper center", ncols=columns, frameon=False, handlelength=3
        )
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def dots(
    panels: Mapping[str, Mapping[str, Interval]],
    published: Mapping[str, Mapping[str, float]] | None = None,
    reference: float | None = None,
    style: Callable[[str], Style] = style_of,
) -> Figure:
    """A panel for each title, in it a dot with its 95 % bar for each label, the labels below each other as given.

    published: the print's values, as gray crosses on a scale of their own above the panel, since levels cannot be
    compared.  reference: where a dashed line stands, such as zero for differences.
    """
    labels = list(dict.fromkeys(label for found in panels.values() for label in found))
    figure, axes = plt.subplots(1, len(panels), figsize=(WIDTH, 1.15 + 0.24 * len(labels)), sharey=True, squeeze=False)
    for ax, (title, found) in zip(axes[0], panels.items()):
        for label, interval in found.items():
            mean, reach = _bars([interval])
            look = style(label)
            y = labels.index(label)
            ax.errorbar(mean, y, xerr=reach, fmt=look["marker"], markersize=4.5, elinewidth=1.3, color=look["color"])
        ax.set_xlabel(title, fontsize=8)
        ax.tick_params(axis="x", labelsize=7.5)
        ax.grid(axis="x")
        ax.set_axisbelow(True)
        if reference is not None:
            ax.axvline(reference, color="0.3", linestyle="--", linewidth=1)
        theirs = {k: v for k, v in (published or {}).get(title, {}).items() if k in found and np.isfinite(v)}
        if theirs:
            above = ax.twiny()
            above.plot(list(theirs.values()), [labels.index(k) for k in theirs], "x", color="0.55", markersize=5)
            above.set_xlabel("published", fontsize=8, color="0.4")
            above.tick_params(axis="x", labelsize=7.5, labelcolor="0.4")
            above.margins(x=0.1)
    axes[0, 0].set_yticks(range(len(labels)), [printed(label) for label in labels])
    axes[0, 0].set_ylim(len(labels) - 0.4, -0.6)
    return figure


def map_rows(
    rows: Mapping[str, Sequence[Map | None]],
    columns: Sequence[str],
    unit: str,
    shared: bool = True,
    colours: str = "viridis",
) -> Figure:
    """A line of maps for each row, yellow is more; a map that is None leaves its place empty.

    shared: all maps of a row have one scale, whose ends, the 1 and 99 percentiles, stand at its right, the unit beside
    the middle one; else each map has its own, between its extremes.  Row titles stand at the left, columns above.
    """
    margin = 0.35 + 0.7 * shared
    cell = min((WIDTH - margin) / len(columns), LARGEST_MAP)
    wide = max(cell * len(columns) + margin, 4.0)
    figure, axes = plt.subplots(len(rows), len(columns), figsize=(wide, (cell + 0.05) * len(rows) + 0.6), squeeze=False)
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.015, wspace=0.01, hspace=0.01)
    for i, (title, maps) in enumerate(rows.items()):
        there = [m for m in maps if m is not None]
        low, high = np.percentile(np.concatenate([m.ravel() for m in there]), [1, 99]) if shared else (None, None)
        for j, values in enumerate(maps):
            if values is None:
                axes[i, j].set(xticks=[], yticks=[])
                axes[i, j].set_frame_on(False)
                continue
            image = show(axes[i, j], values, "activation")
            image.set(cmap=colours, clim=(low, high) if shared else (values.min(), values.max()))
        axes[i, 0].set_ylabel(title, fontsize=8)
        if shared:
            _end_bar(figure, image, list(axes[i]), unit if i == len(rows) // 2 else "")
    for ax, title in zip(axes[0], columns):
        ax.set_title(title, fontsize=8)
    return figure


def spectra(
    rows: Mapping[str, Mapping[str, Sequence[Map | None]]], sizes: Sequence[int], wanted: Sequence[str]
) -> Figure:
    """Mean spectrograms, frequency zero in the centre, a line a network; rows: label -> kind -> the layers' spectra.

    wanted: the kinds, a block of columns each, with the sides of `sizes` above.  Every panel lies between its own
    extremes; below it stands the mean beyond half the highest frequency over the mean (`alternatives.outer_share`).
    """
    wide, layers = len(wanted) * len(sizes), len(sizes)
    figure, axes = plt.subplots(len(rows), wide, figsize=(WIDTH, 0.35 + 0.97 * len(rows)), squeeze=False)
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.02, wspace=0.01, hspace=0.01)
    for line, (label, kinds) in zip(axes, rows.items()):
        found = [kinds.get(kind, [None] * layers)[k] for kind in wanted for k in range(layers)]
        for ax, spectrum in zip(line, found):
            ax.set(xticks=[], yticks=[])
            ax.set_frame_on(spectrum is not None)
            if spectrum is not None:
                show(ax, spectrum, "activation")
                flat = outer_share(torch.from_numpy(spectrum.astype(np.float32))[None]).item()
                ax.set_xlabel(f"{flat:.2f}", fontsize=7.5, labelpad=1)
        line[0].set_ylabel(printed(label).replace("→", "→\n"), fontsize=7.5)
    for j, ax in enumerate(axes[0]):
        kind, k = wanted[j // layers], j % layers
        ax.set_title(f"{kind.replace('_', '-') if k == layers // 2 else ''}\n{sizes[k]}", fontsize=8)
    return figure


def results_grid(
    pictures: Mapping[str, Sequence[Picture]],
    rows: Sequence[str],
    boxes: Sequence[tuple[int, int, int, int]],
    notes: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Results side by side: a line for each hole, a column for each method, and below every picture the same part of it
    enlarged, marked by a frame.

    pictures: method -> uint8 [h,w,3] for each line.  boxes: of each line left, top, width, height in pixels, as
    `zoom_box` finds them.  notes: a line below a picture, such as its PSNR.  Up to 8 columns stay legible.
    """
    columns = len(pictures)
    cell = min((WIDTH - 0.2) / columns, LARGEST)
    share = 1 + boxes[0][3] / boxes[0][2]
    tall = (cell * share + (0.17 if notes else 0.03)) * len(rows) + 0.45
    wide = max(cell * columns + 0.2, 4.0)
    figure, axes = plt.subplots(len(rows), columns, figsize=(wide, tall), squeeze=False)
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.015, wspace=0.01, hspace=0.01)
    for j, (method, line) in enumerate(pictures.items()):
        axes[0, j].set_title(printed(method), fontsize=8 if columns < 7 else 7)
        for i, (picture, box) in enumerate(zip(line, boxes)):
            ax = axes[i, j]
            show(ax, _with_zoom(picture, box))
            ax.add_patch(Rectangle(box[:2], box[2], box[3], fill=False, edgecolor="white", linewidth=1.6))
            ax.add_patch(Rectangle(box[:2], box[2], box[3], fill=False, edgecolor="#b30000", linewidth=0.8))
            if notes and method in notes:
                ax.set_xlabel(notes[method][i], fontsize=7, labelpad=1)
    for ax, title in zip(axes[:, 0], rows):
        ax.set_ylabel(title, fontsize=8)
    return figure


def zoom_box(hole: Bool[np.ndarray, "h w"], share: float = 0.4) -> tuple[int, int, int, int]:
    """Left, top, width and height of the part, half as high as wide and `share` of the picture wide, with the most
    hole in it: where methods differ."""
    width = round(share * hole.shape[1])
    height = width // 2
    sums = np.pad(hole.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    top, left = np.unravel_index(inside.argmax(), inside.shape)
    return int(left), int(top), width, height


def _with_zoom(picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    left, top, width, height = box
    side = picture.shape[1]
    part = Image.fromarray(picture[top : top + height, left : left + width])
    enlarged = np.asarray(part.resize((side, round(side * height / width)), Image.Resampling.BICUBIC))
    return np.concatenate([picture, np.full((3, side, 3), 255, np.uint8), enlarged])


def _bars(intervals: Sequence[Interval]) -> tuple[np.ndarray, np.ndarray]:
    means = np.array([i.mean for i in intervals])
    reach = np.array([[i.mean - i.low, i.high - i.mean] for i in intervals]).T
    return means, np.maximum(reach, 0)


def _end_bar(figure: Figure, image: object, axes: Sequence[Axes], unit: str) -> None:
    bar = figure.colorbar(image, ax=axes, location="right", pad=0.01, aspect=12, shrink=0.92)
    bar.set_ticks(image.get_clim(), labels=[f"{end:.2g}" for end in image.get_clim()])
    bar.ax.tick_params(labelsize=6.5, length=2, pad=1)
    bar.outline.set_linewidth(0.4)
    if unit:
        bar.set_label(unit, fontsize=7, labelpad=1)
