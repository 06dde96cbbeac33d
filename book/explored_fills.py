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
METRICS = {"hole_psnr": ("hole PSNR", "{:.1f} dB"), "lpips": ("LPIPS", "{:.3f}")}
"""What is said of a single filled hole."""


def explored(profile: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the slider is told, empty where the profile has nothing, and its pictures by file name: strips of holes."""
    protocol = PROTOCOLS[SCALES[profile].protocol]
    groups, pictures = [], {}
    if profile == "smoke" or protocol.missing():
        return {}, {}
    for name in gallery.SHOWN:
        methods = [_told(*found, protocol, pictures) for found in _kept(name, highest(name, profile), protocol)]
        groups += [{"title": GROUPS[name].question, "methods": methods}] if methods else []
    if not groups:
        return {}, {}
    for file, strip in zip(("given", "original"), gallery.given(protocol)):
        pictures[f"{file}.webp"] = webp.photograph(strip)
    plain = [_plain("the hole as given", "given"), _plain("the original photograph", "original")]
    groups.insert(0, {"title": "The photograph", "methods": plain})
    compared = groups[1]["methods"]
    first = next((method for method in compared if method["name"] == FIRST), compared[0])
    return {"holes": _holes(protocol), "groups": groups, "first": first["file"]}, pictures


def measured(profile: str) -> dict[str, dict[str, Any]]:
    """Label -> run.json of the compared methods, for the table below the slider."""
    protocol, chosen = PROTOCOLS[SCALES[profile].protocol], highest("comparison", profile)
    if profile == "smoke" or protocol.missing():
        return {}
    return {label: results.read_run(id, chosen) for label, id, _ in _kept("comparison", chosen, protocol)}


def _kept(group: str, profile: str, protocol: Protocol) -> Iterator[tuple[str, str, str]]:
    """Label, experiment and profile of the first seeds of a group that keep the protocol's holes filled."""
    for label, training in GROUPS[group].rows.items():
        for experiment in experiments.seeds_of(profile, training):
            there = results.picture_path(experiment.id, profile, "filled").is_file()
            if experiment.seed or not there or not results.exists(experiment.id, profile):
                continue
            if results.read_run(experiment.id, profile)["protocol"]["checksum"] == protocol.rows().checksum:
                yield label, experiment.id, profile


def _told(label: str, id: str, profile: str, protocol: Protocol, pictures: dict[str, bytes]) -> dict[str, Any]:
    """What the slider is told of a method; its picture is put to the others as it is stored."""
    pictures[f"{id}.webp"] = results.picture_path(id, profile, "filled").read_bytes()
    values = results.read_arrays(id, profile, "stats")
    rows = gallery.shown_rows(protocol)
    notes = [
        ", ".join(f"{name} {form.format(values[metric][row])}" for metric, (name, form) in METRICS.items())
        for row in rows
    ]
    return {"name": label.replace("->", " → "), "file": f"{id}.webp", "notes": notes}


def _plain(name: str, file: str) -> dict[str, Any]:
    return {"name": name, "file": f"{file}.webp", "notes": []}


def _holes(protocol: Protocol) -> list[dict[str, str]]:
    rows = protocol.rows()
    return [
        {"name": f"{rows.bin[row]} % hole".replace("-", "–"), "photograph": str(rows.group[row]).replace("_", " ")}
        for row in gallery.shown_rows(protocol)
    ]
