"""Files in, files out: pairs, names, orientation, transparency, and a batch that goes on where it was stopped."""

import io
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import inpaintlib as il
from inpaintlib import cli, inpaint_files

RNG = np.random.default_rng(0)


def photo(h=48, w=64, channels=3):
    return RNG.integers(0, 256, (h, w, channels), dtype=np.uint8)


def hole(h=48, w=64):
    mask = np.zeros((h, w), np.uint8)
    mask[10:20, 20:36] = 255
    return mask


def saved(path, values, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


def run(capsys, *words):
    """Exit code, stdout and stderr of the command."""
    code = cli.main(["inpaint", *map(str, words)])
    return code, *capsys.readouterr()


@pytest.fixture
def folder(tmp_path):
    """Four photographs, two of them in a folder below, and their masks."""
    for name in ("a.png", "b.jpg", "trip/c.png", "trip/d.png"):
        saved(tmp_path / "photos" / name, photo())
        saved((tmp_path / "masks" / name).with_suffix(".png"), hole())
    return tmp_path


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_result_is_turned_as_its_photograph_is(tmp_path, capsys, turn, suffix):
    exif = Image.Exif()
    exif[0x0112] = turn
    source = saved(tmp_path / f"photo{suffix}", photo(), exif=exif, **({"lossless": True} if suffix == ".webp" else {}))
    upright = np.asarray(ImageOps.exif_transpose(Image.open(source)).convert("RGB"))
    mask = hole(*upright.shape[:2])
    out = tmp_path / "out.png"
    assert run(capsys, source, saved(tmp_path / "mask.png", mask), "-o", out)[0] == 0
    with Image.open(source) as before, Image.open(out) as after:
        assert after.getexif().get(0x0112, 1) == turn
        assert after.size == before.size
        shown = np.asarray(ImageOps.exif_transpose(after).convert("RGB"))
    assert np.array_equal(shown[mask == 0], upright[mask == 0])
    assert not np.array_equal(shown[mask > 0], upright[mask > 0])


def test_transparency_is_kept(tmp_path, capsys):
    source = saved(tmp_path / "photo.png", photo(channels=4))
    out = tmp_path / "out.png"
    assert run(capsys, source, saved(tmp_path / "mask.png", hole()), "-o", out)[0] == 0
    before, after = (np.asarray(Image.open(path)) for path in (source, out))
    assert np.array_equal(after[..., 3], before[..., 3])
    assert np.array_equal(after[hole() == 0], before[hole() == 0])
    code, _, told = run(capsys, source, tmp_path / "mask.png", "-o", tmp_path / "out.jpg")
    assert code == 2
    assert "transparency, which JPEG cannot keep" in told
    assert not (tmp_path / "out.jpg").exists()


def test_a_folder_is_filled_under_the_same_names(folder, capsys):
    code, out, _ = run(capsys, folder / "photos", folder / "masks", "-o", folder / "out")
    assert code == 0
    assert "4 of 4" in out
    found = sorted(p.relative_to(folder / "out").as_posix() for p in (folder / "out").rglob("*.png"))
    assert found == ["a.png", "b.png", "trip/c.png", "trip/d.png"]
    for name in found:
        source = next((folder / "photos").glob(f"{Path(name).with_suffix('')}.*"))
        assert np.array_equal(*(np.asarray(Image.open(p))[hole() == 0] for p in (source, folder / "out" / name)))


def test_one_mask_serves_all(folder, capsys):
    assert run(capsys, folder / "photos", folder / "masks" / "a.png", "-o", folder / "out")[0] == 0
    assert len([*(folder / "out").rglob("*.png")]) == 4


def test_names_that_differ_in_the_suffix_alone_keep_it(tmp_path):
    for name in ("a.png", "a.jpg", "b.png"):
        saved(tmp_path / "photos" / name, photo())
    jobs = inpaint_files.paired(tmp_path / "photos", saved(tmp_path / "m.png", hole()), tmp_path / "out", ["tsgl"])
    assert sorted(job.outs["tsgl"].name for job in jobs) == ["a.jpg.png", "a.png.png", "b.png"]


def test_one_bad_file_costs_no_other(folder, capsys):
    (folder / "photos" / "b.jpg").write_bytes(b"no photograph")
    saved(folder / "masks" / "trip" / "c.png", hole(9, 9))
    code, out, told = run(capsys, folder / "photos", folder / "masks", "-o", folder / "out")
    assert code == 2
    assert "2 of 4" in out
    assert "b.jpg: is not an image" in told
    assert "--fit-mask" in told
    assert len([*(folder / "out").rglob("*.png")]) == 2


def test_what_is_done_is_not_done_again_unless_its_input_is_newer(folder, capsys):
    words = folder / "photos", folder / "masks", "-o", folder / "out"
    run(capsys, *words)
    before = {p: p.stat().st_mtime_ns for p in (folder / "out").rglob("*.png")}
    changed = folder / "out" / "trip" / "c.png"
    later = before[changed] + 10**9
    os.utime(folder / "photos" / "trip" / "c.png", ns=(later, later))
    assert "3 of 4 photographs are done already" in run(capsys, *words)[2]
    assert [p for p in before if p.stat().st_mtime_ns != before[p]] == [changed]


def test_other_settings_do_not_mix(folder, capsys):
    run(capsys, folder / "photos", folder / "masks", "-o", folder / "out")
    code, _, told = run(capsys, folder / "photos", folder / "masks", "-o", folder / "out", "--dilate", 2)
    assert code == 2
    assert "results of other settings (dilate)" in told


@pytest.mark.parametrize("out", ["photos", "photos/out", "masks"])
def test_results_may_not_become_input(folder, capsys, out):
    assert "results would count as input" in run(capsys, folder / "photos", folder / "masks", "-o", folder / out)[2]


def test_photographs_without_a_mask_are_named_before_anything_is_done(folder, capsys):
    (folder / "masks" / "a.png").unlink()
    code, _, told = run(capsys, folder / "photos", folder / "masks", "-o", folder / "out")
    assert code == 2
    assert "1 of 4 photographs have no mask" in told
    assert "a.png" in told
    assert not (folder / "out").exists()


def test_several_networks_are_written_and_shown_side_by_side(tmp_path, capsys):
    source, mask = saved(tmp_path / "photo.png", photo()), saved(tmp_path / "mask.png", hole())
    code, out, _ = run(capsys, source, mask, "-o", tmp_path / "out.png", "--model", "tsgl", "misf")
    assert code == 0
    names = ["out.tsgl.png", "out.misf.png", "out.compared.png"]
    assert out.split() == [str(tmp_path / name) for name in names]
    first, second, sheet = (np.asarray(Image.open(tmp_path / name)) for name in names)
    assert np.array_equal(first[hole() == 0], second[hole() == 0])
    assert not np.array_equal(first, second)
    assert sheet.shape[1] > 3 * 64


def test_several_networks_fill_a_folder_and_what_is_killed_before_the_comparison_is_made_again(folder, capsys):
    words = folder / "photos", folder / "masks", "-o", folder / "out", "--model", "tsgl", "misf"
    assert run(capsys, *words)[0] == 0
    found = sorted(p.relative_to(folder / "out").as_posix() for p in (folder / "out").rglob("*.png"))
    names = ["a.png", "b.png", "trip/c.png", "trip/d.png"]
    assert found == sorted(f"{place}/{name}" for place in ("compared", "misf", "tsgl") for name in names)
    lost = folder / "out" / "compared" / "a.png"
    before = lost.read_bytes()
    lost.unlink()
    assert "3 of 4 photographs are done already" in run(capsys, *words)[2]
    assert lost.read_bytes() == before


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def pieces(tmp_path):
    """A photograph with two holes that are looked at one after the other, and a folder of two of them."""
    mask = hole(60, 1600)
    mask[10:20, 1500:1520] = 255
    for name in ("a.png", "b.png"):
        saved(tmp_path / "photos" / name, photo(60, 1600))
    saved(tmp_path / "mask.png", mask)
    return tmp_path


def test_a_terminal_is_told_how_far_it_is_and_how_much_time_is_left(pieces, monkeypatch):
    def told(*words):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        assert cli.main(["inpaint", *map(str, words)]) == 0
        return terminal.getvalue()

    one = told(pieces / "photos" / "a.png", pieces / "mask.png", "-o", pieces / "out.png")
    assert "0 of 2 pieces" in one
    assert re.search(r"2 of 2 pieces \|\S+\| 00:00 left", one)
    both = told(pieces / "photos" / "a.png", pieces / "mask.png", "-o", pieces / "out.png", "--model", "tsgl", "misf")
    assert "tsgl 2 of 2 pieces" in both
    assert "misf 2 of 2 pieces" in both
    many = told(pieces / "photos", pieces / "mask.png", "-o", pieces / "out")
    assert re.search(r"2 of 2 photographs \|\S+\| 00:00 left", many)
    assert "0 of 2 pieces" in many


def test_nobody_else_is_told(pieces, capsys):
    assert run(capsys, pieces / "photos", pieces / "mask.png", "-o", pieces / "out")[2] == ""
    assert run(capsys, pieces / "photos" / "a.png", pieces / "mask.png", "-o", pieces / "out.png")[2] == ""


def test_networks_whose_results_would_share_a_name_are_refused(folder, capsys):
    weights = "x/mine/a.safetensors", "y/mine/a.safetensors"
    one = run(
        capsys, folder / "photos" / "a.png", folder / "masks" / "a.png", "-o", folder / "o.png", "--model", *weights
    )
    many = run(capsys, folder / "photos", folder / "masks", "-o", folder / "out", "--model", *weights)
    assert "would share a name" in one[2]
    assert "would share a name" in many[2]


def test_a_file_is_no_place_for_the_results_of_a_folder(folder, capsys):
    (folder / "out").write_text("kept")
    assert (
        "is a file; results of a folder need a folder"
        in run(capsys, folder / "photos", folder / "masks", "-o", folder / "out")[2]
    )
    assert (folder / "out").read_text() == "kept"


def test_a_result_that_has_no_place_is_told_before_the_network_is_asked(tmp_path, capsys):
    source, mask = saved(tmp_path / "photo.png", photo()), saved(tmp_path / "mask.png", hole())
    assert "There is no folder" in run(capsys, source, mask, "-o", tmp_path / "no" / "out.png")[2]
    assert "suffix of an image format" in run(capsys, source, mask, "-o", tmp_path / "out.doc")[2]
    assert "twice" in run(capsys, source, mask, "-o", tmp_path / "out.png", "--model", "tsgl", "tsgl")[2]


def test_results_are_no_input_where_a_link_leads_to_them(folder, tmp_path, capsys):
    (folder / "photos" / "up").symlink_to(tmp_path, target_is_directory=True)
    out = tmp_path / "results"
    out.mkdir()
    saved(out / "earlier.png", photo())
    code, _, complaint = run(capsys, folder / "photos", folder / "masks", "-o", out)
    assert code == 2
    assert f"leads to {out}, so that results would count as input" in complaint


def test_a_network_where_it_is_told_to_run(tmp_path):
    for device in ("cuda:7", "meta"):
        with pytest.raises(il.InputError, match=f"There is no device '{device}'"):
            il.inpaint(photo(), hole(), device=device)


def test_the_photograph_is_not_written_over_and_a_folder_is_no_result(folder, capsys):
    photograph, given = folder / "photos" / "a.png", folder / "masks" / "a.png"
    before = photograph.read_bytes()
    for out, why in ((photograph, "would be written over itself"), (folder / "photos", "is a folder; name the file")):
        assert why in run(capsys, photograph, given, "-o", out)[2]
    assert photograph.read_bytes() == before


def test_a_refusal_of_one_among_many_names_its_files(folder, capsys):
    saved(folder / "masks" / "b.png", hole(20, 30))
    code, _, told = run(capsys, folder / "photos", folder / "masks", "-o", folder / "out")
    assert code == 2
    (line,) = [line for line in told.splitlines() if "30 x 20" in line]
    assert str(folder / "photos" / "b.jpg") in line
    assert len([*(folder / "out").rglob("[!.]*.png")]) == 3
