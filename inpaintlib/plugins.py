"""Files of your own that take part in everything: loaded whenever the library is, in the study's workers as well."""

import importlib.util
import os
import sys
from pathlib import Path

from inpaintlib.errors import InputError

VARIABLE = "INPAINTLIB_PLUGINS"


def load() -> None:
    """Run the Python files that INPAINTLIB_PLUGINS names, separated as in PATH: their decorators register models,
    normalizations, priors. Raises InputError on a name that is no file."""
    for name in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        path = Path(name).resolve()
        if not path.is_file():
            raise InputError(f"{VARIABLE} names {name}, which is not a file; give the path of a Python file.")
        module = f"inpaintlib_plugin_{path.stem}"
        if module not in sys.modules:
            spec = importlib.util.spec_from_file_location(module, path)
            sys.modules[module] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[module])
