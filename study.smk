"""The study as jobs, one for each experiment: snakemake study --config profile=gpu. The book's page "Outgrowing one
machine" says how to send them to a cluster, and what gpus=4 and only="tau hosts" choose.

A job leaves a stamp and nothing else that Snakemake knows of, so that what it does to the outputs of failed or outdated
jobs can touch no result. The library is imported when the study is asked for: a book never waits for torch.
"""

from functools import cache

GPUS = int(config.get("gpus", BOOK.profile in ("gpu", "paper")))
ONLY = tuple(str(config.get("only", "")).split())
PROCESSES = max(GPUS, 1)
CORES = 8 if GPUS else 1
"""For each process."""
MODULE = "-m inpaintlib.cli"
if GPUS > 1:
    MODULE = f"-m torch.distributed.run --standalone --nproc-per-node {GPUS} {MODULE}"


def trained(id):
    """The file by which Snakemake knows that an experiment is done."""
    return short(BOOK.build / "study" / f"{id}.done")


@cache
def experiments():
    """id -> experiment of the profile."""
    from inpaintlib.experiments import experiments

    return {experiment.id: experiment for experiment in experiments(BOOK.profile)}


@cache
def chosen():
    """The stamps of the chosen experiments. First every stamp is made to say what the results say, whoever left them."""
    from inpaintlib.study import done, select

    for experiment in experiments().values():
        stamp = BOOK.root / trained(experiment.id)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        if not done(experiment):
            stamp.unlink(missing_ok=True)
        elif not stamp.exists():
            stamp.touch()
    return [trained(experiment.id) for experiment in select(BOOK.profile, ONLY)]


rule study:
    input:
        lambda wildcards: chosen(),


rule experiment:
    input:
        lambda wildcards: [ancient(trained(id)) for id in experiments()[wildcards.id].after],
    output:
        touch(trained("{id}")),
    wildcard_constraints:
        id="[a-z0-9-]+",
    priority: lambda wildcards: 100 - experiments()[wildcards.id].priority
    threads: CORES * PROCESSES
    resources:
        runtime=lambda wildcards: experiments()[wildcards.id].minutes,
        mem_mb=16_000 * PROCESSES,
        disk_mb=10_000,
        nodes=1,
        gpu=GPUS,
        gpu_manufacturer="nvidia",  # kubernetes wants to know, and ...
        scale=0,  # ... gives a GPU only where what is requested is the limit as well
    shell:
        "OMP_NUM_THREADS={CORES} OMP_WAIT_POLICY=PASSIVE"
        " {sys.executable} {MODULE} study run --profile {BOOK.profile} --only {wildcards.id}"
