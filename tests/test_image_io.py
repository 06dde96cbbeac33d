"""Reading image files: every kind comes out right, or is refused by name in one sentence."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from inpaintlib.errors import InputError
from inpaintlib.image_io import list_images, read_image


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def one_sentence(error: InputError, path: Path) -> None:
    text = str(error)
    assert str(path) in text
    assert "\n" not in text
    assert "; give " in text


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_image(path)
    one_sentence(caught.value, path)
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["png", "webp", "bmp", "tiff", "ppm"])
def test_lossless_files_come_back_exactly(tmp_path, picture, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(picture).save(path, **({"lossless": True} if suffix == "webp" else {}))
    read = read_image(path)
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    assert np.array_equal(read, picture)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "tiff", "jpg"])
def test_exif_orientation_is_applied_as_pillow_does(tmp_path, picture, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(picture).save(path, exif=exif, **({"quality": 100} if suffix == "jpg" else {}))
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(read_image(path), expected)
    assert read_image(path).shape == ((20, 30, 3) if orientation < 5 else (30, 20, 3))


def test_greyscale_and_bilevel_are_repeated_over_the_channels(tmp_path, picture):
    Image.fromarray(picture[..., 0]).save(tmp_path / "grey.png")
    assert np.array_equal(read_image(tmp_path / "grey.png"), np.repeat(picture[..., :1], 3, 2))
    Image.fromarray(picture[..., 0] > 127).save(tmp_path / "bits.png")
    assert np.array_equal(read_image(tmp_path / "bits.png")[..., 1], (picture[..., 0] > 127) * np.uint8(255))


@pytest.mark.parametrize("suffix", ["png", "tiff", "pgm"])
def test_16_bit_grey_is_scaled_not_clipped(tmp_path, suffix):
    values = np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30)
    Image.fromarray(values).save(tmp_path / f"deep.{suffix}")
    expected = np.round(values / 257).astype(np.uint8)
    assert np.array_equal(read_image(tmp_path / f"deep.{suffix}"), np.repeat(expected[..., None], 3, 2))


def test_16_bit_colour_equals_its_8_bit_version(tmp_path, picture):
    noise = np.random.default_rng(1).integers(-100, 100, picture.shape)
    deep = np.clip(picture.astype(int) * 257 + noise, 0, 65535).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), deep[..., ::-1])
    assert np.array_equal(read_image(tmp_path / "deep.png"), picture)


def test_16_bit_colour_with_alpha(tmp_path, picture):
    alpha = np.full((20, 30, 1), 65535, np.uint16)
    deep = np.concatenate([picture[..., ::-1].astype(np.uint16) * 257, alpha], 2)
    cv2.imwrite(str(tmp_path / "opaque.png"), deep)
    assert np.array_equal(read_image(tmp_path / "opaque.png"), picture)
    deep[:10, :, 3] = 0
    cv2.imwrite(str(tmp_path / "half.png"), deep)
    read = read_image(tmp_path / "half.png")
    assert (read[:10] == 255).all()
    assert np.array_equal(read[10:], picture[10:])


def test_cmyk_and_adobes_inverted_cmyk(tmp_path):
    ramp = np.linspace(0, 255, 48).astype(np.uint8)
    colours = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], np.uint8(40)), 2)
    Image.fromarray(colours).convert("CMYK").save(tmp_path / "a.tiff")
    assert np.array_equal(read_image(tmp_path / "a.tiff"), colours)
    Image.fromarray(colours).convert("CMYK").save(tmp_path / "a.jpg", quality=98)  # inverted, with Adobe's marker
    assert b"Adobe" in (tmp_path / "a.jpg").read_bytes()
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - colours).max() < 16


def test_palettes_with_and_without_transparency(tmp_path, picture):
    palette = Image.fromarray(picture).quantize(16)
    palette.save(tmp_path / "p.png")
    assert np.array_equal(read_image(tmp_path / "p.png"), np.asarray(palette.convert("RGB")))
    palette.save(tmp_path / "t.png", transparency=3)
    read, index = read_image(tmp_path / "t.png"), np.asarray(palette)
    assert (read[index == 3] == 255).all()
    assert np.array_equal(read[index != 3], np.asarray(palette.convert("RGB"))[index != 3])
    palette.save(tmp_path / "still.gif")
    assert np.array_equal(read_image(tmp_path / "still.gif"), np.asarray(palette.convert("RGB")))
    palette.save(tmp_path / "levels.png", transparency=bytes(range(0, 256, 16)))
    assert read_image(tmp_path / "levels.png").shape == picture.shape


def test_alpha_is_dropped_when_opaque_and_else_flattened_on_white(tmp_path, picture):
    alpha = np.full((20, 30, 1), 255, np.uint8)
    Image.fromarray(np.concatenate([picture, alpha], 2)).save(tmp_path / "opaque.png")
    assert np.array_equal(read_image(tmp_path / "opaque.png"), picture)
    alpha[:] = np.arange(30)[None, :, None] * 8
    Image.fromarray(np.concatenate([picture, alpha], 2)).save(tmp_path / "soft.png")
    share = alpha / 255.0
    expected = np.round(picture * share + 255 * (1 - share))
    assert np.abs(read_image(tmp_path / "soft.png") - expected).max() == 0


def test_a_profile_is_converted_and_a_broken_one_is_taken_for_srgb(tmp_path, picture):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.fromarray(picture).save(tmp_path / "broken.png", icc_profile=b"not a profile")
    assert np.array_equal(read_image(tmp_path / "broken.png"), picture)
    Image.fromarray(picture).save(tmp_path / "lab.png", icc_profile=lab)  # a profile of another colour space
    assert np.array_equal(read_image(tmp_path / "lab.png"), picture)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(picture).save(tmp_path / "srgb.png", icc_profile=srgb)
    assert np.array_equal(read_image(tmp_path / "srgb.png"), picture)


def swapped_profile() -> bytes:
    """sRGB with its red and blue primaries exchanged, under another name."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, blue = (slice(entries[tag] + 4, entries[tag] + 12) for tag in (b"rXYZ", b"bXYZ"))
    profile[red], profile[blue] = profile[blue], profile[red]
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("alpha", [None, 255, 0])
def test_a_profile_is_applied(tmp_path, picture, alpha):
    pixels = picture if alpha is None else np.concatenate([picture, np.full((20, 30, 1), alpha, np.uint8)], 2)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=swapped_profile())
    expected = np.full_like(picture, 255) if alpha == 0 else picture[..., ::-1]
    assert np.abs(read_image(tmp_path / "a.png").astype(int) - expected).max() <= 2


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow's remarks on what it then refuses
@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["jpeg", "png", "webp", "gif", "tiff", "bmp", "avif"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=5),
    st.floats(0.05, 1),
)
def test_damaged_bytes_are_read_or_refused_and_nothing_else(tmp_path_factory, kind, changes, share):
    buffer = io.BytesIO()
    Image.fromarray(np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)).save(buffer, kind)
    data = bytearray(buffer.getvalue())
    for place, value in changes:
        data[int(place * len(data))] = value
    path = tmp_path_factory.getbasetemp() / "damaged.png"
    path.write_bytes(data[: max(1, int(share * len(data)))])
    try:
        assert read_image(path).ndim == 3
    except InputError as error:
        one_sentence(error, path)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tiff"])
