"""Photographs: the bundled set and its splits, folders with bad files, layouts, crops."""

import collections
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaintlib import layouts, photos
from inpaintlib.errors import InputError
from inpaintlib.photos import Crops, PhotoSet, bundled, dataset, evaluation_crops, folder, to_float, to_uint8


def write(path: Path, seed: int = 0, size: tuple[int, int] = (40, 50)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


class Pictures(list):
    """Arrays in the place of files."""

    names = property(lambda self: [f"p{i}" for i in range(len(self))])
    groups = names


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- the bundled set


def test_bundled_photographs_have_their_checksums():
    assert photos.verify() == []
    assert bundled().checksum() == "e0cf7d34a54f080d"


def test_verify_names_what_is_wrong(tmp_path, monkeypatch):
    shutil.copy(photos.DATA / "photos.csv", tmp_path)
    (tmp_path / "photos").mkdir()
    names = bundled().names
    for name in names[1:]:
        (tmp_path / "photos" / name).symlink_to(photos.DATA / "photos" / name)
    changed = tmp_path / "photos" / names[1]
    changed.unlink()
    changed.write_bytes(b"other")
    monkeypatch.setattr(photos, "DATA", tmp_path)
    missing, wrong = photos.verify()
    assert names[0] in missing
    assert "missing" in missing
    assert names[1] in wrong
    assert "checksum" in wrong


def test_no_subject_lies_in_two_splits():
    splits = {split: bundled(split) for split in ("train", "val", "test")}
    assert [len(s) for s in splits.values()] == [82, 13, 23]
    assert sorted(name for s in splits.values() for name in s.names) == sorted(bundled("all").names)
    where = collections.defaultdict(set)
    for split, chosen in splits.items():
        for group in chosen.groups:
            where[group].add(split)
    assert all(len(found) == 1 for found in where.values())


def test_every_photograph_is_named_in_the_attribution():
    text = (photos.DATA / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert all(text.count(f"`{name}`") == 1 for name in bundled().names)


def test_a_photoset_is_a_sequence():
    chosen = bundled("val")
    row = next(row for row in photos.catalogue() if row["file"] == chosen.names[0])
    assert chosen[0].shape == (int(row["height"]), int(row["width"]), 3)
    assert len(chosen[:3]) == 3
    assert chosen[1:3].groups == chosen.groups[1:3]
    with pytest.raises(InputError, match="give train, val, test or all"):
        bundled("valid")


# --- folders


def test_bad_files_in_a_folder_are_skipped_and_counted(tmp_path, capsys):
    for i in range(5):
        write(tmp_path / f"sub{i % 2}" / f"{i}.png", i)
    (tmp_path / "a_text.jpg").write_text("no image")
    cut = write(tmp_path / "z_cut.png", 9)
    cut.write_bytes(cut.read_bytes()[:-2000])
    found = folder(tmp_path)
    assert found.names == ["sub0/0.png", "sub0/2.png", "sub0/4.png", "sub1/1.png", "sub1/3.png"]
    assert [path.name for path, _ in found.skipped] == ["a_text.jpg", "z_cut.png"]
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "2 of 7 files skipped" in printed
    assert len(folder(tmp_path, check=False)) == 7


def test_folders_without_images_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no image"):
        folder(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        folder(tmp_path / "absent")


def test_the_checksum_follows_names_and_bytes(tmp_path):
    first, second = write(tmp_path / "a.png", 1), write(tmp_path / "b.png", 2)
    before = folder(tmp_path).checksum()
    assert len(before) == 16
    assert folder(tmp_path).checksum() == before
    first.rename(tmp_path / "c.png")
    renamed = folder(tmp_path).checksum()
    write(second, 3)
    assert len({before, renamed, folder(tmp_path).checksum()}) == 3


# --- layouts


def test_celeba_with_and_without_its_partition(tmp_path):
    for i in range(30):
        write(tmp_path / "img_align_celeba" / f"{i:06d}.jpg", i, (20, 20))
    assert [len(dataset("celeba", tmp_path, s)) for s in ("train", "val", "test")] == [28, 2, 2]
    assert dataset("celeba", tmp_path, "val").names == [f"img_align_celeba/{i:06d}.jpg" for i in (28, 29)]
    rows = [f"{i:06d}.jpg {0 if i < 20 else 1 if i < 25 else 2}" for i in range(30)]
    (tmp_path / "list_eval_partition.txt").write_text("\n".join(rows))
    assert [len(dataset("celeba", tmp_path, s)) for s in ("train", "val", "test")] == [20, 5, 5]
    (tmp_path / "list_eval_partition.txt").write_text("nothing here\n")
    with pytest.raises(InputError, match="lists no present image"):
        dataset("celeba", tmp_path, "train")


def test_places2_folders_and_lists(tmp_path):
    write(tmp_path / "data_large" / "a" / "abbey" / "1.jpg")
    write(tmp_path / "data_large" / "b" / "bar" / "2.jpg")
    write(tmp_path / "val_large" / "v.jpg")
    assert dataset("places2", tmp_path, "train").names == ["data_large/a/abbey/1.jpg", "data_large/b/bar/2.jpg"]
    assert dataset("places2", tmp_path, "test").names == ["val_large/v.jpg"]
    (tmp_path / "places365_train_standard.txt").write_text("/b/bar/2.jpg 1\n")
    assert dataset("places2", tmp_path, "train").names == ["data_large/b/bar/2.jpg"]
    assert dataset("places2", tmp_path, "train")[0].shape == (40, 50, 3)


def test_paris_streetview(tmp_path):
    write(tmp_path / "paris_train_original" / "1.JPG")
    write(tmp_path / "paris_eval" / "paris_eval_gt" / "001_im.png")
    write(tmp_path / "paris_eval" / "paris_eval_corrupted" / "001_im.png")
    assert dataset("paris_streetview", tmp_path, "train").names == ["paris_train_original/1.JPG"]
    assert dataset("paris_streetview", tmp_path, "val").names == ["paris_eval/paris_eval_gt/001_im.png"]


@pytest.mark.parametrize("inner", ["images/", ""])
def test_dunhuang_and_its_own_masks(tmp_path, inner):
    for part in ("train", "test"):
        for i in range(2):
            write(tmp_path / part / f"{inner}{i}.png", i)
            write(tmp_path / part / "masks" / f"{i}{'_mask' * (part == 'test')}.png", i)
    assert dataset("dunhuang", tmp_path, "test").names == [f"test/{inner}{i}.png" for i in range(2)]
    assert [p.name for p in layouts.dunhuang_masks(tmp_path, "test")] == ["0_mask.png", "1_mask.png"]
    (tmp_path / "train" / "masks" / "1.png").unlink()
    with pytest.raises(InputError, match=r"no mask for 1\.png"):
        layouts.dunhuang_masks(tmp_path, "train")


def test_ade20k_and_its_annotations(tmp_path):
    photo = write(tmp_path / "images" / "training" / "ADE_train_1.jpg")
    write(tmp_path / "images" / "validation" / "ADE_val_1.jpg")
    with pytest.raises(InputError, match="annotations"):
        layouts.ade20k_annotation(photo)
    annotation = write(tmp_path / "annotations" / "training" / "ADE_train_1.png")
    assert layouts.ade20k_annotation(dataset("ade20k", tmp_path, "train").paths[0]) == annotation
    assert len(dataset("ade20k", tmp_path, "val")) == 1


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
def test_a_wrong_root_says_what_was_expected(tmp_path, layout):
    for root in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=f"is not a {layout} folder; expected"):
            dataset(layout, root, "train")
    with pytest.raises(InputError, match="split 'eval'"):
        dataset(layout, tmp_path, "eval")


def test_an_unknown_layout_names_the_known_ones(tmp_path):
    with pytest.raises(InputError, match="celeba, places2"):
        dataset("imagenet", tmp_path, "train")


# --- crops


@pytest.fixture(scope="module")
def crops() -> Crops:
    return Crops(bundled("val")[:4], 64)


def test_a_sample_is_a_function_of_the_generators_state(crops):
    first = generator(3)
    crops.sample(5, first)
    state = first.get_state()
    second = crops.sample(6, first)
    resumed = torch.Generator()
    resumed.set_state(state)
    assert torch.equal(second, Crops(bundled("val")[:4], 64).sample(6, resumed))
    assert second.shape == (6, 3, 64, 64)
    assert second.dtype == torch.uint8
    assert second.is_contiguous()
    assert torch.equal(first.get_state(), resumed.get_state())


def test_a_small_cache_changes_nothing_but_the_time(crops):
    tight = Crops(bundled("val")[:4], 64, cache_bytes=1)
    assert torch.equal(tight.sample(6, generator(1)), crops.sample(6, generator(1)))
    assert len(tight._cache) == 1


def test_crops_are_windows_of_the_scaled_photograph_flipped_half_of_the_time():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    half = cv2.resize(image, (20, 15), interpolation=cv2.INTER_AREA)
    windows: dict[bytes, tuple[float, bool]] = {}
    for scale, scaled in ((1.0, image), (0.5, half)):
        for top in range(scaled.shape[0] - 11):
            for left in range(scaled.shape[1] - 11):
                window = scaled[top : top + 12, left : left + 12]
                windows[window.tobytes()] = (scale, False)
                windows[np.ascontiguousarray(window[:, ::-1]).tobytes()] = (scale, True)
    drawn = Crops(Pictures([image]), 12, scales=(1.0, 0.5)).sample(2000, generator())
    found = [windows[crop.permute(1, 2, 0).contiguous().numpy().tobytes()] for crop in drawn]
    assert abs(np.mean([flipped for _, flipped in found]) - 0.5) < 0.05
    assert abs(np.mean([scale for scale, _ in found]) - 0.75) < 0.03
    assert len({crop.numpy().tobytes() for crop in drawn}) > 650  # positions are spread


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 24), st.integers(1, 40), st.integers(1, 40))
def test_any_crop_comes_out_of_any_photograph(size, height, width):
    image = np.full((height, width, 3), 7, np.uint8)
    out = Crops(Pictures([image]), size, scales=(1.0, 0.3)).sample(3, generator())
    assert out.shape == (3, 3, size, size)
    assert (out == 7).all()


