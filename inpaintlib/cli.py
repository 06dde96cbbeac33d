"""The command line: `inpaintlib inpaint | serve | prepare | train | evaluate | study | doctor`; heavy imports wait for
theirs."""

import argparse
import ast
import difflib
import os
import re
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from inpaintlib import evaluate_command, inpaint_command, study_commands
from inpaintlib.arguments import place, positive, seed
from inpaintlib.errors import InputError


def _prepare(options: argparse.Namespace) -> int:
    from collections import Counter

    from inpaintlib.preparation import prepare

    record = prepare(options.source, options.out, options.seed)
    for row in record["left_out"]:
        print(f"left out: {row['source']} {row['why']}")
    count = Counter(row["split"] for row in record["photographs"])
    print(
        f"{count.total()} photographs in {options.out}: {count['train']} for training, {count['val']} for validation,"
        f" {count['test']} for testing"
    )
    alike = count.total() - len({row["group"] for row in record["photographs"]})
    if alike:
        print(f"{alike} of them show what another one shows, and lie in the same part as it")
    return 0


def _train(options: argparse.Namespace) -> int:
    from inpaintlib import checkpoint, paths, weights
    from inpaintlib.models.registry import configure
    from inpaintlib.photos import Crops
    from inpaintlib.provenance import commit
    from inpaintlib.recipes import recipe
    from inpaintlib.training import Diverged, Job, train

    if not re.fullmatch(r"\w[\w.-]*", options.name):
        raise InputError(f"--name {options.name!r} names a folder: give letters, digits, dots and dashes only.")
    settings = recipe(options.profile)
    configure(options.model, **dict(options.set))
    job = Job(options.model, dict(options.set), settings, options.seed, options.images)
    folder = paths.runs(options.profile, options.name)
    begun = folder / "checkpoint.safetensors"
    if begun.exists() and checkpoint.read_note(begun)["job"] != job.as_dict():
        raise InputError(f"{folder} holds another training; give the settings it was begun with, or another --name.")
    photographs = _photographs(options)
    trained_on = _told(options, photographs)
    _keep_to(folder, trained_on)
    try:
        state = train(job, Crops(photographs, settings.crop, settings.scales), folder)
    except Diverged as error:
        print(f"inpaintlib: {error}", file=sys.stderr)
        return 1
    note = {
        "experiment": options.name,
        "profile": options.profile,
        "seed": options.seed,
        "model": options.model,
        "config": vars(state.average.config),
        "images_seen": state.step * settings.batch,
        "commit": commit(),
        "photographs": trained_on,
    }
    file = folder / "weights.safetensors"
    weights.store(file, state.average, note)
    print(file)
    use = f"inpaintlib inpaint photo.jpg mask.png -o filled.png --model {shlex.quote(str(file))}"
    print(f"inpaintlib: fill a hole with this network by `{use}`.", file=sys.stderr)
    return 0


def _keep_to(folder: Path, trained_on: dict[str, Any]) -> None:
    """Note in a training's folder what it learns from. Raises InputError where it was begun on something else."""
    from inpaintlib.files import read_json, write_json

    record = folder / "photographs.json"
    if record.exists() and read_json(record) != trained_on:
        raise InputError(f"{folder} holds a training on other photographs; give them, or another --name.")
    write_json(record, trained_on)


def _photographs(options: argparse.Namespace) -> Sequence:
    from inpaintlib import photos

    if options.layout and not options.photos:
        raise InputError(f"--layout {options.layout} needs the data set's folder: give it with --photos.")
    if not options.photos:
        return photos.bundled("train")
    if options.layout:
        return photos.dataset(options.layout, options.photos, "train")
    if (options.photos / photos.PREPARED).is_file():
        return photos.prepared(options.photos, "train")
    return photos.folder(options.photos)


def _told(options: argparse.Namespace, photographs: Any) -> dict[str, Any]:
    """What is kept of the photographs of a training: their number, and, of a folder made ready, which they are."""
    from inpaintlib import photos

    told = {"name": photographs.name, "count": len(photographs)}
    own = options.photos and not options.layout and (options.photos / photos.PREPARED).is_file()
    return told | ({"originals": list(photos.originals(options.photos, "train"))} if own else {})


def _doctor(_: argparse.Namespace) -> int:
    from inpaintlib import doctor

    return doctor.report()


