"""What the page "Look for yourself" shows of filled holes: the same holes, filled by every method that keeps them."""

from collections.abc import Iterator
from typing import Any

import webp

from inpaintlib import experiments, gallery, results
from inpaintlib.experiments import SCALES
from inpaintlib.measurements import highest
from inpaintlib.protocols import PROTOCOLS, Protocol
from inpaintlib.questions import GROUPS

FIRST = "Ours"
"""What stands beside the given hole when the page opens, where it has results."""
LARGE = "bundled-512"
"""The protocol of larger holes, which only some methods fill, beside the profile's own."""
METRICS = {"hole_psnr": ("hole PSNR", "{:.1f} dB"), "lpips": ("LPIPS", "{:.3f}")}
"""What is said of a single filled hole."""

Filled = list[tuple[str, str] | None]
"""Of every hole that is shown: the file that has it filled and a note, or None."""


def explored(profile: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the slider is told, empty where the profile has nothing, and its pictures by file name: strips of holes."""
    shown = [PROTOCOLS[name] for name in (SCALES[profile].protocol, LARGE)]
    if profile == "smoke" or any(protocol.missing() for protocol in shown):
        return {}, {}
    groups, pictures = [], {}
    for name in gallery.SHOWN:
        chosen = highest(name, profile)
        told = {label: _filled(id, chosen, shown, pictures) for label, id in _first_seeds(name, chosen)}
        methods = [{"name": _words(label), "filled": filled} for label, filled in told.items() if any(filled)]
        groups += [{"title": GROUPS[name].question, "methods": methods}] if methods else []
    if not groups:
        return {}, {}
    groups.insert(0, {"title": "The photograph", "methods": _given(shown, pictures)})
    names = [method["name"] for group in groups for method in group["methods"]]
    holes = [hole for protocol in shown for hole in _holes(protocol)]
    return {"holes": holes, "groups": groups, "first": names.index(FIRST) if FIRST in names else 2}, pictures


def measured(profile: str) -> dict[str, dict[str, Any]]:
    """Label -> run.json of the compared methods, for the table below the slider."""
    protocol, chosen = PROTOCOLS[SCALES[profile].protocol], highest("comparison", profile)
    if profile == "smoke" or protocol.missing():
        return {}
    runs = {label: results.read_run(id, chosen) for label, id in _first_seeds("comparison", chosen)}
    checksum = protocol.rows().checksum
    return {label: run for label, run in runs.items() if run["protocol"]["checksum"] == checksum}


def _first_seeds(group: str, profile: str) -> Iterator[tuple[str, str]]:
    """Label and experiment of the first seeds of a group that have results."""
    for label, training in GROUPS[group].rows.items():
        for experiment in experiments.seeds_of(profile, training):
            if not experiment.seed and results.exists(experiment.id, profile):
                yield label, experiment.id


def _filled(id: str, profile: str, shown: list[Protocol], pictures: dict[str, bytes]) -> Filled:
    """What an experiment made of the holes of some protocols; its pictures are put to the others as they are stored."""
    run, found = results.read_run(id, profile), []
    measured = {entry["name"]: entry["checksum"] for entry in (run["protocol"], *run["also"])}
    for protocol in shown:
        suffix = "" if protocol.name == run["protocol"]["name"] else f"-{protocol.name}"
        path, rows = results.picture_path(id, profile, f"filled{suffix}"), gallery.shown_rows(protocol)
        if not path.is_file() or measured.get(protocol.name) != protocol.rows().checksum:
            found += [None] * len(rows)
            continue
        file, values = f"{id}{suffix}.webp", results.read_arrays(id, profile, f"stats{suffix}")
        pictures[file] = path.read_bytes()
        for row in rows:
            notes = (f"{name} {form.format(values[metric][row])}" for metric, (name, form) in METRICS.items())
            found.append((file, ", ".join(notes)))
    return found


def _given(shown: list[Protocol], pictures: dict[str, bytes]) -> list[dict[str, Any]]:
    """The holes and the photographs themselves, as methods without a note; their pictures are put to the others."""
    methods = [{"name": "Hole as given", "filled": []}, {"name": "Original", "filled": []}]
    for protocol in shown:
        for file, method, strip in zip(("given", "original"), methods, gallery.given(protocol)):
            pictures[f"{file}-{protocol.name}.webp"] = webp.photograph(strip)
            method["filled"] += [(f"{file}-{protocol.name}.webp", "")] * len(gallery.shown_rows(protocol))
    return methods


def _holes(protocol: Protocol) -> Iterator[dict[str, Any]]:
    """Of every hole that is shown its photograph's side, its name, its photograph, and where it lies on a strip."""
    rows, chosen = protocol.rows(), gallery.shown_rows(protocol)
    for column, row in enumerate(chosen):
        name = f"{rows.bin[row]} % hole".replace("-", "–") if rows.bin[row][0].isdigit() else f"{rows.bin[row]} hole"
        photograph = str(rows.group[row]).replace("_", " ")
        tile = {"column": column, "columns": len(chosen)}
        yield {"size": f"{protocol.size} px", "name": name, "photograph": photograph, "tile": tile}


def _words(label: str) -> str:
    return label.replace("->", " → ")
