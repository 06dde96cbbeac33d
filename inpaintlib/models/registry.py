"""Which models there are: name -> class, and how one is built."""

import difflib
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import torch
from torch import nn

from inpaintlib.adversary import PLAIN
from inpaintlib.errors import InputError
from inpaintlib.names import taken

_MODELS: dict[str, type[nn.Module]] = {}
_PRESETS: dict[str, tuple[str, dict[str, Any]]] = {}


def model(name: str) -> Callable[[type[nn.Module]], type[nn.Module]]:
    """Register a model class under `name`.

    The class is built with its frozen dataclass `Config` and maps a Batch to an Output. It says, as class attributes,
    `stride` (sizes are multiples of it) and `losses` (terms of `inpaintlib.losses`), and, where it has any, `adversary`
    (rules of the adversarial game other than TSGL's), `training_only` (parts that inference does without; weights files
    leave them out) and `reference` (its paper, a key of the book's bibliography); and, as a class or instance
    attribute, `priors` (names that it sees). Raises ValueError when the name is taken, except by a class of the same
    notebook, which is replaced.
    """

    def register(cls: type[nn.Module]) -> type[nn.Module]:
        if name in _PRESETS or taken(_MODELS.get(name), cls):
            raise ValueError(f"A model named {name!r} exists already; choose another name.")
        _MODELS[name] = cls
        cls.name = name
        cls.training_only = getattr(cls, "training_only", ())
        cls.adversary = getattr(cls, "adversary", PLAIN)
        cls.reference = getattr(cls, "reference", "")
        return cls

    return register


def preset(name: str, base: str, **config: Any) -> None:
    """Register a second name: `name` is the model `base` with these settings, one network and one set of weights."""
    if name in _MODELS or name in _PRESETS:
        raise ValueError(f"A model named {name!r} exists already; choose another name.")
    _PRESETS[name] = base, config


def models() -> list[str]:
    """The names that `build` and `load` take."""
    return sorted([*_MODELS, *_PRESETS])


def resolve(name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The registered class's name and all settings, for a name that may be a preset's.

    Raises InputError when a setting contradicts the preset.
    """
    base, fixed = _PRESETS.get(name, (name, {}))
    for key, value in fixed.items():
        if config.get(key, value) != value:
            raise InputError(f"{name} is {base} with {key}={value!r}; for {key}={config[key]!r} build {base}.")
    return base, {**fixed, **config}


def find(name: str) -> type[nn.Module]:
    """The class behind a name. Raises InputError when there is none."""
    name, _ = resolve(name, {})
    if name not in _MODELS:
        near = "".join(f", but {known!r}" for known in difflib.get_close_matches(str(name), models(), 1))
        raise InputError(f"There is no model named {name!r}{near}; there is {', '.join(models())}.")
    return _MODELS[name]


def configure(name: str, **config: Any) -> Any:
    """A model's Config with these settings. Raises InputError on an unknown model or setting, or a wrong value."""
    _, settings = resolve(name, config)
    cls = find(name)
    known = [f.name for f in fields(cls.Config)]
    for key in config:
        if key not in known:
            raise InputError(f"{name} has no setting named {key!r}; it has {', '.join(known)}.")
    return cls.Config(**settings)


def build(name: str, **config: Any) -> nn.Module:
    """A model with random weights, laid out for channels_last maps. Raises InputError as `configure` does."""
    return find(name)(configure(name, **config)).to(memory_format=torch.channels_last)
