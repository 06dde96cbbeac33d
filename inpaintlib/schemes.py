"""Drawings of how a network is put together: boxes, real maps as small pictures, and arrows between them."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from inpaintlib.plotting import WIDTH, heat, show


@dataclass(frozen=True)
class Place:
    """Where something stands: its centre, width and height, in inches from the lower left corner."""

    x: float
    y: float
    width: float
    height: float

    def side(self, dx: float, dy: float) -> tuple[float, float]:
        """The point of its border in this direction from its centre."""
        reach = max(abs(dx) / (self.width / 2), abs(dy) / (self.height / 2)) or 1.0
        return self.x + dx / reach, self.y + dy / reach


class Scheme:
    """A drawing 7 inches wide. Everything returns its Place, from which arrows start and where they end."""

    def __init__(self, height: float):
        self.figure: Figure = plt.figure(figsize=(WIDTH, height), layout="none")
        self.canvas: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.canvas.set(xlim=(0, WIDTH), ylim=(0, height))
        self.canvas.set_axis_off()
        self._height = height

    def box(self, x: float, y: float, words: str, width: float = 1.0, height: float = 0.4, colour: str = "#dcebf5"):
        """Words in a rounded box around a point."""
        corner = (x - width / 2, y - height / 2)
        style = "round,pad=0,rounding_size=0.06"
        self.canvas.add_patch(
            FancyBboxPatch(corner, width, height, boxstyle=style, facecolor=colour, edgecolor="0.4", linewidth=0.8)
        )
        self.canvas.text(x, y, words, ha="center", va="center", fontsize=8, linespacing=1.2)
        return Place(x, y, width, height)

    def picture(
        self, x: float, y: float, values: np.ndarray, title: str = "", side: float = 0.62, signed: bool = False
    ) -> Place:
        """A small square picture around a point, its title above: uint8 [h,w,3], or a map [h,w], yellow is more;
        signed: red is positive, blue negative."""
        ax = self.figure.add_axes(
            ((x - side / 2) / WIDTH, (y - side / 2) / self._height, side / WIDTH, side / self._height)
        )
        if values.ndim == 3:
            show(ax, values)
        else:
            heat(ax, values, signed=signed, bar=False)
        if title:
            ax.set_title(title, fontsize=7.5, pad=2)
        return Place(x, y, side, side)

    def words(self, x: float, y: float, text: str, size: float = 8, **look: str) -> None:
        """Text around a point."""
        self.canvas.text(x, y, text, ha=look.pop("ha", "center"), va="center", fontsize=size, **look)

    def arrow(self, start: Place, end: Place, words: str = "", bend: float = 0.0, colour: str = "0.25") -> None:
        """From the border of one to the border of the other; bend: of its arc, as a share of its length."""
        dx, dy = end.x - start.x, end.y - start.y
        here, there = start.side(dx, dy), end.side(-dx, -dy)
        self.canvas.add_patch(
            FancyArrowPatch(
                here,
                there,
                arrowstyle="-|>",
                mutation_scale=8,
                linewidth=1.0,
                color=colour,
                shrinkA=1,
                shrinkB=1,
                connectionstyle=f"arc3,rad={bend}",
            )
        )
        if words:
            middle = ((here[0] + there[0]) / 2, (here[1] + there[1]) / 2 + 0.08)
            self.canvas.text(*middle, words, ha="center", va="bottom", fontsize=7, color=colour)
