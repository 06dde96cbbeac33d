"""What a file from somebody else could do here: nothing that is read is run. `make lint` has bandit's checks too."""

import ast
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

import inpaintlib as il
from inpaintlib import paths, results, weights

ROOT = Path(__file__).parents[1]
RUN = {"eval", "exec", "compile", "__import__", "input"}
"""Built-in functions that run text, or wait for a person."""
OF_PICKLE = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
UNPACK = {"extractall", "unpack_archive", "_extract_member"}
PLUGINS = {"inpaintlib/plugins.py", "scripts/minutes.py", "scripts/setup_cell.py", "scripts/bench_generator.py"}
"""Where a file that the person named, or one of this repository, is run on purpose."""


def sources():
    """Name -> text of every module, and of the code of every notebook but for its first cell, scripts/setup_cell.py."""
    found = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for room in ("inpaintlib", "book", "scripts")
        for path in (ROOT / room).rglob("*.py")
        if "_build" not in path.parts
    }
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        own = [cell for cell in cells if cell["cell_type"] == "code" and not cell["id"].endswith("-setup")]
        code = ["".join(cell["source"]) for cell in own]
        found[f"notebooks/{path.name}"] = "\n".join(code)
    return found


def called(text):
    """(name, keywords) of every call: the last part of a dotted name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            of = node.func
            name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
            whole = ast.unparse(of)
            yield name, whole, {key.arg: ast.unparse(key.value) for key in node.keywords}


def imported(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_nothing_that_is_read_is_run():
    wrong = []
    for place, text in sources().items():
        wrong += [f"{place} imports {name}" for name in imported(text) if name in OF_PICKLE]
        for name, whole, keys in called(text):
            ran = whole in RUN or (name in {"run_path", "run_module"} and place not in PLUGINS)
            shell = keys.get("shell", "False") != "False" or whole in {"os.system", "os.popen"}
            loads = whole == "torch.load" and keys.get("weights_only") != "True"
            loads |= keys.get("allow_pickle", "False") != "False"
            yaml = whole in {"yaml.load", "yaml.unsafe_load", "yaml.full_load"}
            if ran or shell or loads or yaml or name in UNPACK:
                wrong.append(f"{place} calls {whole}")
    assert wrong == []


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path(self.place),))


@pytest.fixture
def bomb(tmp_path):
    made = Bomb()
    made.place = str(tmp_path / "went-off")
    return made


def test_a_pickle_in_the_place_of_weights_or_arrays_is_refused_and_not_run(tmp_path, monkeypatch, bomb):
    torch.save({"weight": bomb}, tmp_path / "weights.safetensors")
    with pytest.raises(il.InputError, match="not a whole weights file"):
        weights.load(tmp_path / "weights.safetensors")
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    file = paths.results("laptop", "x-s0") / "stats.npz"
    file.parent.mkdir(parents=True)
    np.savez(file, psnr=np.array([bomb], dtype=object))
    with pytest.raises(il.InputError, match="no whole file of arrays"):
        results.read_arrays("x-s0", "laptop")
    file.write_bytes(pickle.dumps(bomb))
    with pytest.raises(il.InputError, match="no whole file of arrays"):
        results.read_arrays("x-s0", "laptop")
    assert not Path(bomb.place).exists()
    pickle.loads(pickle.dumps(bomb))
    assert Path(bomb.place).exists(), "the bomb is one"
