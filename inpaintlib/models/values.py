"""What every model asks of its settings, read off the annotations of its Config."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from inpaintlib.errors import InputError

LARGEST = 1024
"""The largest size or count in a setting: 16 times the papers' width. Beyond it a typing error fills the memory."""
FORMS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    int: (lambda value: type(value) is int and 1 <= value <= LARGEST, f"a whole number from 1 to {LARGEST}"),
    float: (lambda value: type(value) in (int, float) and 0 <= value < float("inf"), "a number of at least 0"),
    str: (lambda value: type(value) is str, "a text"),
    bool: (lambda value: type(value) is bool, "True or False"),
}
"""What a setting of each kind can be, and how that is said."""


def check_values(config: Any) -> None:
    """Raises InputError where a setting is of another kind than its annotation, has none of the values of a Literal, or
    is a number that no network can have: sizes and counts are whole and at most 1024, other numbers 0 or more."""
    for name, kind in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if get_origin(kind) is Literal and value not in get_args(kind):
            choices = " or ".join(map(repr, get_args(kind)))
            raise InputError(f"{name} is {value!r}; it is {choices}.")
        if kind in FORMS and not FORMS[kind][0](value):
            raise InputError(f"{name} is {value!r}; it is {FORMS[kind][1]}.")


@dataclass(frozen=True)
class Width:
    """The settings of a network that has no others. width: channels of its first layer, or of that of each of its
    parts (64 in the papers); everything else scales with it."""

    width: int = 64

    def __post_init__(self):
        check_values(self)
