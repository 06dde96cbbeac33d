"""What the papers printed: every number of their tables, what is odd about some of them, and a list of all their items.

One CSV file a table, named by its id, as "tsgl-table-4"; `notes.csv` and `items.csv` for all of them. The numbers are
the papers' own, slips included; a note says where one does not fit another, or the text, or the released code.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inpaintlib.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Item:
    """A figure or table of a paper."""

    id: str  # "tsgl-fig-12"
    paper: str  # "tsgl" or "misf"
    number: str  # As printed: "Fig. 12", "Table IV".
    title: str  # Ours.
    needs: str  # The trainings or data behind it.
    kind: str  # "diagram", "maps", "curves", "results" or "table"


@dataclass(frozen=True)
class Note:
    """A remark on the cells of a table whose row, part, metric and bin are these; "" stands for all of them."""

    row: str
    part: str
    metric: str
    bin: str
    note: str


def items() -> list[Item]:
    """All figures and tables of both papers, TSGL's first, figures before tables, in the order of their numbers."""
    return [Item(**line) for line in _lines("items")]


def ids() -> list[str]:
    """The items whose numbers are here: all tables."""
    return [item.id for item in items() if item.kind == "table"]


def table(id: str) -> "DataFrame":
    """A paper's numbers in long format, one a row, in the order of print.

    Columns, all text but the last two:

    - table: the id.
    - row: the method's name in one spelling, without citation; for TSGL Table IV a key of `il.TABLE_IV`; for MISF
      Table 1 the layer's output, with "F3 filtered" and "I-hat" for the two filtered maps.
    - part: data set or section, where a table has several and its rows need it, else "". MISF Table 1 has the two
      networks.
    - metric: "PSNR", "SSIM", "L1", "LPIPS", "FID", "Params", "FLOPs". MISF Table 1: "size" (side of the output),
      "kernel", "in" and "out" (channels), "repeat", and, for kernels of N x N taps with N left open, "size per
      tap" and "out per tap": what stands before N squared.
    - bin: hole area in percent as "10-30", "narrow", "medium", "wide", "default" (Dunhuang's own holes), or "".
    - unit: "dB", "1", "M" (1e6), "G" (1e9), "%" (L1: of the range of pixel values, as printed), "px".
    - direction: "higher" or "lower" is better; "" for counts and sizes.
    - value: float; NaN where the paper prints a dash.
    - bold: whether it is printed so.

    Raises InputError on an id without numbers: it names the known ones, or says that the item is a figure.
    """
    import pandas

    text = ("table", "row", "part", "metric", "bin", "unit", "direction")
    return pandas.read_csv(
        _FOLDER / f"{_checked(id)}.csv",
        dtype={**dict.fromkeys(text, str), "value": float, "bold": bool},
        keep_default_na=False,
        na_values={"value": [""]},
    )


def notes(id: str) -> list[Note]:
    """What a reader of a table should know of its numbers; raises InputError as `table`."""
    id = _checked(id)
    columns = ("row", "part", "metric", "bin", "note")
    return [Note(*(line[column] for column in columns)) for line in _lines("notes") if line["table"] == id]


def _lines(name: str) -> list[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _checked(id: str) -> str:
    """The id, if it has numbers."""
    known = {item.id: item for item in items()}
    there = f"there are some of {', '.join(ids())}"
    if id not in known:
        raise InputError(f"There are no published numbers under {id!r}; {there}.")
    if known[id].kind != "table":
        raise InputError(f"{id!r} is {known[id].number} of the paper, a figure without printed numbers; {there}.")
    return id