def _serve(options: argparse.Namespace) -> int:
    try:
        from inpaintlib.drawing.server import serve
    except ModuleNotFoundError as error:
        raise InputError(f"The page needs {error.name}; install it with `pip install inpaintlib[hands]`.") from None
    try:
        serve(options.model, options.port, options.profile, options.device)
    except KeyboardInterrupt:  # which is how it is closed
        print("inpaintlib: the page is closed.", file=sys.stderr)
    return 0


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (key.isidentifier() and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=value, as in width=16")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


def _add_prepare(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("prepare", help="make photographs of yours ready for training and testing")
    command.add_argument("source", type=place, metavar="FOLDER", help="where they lie, in folders or not; only read")
    command.add_argument(
        "--out",
        type=place,
        required=True,
        metavar="NEW",
        help="a folder that is made, for what the other commands read",
    )
    command.add_argument("--seed", type=seed, default=0, help="decides what is tested (default: %(default)s)")
    command.set_defaults(run=_prepare)


def _add_train(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("train", help="train a network on your photographs; goes on where it was stopped")
    command.add_argument("model", metavar="MODEL", help="which network, for example tsgl")
    command.add_argument(
        "--name", required=True, help="name of the training and of its folder; the weights' path is printed at the end"
    )
    command.add_argument("--profile", default="laptop", help="whose training recipe (default: %(default)s)")
    command.add_argument(
        "--photos",
        type=place,
        metavar="FOLDER",
        help="of one that `prepare` made the part for training, of any other all (default: the bundled ones)",
    )
    command.add_argument("--layout", help="how FOLDER is laid out: celeba, places2, paris_streetview, dunhuang, ade20k")
    command.add_argument("--images", type=positive, default=64_000, help="crops to train on (default: %(default)s)")
    command.add_argument("--seed", type=seed, default=0, help="decides weights, crops and masks (default: %(default)s)")
    command.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="KEY=VALUE", help="a setting, as width=16"
    )
    command.set_defaults(run=_train)


def _add_serve(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("serve", help="a page for this machine on which holes are drawn and filled")
    command.add_argument("--port", type=int, default=8001, help="0 for any free one (default: %(default)s)")
    command.add_argument(
        "--model", nargs="+", default=["tsgl", "misf", "lama"], metavar="MODEL", help="which networks it offers"
    )
    command.add_argument("--profile", help="whose weights (default: the largest profile that has some)")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: the GPU where there is one)")
    command.set_defaults(run=_serve)


class Words(argparse.ArgumentParser):
    """A command that says itself which word it does not know, with its own usage and the option that may be meant."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[argparse.Namespace, list[str]]:
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            near = " or ".join(difflib.get_close_matches(rest[0], self._option_string_actions, 2))
            self.error(f"unrecognized arguments: {' '.join(rest)}" + (f" (did you mean {near}?)" if near else ""))
        return known, rest


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments. Each sets `run`: parsed arguments -> exit code."""
    top = Words(prog="inpaintlib", description="Image inpainting by TSGL and MISF.")
    top.add_argument("--version", action="version", version=f"inpaintlib {_version()}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for add in (inpaint_command.add, _add_serve, _add_prepare, _add_train, evaluate_command.add, study_commands.add):
        add(commands)
    commands.add_parser("doctor", help="check that this machine has what the book needs").set_defaults(run=_doctor)
    return top


def _version() -> str:
    try:
        return version("inpaintlib")
    except PackageNotFoundError:  # A copy of the sources, such as a machine that is borrowed for minutes has.
        return "(not installed)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Bad input is one sentence on stderr and exit code 2; an interruption is exit code 130."""
    options = parser().parse_args(arguments)
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except InputError as error:
        print(f"inpaintlib: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("inpaintlib: stopped; start the same command again to go on.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # The reader of the output, such as head, has what it wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        from inpaintlib.files import FULL

        where = f" for {error.filename}" if error.filename else ""
        if error.errno in FULL:
            print(
                f"inpaintlib: there is no room{where} ({error.strerror}); make room and start again.", file=sys.stderr
            )
        elif error.filename and error.strerror:
            print(f"inpaintlib: {error.filename} cannot be used ({error.strerror.lower()}).", file=sys.stderr)
        else:
            raise
        return 2
    except RuntimeError as error:
        if not str(error).startswith("Symlink loop"):  # as pathlib says it before Python 3.13
            raise
        print(f"inpaintlib: a link leads back to itself ({error}); name the place itself.", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