def test_a_bad_file_is_passed_over_and_named_once(tmp_path, capsys):
    write(tmp_path / "a.png", 1)
    (tmp_path / "b.png").write_text("no image")
    write(tmp_path / "c.png", 2)
    found = folder(tmp_path, check=False)
    drawn = Crops(found, 16).sample(50, generator())
    assert torch.equal(drawn, Crops(found, 16).sample(50, generator()))
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2  # one for each of the two Crops
    assert "b.png" in errors[0]
    with pytest.raises(InputError, match="none of the 1 photographs"):
        Crops(PhotoSet("bad", [tmp_path / "b.png"]), 8).sample(1, generator())


def test_crops_refuse_what_cannot_be(tmp_path):
    with pytest.raises(InputError, match="empty"):
        Crops([], 8)
    for size, scales in ((0, (1.0,)), (8, ()), (8, (1.5,)), (8, (0.0,))):
        with pytest.raises(InputError, match="give a size >= 1 and scales"):
            Crops(Pictures([np.zeros((9, 9, 3), np.uint8)]), size, scales)


def test_evaluation_crops_are_fixed():
    chosen = bundled("test")[:5]
    crops, names, groups = evaluation_crops(chosen, 64, per_photo=2)
    assert crops.shape == (10, 3, 64, 64)
    assert names == [name for name in chosen.names for _ in range(2)]
    assert groups == [group for group in chosen.groups for _ in range(2)]
    again, _, _ = evaluation_crops(bundled("test")[3:5], 64, per_photo=2)
    assert torch.equal(again, crops[6:])  # other photographs do not matter
    assert not torch.equal(evaluation_crops(chosen, 64, 2, seed=1)[0], crops)
    assert not torch.equal(crops[0], crops[1])


def test_evaluation_crops_leave_out_small_photographs():
    pictures = Pictures([np.zeros((10, 90, 3), np.uint8), np.zeros((40, 40, 3), np.uint8)])
    assert evaluation_crops(pictures, 40)[1] == ["p1"]
    with pytest.raises(InputError, match="41 pixels"):
        evaluation_crops(pictures, 41)


def test_conversion_is_exact_for_every_value():
    values = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).repeat(1, 3, 1, 1)
    assert to_float(values).dtype == torch.float32
    assert to_float(values).amin() == -1
    assert to_float(values).amax() == 1
    assert torch.equal(to_uint8(to_float(values)), values)
    assert to_uint8(torch.full((1, 3, 1, 1), 9.0)).max() == 255


def test_the_training_path_imports_no_plotting_or_reference_libraries():
    code = (
        "import sys, inpaintlib.photos, inpaintlib.masks; "
        "print([m for m in ('skimage', 'pandas', 'matplotlib', 'lpips', 'scipy.ndimage') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
