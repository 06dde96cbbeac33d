"""The training of a minute: what it is known by, and that it is made once."""

import numpy as np
import pytest

import inpaintlib as il
from inpaintlib import minute as minutes
from inpaintlib import paths
from inpaintlib.minute import METRICS, Minute, minute, names, ship
from inpaintlib.ops.normalize import NORMALIZATIONS
from inpaintlib.statistics import compare

OWN = "2Global(Local)->tested(Local)"


@pytest.fixture
def normalizations(monkeypatch):
    """A registry to write into."""
    own = dict(NORMALIZATIONS)
    for place in ("inpaintlib.ops.normalize", "inpaintlib.variant"):
        monkeypatch.setattr(f"{place}.NORMALIZATIONS", own)
    return own


def halved(x):
    return x / 2


def doubled(x):
    return 2 * x


def test_an_edited_normalization_is_another_training(normalizations):
    keys = []
    for tested in (halved, doubled, halved):
        normalizations["tested"] = tested
        keys.append(minutes._fingerprint(minutes._job(OWN, "smoke", 0), "smoke"))
    assert keys[0] == keys[2] != keys[1]
    rows = {minutes._fingerprint(minutes._job(label, "smoke", 0), "smoke") for label in il.TABLE_IV}
    assert len(rows | {*keys}) == len(il.TABLE_IV) + 2


def test_a_profile_without_a_minute_is_refused():
    with pytest.raises(il.InputError, match="smoke or laptop, not 'gpu'"):
        minute("Baseline", "gpu")
    with pytest.raises(il.InputError, match="is not a variant"):
        minute("nonsense", "smoke")


def test_the_twelve_rows_are_shipped_and_were_trained_alike():
    shipped = [minute(label, "laptop", progress=False) for label in il.TABLE_IV]  # a training would take minutes
    assert {one.images for one in shipped} == {minutes.IMAGES["laptop"]}
    assert [one.variant for one in shipped] == list(il.TABLE_IV)
    photographs = names("laptop")
    for one in shipped:
        assert set(one.values) == set(METRICS)
        assert all(len(values) == len(photographs) for values in one.values.values())
    psnr = [np.array(one.values["psnr"]) for one in shipped]
    assert compare(psnr[-1], psnr[0], np.array(photographs)).difference.low is not None


@pytest.mark.slow
def test_it_is_trained_once_and_kept(normalizations, monkeypatch, tmp_path):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    normalizations["tested"] = halved
    made = minute(OWN, "smoke", progress=False)
    assert made.images == minutes.IMAGES["smoke"]
    assert np.isfinite([v for values in made.values.values() for v in values]).all()

    def never(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(minutes, "train", never)
    assert minute(OWN, "smoke") == made
    normalizations["tested"] = doubled
    with pytest.raises(AssertionError, match="trained again"):
        minute(OWN, "smoke")
    normalizations["tested"] = halved
    file = ship({OWN: made}, "smoke")
    assert file == paths.results("smoke", "minutes") / "minutes.json"
    for folder in (tmp_path / "build/smoke/runs/smoke/minutes", tmp_path / "build/smoke/runs/minutes"):
        for kept in folder.glob("*/minutes.json"):
            kept.unlink()
    assert minute(OWN, "smoke") == made
    assert isinstance(made, Minute)
