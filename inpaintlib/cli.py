"""The command line: `inpaintlib inpaint | train | evaluate | study | doctor`. Heavy imports wait for their command."""

import argparse
import sys
from collections.abc import Sequence

from inpaintlib.errors import InputError


def _doctor(_: argparse.Namespace) -> int:
    from inpaintlib import doctor

    return doctor.report()


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments. Each sets `run`: parsed arguments -> exit code."""
    top = argparse.ArgumentParser(
        prog="inpaintlib", description="Image inpainting by TSGL and MISF.", allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    doctor = commands.add_parser("doctor", help="check that this machine has what the book needs")
    doctor.set_defaults(run=_doctor)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Bad input is one sentence on stderr and exit code 2; an interruption is exit code 130."""
    options = parser().parse_args(arguments)
    try:
        return options.run(options)
    except InputError as error:
        print(f"inpaintlib: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("inpaintlib: stopped; start the same command again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
