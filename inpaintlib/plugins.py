"""Files of your own that take part in everything: loaded whenever the library is, in the study's workers as well."""

import importlib.util
import os
import sys
from hashlib import sha256
from pathlib import Path

from inpaintlib.errors import InputError

VARIABLE = "INPAINTLIB_PLUGINS"
PREFIX = "inpaintlib_plugin_"


def load() -> None:
    """Run the Python files that INPAINTLIB_PLUGINS names, separated as in PATH: their decorators register models,
    normalizations, priors. Raises InputError on a name that is no file."""
    for name in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        path = Path(name).resolve()
        if not path.is_file():
            raise InputError(f"{VARIABLE} names {name}, which is not a file; give the path of a Python file.")
        module = f"{PREFIX}{sha256(str(path).encode()).hexdigest()[:8]}_{path.stem}"
        if module in sys.modules:
            continue
        spec = importlib.util.spec_from_file_location(module, path)
        sys.modules[module] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[module])
        except BaseException:
            del sys.modules[module]
            raise


def source_of(cls: type) -> str:
    """What a class of a plugin was written like: the checksum of its file as it was loaded; "" of any other class."""
    if not cls.__module__.startswith(PREFIX):
        return ""
    return sha256(Path(sys.modules[cls.__module__].__file__).read_bytes()).hexdigest()[:16]
