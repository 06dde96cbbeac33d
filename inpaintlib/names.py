"""Who may take a registered name: a notebook's cell that runs again replaces what it registered before."""

from typing import Any


def taken(old: Any, new: Any) -> bool:
    """Whether the definition `old` keeps its name, though `new` asks for it; old: None where nothing has the name.

    Both are functions or classes. One that was written in a notebook or script gives way to another from there, so that
    a cell can run again; the library's own never do.
    """
    return old is not None and not (old.__module__ == new.__module__ == "__main__")
