"""Run one notebook with papermill: what failed stays to be looked at, and what had succeeded before stays as it was."""

import argparse
import ast
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from figure_index import own_files, products
from inputs import declared
from layout import PROFILES, ROOT, Layout, write_json, write_whole

PACKAGES = ("torch", "torchvision", "numpy", "papermill")


def checked_parameters(notebook: Path, given: dict[str, object]) -> dict[str, object]:
    """`given` without what the notebook sets itself; a text is read as a number where the notebook has a number.

    Raises ValueError, one sentence, when the notebook has no parameter of such a name, of which papermill would only
    warn, when it has a number there and this is none, and when the file is no notebook. A notebook's own parameters are
    literals (tests/test_notebooks.py).
    """
    import papermill

    declared(notebook)
    known = papermill.inspect_notebook(str(notebook))
    changed = {}
    for name, value in given.items():
        if name not in known:
            raise ValueError(
                f"{notebook.name} has no parameter {name!r}; it has: {', '.join(sorted(known)) or 'none'}."
            )
        own = ast.literal_eval(known[name]["default"])
        try:
            read = value if isinstance(value, type(own)) else type(own)(str(value))
        except ValueError:
            raise ValueError(f"{notebook.name} takes {name} = {own!r} or another number, not {value!r}.") from None
        if name == "profile" and read not in PROFILES:
            raise ValueError(f"There is no profile {read!r}; there are: {', '.join(PROFILES)}.")
        if read != own:
            changed[name] = read
    return changed


def execute(notebook: Path, log: Path, parameters: dict[str, object]) -> None:
    """Execute `notebook` into `log`, which is written cell by cell, with notebooks/ as the working folder."""
    import papermill

    log.parent.mkdir(parents=True, exist_ok=True)
    papermill.execute_notebook(
        os.path.relpath(notebook),
        os.path.relpath(log),
        parameters,
        kernel_name="python3",
        cwd=notebook.parent,
        progress_bar=False,
        start_timeout=120,
    )


def environment() -> dict[str, object]:
    """The device, the versions and the commit that a run depends on."""
    import torch

    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
    else:
        device = f"CPU, {os.cpu_count()} cores ({platform.machine()})"
    packages = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed as a package"
    return {"device": device, "versions": packages, **commit(ROOT)}


def commit(root: Path) -> dict[str, object]:
    """The commit of the working tree, and whether anything tracked differs from it; "unknown" outside a git clone."""
    try:
        run = {"cwd": root, "capture_output": True, "text": True, "check": True}
        head = subprocess.run(["git", "rev-parse", "--short=10", "HEAD"], **run).stdout.strip()
        tracked = ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!figures"]
        return {"commit": head, "dirty": bool(subprocess.run(tracked, **run).stdout)}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": "unknown", "dirty": False}


def put_back(layout: Layout, notebook: Path, before: dict[Path, bytes]) -> None:
    """Make the notebook's figures what they were `before` a run that failed halfway."""
    for path in own_files(layout, notebook):
        if path not in before:
            path.unlink()
    for path, content in before.items():
        write_whole(path, content)


def run(notebook: Path, out: Path, layout: Layout, parameters: dict[str, object]) -> dict[str, object]:
    """Run `notebook`; `out` and figures are new only when every cell ran. Returns the run's record, failed or not."""
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    overrides = checked_parameters(notebook, parameters)
    before = {path: path.read_bytes() for path in own_files(layout, notebook)}
    start, error = time.monotonic(), None
    try:
        execute(notebook, layout.log(notebook.stem), overrides)
    except PapermillExecutionError as failure:
        error = f"cell {failure.exec_count}: {failure.ename}: {failure.evalue}"
    except DeadKernelError:
        error = "the kernel: it died, as it does when memory runs out"
    record = {
        "notebook": notebook.name,
        "parameters": parameters,
        "status": "failed" if error else "complete",
        "error": error,
        "seconds": round(time.monotonic() - start, 1),
        "peak_bytes": peak_bytes(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        **environment(),
    }
    if error:
        put_back(layout, notebook, before)
    else:
        publish(layout.log(notebook.stem), out)
    return {**record, "products": products(layout, notebook, out)}


def peak_bytes() -> int:
    """The largest resident set of any child that ended: the kernel's. macOS counts bytes, others KiB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def publish(log: Path, out: Path) -> None:
    """Copy the executed notebook to `out`, whole or not at all, without the paths and times that papermill notes, and
    without the state of widgets, which no page without a kernel can show."""
    import nbformat

    notebook = nbformat.read(log, as_version=4)
    for name in ("papermill", "widgets"):
        notebook.metadata.pop(name, None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    nbformat.write(notebook, temporary)
    os.replace(temporary, out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("out", type=Path, help="the executed notebook, replaced only when every cell ran")
    parser.add_argument("--profile", choices=PROFILES, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another parameter")
    options = parser.parse_args()
    layout, name = Layout(options.profile), options.notebook.stem
    parameters = {"profile": options.profile, **dict(text.partition("=")[::2] for text in options.set)}
    print(f"  {name:<28}running", flush=True)
    try:
        record = run(options.notebook.resolve(), options.out.resolve(), layout, parameters)
    except ValueError as error:
        print(f"  {name:<28}FAILED: {error}", flush=True)
        return 1
    write_json(layout.record(name), record)
    if record["error"]:
        print(f"  {name:<28}FAILED in {record['error']}", flush=True)
        print(f"  {'':<28}as far as it ran: {layout.short(layout.log(name))}", flush=True)
        return 1
    print(f"  {name:<28}done in {record['seconds']:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
