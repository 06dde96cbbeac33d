"""What programs write and read again, and what people type, as it should not be: results, weights, notes, settings."""

import copy
import json
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import torch

import inpaintlib as il
from inpaintlib import checkpoint, parcel, photos, results, weights
from inpaintlib.models.registry import find
from inpaintlib.variant import Variant
from torture.pictures import DAMAGES, peak, within_bounds
from torture.trial import ROOT, Outcome, is_sentence

sys.path.insert(0, str(ROOT / "book"))
import run_notebook

WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**9,
    1.5,
    1e400,
    "",
    "x",
    "2",
    [],
    [1, "a"],
    {},
    {"a": 1},
    "é\n\0",
    -(2**70),
)
"""Values of the wrong kind or size for nearly everything."""


def spoiled(value: Any, draw: random.Random) -> Any:
    """A JSON value in which one thing, somewhere, is gone or another."""
    value = copy.deepcopy(value)
    place: Any = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return draw.choice(WRONG)
        key = draw.choice(keys)
        if isinstance(place[key], (dict, list)) and place[key] and draw.random() < 0.6:
            place = place[key]
        elif draw.random() < 0.3:
            del place[key]
            return value
        else:
            place[key] = draw.choice(WRONG)
            return value


def spoil_json(path: Path, draw: random.Random) -> str:
    """Spoil a JSON file in its text or in its values; how."""
    if draw.random() < 0.4:
        change = draw.choice(DAMAGES)
        path.write_bytes(change(path.read_bytes(), draw))
        return change.__name__.replace("_", " ")
    path.write_text(json.dumps(spoiled(json.loads(path.read_text()), draw)))
    return "another value"


