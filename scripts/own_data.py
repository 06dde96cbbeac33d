"""The commands of the chapter on data of one's own at full size, on all bundled photographs, kept for the page.

On a CPU that takes longer than a page may: python scripts/own_data.py. The shipped networks are not asked, since they
learned from some of these photographs.
"""

import csv
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from inpaintlib import paths
from inpaintlib.files import read_json, write_json
from inpaintlib.photos import DATA
from inpaintlib.provenance import provenance

CROPS = 8_000
COMMANDS = {
    "prepare": f"prepare {DATA / 'photos'} --out holiday",
    "train": f"train tsgl --name mine --photos holiday --images {CROPS}"
    " --set width=12 --set decoder=basic --set over=fill",
    "evaluate": "evaluate {weights} telea navier-stokes biharmonic --photos holiday --out holiday/measured",
}


def main() -> None:
    """Run command after command in a folder that is thrown away, and write what they took and found."""
    with tempfile.TemporaryDirectory() as name:
        folder, seconds, said = Path(name), {}, ""
        settings = os.environ | {"INPAINTLIB_HOME": name}  # where the training is kept
        for step, arguments in COMMANDS.items():
            began = time.monotonic()
            words = shlex.split(arguments.format(weights=said))
            command = [sys.executable, "-m", "inpaintlib.cli", *words]
            done = subprocess.run(command, cwd=folder, env=settings, check=True, stdout=subprocess.PIPE, text=True)
            seconds[step] = round(time.monotonic() - began, 1)
            said = done.stdout.strip()
            print(f"{step}: {seconds[step]} s\n{said}", flush=True)
        splits = [row["split"] for row in read_json(folder / "holiday" / "photos.json")["photographs"]]
        with (folder / "holiday" / "measured" / "table.csv").open(newline="") as file:
            table = [row for row in csv.DictReader(file) if row["holes"] == "all"]
    counted = {split: splits.count(split) for split in ("train", "val", "test")}
    record = {**provenance(), "crops": CROPS, "photographs": counted, "seconds": seconds, "table": table}
    write_json(paths.results("laptop") / "own-data.json", record)


if __name__ == "__main__":
    main()
