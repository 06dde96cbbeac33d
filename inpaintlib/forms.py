"""What a file of plain values must hold: it is checked when it is read, and what is amiss is named."""

import os
from pathlib import Path
from typing import Any

from inpaintlib.errors import InputError
from inpaintlib.files import read_json

Form = Any
"""A type; a dict of forms by key, all of which are needed, beside which there may be more; or a list of one form, which
all members have."""
RUN: Form = {
    "schema": int,
    "experiment": str,
    "profile": str,
    "seed": int,
    "model": str,
    "config": dict,
    "group": str,
    "images_seen": int,
    "job": str,
    "asked": str,
    "protocol": {"name": str, "checksum": str},
    "seconds": float,
    "peak_bytes": int,
    "summary": dict,
    "commit": str,
    "dirty": bool,
    "versions": dict,
    "device": str,
}
"""run.json, as `results.read_run` gives it."""
NETWORK: Form = {"model": str, "config": dict}
"""The note of a weights file, as far as a network is built from it."""
PHOTOGRAPHS: Form = {"photographs": [{"source": str, "sha256": str, "file": str, "group": str, "split": str}]}
"""photos.json of `preparation.prepare`, as far as it is read."""


def read(path: str | os.PathLike, form: Form) -> Any:
    """The value of a JSON file. Raises InputError when it is no JSON, or lacks something of the form."""
    return required(path, read_json(path), form)


def required(path: str | os.PathLike, value: Any, form: Form) -> Any:
    """A value that was read from a file. Raises InputError, naming the file, when it lacks something of the form."""
    if amiss := fault(value, form):
        raise InputError(f"{Path(path)} is not what this library writes ({amiss}); make or fetch it again.")
    return value


def fault(value: Any, form: Form, place: str = "") -> str:
    """The first thing that is amiss, in words; empty when all is there. A whole number serves where a float is due."""
    kind = form if isinstance(form, type) else type(form)
    if type(value) is not kind and not (kind is float and type(value) is int):
        return f"{place or 'it'} is {_named(type(value))} where {_named(kind)} belongs"
    if isinstance(form, dict):
        for key, part in form.items():
            inner = f"{place}.{key}".lstrip(".")
            if key not in value:
                return f"{inner} is missing"
            if amiss := fault(value[key], part, inner):
                return amiss
    if isinstance(form, list):
        return next(filter(None, (fault(one, form[0], f"{place}[{i}]") for i, one in enumerate(value))), "")
    return ""


def _named(kind: type) -> str:
    words = {
        dict: "an object",
        list: "a list",
        str: "a text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
    }
    return words.get(kind, "nothing")
