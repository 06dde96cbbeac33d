"""Fuzzing that looks at which code an input reaches (atheris): whatever reads what people type or send.

`python -m torture.fuzz PARSER CORPUS [options of libFuzzer]` fuzzes one parser until something but a refusal comes out.
"""

import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from torture.trial import ROOT, Outcome, environment

RESULTS = ROOT / "figures" / "results" / "laptop" / "telea-s0"
LONGEST = 4096
"""Bytes of the longest input."""
Parser = Callable[[bytes, Path], object]


def variant(data: bytes, _: Path) -> None:
    from inpaintlib.variant import Variant

    parsed = Variant.parse(data.decode("utf-8", "replace"))
    assert Variant.parse(str(parsed)) == parsed, f"{parsed} does not come back"


def photograph(data: bytes, place: Path) -> None:
    from inpaintlib.pictures import Photograph

    pixels = Photograph.of(_written(data, place / "photograph.png")).pixels
    assert pixels.shape == (*pixels.shape[:2], 3), pixels.shape


def mask(data: bytes, place: Path) -> None:
    from inpaintlib.holes import Reading, hole_of

    hole = hole_of(_written(data, place / "mask.png"), (48, 64), Reading(fit=True))
    assert hole.shape == (48, 64), hole.shape
    assert hole.any(), "no hole, without a word"


def run_record(data: bytes, place: Path) -> None:
    from inpaintlib import forms, results

    _written(data, place / "figures/results/laptop/telea-s0/run.json")
    run = results.read_run("telea-s0", "laptop")
    assert not forms.fault(run, forms.RUN), run


def arrays(data: bytes, place: Path) -> None:
    from inpaintlib import results

    _written(data, place / "figures/results/laptop/telea-s0/stats.npz")
    results._loaded.cache_clear()
    results.read_arrays("telea-s0", "laptop")


def weights_file(data: bytes, place: Path) -> None:
    from inpaintlib import checkpoint

    checkpoint.read(_written(data, place / "weights.safetensors"))


PARSERS: dict[str, Parser] = {
    "variant": variant,
    "photograph": photograph,
    "mask": mask,
    "run.json": run_record,
    "stats.npz": arrays,
    "weights": weights_file,
}


def _written(data: bytes, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def seeds(parser: str) -> list[bytes]:
    """Whole inputs, from which the fuzzer begins."""
    from safetensors.torch import save
    from torch import arange

    from torture.pictures import encoded
    from torture.pictures import mask as hole
    from torture.pictures import photograph as scene

    pixels = hole() if parser == "mask" else scene(random.Random(0))
    pictures = [encoded(pixels[::4, ::4], suffix) for suffix in ("png", "jpg", "gif", "bmp", "webp", "tiff")]
    record = json.loads((RESULTS / "run.json").read_text()) | {"summary": {}, "versions": {}}
    return {
        "variant": [b"Baseline", b"Texture->Local", "2Global(Local) → Local(Global)".encode(), b"Global(2Local)"],
        "photograph": pictures,
        "mask": pictures,
        "run.json": [json.dumps(record).encode()],
        "stats.npz": [(RESULTS / "stats.npz").read_bytes()[:LONGEST], _small_arrays()],
        "weights": [save({"a": arange(4.0)}, {"note": "{}"})],
    }[parser]


def _small_arrays() -> bytes:
    import io

    import numpy as np

    file = io.BytesIO()
    np.savez_compressed(file, psnr=np.arange(6, dtype=np.float16), rows=np.zeros((2, 3), np.int32))
    return file.getvalue()


def of_parsers(times: int, draw: random.Random, folder: Path) -> Outcome:
    """Give each parser its share of the inputs; one that ends in anything but a refusal in a sentence is kept."""
    outcome = Outcome()
    if importlib.util.find_spec("atheris") is None:
        outcome.counts["left out: atheris is for Linux on x86_64"] = 1
        return outcome
    for parser in PARSERS:
        corpus = folder / f"corpus-{parser}"
        corpus.mkdir()
        for number, data in enumerate(seeds(parser)):
            (corpus / str(number)).write_bytes(data)
        options = [f"-runs={times // len(PARSERS)}", f"-seed={draw.randrange(1, 2**31)}", f"-max_len={LONGEST}"]
        command = [sys.executable, "-m", "torture.fuzz", parser, corpus, *options]
        told = {"capture_output": True, "text": True, "errors": "replace", "timeout": 1800}
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        run = subprocess.run(command, cwd=folder, env=environment(PYTHONPATH=paths), **told)
        done = re.search(r"Done (\d+) runs", run.stderr)
        outcome.counts[f"inputs to {parser}"] = int(done[1]) if done else 0
        outcome.expect(run.returncode == 0 and bool(done), f"{parser}: {_end(run.stdout + run.stderr)}")
        reached = re.findall(r"cov: (\d+)", run.stderr)
        outcome.expect(len(reached) > 1 and int(reached[-1]) > 10, f"{parser}: the fuzzer saw no code of it")
    return outcome


def _end(said: str) -> str:
    """What a fuzzer ended with: the exception, or else its last words."""
    found = re.search(r"Uncaught Python exception: ===\n(.*?)\nTraceback", said, re.S)
    return found[1] if found else said[-400:]


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["inpaintlib"]):
        from inpaintlib import checkpoint, holes, pictures, results, variant  # noqa: F401
        from inpaintlib.errors import InputError
    from torture.trial import is_sentence

    parse = PARSERS[sys.argv[1]]
    with tempfile.TemporaryDirectory() as place:

        def one(data: bytes) -> None:
            try:
                parse(data, Path(place))
            except InputError as error:
                if not is_sentence(str(error)):
                    raise ValueError(f"no sentence: {error}") from error

        with mock.patch.dict("os.environ", {"INPAINTLIB_HOME": place}):
            atheris.Setup([sys.argv[0], *sys.argv[2:]], one)
            atheris.Fuzz()


if __name__ == "__main__":
    main()
