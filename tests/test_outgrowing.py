"""The commands on the page "Outgrowing one machine": each is one that works, and names what there is."""

import re
import shlex
from fnmatch import fnmatch
from itertools import pairwise

import pytest
from small_book import ROOT
from snakemake.cli import parse_args as snakemake_arguments
from torch.distributed.run import get_args_parser as torchrun

from inpaintlib import cli
from inpaintlib.experiments import select
from inpaintlib.layouts import LAYOUTS
from inpaintlib.parcel import BYTES, FILES
from inpaintlib.provenance import STAMP

PAGE = (ROOT / "book" / "outgrowing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.M | re.S)
LINES = [line for block in BLOCKS for line in block.replace("\\\n", "").splitlines() if line.strip(" #!/")]
COMMANDS = [words for line in LINES if (words := shlex.split(line, comments=True))]
SPANS = [shlex.split(span) for span in re.findall(r"`(inpaintlib study [^`]+)`", PAGE)]
OF_PLUGINS = ("--executor", "--kubernetes-persistent-volumes")
"""Options with one value, of plugins of Snakemake that need not be installed."""
OTHERS = {"rsync", "git", "export", "scancel"}


def check(words: list[str]) -> None:
    """Parse a command as its program would, down to the experiments that it names."""
    program, rest = words[0].removeprefix(".venv/bin/"), words[1:]
    if program == "srun":
        check(rest[next(i for i, word in enumerate(rest) if not word.startswith("-")) :])
    elif program == "torchrun":
        options = torchrun().parse_args(rest)
        assert options.module
        check(["python", "-m", options.training_script, *options.training_script_args])
    elif program == "python":
        assert rest[:2] == ["-m", "inpaintlib.cli"]
        check(["inpaintlib", *rest[2:]])
    elif program == "inpaintlib":
        options = cli.parser().parse_args(rest)
        assert select(options.profile, tuple(options.only)) if "only" in options else options.run
    elif program == "snakemake":
        snakemake(rest)
    elif program == "uv":
        assert rest[:2] == ["pip", "install"]
    else:
        assert program in OTHERS


def snakemake(words: list[str]) -> None:
    own = [word for before, word in zip(["", *words], words) if not {before, word} & {*OF_PLUGINS}]
    _, options = snakemake_arguments(own)
    assert options.targets == ["study"]
    settings = dict(setting.split("=", 1) for setting in options.config)
    assert set(settings) <= {"profile", "only", "gpus"}
    assert select(settings["profile"], tuple(settings.get("only", "").split()))


@pytest.mark.parametrize("words", [*COMMANDS, *SPANS], ids=" ".join)
def test_a_command_is_one_that_works(words):
    check(words)


def test_the_stamp_travels_in_the_copy():
    """With rsync, and with what copies the files that git does not ignore."""
    assert STAMP not in (ROOT / ".gitignore").read_text()
    copying = [words for words in COMMANDS if words[0] == "rsync" and words[-2] == "./"]
    assert copying
    for words in copying:
        left_out = [word for before, word in pairwise(words) if before == "--exclude"]
        assert not any(word.startswith(("--filter", "--exclude-from")) for word in words)
        assert not any(fnmatch(STAMP, pattern) for pattern in left_out)


def test_the_page_has_commands_of_every_kind():
    programs = {words[0].removeprefix(".venv/bin/") for words in COMMANDS}
    assert programs == {"inpaintlib", "snakemake", "torchrun", "srun", "python", "uv"} | OTHERS


def test_the_page_says_what_the_library_does():
    folders = set(re.findall(r"^\| `(\w+)/` \|", PAGE, flags=re.M))
    assert folders == set(LAYOUTS)
    assert f"at most {FILES} files of at most {BYTES // 10**6} MB" in PAGE.replace("\n", " ")
    rules = (ROOT / "study.smk").read_text()
    assert set(re.findall(r'config\.get\("(\w+)"', rules)) == {"gpus", "only"}
