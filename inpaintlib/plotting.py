"""The house style of every figure: fonts, colours, photo grids, feature maps, stamps, and files of a bounded size.

Figures are drawn on white, 7 inches (700 px) wide, so that text of 8 points and more stays legible in the book. A
notebook calls `style()` once; `save` writes the file, closes the figure, and returns what the page shows.
"""

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from jaxtyping import Float, UInt8
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image
from scour import scour

from inpaintlib import paths
from inpaintlib.errors import InputError
from inpaintlib.files import atomic_path

WIDTH = 7.0
"""Inches: the width of the book's column, at 100 px an inch."""
LIMIT = 150_000
"""Bytes of one saved figure, at most."""
PALETTE = tuple(sns.color_palette("colorblind").as_hex())
"""Seaborn's palette that stays distinguishable with any common colour blindness."""
MAPS = {"photo": None, "gray": "gray", "activation": "viridis", "signed": "coolwarm"}
"""Kind of picture -> colour map. "gray" is for masks and priors in [0, 1]; "signed" is pale at zero."""

_DPI = 100
_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "figure.dpi": _DPI,
    "figure.figsize": (WIDTH, 4.0),
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    "image.interpolation": "nearest",
    "grid.color": "0.88",
    "grid.linewidth": 0.6,
    "axes.edgecolor": "0.3",
    "axes.linewidth": 0.8,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "lines.linewidth": 1.6,
}
_STAMP_INCHES = 0.2
_SCOUR = ("--enable-id-stripping", "--shorten-ids", "--remove-metadata", "--indent=none")
_QUALITIES = (75, 60, 50, 40)


@dataclass(frozen=True)
class Stamp:
    """What a figure rests on, drawn small below it. samples: how many of what, as "48 images"; commit: of the code
    that made the numbers, "-dirty" when that tree held changes."""

    profile: str
    samples: str
    seeds: tuple[int, ...]
    commit: str

    @classmethod
    def of(cls, samples: str, *runs: dict[str, Any]) -> "Stamp":
        """The stamp of a figure made from these run.json, all of one profile. Raises InputError on none, or two
        profiles."""
        profiles = sorted({run["profile"] for run in runs})
        if len(profiles) != 1:
            raise InputError(f"A figure rests on runs of one profile, not on {profiles}; draw one figure a profile.")
        commits = list(dict.fromkeys(run["commit"][:7] + "-dirty" * run["dirty"] for run in runs))
        commit = commits[0] if len(commits) == 1 else f"{commits[0]} and {len(commits) - 1} more"
        return cls(profiles[0], samples, tuple(sorted({run["seed"] for run in runs})), commit)

    def __str__(self) -> str:
        seeds = f"seed{'s' if len(self.seeds) > 1 else ''} {', '.join(map(str, self.seeds))}"
        return f"profile {self.profile} | {self.samples} | {seeds} | commit {self.commit}"


@dataclass(frozen=True)
class Picture:
    """A saved figure as a notebook shows it: `kind` is its MIME type, `content` SVG text or image bytes."""

    kind: str
    content: str | bytes
    width: int
    path: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        return {self.kind: self.content, "text/plain": self.path}, {self.kind: {"width": self.width}}


def style() -> None:
    """Set the house style for all figures of this process: white ground, DejaVu Sans, constrained layout."""
    sns.set_theme(context="notebook", style="ticks", palette=PALETTE, rc=_SETTINGS)


def save(figure: Figure, item: str, stamp: Stamp, *, photographs: bool = False, limit: int = LIMIT) -> Picture:
    """Stamp a figure, write it as the item `item` ("tsgl/fig-05"), close it, and return it for display.

    Drawings become SVG with text as outlines, rewritten in fewer bytes. `photographs=True`, for photographs and many
    feature maps, gives WebP at double size, with the quality lowered until it fits. The same figure gives the same
    bytes. In the smoke profile it is marked as no result. Raises InputError when the file would exceed LIMIT.
    """
    _sign(figure, stamp)
    if photographs:
        picture = _drawn(figure)
        content, suffix = _webp(picture, item, limit), "webp"
        shown, kind = _jpeg(picture), "image/jpeg"
    else:
        content, suffix = _svg(figure, item, limit), "svg"
        shown, kind = content.decode(), "image/svg+xml"
    path = paths.figures(stamp.profile) / f"{item}.{suffix}"
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    plt.close(figure)
    return Picture(kind, shown, round(figure.get_figwidth() * _DPI), path.relative_to(paths.home()).as_posix())


