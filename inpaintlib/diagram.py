"""A network's data flow as a drawing: its parts below each other, arrows for the maps that pass between them."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from inpaintlib.dataflow import INPUTS, OUTPUT, Flow, Shape
from inpaintlib.plotting import PALETTE, WIDTH

ROW, HEIGHT = 0.46, 0.32
"""Inches from one part to the next, and of a part's box."""
LEFT, RIGHT, LANE = 0.75, 5.75, 0.14
"""Inches: the boxes' sides, and the distance of the lines beside them."""


def draw(flow: Flow, costs: Mapping[str, str]) -> Figure:
    """Parts from top to bottom. A line at the right of the boxes carries a part's maps to later parts that do not come
    next; a dashed one at the left goes back to a part that has begun before.

    costs: what stands at the right of a part's box, such as "1.2 M, 3.4 GMAC".
    """
    names = list(flow.parts)
    tall = ROW * len(names) + 0.3  # below: room for a stamp
    figure, ax = plt.subplots(figsize=(WIDTH, tall), layout="none")
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(tall, 0))
    ax.set_axis_off()
    middle = {name: 0.05 + ROW * (k + 0.5) for k, name in enumerate(names)}
    for name, part in flow.parts.items():
        title = "image [3, H, W]" if name == OUTPUT else name + f", {part.runs} times" * (part.runs > 1)
        _box(ax, middle[name], title, _maps(part.gives), costs.get(name, ""), name in (INPUTS, OUTPUT))
    place = {name: k for k, name in enumerate(names)}
    for a, b in flow.arrows:
        if place[b] == place[a] + 1:
            _point(ax, ((LEFT + RIGHT) / 2, middle[a] + HEIGHT / 2), ((LEFT + RIGHT) / 2, middle[b] - HEIGHT / 2))
    for side in (1, -1):
        _lanes(ax, flow, place, middle, side)
    return figure


def _box(ax: Axes, y: float, name: str, maps: str, cost: str, outside: bool) -> None:
    colour = "0.93" if outside else "#dcebf5"
    corner = (LEFT, y - HEIGHT / 2)
    style = "round,pad=0,rounding_size=0.05"
    ax.add_patch(FancyBboxPatch(corner, RIGHT - LEFT, HEIGHT, boxstyle=style, facecolor=colour, edgecolor="0.4"))
    ax.text(LEFT + 0.08, y, name, fontsize=8.5, fontweight="bold", va="center")
    ax.text(LEFT + 1.55, y, maps, fontsize=7.5, va="center", color="0.15")
    ax.text(RIGHT - 0.08, y, cost, fontsize=7.5, va="center", ha="right", color="0.15")


def _maps(gives: list[Shape]) -> str:
    """Channels x height x width of what leaves a part, largest maps first."""
    shapes = sorted(gives, key=lambda shape: (-shape[1], -shape[0]))
    told = [f"{c} × {h}²" if h == w else f"{c} × {h} × {w}" for c, h, w in shapes]
    return " and ".join(told) if len(told) < 3 else f"{len(told)} maps, {told[0]} … {told[-1]}"


def _lanes(ax: Axes, flow: Flow, place: dict[str, int], middle: dict[str, float], side: int) -> None:
    """The lines at one side: right (1), forward past other parts; left (-1), back. Each source has its own line."""
    reach: dict[str, list[str]] = {}
    for a, b in flow.arrows:
        if (side > 0 and place[b] > place[a] + 1) or (side < 0 and place[b] <= place[a]):
            reach.setdefault(a, []).append(b)
    taken: list[list[tuple[float, float]]] = []
    for a, targets in reach.items():
        ends = [middle[a] + 0.06, *(middle[b] - 0.06 for b in targets)]
        low, high = min(ends), max(ends)
        lane = next((i for i, spans in enumerate(taken) if all(high < s or low > e for s, e in spans)), len(taken))
        taken += [[]] * (lane == len(taken))
        taken[lane] = [*taken[lane], (low, high)]
        edge = RIGHT if side > 0 else LEFT
        x = edge + side * (0.16 + LANE * lane)
        line = {"color": PALETTE[lane % 6], "linewidth": 1.1, "linestyle": "-" if side > 0 else "--"}
        ax.plot((edge, x), (ends[0], ends[0]), **line)
        ax.plot((x, x), (low, high), **line)
        for end in ends[1:]:
            _point(ax, (x, end), (edge, end), line["color"])


def _point(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = "0.3") -> None:
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
    ax.annotate("", end, start, arrowprops=arrow)
