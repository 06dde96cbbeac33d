"""Weights files: what comes back, and what is refused."""

import pytest
import torch

import inpaintlib as il
from inpaintlib import checkpoint
from inpaintlib.weights import load, store

NOTE = {"model": "tsgl", "config": {"width": 4}, "profile": "laptop", "images_seen": 8}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return il.build("tsgl", width=4)


def test_weights_come_back_as_float16_without_training_parts(tmp_path, network):
    path = tmp_path / "w.safetensors"
    store(path, network, NOTE)
    tensors, note = checkpoint.read(path)
    assert note == NOTE == checkpoint.read_note(path)
    assert not any(name.startswith("structure_decoder") for name in tensors)
    other = il.build("tsgl", width=4)
    checkpoint.load_weights(path, other, missing=other.training_only)
    for name, value in other.state_dict().items():
        if not name.startswith("structure_decoder"):
            torch.testing.assert_close(value, network.state_dict()[name], rtol=1e-3, atol=1e-6)


def test_running_statistics_may_be_larger_than_float16_holds_and_parameters_may_not(tmp_path):
    model = il.build("lama", width=8)
    norm = next(m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d))
    norm.running_var.fill_(1e9)
    store(tmp_path / "w.safetensors", model, NOTE)
    other = il.build("lama", width=8)
    checkpoint.load_weights(tmp_path / "w.safetensors", other)
    assert all(torch.equal(a, b) for a, b in zip(model.buffers(), other.buffers()))
    with torch.no_grad():
        norm.weight.fill_(1e9)
    with pytest.raises(il.InputError, match="not finite as torch"):
        store(tmp_path / "w.safetensors", model, NOTE)


def test_another_networks_weights_are_refused(tmp_path, network):
    store(tmp_path / "w.safetensors", network, NOTE)
    with pytest.raises(il.InputError, match="another network's weights"):
        checkpoint.load_weights(tmp_path / "w.safetensors", il.build("tsgl", width=8), ("structure_decoder",))


@pytest.mark.parametrize("damage", [b"", b"not weights", None])
def test_a_broken_file_is_refused_by_name(tmp_path, network, damage):
    path = tmp_path / "w.safetensors"
    store(path, network, NOTE)
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    for reader in (checkpoint.read, checkpoint.read_note):
        with pytest.raises(il.InputError, match=r"w\.safetensors is not a whole weights file"):
            reader(path)
    with pytest.raises(il.InputError, match="no weights file"):
        checkpoint.read(tmp_path / "absent")


def test_a_weights_file_is_loaded_by_its_path(tmp_path, network):
    path = tmp_path / "weights.safetensors"
    store(path, network, NOTE)
    for given in (path, str(path)):
        found = load(given)
        assert found.config == network.config
        assert not found.training
    image, mask = torch.randint(0, 256, (64, 64, 3), dtype=torch.uint8).numpy(), torch.eye(64).bool().numpy()
    assert (il.inpaint(image, mask, model=path) == il.inpaint(image, mask, model=found)).all()
    with pytest.raises(il.InputError, match="knows its profile and settings"):
        load(path, profile="laptop")
    with pytest.raises(il.InputError, match="knows its profile and settings"):
        load(str(path), width=4)


def test_a_path_that_leads_to_no_weights_is_refused(tmp_path, network, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for absent in ("absent.safetensors", tmp_path, "runs/absent"):
        with pytest.raises(il.InputError, match="There is no weights file"):
            load(absent)
    (tmp_path / "text.safetensors").write_text("no weights")
    with pytest.raises(il.InputError, match="is not a whole weights file"):
        load("text.safetensors")
    checkpoint.save(tmp_path / "checkpoint.safetensors", dict(network.state_dict()), {"job": {}})
    with pytest.raises(il.InputError, match="a training's state, not a network"):
        load("checkpoint.safetensors")
    with pytest.raises(il.InputError, match="no model named None"):
        load(None)


def test_load_finds_what_was_trained_here_and_names_the_command_otherwise(tmp_path, network, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    config = {"width": 4, "variant": "Local->Local"}
    trained = il.build("tsgl", **config)
    store(tmp_path / "runs/gpu/x/weights.safetensors", trained, NOTE | {"config": config, "profile": "gpu"})
    found = load("tsgl", profile="gpu", variant="Local → Local")
    assert found.config.variant == "Local->Local"
    assert not found.training
    with pytest.raises(il.InputError, match="`inpaintlib train tsgl --name mine --profile gpu --set"):
        load("tsgl", profile="gpu", variant="Baseline")
    with pytest.raises(il.InputError, match="of tsgl-pennet in the profile gpu"):
        load("tsgl-pennet", profile="gpu")
    hosted = il.build("tsgl-pennet", **config)
    note = NOTE | {"config": config | {"decoder": "pennet"}, "profile": "gpu"}
    store(tmp_path / "runs/gpu/y/weights.safetensors", hosted, note)
    for name, settings in (("tsgl-pennet", {}), ("tsgl", {"decoder": "pennet"})):
        assert load(name, profile="gpu", **settings).config.decoder == "pennet"
    with pytest.raises(il.InputError, match="no profile 'desk'"):
        load("tsgl", profile="desk")
    with pytest.raises(il.InputError, match="no setting named 'wdith'"):
        load("tsgl", wdith=3)
    with pytest.raises(il.InputError, match="no model named 'tgsl'"):
        load("tgsl")


@pytest.mark.parametrize("config", [{"width": 1024}, {"width": 4, "depths": [99, 99, 99, 99]}])
def test_a_note_that_asks_for_more_than_its_file_holds_takes_no_memory(tmp_path, network, config, monkeypatch):
    tensors, _ = checkpoint.read(_stored(tmp_path, network))
    checkpoint.save(tmp_path / "w.safetensors", tensors, NOTE | {"config": config})
    places = []

    def build(*name, **settings):
        places.append(torch.empty(0).device.type)
        return il.build(*name, **settings)

    monkeypatch.setattr("inpaintlib.weights.build", build)
    with pytest.raises(il.InputError, match="another network's weights"):
        load(tmp_path / "w.safetensors")
    assert places == ["meta"]


@pytest.mark.parametrize("name", il.models())
def test_what_a_file_must_hold_is_known_before_the_network_is_laid_out(tmp_path, name):
    network = il.build(name, width=8)
    config = {"width": 8} if "width" in vars(network.config) else {}
    store(tmp_path / "w.safetensors", network, NOTE | {"model": name, "config": config})
    found = load(tmp_path / "w.safetensors").state_dict()
    half = {n: v for n, v in network.state_dict().items() if n.split(".")[0] not in network.training_only}
    assert all(torch.allclose(found[n].float(), v.float(), rtol=1e-3, atol=1e-4) for n, v in half.items())


@pytest.mark.parametrize("value", [0, -1, 1025, 10**9, 1.5, "8", None])
def test_a_size_that_no_network_has_is_refused(value):
    with pytest.raises(il.InputError, match=r"^width is .*; it is a whole number from 1 to 1024\.$"):
        il.build("aot-gan", width=value)


def _stored(folder, network):
    store(folder / "whole.safetensors", network, NOTE)
    return folder / "whole.safetensors"
