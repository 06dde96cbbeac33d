"""Registered names: a notebook's cell can run again, and the library's own names are kept."""

import pytest

import inpaintlib as il
from inpaintlib import priors
from inpaintlib.models import registry
from inpaintlib.names import taken
from inpaintlib.ops import normalize


def written_in(module):
    def definition(x):
        return x

    definition.__module__ = module
    return definition


def test_only_a_notebooks_own_definition_is_replaced():
    notebook, library = written_in("__main__"), written_in("inpaintlib.priors")
    assert not taken(None, library)
    assert not taken(notebook, written_in("__main__"))
    assert taken(library, notebook)
    assert taken(notebook, library)
    assert taken(library, library)


def test_a_cell_with_a_normalization_runs_again(monkeypatch):
    monkeypatch.setattr(normalize, "NORMALIZATIONS", dict(normalize.NORMALIZATIONS))
    first, second = written_in("__main__"), written_in("__main__")
    il.normalization("mine")(first)
    il.normalization("Mine")(second)
    assert normalize.NORMALIZATIONS["mine"] is second
    with pytest.raises(ValueError, match="'global' exists already"):
        il.normalization("global")(second)


def test_a_cell_with_a_prior_runs_again(monkeypatch):
    monkeypatch.setattr(priors, "PRIORS", dict(priors.PRIORS))
    first, second = written_in("__main__"), written_in("__main__")
    il.prior("mine")(first)
    il.prior("mine", channels=3)(second)
    assert (priors.PRIORS["mine"].function, priors.PRIORS["mine"].channels) == (second, 3)
    with pytest.raises(ValueError, match="'gray' is registered already"):
        il.prior("gray")(second)


def test_a_cell_with_a_model_runs_again(monkeypatch):
    monkeypatch.setattr(registry, "_MODELS", dict(registry._MODELS))
    first, second = (type("Mine", (), {"__module__": "__main__"}) for _ in range(2))
    il.model("mine")(first)
    il.model("mine")(second)
    assert registry.find("mine") is second
    for kept in ("tsgl", "tsgl-lama", *registry._PRESETS):
        with pytest.raises(ValueError, match="exists already"):
            il.model(kept)(second)