def image_grid(
    images: Sequence[Sequence[np.ndarray]],
    columns: Sequence[str],
    rows: Sequence[str] = (),
    notes: Sequence[Sequence[str]] = (),
    kind: str = "photo",
) -> Figure:
    """A grid of pictures of one size. images[row][column]: uint8 [H,W,3], or [H,W] in [0,1] with kind "gray".

    columns: a title each.  rows: a label each, at the left.  notes: lines under each picture, "" for none.
    """
    height, width = images[0][0].shape[:2]
    lines = max((note.count("\n") + 1 for row in notes for note in row if note), default=0)
    cell = (WIDTH - 0.2 * bool(rows)) / len(columns)
    tall = (cell * height / width + 0.14 * lines + 0.04) * len(images) + 0.2 + _STAMP_INCHES
    figure, axes = plt.subplots(len(images), len(columns), figsize=(WIDTH, tall), squeeze=False)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
    for i, line in enumerate(images):
        for j, picture in enumerate(line):
            show(axes[i, j], picture, kind if picture.ndim == 2 else "photo")
            if i == 0:
                axes[i, j].set_title(columns[j])
            if notes:
                axes[i, j].set_xlabel(notes[i][j], fontsize=8, labelpad=2, linespacing=1.15)
        if rows:
            axes[i, 0].set_ylabel(rows[i], fontsize=8)
    return figure


def show(axes: Axes, picture: UInt8[np.ndarray, "h w 3"] | Float[np.ndarray, "h w"], kind: str = "photo") -> AxesImage:
    """One picture without ticks: a photograph, or a map in the colours of its kind (MAPS), "gray" from 0 to 1."""
    limits = {"vmin": 0, "vmax": 1} if kind == "gray" else {}
    image = axes.imshow(picture, cmap=MAPS[kind], **limits)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=0.5, color="0.6")
    return image


def heat(
    axes: Axes,
    values: Float[np.ndarray, "h w"],
    *,
    signed: bool = False,
    limit: float | None = None,
    label: str = "",
    bar: bool = True,
) -> AxesImage:
    """A feature map: viridis from 0 upwards, or, signed, blue to red around a pale zero. bar: with a colour bar.

    limit: the value at the end of the scale, by default the 99.5 percentile of the absolute values, so that one
    extreme pixel does not darken a map; what lies beyond has the end's colour.  label: quantity and unit at the bar.
    """
    if limit is None:
        limit = float(np.percentile(np.abs(values), 99.5)) or 1.0
    image = show(axes, values, "signed" if signed else "activation")
    image.set_clim(-limit if signed else 0.0, limit)
    if bar:
        colour_bar(image, axes, label)
    return image


def colour_bar(image: AxesImage, axes: Axes | Sequence[Axes], label: str = "") -> None:
    """A colour bar below the axes (several when they share a scale), marked at both ends and, when signed, at zero.

    Arrows at its ends say that some values lie beyond. label: quantity and unit.
    """
    values, (low, high) = image.get_array(), image.get_clim()
    beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    extend = beyond[bool(values.min() < low), bool(values.max() > high)]
    bar = image.figure.colorbar(image, ax=axes, location="bottom", pad=0.03, aspect=18, shrink=0.92, extend=extend)
    bar.set_ticks([low, 0, high] if low < 0 else [low, high])
    bar.ax.set_xticklabels([f"{tick:.2g}" for tick in bar.get_ticks()])
    bar.ax.tick_params(labelsize=7, length=2, pad=1)
    bar.outline.set_linewidth(0.4)
    if label:
        bar.set_label(label, fontsize=7.5, labelpad=1)


def _sign(figure: Figure, stamp: Stamp) -> None:
    inches = figure.get_figheight()
    if any(ax.get_subplotspec() for ax in figure.axes):  # a drawing whose parts have fixed places leaves room itself
        if figure.get_layout_engine() is None:
            figure.set_layout_engine("constrained")
        share = _STAMP_INCHES / inches
        figure.get_layout_engine().set(rect=(0, share, 1, 1 - share))
    figure.text(0.995, 0.05 / inches, str(stamp), ha="right", va="bottom", fontsize=6.5, color="0.4")
    if stamp.profile == "smoke":
        figure.text(
            0.5,
            0.5,
            "smoke: not a result",
            ha="center",
            va="center",
            fontsize=30,
            color="#8a1c1c",
            alpha=0.6,
            rotation=min(20.0, 4 * inches),
            zorder=1000,
        )


def _svg(figure: Figure, item: str, limit: int) -> bytes:
    buffer = io.BytesIO()
    with rc_context({"svg.fonttype": "path", "svg.hashsalt": item}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    mark = f"i{zlib.crc32(item.encode()):x}"[:4]  # so that two drawings in one page share no name
    options = scour.parse_args([*_SCOUR, f"--shorten-ids-prefix={mark}"])
    small = scour.scourString(buffer.getvalue().decode(), options).encode()
    return _fitting(small, item, limit, "save it with photographs=True, or show less")


def _webp(picture: Image.Image, item: str, limit: int) -> bytes:
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, format="webp", quality=quality, method=6)
        if buffer.tell() <= limit:
            break
    return _fitting(buffer.getvalue(), item, limit, f"even at WebP quality {quality}; show fewer or smaller pictures")


def _fitting(content: bytes, item: str, limit: int, advice: str) -> bytes:
    if len(content) > limit:
        raise InputError(f"{item} takes {len(content) // 1000} KB, more than {limit // 1000}: {advice}.")
    return content


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="jpeg", quality=92, subsampling=0)
    return buffer.getvalue()


def _drawn(figure: Figure) -> Image.Image:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=2 * _DPI)
    return Image.open(buffer).convert("RGB")
