"""Make the kernel that runs this ready for the notebooks of the repository around it, as on Colab: install what is
missing, put the library on the path, go to the notebooks, and say which device they will use.

A package that is there and fits pyproject.toml stays. Any other comes in the version of requirements.lock, and so does
what it needs in turn. A prepared machine's torch belongs to its driver, so it stays wherever the book is known to run
with it. The first cell of every notebook starts this where inpaintlib is not installed (scripts/setup_cell.py).
"""

import importlib
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PLATFORM = {"torch": ">=2.11", "torchvision": ">=0.26"}
"""What stays though pyproject.toml asks for one version, both or neither: the oldest that notebooks were run with."""
KEPT = (*PLATFORM, "numpy")
"""What is never exchanged for the sake of another package."""
KERNEL = ("ipywidgets",)
"""What notebooks need of the extra `book`; the rest of it makes pages."""


def needed(project: dict) -> list[Requirement]:
    """What notebooks import, directly: the [project] table's dependencies, widgets, and what drawing needs."""
    extras = project["optional-dependencies"]
    found = [Requirement(text) for text in (*project["dependencies"], *extras["hands"], *extras["book"])]
    book = {Requirement(text).name for text in extras["book"]} - set(KERNEL)
    return [one for one in found if one.name not in book and (one.marker is None or one.marker.evaluate())]


def locked(lock: str) -> dict[str, str]:
    """Package -> its version in the text of requirements.lock, of those that this Python would get."""
    lines = [line.rstrip(" \\") for line in lock.splitlines() if line[:1].isalnum()]
    entries = [Requirement(line) for line in lines]
    here = [one for one in entries if one.marker is None or one.marker.evaluate()]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in here}


def installed(names: Iterable[str]) -> dict[str, str]:
    """Package -> its version, of the named ones that are there."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def plan(requirements: list[Requirement], pins: dict[str, str], there: dict[str, str]) -> tuple[list[str], list[str]]:
    """What to install, as name==version, and the constraints on what that brings along: what is not there comes as the
    lock has it, and what is KEPT stays."""
    ranges = {canonicalize_name(one.name): one.specifier for one in requirements}
    ranges |= {name: SpecifierSet(wide) for name, wide in PLATFORM.items()}
    missing = {name for name, wanted in ranges.items() if not fits(wanted, there.get(name))}
    if missing & PLATFORM.keys():
        missing |= PLATFORM.keys()
    kept = [f"{name}=={there[name]}" for name in KEPT if name not in missing]
    return sorted(f"{name}=={pins[name]}" for name in missing), kept + [
        f"{name}=={pin}" for name, pin in pins.items() if name not in there
    ]


def fits(wanted: SpecifierSet, found: str | None) -> bool:
    """Whether a version is there and in the range; a build of it, as 2.15.0+cu130, counts as the version."""
    return found is not None and wanted.contains(found, prereleases=True)


def install(packages: list[str], constraints: list[str]) -> None:
    """Install with this kernel's pip. Raises RuntimeError with pip's reason."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(constraints) + "\n")
        file.flush()
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*command, "--constraint", file.name, *packages], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"pip could not install {', '.join(packages)}: {done.stderr.strip()}")


def loaded(packages: list[str]) -> list[str]:
    """Those of the packages, as name==version, whose modules the kernel has loaded in another version."""
    modules = packages_distributions()
    names = {canonicalize_name(one) for name in sys.modules if "." not in name for one in modules.get(name, ())}
    return sorted(names & {package.partition("==")[0] for package in packages})


def main() -> None:
    pins = locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    there = installed(pins)
    packages, constraints = plan(needed(project), pins, there)
    before = loaded(packages)
    if packages:
        print(f"Installing {', '.join(packages)}", flush=True)
        install(packages, constraints)
        importlib.invalidate_caches()
    sys.path.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    os.chdir(ROOT / "notebooks")
    if before:
        print(f"{', '.join(before)} was loaded in another version: restart the kernel and begin with this cell.")
        return
    from inpaintlib import doctor

    print(f"Ready in {ROOT}: torch {doctor.torch().detail}; the book was made with torch {pins['torch']}.")


if __name__ == "__main__":
    main()
