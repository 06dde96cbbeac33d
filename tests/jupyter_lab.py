"""A real JupyterLab of its own, in a folder with one notebook, and what waits for it."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

TOKEN = "drawn"


def wait_for(found, seconds=90):
    """The first value that is true."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)
    return value


def code_cells(sources):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for i, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


@contextmanager
def jupyter_lab(folder: Path, sources):
    """JupyterLab while the block runs; yields the address at which it shows a notebook of these code cells."""
    (folder / "tried.ipynb").write_text(json.dumps(code_cells(sources)))
    settings = {"JUPYTER_CONFIG_DIR": folder / ".c", "JUPYTER_DATA_DIR": folder / ".d", "HOME": folder}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--notebook-dir={folder}"]
    environment = os.environ | {key: str(value) for key, value in settings.items()} | {"PYTEST_CURRENT_TEST": ""}
    environment.pop("MPLBACKEND", None)  # the tests draw without a display, a notebook shows its figures
    with (folder / "lab.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
    try:
        address = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+/", (folder / "lab.log").read_text()))[0]
        yield f"{address}lab/tree/tried.ipynb?token={TOKEN}"
    finally:
        process.terminate()
        process.wait(30)


def opened(running, address):
    """A page of Chromium with the notebook in it, its first cell chosen and its kernel idle."""
    page = running.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(120_000)
    page.goto(address)
    page.locator(".jp-Notebook .jp-CodeCell").first.click()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    return page
