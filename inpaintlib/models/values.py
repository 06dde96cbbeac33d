"""What every model asks of its settings, read off the annotations of its Config."""

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from inpaintlib.errors import InputError


def check_values(config: Any) -> None:
    """Raises InputError where a field annotated with a Literal has none of its values, or a number is no number."""
    for name, kind in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if get_origin(kind) is Literal and value not in get_args(kind):
            choices = " or ".join(map(repr, get_args(kind)))
            raise InputError(f"{name} is {value!r}; it is {choices}.")
        numbers, least = {int: (int, 1), float: ((int, float), 0)}.get(kind, (object, None))
        if not isinstance(value, numbers) or (least is not None and not least <= value < float("inf")):
            raise InputError(f"{name} is {value!r}; it is a number of at least {least}.")


@dataclass(frozen=True)
class Width:
    """The settings of a network that has no others. width: channels of its first layer, or of that of each of its
    parts (64 in the papers); everything else scales with it."""

    width: int = 64

    def __post_init__(self):
        check_values(self)
