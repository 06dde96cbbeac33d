"""Everything that is done to break the project, each with a number of attempts and a promise: `make torture`.

What came of it is written after each trial into figures/results/laptop/torture/, where the book's page reads it.
"""

import argparse
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

from inpaintlib.files import read_json, write_json
from inpaintlib.provenance import provenance
from torture.trial import ROOT, Trial
from torture.trials import TRIALS

RESULTS = ROOT / "figures" / "results" / "laptop" / "torture" / "torture.json"


def tried(trial: Trial, share: float, seed: int) -> dict:
    """What came of one trial: counts, what broke, numbers, seconds."""
    times, began = max(1, round(share * trial.times)), time.monotonic()
    print(f"{trial.name}: {times} times ...", flush=True)
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        outcome = trial.run(times, random.Random(seed), Path(folder))
    seconds = round(time.monotonic() - began)
    verdict = f"{len(outcome.broken)} BROKEN" if outcome.broken else "kept"
    told = ", ".join(f"{count} {word}" for word, count in outcome.counts.most_common())
    print(f"  {verdict} after {seconds} s: {told} {outcome.numbers or ''}", flush=True)
    for why in outcome.broken[:20]:
        print(f"  - {why}", flush=True)
    return {
        "name": trial.name,
        "promise": trial.promise,
        "times": times,
        "counts": dict(outcome.counts),
        "times_broken": len(outcome.broken),
        "broken": outcome.broken[:20],
        "numbers": outcome.numbers,
        "seconds": seconds,
        "seed": seed,
        **provenance(),
    }


def record(found: dict) -> None:
    """Write what came of a trial in the place of what came of it before; trials that are no more are left out."""
    known = {one["name"]: one for one in (read_json(RESULTS)["trials"] if RESULTS.exists() else [])}
    known[found["name"]] = found
    write_json(RESULTS, {"of": len(TRIALS), "trials": [known[t.name] for t in TRIALS if t.name in known]})


def main() -> int:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--only", help="trials whose name holds these words; the others' results stay as they are")
    parser.add_argument("--share", type=float, default=1.0, help="of the attempts; nothing is written below 1")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    chosen = [trial for trial in TRIALS if not options.only or options.only in trial.name]
    if not chosen:
        print(
            f"No trial's name holds {options.only!r}; there are: {', '.join(t.name for t in TRIALS)}", file=sys.stderr
        )
        return 2
    broken = False
    for trial in chosen:
        found = tried(trial, options.share, options.seed)
        if options.share >= 1:
            record(found)
        broken |= bool(found["broken"])
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
