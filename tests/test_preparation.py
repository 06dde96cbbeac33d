"""Photographs of one's own: what is left out and why, and that nothing shown in training is tested."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlib import cli, evaluate_command, photos, preparation, protocols, weights
from inpaintlib.errors import InputError
from inpaintlib.files import read_json
from inpaintlib.image_io import read_image
from inpaintlib.models import build
from inpaintlib.preparation import prepare
from inpaintlib.protocols import PROTOCOLS

SMALL = PROTOCOLS["smoke-64"]
SIXTH, LEFT = 0x0112, 6


def scene(seed, size=(300, 260)):
    """A picture of its own: smooth blobs, which no other seed has where this one has them."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """22 different photographs and, beside them, what a folder of a person's holds."""
    folder = tmp_path_factory.mktemp("given")
    for seed in range(22):
        place = folder / ("spring" if seed % 2 else "summer/lake")
        place.mkdir(parents=True, exist_ok=True)
        scene(seed).save(place / f"{seed:02d}.png")
    scene(30, (1800, 1000)).save(folder / "large.jpg", quality=95)
    turned = Image.Exif()
    turned[SIXTH] = LEFT
    scene(31, (400, 300)).save(folder / "turned.jpg", exif=turned, quality=95)
    scene(0, (290, 256)).save(folder / "sent.jpg", quality=60)  # shows what 00.png shows
    shutil.copy(folder / "spring" / "01.png", folder / "01 copy.png")
    scene(32, (255, 500)).save(folder / "narrow.png")
    (folder / "broken.jpg").write_bytes((folder / "large.jpg").read_bytes()[:5000])
    (folder / "IMG_7.HEIC").write_bytes(b"whatever")
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def ready(given, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "ready"
    prepare(given, out)
    return out


def test_every_file_is_used_once_or_left_out_with_a_reason(given, ready):
    record = read_json(ready / "photos.json")
    used = [row["source"] for row in record["photographs"]]
    why = {row["source"]: row["why"] for row in record["left_out"]}
    files = {p.relative_to(given).as_posix() for p in given.rglob("*") if p.is_file()} - {"notes.txt"}
    assert sorted([*used, *why]) == sorted(files)
    assert why["narrow.png"] == "has 255 x 500 pixels; give one of 256 or more on its short side."
    assert "truncated" in why["broken.jpg"]
    assert why["IMG_7.HEIC"] == "is a HEIC file; export it as JPEG."
    assert why["spring/01.png"] == "is the same picture as 01 copy.png."
    assert len(why) == 4
    assert sorted(p.relative_to(ready).as_posix() for p in ready.rglob("*.png")) == sorted(
        row["file"] for row in record["photographs"]
    )


def test_pictures_are_upright_and_reduced_to_a_size_and_no_further(given, ready):
    rows = {row["source"]: row for row in read_json(ready / "photos.json")["photographs"]}
    shapes = {name: read_image(ready / rows[name]["file"]).shape[:2] for name in ("large.jpg", "turned.jpg")}
    assert shapes == {"large.jpg": (768, 1382), "turned.jpg": (400, 300)}
    assert (rows["large.jpg"]["width"], rows["large.jpg"]["height"]) == (1382, 768)
    assert np.array_equal(read_image(ready / rows["turned.jpg"]["file"]), read_image(given / "turned.jpg"))


def test_a_photograph_is_in_one_split_with_all_that_shows_the_same(ready):
    sets = {split: photos.prepared(ready, split) for split in ("train", "val", "test")}
    names = [name for one in sets.values() for name in one.names]
    assert len(names) == len(set(names)) == 25
    assert [len(one) for one in sets.values()] == [18, 2, 5]
    groups = [set(one.groups) for one in sets.values()]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    rows = {row["source"]: row for row in read_json(ready / "photos.json")["photographs"]}
    assert rows["sent.jpg"]["group"] == rows["summer/lake/00.png"]["group"]
    assert len({row["group"] for row in rows.values()}) == 24


def test_the_seed_decides_and_nothing_else_does(given, ready, tmp_path):
    split = lambda record: {row["source"]: row["split"] for row in record["photographs"]}  # noqa: E731
    first = read_json(ready / "photos.json")
    assert prepare(given, tmp_path / "again") == first
    other = prepare(given, tmp_path / "other", seed=1)
    assert split(other) != split(first)
    assert other["seed"] == 1


def test_large_groups_never_fill_the_test():
    """Of 40 photographs 8 are tested: a series of 15 of one scene is for training, whatever the seed."""
    made = [preparation.Photograph(f"{i}", "", f"{i}.png", 1, 1, group="0" if i < 15 else str(i)) for i in range(40)]
    for seed in range(20):
        split = [one.split for one in preparation._split(made, seed)]
        assert [split.count(name) for name in ("train", "val", "test")] == [28, 4, 8]
        assert set(split[:15]) == {"train"}


def test_two_files_of_one_stem_keep_apart(given, tmp_path):
    folder = tmp_path / "given"
    shutil.copytree(given, folder)
    scene(40).save(folder / "twice.jpg", quality=95)
    scene(41).save(folder / "twice.png")
    files = {row["source"]: row["file"].split("/", 1)[1] for row in prepare(folder, tmp_path / "ready")["photographs"]}
    assert (files["twice.jpg"], files["twice.png"]) == ("twice.png", "twice.png.png")


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("ready", "exists already, and a split is never changed"),
        ("given/ready", "lies in .*, where its pictures would be taken for yours"),
        (
            "few",
            r"has 3 photographs that can be used; give 20 or more that differ\. Left out: 1, the first of them, empty",
        ),
        ("absent", "absent: does not exist"),
    ],
)
def test_what_cannot_be_made_ready_is_one_sentence(out, sentence, tmp_path):
    folder = tmp_path / ("absent" if out == "absent" else "given")
    if out != "absent":
        folder.mkdir()
        for seed in range(3):
            scene(seed).save(folder / f"{seed}.png")
        (folder / "empty.jpg").write_bytes(b"")
    (tmp_path / "ready").mkdir()
    with pytest.raises(InputError, match=sentence):
        prepare(folder, tmp_path / out)
    assert not list(tmp_path.glob("**/.*.partial"))
    assert not (tmp_path / "few").exists()


