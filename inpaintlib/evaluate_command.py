"""The command line of `inpaintlib evaluate`: one method on a frozen protocol, or several beside each other."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inpaintlib.arguments import place
from inpaintlib.errors import InputError


def _run(options: argparse.Namespace) -> int:
    from inpaintlib import evaluation, methods, reports

    protocol = _protocol(options)
    if options.export:
        print(f"{methods.export(protocol, options.export)} masked images and masks in {options.export}")
        return 0
    if not options.methods:
        raise InputError("Name what to evaluate: a network, a classical method, or a folder of results.")
    named = _labels(options.methods)
    asked = {label: _method(name, options, protocol) for label, name in named.items()}
    if options.out:
        reports.expect(options.out, protocol)
    several, found = len(asked) > 1, {}
    for label, method in asked.items():
        began = time.monotonic()
        found[label] = evaluation.evaluate(method, protocol, instruments=evaluation.Instruments.load(method.device))
        if several:
            print(f"inpaintlib: {label} measured in {time.monotonic() - began:.0f} s", file=sys.stderr)
        if options.out:
            reports.save(options.out / label if several else options.out, named[label], found[label], method.device)
    print(reports.beside(found) if several else reports.text(options.methods[0], *found.values()))
    if options.out:
        if several:
            reports.save_beside(options.out, found, asked)
        print(options.out)
    return 0


def _protocol(options: argparse.Namespace) -> Any:
    from inpaintlib.protocols import PROTOCOLS

    if options.protocol not in PROTOCOLS:
        raise InputError(f"There is no protocol {options.protocol!r}; the protocols are {', '.join(PROTOCOLS)}.")
    protocol = PROTOCOLS[options.protocol]
    if options.photos:
        return protocol.on(options.photos, options.split or "test")
    if options.split:
        raise InputError(f"--split {options.split} is a part of your photographs; give their folder with --photos.")
    return protocol


def _labels(names: Sequence[str]) -> dict[str, str]:
    """What each method is called beside others: a trained network as its training, anything else by its own name."""
    labels = {}
    for name in names:
        path = Path(name)
        label = path.resolve().parent.name if path.name == "weights.safetensors" else path.stem
        if label in labels:
            raise InputError(f"{labels[label]} and {name} would both be called {label}; measure them one at a time.")
        labels[label] = name
    return labels


def _method(name: str, options: argparse.Namespace, protocol: Any) -> Any:
    """The `methods.Method` behind a word of the command line."""
    from inpaintlib import methods
    from inpaintlib.models.registry import models
    from inpaintlib.weights import is_path, load

    if name in methods.CLASSICAL:
        return methods.classical(name)
    if Path(name).is_dir():
        return methods.folder(name, protocol)
    if name not in models() and not is_path(name):
        raise InputError(
            f"There is no method {name!r}; give a network ({', '.join(models())}), the path of a trained one's weights,"
            f" {', '.join(methods.CLASSICAL)}, or a folder of results."
        )
    if not options.photos:
        return methods.network(load(name, profile=options.profile))
    network = load(name, profile=None if is_path(name) else options.profile)
    _unseen(name, options.photos, protocol.split)
    return methods.as_inpaint(network)


def _unseen(name: str, folder: Path, split: str) -> None:
    """Raise InputError when a network learned from photographs that it is to be tested on. One with a name is the
    book's, which learned from the bundled photographs for training. A weights file that does not say is warned of."""
    from inpaintlib import checkpoint, photos
    from inpaintlib.weights import is_path

    tested = photos.originals(folder, split)
    if is_path(name):
        trained_on = checkpoint.read_note(Path(name)).get("photographs", {})
        learned = trained_on.get("originals", ())
        if "originals" not in trained_on and not str(trained_on.get("name", "")).startswith("bundled"):
            print(
                f"inpaintlib: {name} does not say which photographs it learned from; where they are among those of"
                " the test, its numbers flatter it.",
                file=sys.stderr,
            )
        advice = "test it on the folder that it was trained with"
    else:
        learned = [row["sha256"][:12] for row in photos.catalogue() if row["split"] == "train"]
        advice = "measure it on photographs that do not come with the book"
    seen = [tested[key] for key in learned if key in tested]
    if seen:
        raise InputError(
            f"{name} was trained on {len(seen)} of the {len(tested)} photographs that would test it, such as"
            f" {seen[0]}; {advice}."
        )


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to a parser's."""
    command = commands.add_parser("evaluate", help="measure methods on frozen photographs and holes")
    command.add_argument(
        "methods",
        metavar="METHOD",
        nargs="*",
        help="a network's name or the path of its weights; telea, navier-stokes, biharmonic or patchmatch; or a folder"
        " of results for what --export wrote; several are shown beside each other",
    )
    command.add_argument("--profile", help="whose weights (default: the largest profile that has some)")
    command.add_argument("--protocol", default="bundled-256", help="photographs and masks (default: %(default)s)")
    command.add_argument(
        "--photos",
        type=place,
        metavar="FOLDER",
        help="in place of the protocol's photographs, yours, in the folder that `prepare` made; networks are then asked"
        " as `inpaint` asks them",
    )
    command.add_argument("--split", choices=("val", "test"), help="which part of --photos (default: test)")
    command.add_argument(
        "--out",
        type=place,
        metavar="FOLDER",
        help="also write rows.csv, a line an image, and run.json; of several methods a folder each, with table.csv and"
        " pictures beside them",
    )
    command.add_argument(
        "--export", type=place, metavar="FOLDER", help="only write the protocol's masked images and masks"
    )
    command.set_defaults(run=_run)
