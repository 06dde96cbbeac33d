"""A model of your own among the compared methods: its training, and its row in every table of the comparison."""

from collections.abc import Callable

from torch import nn

from inpaintlib.methods import CLASSICAL
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import TRAININGS, Training

ROWS = GROUPS["comparison"].rows
OWN = frozenset(TRAININGS)
"""The study's own trainings, which none from outside replaces."""


def compared(
    label: str, wider: int | float = 1, protocols: tuple[str, ...] = ()
) -> Callable[[type[nn.Module]], type[nn.Module]]:
    """Enter a registered model (`@il.model`, which stands below this one) into the study under `label`.

    It is trained and measured like the others, `inpaintlib study run --only <name>`, with `wider` times the profile's
    width, on the profile's protocol and those in `protocols`, such as "bundled-512". Raises ValueError when the label,
    or the model's name, belongs to another method or question of the study.
    """

    def enter(cls: type[nn.Module]) -> type[nn.Module]:
        if not hasattr(cls, "name"):
            raise ValueError(f"{cls.__name__} is no model yet: @il.compared stands above @il.model.")
        if ROWS.get(label, cls.name) != cls.name:
            raise ValueError(f"The label {label!r} is that of {ROWS[label]}; choose another label.")
        if cls.name in {*GROUPS, *CLASSICAL, *OWN}:
            raise ValueError(f"The study has a {cls.name!r} already; give @il.model another name.")
        TRAININGS[cls.name] = Training(cls.name, wider=wider, protocols=protocols)
        ROWS[label] = cls.name
        return cls

    return enter
