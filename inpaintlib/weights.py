"""Trained networks by name: shipped with the package, or trained on this machine."""

import os
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from inpaintlib import checkpoint, forms, paths
from inpaintlib.errors import InputError
from inpaintlib.models.registry import build, configure, resolve
from inpaintlib.recipes import PROFILES


class _Undrawn(TorchFunctionMode):
    """Initial weights are not drawn from a normal distribution: torch takes seconds to get ready for that on "meta"."""

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func is torch.Tensor.normal_:
            return args[0]
        return (torch.empty if func is torch.randn else func)(*args, **(kwargs or {}))


def store(path: str | os.PathLike, model: nn.Module, note: dict[str, Any]) -> None:
    """Write what `load` reads: float16 weights without the parts that only training uses, and a note with at least
    model, config, profile, seed, experiment and commit."""
    checkpoint.save_weights(path, model, note, leave_out=model.training_only)


def load(
    name: str | os.PathLike, profile: str | None = None, device: torch.device | str = "cpu", **config: Any
) -> nn.Module:
    """A trained network in evaluation mode: model `name` whose configuration agrees with `config`; or, where `name` is
    the path of a weights file, such as the one that `inpaintlib train` names at its end, that file's own network.

    profile: smoke, laptop, gpu or paper; None takes the largest of the last three that there is. Of several that fit,
    a shipped one goes before one trained here, a study's final network before others, then the one that saw most
    images. Raises InputError on a path without weights, and where there are none of a name, with the command for them.
    """
    if is_path(name):
        if profile or config:
            raise InputError(f"{name} is a file, which knows its profile and settings; give it without any.")
        return _trained(Path(name), _note_of(Path(name)), device)
    base, settings = resolve(name, config)
    wanted = _normal(base, settings)
    profiles = [profile] if profile else [p for p in reversed(PROFILES) if p != "smoke"]
    if profile and profile not in PROFILES:
        raise InputError(f"There is no profile {profile!r}; the profiles are {', '.join(PROFILES)}.")
    for candidate in profiles:
        found = [(path, note) for path, note in available(candidate) if _fits(note, base, wanted)]
        if found:
            return _trained(*max(found, key=_preference), device)
    where = profile or "laptop"
    missing = " with " * bool(config) + " and ".join(f"{k}={v!r}" for k, v in config.items())
    command = f"inpaintlib train {name} --name mine --profile {where}"
    command += "".join(f' --set "{k}={v!r}"' for k, v in config.items())
    known = ", ".join(sorted({note["model"] for _, note in available(where)})) or "no network"
    raise InputError(
        f"There are no trained weights of {name}{missing} in the profile {where}, which has some of {known};"
        f" `{command}` trains them."
    )


def is_path(name: str | os.PathLike) -> bool:
    """Whether `load` takes it for the path of a file: a path object, or a string with a folder or a file's suffix."""
    if isinstance(name, str):
        return os.sep in name or name.endswith(".safetensors")
    return isinstance(name, os.PathLike)


def _note_of(path: Path) -> dict[str, Any]:
    """The note of a file of `store`. Raises InputError when it is none."""
    if not path.is_file():
        raise InputError(f"There is no weights file {path}; give the one that `inpaintlib train` named at its end.")
    note = checkpoint.read_note(path)
    if "job" in note:
        raise InputError(f"{path} holds a training's state, not a network; give the weights.safetensors beside it.")
    if amiss := forms.fault(note, forms.NETWORK):
        raise InputError(f"{path} does not say which network it is of ({amiss}); train or fetch it again.")
    return note


def _trained(path: Path, note: dict[str, Any], device: torch.device | str) -> nn.Module:
    with torch.device("meta"), _Undrawn():  # takes no memory: a note may ask for a larger network than its file holds
        plan = build(note["model"], **note["config"])
    checkpoint.agree(path, plan, missing=plan.training_only)
    model = build(note["model"], **note["config"])
    checkpoint.load_weights(path, model, missing=model.training_only)
    return model.to(device, memory_format=torch.channels_last).eval()


def available(profile: str) -> list[tuple[Path, dict[str, Any]]]:
    """Every trained network of a profile: its file and its note."""
    files = [
        *(paths.SHIPPED_WEIGHTS / profile).glob("*.safetensors"),
        *paths.runs(profile).glob("*/weights.safetensors"),
    ]
    return [(file, checkpoint.read_note(file)) for file in sorted(files)]


def _preference(entry: tuple[Path, dict[str, Any]]) -> tuple:
    path, note = entry
    return path.is_relative_to(paths.SHIPPED_WEIGHTS), note.get("group") == "final", note["images_seen"], str(path)


def _fits(note: dict[str, Any], base: str, wanted: dict[str, Any]) -> bool:
    """Whether a file holds the model `base` (it may have been trained under a preset's name) with these settings."""
    if resolve(note["model"], {})[0] != base:
        return False
    settings = configure(note["model"], **note["config"])
    return all(getattr(settings, key) == value for key, value in wanted.items())


def _normal(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The given settings as a network of that name stores them, so that "→" and "->" mean the same variant."""
    settings = configure(name, **config)
    return {key: getattr(settings, key) for key in config}
