"""Where what is made is kept: figures and results (tracked), runs (not tracked), weights (in the package)."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
SHIPPED_WEIGHTS = PACKAGE / "data" / "weights"


def home() -> Path:
    """The checkout: INPAINTLIB_HOME if set, else the folder above the package if it is one, else the working folder."""
    named = os.environ.get("INPAINTLIB_HOME")
    if named:
        return Path(named).resolve()
    return PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").is_file() else Path.cwd()


def figures(profile: str) -> Path:
    """figures/, or build/smoke/figures for the smoke profile, whose output is never shown as a result."""
    return home() / "build" / "smoke" / "figures" if profile == "smoke" else home() / "figures"


def results(profile: str, experiment: str = "") -> Path:
    """The folder of a profile's results, or of one experiment's."""
    return figures(profile) / "results" / profile / experiment


def runs(profile: str, experiment: str = "") -> Path:
    """The folder of a profile's checkpoints and weights, or of one experiment's."""
    base = home() / "build" / "smoke" / "runs" if profile == "smoke" else home() / "runs" / profile
    return base / experiment
