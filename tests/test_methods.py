"""Methods: whatever fills a hole leaves known pixels alone, sees no hidden one, and can come from another program."""

import cv2
import numpy as np
import pytest
import torch
from skimage.restoration import inpaint_biharmonic

import inpaintlib as il
from inpaintlib import methods
from inpaintlib.batch import Batch
from inpaintlib.evaluation import batches, evaluate
from inpaintlib.files import read_json
from inpaintlib.protocols import PROTOCOLS, Protocol

SMALL = PROTOCOLS["smoke-64"]
FEW = Protocol("few", "bundled", "test", 64, "irregular-64", ("10-20", "20-30"), photographs=2)


def every_method():
    return [methods.network(il.build("tsgl", width=4)), *map(methods.classical, methods.CLASSICAL)]


@pytest.mark.parametrize("index", range(5))
def test_methods_leave_known_pixels_alone_and_see_no_hidden_one(index):
    method, rows = every_method()[index], FEW.rows()
    batch = Batch.make(rows.images, rows.masks, priors=method.priors)
    noise = torch.where(rows.masks > 0, batch.target.image, torch.rand_like(batch.target.image) * 2 - 1)
    other = Batch.make(noise, rows.masks, priors=method.priors)
    with torch.no_grad():
        filled = method.fill(batch)
        assert torch.equal(filled, method.fill(other))
    kept = batch.mask.expand_as(batch.image) > 0
    assert torch.equal(filled[kept], batch.image[kept])
    assert not torch.equal(filled[~kept], batch.image[~kept])


def test_biharmonic_is_scikit_images():
    batch = next(batches(FEW, ()))
    ours = ((methods.classical("biharmonic").fill(batch)[0] + 1) * 127.5).round().permute(1, 2, 0).numpy()
    hole = batch.mask[0, 0].numpy() < 0.5
    image = ((batch.image[0] + 1) * 127.5 * batch.mask[0]).round().permute(1, 2, 0).numpy().astype(np.uint8)
    theirs = inpaint_biharmonic(image / 255.0, hole, channel_axis=-1)
    assert np.abs(ours[hole] - (theirs[hole] * 255).clip(0, 255)).max() <= 0.51


def test_a_name_that_is_no_method_is_refused():
    with pytest.raises(il.InputError, match=r"no classical method 'cartoon'; there is telea"):
        methods.classical("cartoon")


@pytest.fixture
def exported(tmp_path):
    assert methods.export(FEW, tmp_path / "in") == len(FEW.rows())
    return tmp_path / "in"


def test_what_is_exported_is_what_networks_see(exported):
    rows, note = FEW.rows(), read_json(exported / methods.MANIFEST)
    assert note == {"protocol": "few", "checksum": rows.checksum, "rows": 4}
    for i in range(len(rows)):
        masked = cv2.imread(str(exported / "masked" / f"{rows.name(i)}.png"))[:, :, ::-1]
        hole = cv2.imread(str(exported / "masks" / f"{rows.name(i)}.png"), cv2.IMREAD_GRAYSCALE)
        assert np.array_equal(hole == 255, rows.masks[i, 0].numpy() == 0)
        known = rows.images[i].permute(1, 2, 0).numpy() * (hole == 0)[:, :, None]
        assert np.array_equal(masked, known)


def fill_outside(exported, out, size=None):
    """Another program: it reads the exported files alone and writes Telea's answers."""
    out.mkdir()
    for path in sorted((exported / "masked").iterdir()):
        hole = cv2.imread(str(exported / "masks" / path.name), cv2.IMREAD_GRAYSCALE)
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        filled = cv2.cvtColor(cv2.inpaint(image, hole, 3, cv2.INPAINT_TELEA), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(out / path.name), filled if size is None else cv2.resize(filled, size))


def test_results_from_outside_get_the_numbers_that_they_would_get_inside(exported, tmp_path):
    fill_outside(exported, tmp_path / "out")
    inside = evaluate(methods.classical("telea"), FEW).values
    outside = evaluate(methods.folder(tmp_path / "out", FEW), FEW, batch_size=3).values
    for name, values in inside.items():
        assert np.array_equal(values, outside[name]), name


def test_results_from_outside_that_do_not_fit_are_refused(exported, tmp_path):
    fill_outside(exported, tmp_path / "small", size=(32, 32))
    with pytest.raises(il.InputError, match="is 32 x 32 pixels; give 64 x 64"):
        evaluate(methods.folder(tmp_path / "small", FEW), FEW)
    with pytest.raises(il.InputError, match="is what was exported"):
        methods.folder(exported, FEW)
    first = next((tmp_path / "small").iterdir())
    (tmp_path / "small" / "again").mkdir()
    cv2.imwrite(str(tmp_path / "small" / "again" / first.name), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(il.InputError, match="holds two results for"):
        methods.folder(tmp_path / "small", FEW)
    (tmp_path / "small" / "again" / first.name).unlink()
    next((tmp_path / "small").glob("*.png")).unlink()
    with pytest.raises(il.InputError, match=r"\(1 of 4 rows are missing\)"):
        methods.folder(tmp_path / "small", FEW)
