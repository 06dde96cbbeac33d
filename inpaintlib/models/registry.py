"""Which models there are: name -> class, and how one is built."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from torch import nn

from inpaintlib.errors import InputError

_MODELS: dict[str, type[nn.Module]] = {}


def model(name: str) -> Callable[[type[nn.Module]], type[nn.Module]]:
    """Register a model class under `name`.

    The class is built with its frozen dataclass `Config` and maps a Batch to an Output. It says, as class attributes,
    `stride` (sizes are multiples of it), `priors` (names that it sees), `losses` (terms of `inpaintlib.losses`) and
    where it has any, `training_only` (parts that inference does without; weights files leave them out).
    """

    def register(cls: type[nn.Module]) -> type[nn.Module]:
        if name in _MODELS:
            raise ValueError(f"A model named {name!r} exists already; choose another name.")
        _MODELS[name] = cls
        cls.name = name
        cls.training_only = getattr(cls, "training_only", ())
        return cls

    return register


def models() -> list[str]:
    """The names that `build` and `load` take."""
    return sorted(_MODELS)


def find(name: str) -> type[nn.Module]:
    """The class registered under `name`. Raises InputError when there is none."""
    if name not in _MODELS:
        raise InputError(f"There is no model named {name!r}; there is {', '.join(models())}.")
    return _MODELS[name]


def configure(name: str, **config: Any) -> Any:
    """A model's Config with these settings. Raises InputError on an unknown model or setting, or a wrong value."""
    cls = find(name)
    known = [f.name for f in fields(cls.Config)]
    for key in config:
        if key not in known:
            raise InputError(f"{name} has no setting named {key!r}; it has {', '.join(known)}.")
    return cls.Config(**config)


def build(name: str, **config: Any) -> nn.Module:
    """A model with random weights. Raises InputError as `configure` does."""
    return find(name)(configure(name, **config))
