"""What the words of a command line are read as; argparse puts a refusal behind the option's name."""

import argparse
from pathlib import Path


def positive(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def seed(text: str) -> int:
    """What every generator of random numbers takes."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def place(text: str) -> Path:
    """A path. An empty word, such as a shell's variable that was never set, would be the folder one stands in."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty, where a path belongs")
    return Path(text)