def test_animations_and_pages_are_refused(tmp_path, picture, suffix):
    frames = [Image.fromarray(picture), Image.fromarray(255 - picture)]
    path = tmp_path / f"moving.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert ("2 pages" if suffix == "tiff" else "2 frames of an animation") in refused(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff", "gif"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated_files_are_refused(tmp_path, suffix, share):
    picture = np.random.default_rng(0).integers(0, 256, (100, 120, 3), dtype=np.uint8)
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(picture).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    refused(path)


def test_what_is_no_image_file_is_refused(tmp_path):
    (tmp_path / "empty.png").touch()
    assert "empty" in refused(tmp_path / "empty.png")
    (tmp_path / "text.jpg").write_text("I am a letter, not a photograph")
    assert "not an image" in refused(tmp_path / "text.jpg")
    assert "does not exist" in refused(tmp_path / "absent.jpg")
    assert "folder" in refused(tmp_path)
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    assert "link" in refused(tmp_path / "loop.png")


def test_a_file_without_read_permission_is_refused(tmp_path, picture, monkeypatch):
    Image.fromarray(picture).save(tmp_path / "a.png")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert "permission" in refused(tmp_path / "a.png")


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b""))
    assert "178 million pixels" in refused(path)


def test_floating_point_images_are_refused(tmp_path):
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "float.tiff")
    assert "mode F" in refused(tmp_path / "float.tiff")
    Image.fromarray(np.full((4, 4), 70000, np.int32)).save(tmp_path / "wide.tiff")
    assert "0..65535" in refused(tmp_path / "wide.tiff")


def test_listing_follows_links_once_and_leaves_out_hidden_and_other_files(tmp_path):
    inner = tmp_path / "b" / "c"
    inner.mkdir(parents=True)
    for name in ("b/2.JPG", "a.png", "b/c/1.webp", ".hidden.png", "notes.txt", "b/._2.JPG"):
        (tmp_path / name).touch()
    (inner / "up").symlink_to(tmp_path, target_is_directory=True)
    names = [path.relative_to(tmp_path).as_posix() for path in list_images(tmp_path)]
    assert names == ["a.png", "b/2.JPG", "b/c/1.webp"]
    with pytest.raises(InputError, match="is a file"):
        list_images(tmp_path / "a.png")


def test_a_photograph_with_previews_is_read(tmp_path, picture):
    smooth = cv2.GaussianBlur(picture, (0, 0), 6)
    buffer = io.BytesIO()
    Image.fromarray(smooth).save(buffer, "MPO", save_all=True, append_images=[Image.fromarray(smooth[::2, ::2])])
    (tmp_path / "phone.jpg").write_bytes(buffer.getvalue())
    assert read_image(tmp_path / "phone.jpg").shape == picture.shape