# --- measured on


def test_a_protocol_takes_the_photographs_of_a_split_and_no_others(ready):
    protocol = PROTOCOLS["bundled-256"].on(ready)
    rows = protocol.rows()
    assert (protocol.name, protocol.split, protocol.views) == ("own-256", "test", ("image",))
    assert set(rows.photo) == set(photos.prepared(ready, "test").names)
    assert len(rows) == 5 * len(protocol.bins)
    assert rows.images.shape[-2:] == (256, 256)
    assert set(PROTOCOLS["bundled-256"].on(ready, "val").rows().photo) == set(photos.prepared(ready, "val").names)


def test_the_checksum_knows_the_pictures_and_not_where_they_lie(ready, tmp_path):
    checksum = SMALL.on(ready).rows().checksum
    moved = tmp_path / "elsewhere"
    shutil.copytree(ready, moved)
    assert SMALL.on(moved).rows().checksum == checksum
    file = photos.prepared(moved, "test").paths[0]
    scene(50).save(file)
    protocols._rows.cache_clear()
    assert SMALL.on(moved).rows().checksum != checksum
    assert SMALL.on(ready, "val").rows().checksum != checksum


def test_a_folder_that_was_not_made_ready_is_refused(given):
    with pytest.raises(InputError, match=r"holds no photos\.json; make it by `inpaintlib prepare"):
        SMALL.on(given)
    with pytest.raises(InputError, match="split 'all': is unknown"):
        photos.prepared(given, "all")
    with pytest.raises(InputError, match="belong to its photographs"):
        PROTOCOLS["dunhuang-256"].on(given)


# --- the commands