class Bench:
    """Whole files to spoil, in a folder of their own, and one way to spoil each and to read it then."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.network = il.build("tsgl", width=4)
        note = {
            "model": "tsgl",
            "config": {"width": 4},
            "profile": "smoke",
            "experiment": "x",
            "seed": 0,
            "commit": "c",
        }
        note["images_seen"] = 1
        weights.store(folder / "whole.safetensors", self.network, note)
        self.results = ROOT / "figures" / "results" / "laptop" / "telea-s0"

    def variant(self, draw: random.Random, _: Path) -> tuple[Callable[[], Any], str]:
        text = draw.choice(list(il.TABLE_IV))
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(text) + 1)
            text = (
                text[:at]
                + draw.choice(["", "(", ")", "->", "→", "9", "é", "Global", "\0", "mine", " "])
                + text[at + 1 :]
            )

        def read() -> None:
            parsed = Variant.parse(text)
            assert Variant.parse(str(parsed)) == parsed, f"{parsed} does not come back"

        return read, f"variant {text!r}"

    def config(self, draw: random.Random, _: Path) -> tuple[Callable[[], Any], str]:
        name = draw.choice(["tsgl", "misf", "lama", "pennet", "mat", "aot-gan"])
        fields = find(name).Config.__dataclass_fields__
        key, value = draw.choice([*fields, "colour"]), draw.choice(WRONG)
        return lambda: il.build(name, **{"width": 4, key: value}), f"il.build({name!r}, {key}={value!r})"

    def run_json(self, draw: random.Random, place: Path) -> tuple[Callable[[], Any], str]:
        shutil.copytree(self.results, place / "figures/results/laptop/telea-s0")
        how = spoil_json(place / "figures/results/laptop/telea-s0/run.json", draw)
        return self._at(place, lambda: results.read_run("telea-s0", "laptop")), f"run.json, {how}"

    def arrays(self, draw: random.Random, place: Path) -> tuple[Callable[[], Any], str]:
        shutil.copytree(self.results, place / "figures/results/laptop/telea-s0")
        file = place / "figures/results/laptop/telea-s0/stats.npz"
        change = draw.choice(DAMAGES)
        file.write_bytes(change(file.read_bytes(), draw))
        return self._at(place, lambda: results.read_arrays("telea-s0", "laptop")), f"stats.npz, {change.__name__}"

    def network_file(self, draw: random.Random, place: Path) -> tuple[Callable[[], Any], str]:
        file, change = place / "weights.safetensors", draw.choice(DAMAGES)
        data = (self.folder / "whole.safetensors").read_bytes()
        file.write_bytes(change(data, draw))

        def read() -> None:
            found = weights.load(file).state_dict()
            same = all(
                torch.equal(v.half(), found[k].half()) for k, v in self.network.state_dict().items() if k in found
            )
            assert same, "other weights without a word"

        return read, f"weights, {change.__name__}"

    def note(self, draw: random.Random, place: Path) -> tuple[Callable[[], Any], str]:
        tensors, note = checkpoint.read(self.folder / "whole.safetensors")
        checkpoint.save(place / "weights.safetensors", tensors, spoiled(note, draw))
        return lambda: weights.load(place / "weights.safetensors"), "a note of weights, another value"

    def own_photographs(self, draw: random.Random, place: Path) -> tuple[Callable[[], Any], str]:
        rows = [
            {
                "source": f"{i}.jpg",
                "sha256": "0" * 64,
                "file": f"train/{i}.png",
                "width": 9,
                "height": 9,
                "group": f"{i}.jpg",
            }
            for i in range(3)
        ]
        record = {"source": "x", "seed": 0, "photographs": [row | {"split": "train"} for row in rows], "left_out": []}
        (place / photos.PREPARED).write_text(json.dumps(record))
        how = spoil_json(place / photos.PREPARED, draw)
        return lambda: (photos.prepared(place, "train"), photos.originals(place, "train")), f"photos.json, {how}"

    def shipped(self, draw: random.Random, place: Path) -> tuple[Callable[[], Any], str]:
        file, change = place / "study-1.zip", draw.choice(DAMAGES)
        entries = [(f"laptop/telea-s0/{f.name}", f.read_bytes()) for f in sorted(self.results.iterdir())]
        parcel._write(file, entries)
        file.write_bytes(change(file.read_bytes(), draw))
        return self._at(place / "home", lambda: parcel.merge(place)), f"parcel, {change.__name__}"

    def parameters(self, draw: random.Random, _: Path) -> tuple[Callable[[], Any], str]:
        notebook = draw.choice(sorted((ROOT / "notebooks").glob("*.ipynb")))
        given = {draw.choice(["profile", "seed", "sead", "photos", "layer"]): draw.choice(WRONG)}
        return lambda: run_notebook.checked_parameters(notebook, given), f"{notebook.name} with {given}"

    def _at(self, home: Path, read: Callable[[], Any]) -> Callable[[], Any]:
        def reading() -> Any:
            with mock.patch.dict("os.environ", {"INPAINTLIB_HOME": str(home)}):
                return read()

        return reading


def spoiled_records(times: int, draw: random.Random, folder: Path) -> Outcome:
    """Spoil a file or a word, and read it where the library does."""
    bench, outcome, before = Bench(folder), Outcome(), peak()
    ways = (
        *(bench.variant, bench.config, bench.run_json, bench.arrays, bench.network_file),
        *(bench.note, bench.own_photographs, bench.shipped, bench.parameters),
    )
    for attempt in range(times):
        place = folder / str(attempt)
        place.mkdir()
        read, what = ways[attempt % len(ways)](draw, place)
        try:
            read()
        except ValueError as error:
            refusal = type(error) is il.InputError or ways[attempt % len(ways)] == bench.parameters
            outcome.counts["refused in a sentence" if refusal else "traceback"] += 1
            outcome.expect(refusal, f"{what}: {type(error).__name__}: {error}")
            outcome.expect(not refusal or is_sentence(str(error)), f"{what}: no sentence: {error}")
        except Exception as error:
            outcome.counts["traceback"] += 1
            outcome.broken.append(f"{what}: {type(error).__name__}: {error}")
        else:
            outcome.counts["read"] += 1
    within_bounds(before, outcome)
    return outcome
