"""The benchmark compares like with like, and its figures are computed as they say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.discriminator import DISCRIMINATORS

SCRIPTS = Path(__file__).parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import bench  # noqa: E402
import bench_generator  # noqa: E402
from bench_cases import CASES  # noqa: E402

BY_NAME = {case.name: case for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=BY_NAME)
def test_both_formulations_give_the_same(case):
    inputs = bench.learning(case.inputs(quick=True, dtype=torch.float64))
    results = [bench.step(f, inputs, backward=False) for f in (case.ours, case.literal)]
    torch.testing.assert_close(*results)
    gradients = [torch.autograd.grad(f(**inputs).sin().sum(), _leaves(inputs)) for f in (case.ours, case.literal)]
    torch.testing.assert_close(*gradients)


def _leaves(inputs):
    values = [v for v in inputs.values() if isinstance(v, torch.Tensor) and v.requires_grad]
    return values + [p for v in inputs.values() if isinstance(v, torch.nn.Module) for p in v.parameters()]


def test_inputs_are_the_same_at_every_call():
    for case in CASES:
        first, second = (bench.learning(case.inputs(quick=True)) for _ in range(2))
        torch.testing.assert_close(_leaves(first), _leaves(second), rtol=0, atol=0)


def test_race_alternates_and_leaves_warmups_out():
    calls = []
    seconds = bench_generator.race([lambda: calls.append("a"), lambda: calls.append("b")], repeats=3, warmups=1)
    assert calls == ["a", "b"] * 4
    assert len(seconds) == 2
    assert all(s >= 0 for s in seconds)


def test_memory_grows_by_what_is_kept():
    grown = bench.growth(BY_NAME["spatial equalization"], "literal", quick=True)
    assert len(grown) == 2
    assert 0 <= grown[0] <= grown[1] < 2**30


class Kept(torch.nn.Module):
    """A generator that saves one map of the image's size for the backward pass, twice, and its weight."""

    losses = ()

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3, 1, 1))

    def forward(self, batch):
        x = torch.sigmoid(batch.image * self.weight)
        return il.Output(x * x)


def test_saved_bytes_count_each_storage_once_and_no_weights():
    batch = il.example_batch(1, 32)
    saved = bench_generator.saved_for_backward(Kept(), torch.nn.Identity(), batch)
    image_and_sigmoid, mask_as_bool = 2 * 3 * 32 * 32 * 4, 32 * 32
    assert saved.total == image_and_sigmoid + mask_as_bool
    assert saved.largest == 3 * 32 * 32 * 4


def test_shapes_alone_save_no_less_than_a_real_step():
    """And little more: without values there is no fused attention, so its scores are kept."""
    saved = []
    for device in ("cpu", "meta"):
        network, judge = il.build("tsgl", width=4).to(device), DISCRIMINATORS["patch"](4).to(device)
        saved.append(bench_generator.saved_for_backward(network, judge, il.example_batch(1, 64).to(device)).total)
    assert saved[0] <= saved[1] < 1.25 * saved[0]


def test_training_memory_of_a_tiny_network():
    each, held, whole = bench_generator.training_memory(4, 64)
    assert 0 < each.value < 100
    assert held.value < whole.value < 1
    assert whole.met


def test_a_resized_batch_keeps_its_maps_in_step():
    batch = bench_generator.sized(il.example_batch(1, 64), 128)
    assert batch.mask.shape == (1, 1, 128, 128)
    assert {p.shape[-1] for p in batch.priors.values()} == {128}
    assert torch.equal(batch.image * batch.mask, batch.image)


def test_an_unknown_name_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench.py", "--only", "coffee"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "range equalization" in capsys.readouterr().err


@pytest.mark.slow
def test_the_benchmark_runs_and_writes_every_case(tmp_path):
    call = [sys.executable, str(SCRIPTS / "bench.py"), "--quick", "--json", str(tmp_path / "bench.json")]
    result = subprocess.run(call, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    written = json.loads((tmp_path / "bench.json").read_text())
    assert [row["name"] for row in written["operations"][::2]] == list(BY_NAME)
    assert {row["pass"] for row in written["operations"]} == {"forward", "forward + backward"}
    assert all(row["ratio"] > 0 for row in written["operations"])
    names = " ".join(figure["name"] for figure in written["generator"])
    for part in ("rate, batch 4", "peak memory", "torch.compile", "MACs a pixel at 128 px", "a step at batch 16"):
        assert part in names, part
