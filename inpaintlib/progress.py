"""How far the study is: which experiments are done, running, begun or left, and how long they will take."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from inpaintlib import paths, results
from inpaintlib.experiments import Experiment
from inpaintlib.files import held
from inpaintlib.questions import GROUPS
from inpaintlib.study import done

DONE, RUNNING, BEGUN, LEFT = STATES = ("done", "running", "begun", "left")


@dataclass(frozen=True)
class Progress:
    """state: one of STATES.  share: of the training, 0..1.  seconds: of training still to come, as long as the trained
    ones of its model took for each image, or those of any model; None where nothing has been trained yet."""

    experiment: Experiment
    state: str
    share: float
    seconds: float | None


def progress(experiments: Sequence[Experiment]) -> list[Progress]:
    """How far each experiment is, in the same order."""
    states = {e.id: _state(e) for e in experiments}
    rates = _rates([e for e in experiments if states[e.id] == DONE])
    found = []
    for e in experiments:
        share = 1.0 if states[e.id] == DONE else _share(e)
        rate = rates.get(e.model, rates.get("") if e.budget else 0.0)
        found.append(Progress(e, states[e.id], share, None if rate is None else (1 - share) * e.budget * rate))
    return found


def _state(experiment: Experiment) -> str:
    if done(experiment):
        return DONE
    folder = paths.runs(experiment.profile, experiment.id)
    if held(folder / "lock"):
        return RUNNING
    return BEGUN if (folder / "checkpoint.safetensors").exists() else LEFT


def _share(experiment: Experiment) -> float:
    """How much of the training the log has; the log is written with every checkpoint."""
    log = paths.runs(experiment.profile, experiment.id) / "log.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return json.loads(lines[-1])["images"] / experiment.budget if lines else 0.0


def _rates(trained: Sequence[Experiment]) -> dict[str, float]:
    """Seconds an image: the median of each model, and of all under ""."""
    seconds: dict[str, list[float]] = {}
    for e in trained:
        run = results.read_run(e.id, e.profile)
        if run["images_seen"]:
            for key in (e.model, ""):
                seconds.setdefault(key, []).append(run["seconds"] / run["images_seen"])
    return {model: statistics.median(values) for model, values in seconds.items()}


def table(rows: Sequence[Progress]) -> str:
    """One line a question, the running experiments, and the sum: done, running, left, time to go on one worker."""
    lines = [f"{'group':<15} {'done':>5} {'running':>8} {'left':>5} {'to go':>9}  question"]
    for group, content in GROUPS.items():
        own = [row for row in rows if row.experiment.group == group]
        if own:
            lines.append(f"{_line(group, own)}  {content.question}")
    lines.append(_line("all", rows))
    for row in rows:
        if row.state == RUNNING:
            lines.append(f"running: {row.experiment.id}, {100 * row.share:.0f} % trained, {_clock([row])} to go")
    return "\n".join(lines)


def _line(name: str, rows: Sequence[Progress]) -> str:
    count = {state: sum(row.state == state for row in rows) for state in STATES}
    left = count[BEGUN] + count[LEFT]
    return f"{name:<15} {count[DONE]:>5} {count[RUNNING]:>8} {left:>5} {_clock(rows):>9}"


def _clock(rows: Sequence[Progress]) -> str:
    """Hours and minutes of training still to come; "?" where no training tells how long one takes."""
    seconds = [row.seconds for row in rows if row.state != DONE]
    if None in seconds:
        return "?"
    minutes = round(sum(seconds) / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h"


def listing(rows: Sequence[Progress]) -> str:
    """One line an experiment: id, group, priority, images, state, what comes before it, settings."""
    lines = [f"{'experiment':<46} {'group':<12} {'first':>5} {'images':>11} {'state':<14} settings"]
    for row in rows:
        e = row.experiment
        state = f"{row.state} {100 * row.share:.0f} %" if row.state in (RUNNING, BEGUN) else row.state
        settings = " ".join(f"{key}={value}" for key, value in (e.config | e.recipe).items())
        after = f" (after {', '.join(e.after)})" if e.after else ""
        lines.append(
            f"{e.id:<46} {e.group:<12} {e.priority:>5} {e.budget:>11,} {state:<14} {e.model} {settings}{after}"
        )
    total = sum(row.experiment.budget for row in rows)
    lines.append(f"{len(rows)} experiments, {total:,} images")
    return "\n".join(lines)
