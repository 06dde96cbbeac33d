"""From notebooks to the book, for one profile: snakemake --config profile=laptop (make book does it).

The target `study`, in study.smk, trains and measures what the notebooks read.
"""

import sys
from shlex import quote

sys.path[:0] = [str(Path(workflow.basedir) / "book"), workflow.basedir]

from inputs import OWN_DATA, write_dependencies
from layout import Layout
from snakemake.exceptions import WorkflowError

BOOK = Layout(config.get("profile", "laptop"))
PHOTOS = config.get("photos", "")
NAMES = [notebook.stem for notebook in BOOK.notebooks]
PAGES = sorted(
    path
    for pattern in (
        *("book/*.md", "book/api/*.md", "book/*.yml", "book/*.bib", "book/*.py", "book/_static/*.*"),
        *("book/_templates/*", "figures/results/laptop/torture/*.json"),
    )
    for path in BOOK.root.glob(pattern)
)

if workflow.is_main_process:
    try:
        write_dependencies(BOOK, PHOTOS)
    except ValueError as error:
        print(f"  {'inputs':<28}FAILED: {error}", flush=True)
        raise WorkflowError(str(error)) from None


def short(path):
    return BOOK.short(path)


rule book:
    input:
        [short(BOOK.stamp(name)) for name in NAMES],
        short(BOOK.stamp("methods")),
        short(BOOK.stamp("explorer")),
        [short(path) for path in PAGES],
        "inpaintlib/data/photos.csv",
        "inpaintlib/data/ATTRIBUTION.md",
    output:
        short(BOOK.stamp("book")),
    params:
        repository=lambda wildcards: os.environ.get("GITHUB_REPOSITORY", ""),
    threads: lambda wildcards: workflow.cores
    shell:
        "{sys.executable} book/assemble.py --profile {BOOK.profile} --stamp {output}"


rule notebook:
    input:
        notebook="notebooks/{name}.ipynb",
        depends=short(BOOK.depends("{name}")),
    output:
        short(BOOK.stamp("{name}")),
    params:
        out=short(BOOK.chapters / "{name}.ipynb"),
        record=short(BOOK.record("{name}")),
        own=lambda wildcards: f"--set {quote(f'photos={PHOTOS}')}" if PHOTOS and wildcards.name == OWN_DATA else "",
    wildcard_constraints:
        name="|".join(NAMES) or "none",
    shell:
        "{sys.executable} book/run_notebook.py {input.notebook} {params.out} --profile {BOOK.profile}"
        " {params.own}"
        " && cp {params.record} {output}"


rule methods:
    input:
        "book/method_pages.py",
        "book/metric_table.py",
        depends=short(BOOK.depends("methods")),
    output:
        short(BOOK.stamp("methods")),
    shell:
        "{sys.executable} book/method_pages.py --profile {BOOK.profile} --stamp {output}"


rule explorer:
    input:
        "book/explorer.py",
        "book/explored_fills.py",
        "book/explored_maps.py",
        "book/metric_table.py",
        "book/webp.py",
        depends=short(BOOK.depends("explorer")),
    output:
        short(BOOK.stamp("explorer")),
    shell:
        "{sys.executable} book/explorer.py --profile {BOOK.profile} --stamp {output}"


include: "study.smk"
