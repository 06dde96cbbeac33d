"""The command line of `inpaintlib inpaint`: one photograph or a folder of them, one network or several."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from inpaintlib.arguments import place
from inpaintlib.errors import InputError

SETTINGS = ("mode", "dilate", "feather", "hole", "threshold", "fit", "allow_empty")
"""Options that `il.inpaint` has under the same name."""


def _run(options: argparse.Namespace) -> int:
    from inpaintlib import inpaint_files
    from inpaintlib.inpainting import network

    models = options.model
    if len(set(models)) < len(models):
        raise InputError(f"--model names {max(models, key=models.count)} twice; name each network once.")
    settings = {key: getattr(options, key) for key in SETTINGS}
    many = options.image.is_dir()
    if many:
        jobs = inpaint_files.paired(options.image, options.mask, options.out, models)
    else:
        jobs = [inpaint_files.single(options.image, options.mask, options.out, models)]
    networks = {name: network(name, options.profile, options.device) for name in models}
    if many:
        return _many(jobs, networks, settings, options.out)
    inpaint_files.fill_one(jobs[0], networks, settings, lambda name: _bar("pieces", name * (len(models) > 1)))
    for out in jobs[0].written:
        print(out)
    kind = inpaint_files.kind_of(options.out)
    if kind in inpaint_files.LOSSY:
        print(f"inpaintlib: {kind} does not keep known pixels exactly; a result named .png does.", file=sys.stderr)
    return 0


def _many(jobs: Sequence, networks: dict[str, Any], settings: dict[str, Any], out: Path) -> int:
    from tqdm import tqdm

    from inpaintlib.inpaint_files import fill_many

    before = sum(job.done() for job in jobs)
    if before:
        print(f"inpaintlib: {before} of {len(jobs)} photographs are done already.", file=sys.stderr)
    failed = 0
    pieces = lambda name: _bar("pieces", name * (len(networks) > 1), below=True)  # noqa: E731
    for sentence in fill_many(jobs, networks, settings, out, _bar("photographs"), pieces):
        failed += 1
        tqdm.write(f"inpaintlib: {sentence}", file=sys.stderr)
    print(f"{len(jobs) - failed} of {len(jobs)} photographs filled in {out}")
    return 2 if failed else 0


def _bar(unit: str, of: str = "", below: bool = False) -> Any:
    """Goes through pieces of work, and tells a terminal how far it is and how much time is left; nothing to anybody
    else, and nothing of a single piece. What is below another bar goes when it is done."""
    from tqdm import tqdm

    line = f"{of} {{n_fmt}} of {{total_fmt}} {unit} |{{bar:30}}| {{remaining}} left".strip()

    def shown(pieces: Sequence) -> Iterable:
        hidden = len(pieces) < 2 or not sys.stderr.isatty()
        return tqdm(pieces, bar_format=line, disable=hidden, leave=not below, position=int(below))

    return shown


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to a parser's."""
    command = commands.add_parser("inpaint", help="fill the hole of a photograph, or of every one in a folder")
    command.add_argument("image", type=place, metavar="IMAGE", help="the photograph, of any size, or a folder of them")
    command.add_argument(
        "mask", type=place, metavar="MASK", help="an image of the same size, white is the hole; or a folder of the like"
    )
    command.add_argument(
        "-o", "--out", type=place, required=True, help="the result, .png keeps known pixels exactly; or a folder"
    )
    command.add_argument(
        "--model",
        nargs="+",
        default=["tsgl"],
        metavar="MODEL",
        help="which network, or the path of trained weights; several are also shown side by side (default: tsgl)",
    )
    command.add_argument("--profile", help="whose weights (default: the largest profile that has some)")
    command.add_argument(
        "--mode",
        default="crop",
        help="how a large photograph is looked at: crop, each hole with its surroundings; resize, all of it, reduced;"
        " tile, in overlapping squares of full size (default: %(default)s)",
    )
    command.add_argument("--dilate", type=int, default=0, metavar="N", help="enlarge the hole by N pixels first")
    command.add_argument("--feather", type=int, default=0, metavar="N", help="fade in over N pixels inside the hole")
    command.add_argument("--hole", help="white or black: the colour of the hole, as it is meant")
    command.add_argument("--threshold", type=float, metavar="T", help="what of a soft mask is white: above T, 0 to 1")
    command.add_argument("--fit-mask", dest="fit", action="store_true", help="resize a mask of another size")
    command.add_argument("--allow-empty", action="store_true", help="copy a photograph whose mask has no hole")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: the GPU where there is one)")
    command.set_defaults(run=_run)
