"""What the papers printed, number by number: one CSV file an item, named by its id, as "tsgl-table-4"."""

from pathlib import Path
from typing import TYPE_CHECKING

from inpaintlib.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

_FOLDER = Path(__file__).parent


def ids() -> list[str]:
    """The items whose numbers are here."""
    return sorted(path.stem for path in _FOLDER.glob("*.csv"))


def table(id: str) -> "DataFrame":
    """A paper's numbers in long format, one a row, in the order of print.

    Columns: table (the id), row (the label; for TSGL Table IV a key of `il.TABLE_IV`), metric, bin (hole area in
    percent), unit ("1" for a plain number), direction ("higher" or "lower" is better), value, bold (printed so).
    Raises InputError, naming the known ids, on another one.
    """
    import pandas

    if id not in ids():
        raise InputError(f"There are no published numbers under {id!r}; there are some of {', '.join(ids())}.")
    return pandas.read_csv(_FOLDER / f"{id}.csv", dtype={"unit": str, "bin": str})