def run(arguments, capsys):
    code = cli.main([str(word) for word in arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_prepare_says_what_became_of_the_files(given, tmp_path, capsys):
    code, out, _ = run(["prepare", given, "--out", tmp_path / "ready"], capsys)
    assert code == 0
    *left, counted, alike = out.splitlines()
    assert "left out: narrow.png has 255 x 500 pixels; give one of 256 or more on its short side." in left
    assert counted == f"25 photographs in {tmp_path / 'ready'}: 18 for training, 2 for validation, 5 for testing"
    assert alike == "1 of them show what another one shows, and lie in the same part as it"


@pytest.fixture
def trained(ready, tmp_path):
    """Untrained weights with the note of a network that learned from the photographs for training."""
    file = tmp_path / "mine" / "weights.safetensors"
    known = {"name": "ready-train", "count": 18, "originals": list(photos.originals(ready, "train"))}
    torch.manual_seed(0)
    note = {"model": "tsgl", "config": {"width": 4}, "photographs": known}
    weights.store(file, build("tsgl", width=4), note)
    return file


def test_methods_stand_beside_each_other_on_the_same_photographs(ready, trained, tmp_path, capsys):
    out = tmp_path / "measured"
    asked = ["evaluate", trained, "telea", "--photos", ready, "--protocol", "smoke-64", "--out", out]
    code, told, _ = run(asked, capsys)
    assert code == 0
    lines = told.splitlines()
    checksum = SMALL.on(ready).rows().checksum
    assert lines[0] == f"own-64 ({checksum}), 12 crops of 2 photographs: mean [95 % interval over photographs]"
    assert [line.split("  ")[0] for line in lines[2:5]] == ["mine", "telea", "mine minus telea"]
    for label in ("mine", "telea"):
        assert read_json(out / label / "run.json")["protocol"] == {"name": "own-64", "checksum": checksum}
        assert read_image(out / label / "filled.png").shape == read_image(out / "truth.png").shape
    table = [line.split(",") for line in (out / "table.csv").read_text().splitlines()]
    rows = {(r[0], r[1], r[2]): r for r in table[1:]}
    mine, telea = (float(rows[label, "all", "psnr"][3]) for label in ("mine", "telea"))
    assert float(rows["telea", "all", "psnr"][6]) == pytest.approx(mine - telea, abs=1e-2)
    assert rows["mine", "all", "psnr"][6] == ""
    assert {key[1] for key in rows} == {*SMALL.bins, "all"}

    code, _, complaint = run(["evaluate", "telea", "--photos", ready, "--split", "val", "--out", out], capsys)
    assert code == 2
    assert "holds results on other photographs or holes (own-64," in complaint


def test_a_network_is_not_tested_on_what_it_learned_from(given, trained, tmp_path, capsys):
    """The same photographs split by another seed: some that were for training would be tested."""
    prepare(given, tmp_path / "other", seed=1)
    learned = set(photos.originals(tmp_path / "other", "test")) & set(
        weights._note_of(trained)["photographs"]["originals"]
    )
    assert learned
    code, _, complaint = run(["evaluate", trained, "--photos", tmp_path / "other"], capsys)
    assert code == 2
    assert f"was trained on {len(learned)} of the 5 photographs that would test it" in complaint


def test_what_is_split_is_not_split_again(ready, tmp_path):
    with pytest.raises(InputError, match="was made by `prepare` itself, and is split already"):
        prepare(ready, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_network_that_does_not_say_what_it_learned_from_is_measured_with_a_warning(ready, tmp_path, capsys):
    warned = {}
    for known in ({"name": "bundled-train", "count": 9}, {"name": "holiday", "count": 9}):
        file = tmp_path / known["name"] / "weights.safetensors"
        note = {"model": "tsgl", "config": {"width": 4}, "photographs": known}
        weights.store(file, build("tsgl", width=4), note)
        code, _, warned[known["name"]] = run(["evaluate", file, "--photos", ready, "--protocol", "smoke-64"], capsys)
        assert code == 0
    assert "weights.safetensors does not say which photographs it learned from" in warned["holiday"]
    assert "does not say" not in warned["bundled-train"]


def test_the_books_networks_are_not_tested_on_the_books_photographs_for_training(tmp_path, capsys):
    (tmp_path / "given").mkdir()
    for path in photos.bundled("train").paths[:24]:
        (tmp_path / "given" / path.name).symlink_to(path)
    prepare(tmp_path / "given", tmp_path / "ready")
    count = len(photos.originals(tmp_path / "ready", "test"))
    code, _, complaint = run(["evaluate", "tsgl", "--photos", tmp_path / "ready"], capsys)
    assert code == 2
    assert f"tsgl was trained on {count} of the {count} photographs that would test it" in complaint
    assert "photographs that do not come with the book" in complaint


def test_what_makes_no_sense_beside_each_other_is_one_sentence(ready, trained, capsys):
    for words, sentence in (
        (["telea", "--split", "val"], "--split val is a part of your photographs"),
        (["telea", "telea"], "telea and telea would both be called telea"),
        (["telea", "--photos", "nowhere"], "nowhere: holds no photos.json"),
    ):
        code, _, complaint = run(["evaluate", *words], capsys)
        assert code == 2
        assert sentence in complaint
        assert complaint.count("\n") == 1
    assert evaluate_command._labels([str(trained), "a/b.safetensors", "telea"]) == {
        "mine": str(trained),
        "b": "a/b.safetensors",
        "telea": "telea",
    }


def test_a_training_keeps_to_its_photographs(given, ready, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    train = ["train", "tsgl", "--name", "mine", "--profile", "smoke", "--images", "4", "--set", "width=4", "--photos"]
    code, out, _ = run([*train, ready], capsys)
    assert code == 0
    told = weights._note_of(Path(out.strip()))["photographs"]
    assert told == {"name": "ready-train", "count": 18, "originals": list(photos.originals(ready, "train"))}
    prepare(given, tmp_path / "other", seed=1)
    code, _, complaint = run([*train, tmp_path / "other"], capsys)
    assert code == 2
    assert "holds a training on other photographs" in complaint
