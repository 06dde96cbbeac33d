"""Weights and training states as safetensors: nothing that is loaded can run code."""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from inpaintlib.errors import InputError
from inpaintlib.files import atomic_path

SYSTEM = re.compile(r"\(os error (\d+)\)")
"""How safetensors cites an error of the system, which it does not raise as one."""


def save(path: str | os.PathLike, tensors: dict[str, Tensor], note: dict[str, Any]) -> None:
    """Write named tensors and a JSON-able note, atomically."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        try:
            told = {"note": json.dumps(note, sort_keys=True), "sha256": digest(tensors)}
            save_file(tensors, temporary, metadata=told)
        except SafetensorError as error:
            said = SYSTEM.search(str(error))
            raise OSError(int(said[1]), os.strerror(int(said[1]))) if said else error from None


def read(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the note of a file written by `save`. Raises InputError when it is not one, or damaged: a file
    that says the checksum of its numbers, as older ones do not, is held to it."""
    if not Path(path).is_file():
        raise InputError(f"There is no weights file {path}.")
    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata() or {}
            note = _note(told)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            if told.get("sha256", "") not in ("", digest(tensors)):
                raise ValueError("its numbers are not those that were written")
            return tensors, note
    except (SafetensorError, KeyError, ValueError) as error:
        raise _not_whole(path, error) from None


def read_note(path: str | os.PathLike) -> dict[str, Any]:
    """The note of a file written by `save`, without its tensors. Raises InputError when it is not one, or broken."""
    try:
        with safe_open(path, framework="pt") as file:
            return _note(file.metadata() or {})
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise _not_whole(path, error) from None


def digest(tensors: dict[str, Tensor]) -> str:
    """Hex SHA-256 over names, kinds, shapes and bytes of tensors, whatever their order."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name]
        found.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        found.update(value.contiguous().reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


def _not_whole(path: str | os.PathLike, why: object) -> InputError:
    return InputError(f"{path} is not a whole weights file of this library ({why}); train or fetch it again.")


def _note(told: dict[str, str]) -> dict[str, Any]:
    note = json.loads(told["note"])
    if not isinstance(note, dict):
        raise ValueError("its note is none")
    return note


def save_weights(
    path: str | os.PathLike, model: nn.Module, note: dict[str, Any], leave_out: tuple[str, ...] = ()
) -> None:
    """The weights that inference needs; `leave_out` names parts used in training only.

    Parameters as float16; buffers, such as BatchNorm's running variance, as they are: they may be larger than float16
    holds. Raises InputError when a parameter is not a finite float16 number.
    """
    state = {name: value for name, value in model.state_dict().items() if name.split(".")[0] not in leave_out}
    parameters = {name for name, _ in model.named_parameters()}
    tensors = {n: v.half() if n in parameters else v for n, v in state.items()}
    for name, value in tensors.items():
        if not value.isfinite().all():
            raise InputError(f"{name} holds values that are not finite as {value.dtype}: the training has diverged.")
    save(path, tensors, note)


def agree(path: str | os.PathLike, model: nn.Module, missing: tuple[str, ...] = ()) -> None:
    """Raises InputError unless a file of `save_weights` holds the network's tensors by name and shape; only parts named
    in `missing` may be absent. Reads no tensor, and needs none of the network's: it may be on the device "meta"."""
    try:
        with safe_open(path, framework="pt") as file:
            held = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise _not_whole(path, error) from None
    state = {n: tuple(v.shape) for n, v in model.state_dict().items() if n.split(".")[0] not in missing}
    if wrong := {name for name in {*state, *held} if state.get(name) != held.get(name)}:
        raise InputError(f"{path} holds another network's weights: {min(wrong)} and {len(wrong) - 1} more do not fit.")


def load_weights(path: str | os.PathLike, model: nn.Module, missing: tuple[str, ...] = ()) -> dict[str, Any]:
    """Fill `model` (float32) from a file of `save_weights`; only parts named in `missing` may be absent from it.

    Returns the file's note. Raises InputError when the weights are another network's.
    """
    tensors, note = read(path)
    agree(path, model, missing)
    state = model.state_dict()
    model.load_state_dict({n: v.to(state[n].dtype) for n, v in tensors.items()}, strict=False)
    return note


def flatten(parts: dict[str, nn.Module], optimizers: dict[str, Optimizer]) -> dict[str, Tensor]:
    """Every tensor of a training: weights and buffers of `parts`, moments of `optimizers`, under readable names."""
    tensors = {f"{part}/{n}": v for part, module in parts.items() for n, v in module.state_dict().items()}
    for key, optimizer in optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            tensors |= {f"{key}/{index}/{n}": v for n, v in values.items()}
    return {name: value.clone() for name, value in tensors.items()}


def unflatten(tensors: dict[str, Tensor], parts: dict[str, nn.Module], optimizers: dict[str, Optimizer]) -> None:
    """Put the tensors of `flatten` back where they came from."""
    for part, module in parts.items():
        module.load_state_dict({n.split("/", 1)[1]: v for n, v in tensors.items() if n.split("/", 1)[0] == part})
    for key, optimizer in optimizers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            owner, *rest = name.split("/")
            if owner == key:
                state.setdefault(int(rest[0]), {})[rest[1]] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
