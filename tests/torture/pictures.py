"""Photographs and masks as they should not be: cut off, damaged, mislabelled, huge by their header; odd arrays."""

import io
import os
import random
import resource
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import inpaintlib as il
from torture.trial import Outcome, is_sentence

SIZE = (64, 48)
"""Width and height of the pictures that are mutated."""
MEMORY = 400 * 2**20
"""Bytes by which the process may grow over all attempts; a picture of 20000 x 20000 pixels alone has 1200 MB."""
CHECKED = ("png",)
"""Formats that hold a checksum of their pixels. In others a changed bit can be another picture, and nothing tells."""
NAMES = ("x", "a b", "new\nline", "ümlaut", "-o", "x.png", "日本")
FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tiff": "TIFF", "bmp": "BMP", "gif": "GIF"}


def photograph(draw: random.Random) -> np.ndarray:
    """Smooth colours with some noise, uint8 [H,W,3]."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    waves = [np.sin(x / draw.uniform(3, 20) + y / draw.uniform(3, 20)) for _ in range(3)]
    noise = np.random.default_rng(draw.randrange(2**32)).normal(0, 4, (*x.shape, 3))
    return np.clip(128 + 90 * np.stack(waves, -1) + noise, 0, 255).astype(np.uint8)


def mask() -> np.ndarray:
    """White where the hole is, uint8 [H,W]."""
    hole = np.zeros(SIZE[::-1], np.uint8)
    hole[12:30, 20:41] = 255
    return hole


def encoded(pixels: np.ndarray, suffix: str, mode: str = "") -> bytes:
    """The bytes of a file of this format."""
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    image.convert(mode or image.mode).save(file, FORMATS[suffix], **({"lossless": True} if suffix == "webp" else {}))
    return file.getvalue()


def cut_off(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data))]


def bits_flipped(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice([1, 3, 20])):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def overwritten(data: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data))
    return data[:start] + draw.randbytes(draw.randrange(1, 64)) + data[start + 40 :]


def other_content(_: bytes, draw: random.Random) -> bytes:
    texts = b"", b"hello\n", b"%PDF-1.7\n%\xe2", b"<!doctype html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    beginnings = b"PK\x03\x04" + bytes(40), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\0"
    return draw.choice([*texts, *beginnings, draw.randbytes(500)])


def huge_by_header(data: bytes, draw: random.Random) -> bytes:
    """The same file, which says that it has 20000 x 20000 pixels or more."""
    side = draw.choice([20_000, 65_000])
    changed = bytearray(data)
    if data[:4] == b"\x89PNG":
        changed[16:24] = struct.pack(">II", side, side)
        changed[29:33] = struct.pack(">I", zlib.crc32(bytes(changed[12:29])))
    elif data[:2] == b"BM":
        changed[18:26] = struct.pack("<ii", side, side)
    elif data[:3] == b"GIF":
        changed[6:10] = struct.pack("<HH", side, side)
    elif data[:2] == b"\xff\xd8" and (start := data.find(b"\xff\xc0")) > 0:
        changed[start + 5 : start + 9] = struct.pack(">HH", side, side)
    else:
        return bomb(20_000)
    return bytes(changed)


@cache
def bomb(side: int) -> bytes:
    """A whole PNG of side x side black pixels of one bit, in a few kilobytes."""
    squeeze = zlib.compressobj(9)
    rows = b"".join(squeeze.compress(bytes(1 + side // 8)) for _ in range(side)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    parts = [struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (cut_off, bits_flipped, overwritten, other_content)
"""What can happen to any file."""
MUTATIONS = (*DAMAGES, huge_by_header)
"""What can happen to a picture's."""


def as_file(pixels: np.ndarray, draw: random.Random, folder: Path) -> tuple[Path, str]:
    """A file of a picture, spoiled in one way, and how."""
    suffix = draw.choice(list(FORMATS))
    change = draw.choice(MUTATIONS)
    label = draw.choice(list(FORMATS)) if draw.random() < 0.2 else suffix
    path = folder / f"{draw.choice(NAMES)}.{label}"
    path.write_bytes(change(encoded(pixels, suffix), draw))
    return path, f"{suffix}, {change.__name__.replace('_', ' ')}"


def as_place(_: np.ndarray, draw: random.Random, folder: Path) -> tuple[Path, str]:
    """Something of the file system that is no file."""
    path, kind = folder / "place.png", draw.choice(["loop", "nowhere", "folder", "absent", "pipe", "device"])
    if kind == "loop":
        path.symlink_to(path)
    elif kind == "nowhere":
        path.symlink_to(folder / "gone.png")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    return (Path("/dev/zero") if kind == "device" else path), f"place, {kind}"


def as_shape(pixels: np.ndarray, draw: random.Random, folder: Path) -> tuple[Path, str]:
    """A whole file of an unusual shape or kind of pixels."""
    shape = draw.choice([(1, 1), (1, 10_000), (10_000, 1), (2, 3), (7, 1), SIZE])
    image = Image.fromarray(pixels).resize(shape)
    mode, suffix = draw.choice(
        [("CMYK", "jpg"), ("CMYK", "tiff"), ("L", "jpg"), ("P", "png"), ("P", "gif"), ("1", "png")]
    )
    if draw.random() < 0.3:
        image, mode, suffix = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257), "", "png"
    path = folder / f"shape.{suffix}"
    (image.convert(mode) if mode else image).save(path)
    return path, f"{mode or '16-bit'} {shape[0]} x {shape[1]}"


def as_array(pixels: np.ndarray, draw: random.Random, _: Path) -> tuple[Any, str]:
    """What is no picture in memory, or one of another kind."""
    numbers = pixels.astype(np.float32)
    spoiled = {
        "floats": numbers,
        "floats in 0..1": numbers / 255,
        "NaN": np.where(numbers > 128, np.nan, numbers),
        "infinite": np.where(numbers > 128, np.inf, numbers),
        "negative": -pixels.astype(np.int32) - 1,
        "complex": numbers * 1j,
        "texts": pixels.astype(str),
        "objects": pixels.astype(object),
        "channels first": np.moveaxis(np.atleast_3d(pixels), -1, 0),
        "nothing": pixels[:0],
        "no width": pixels[:, :0],
        "a line": pixels.ravel(),
        "one more axis": pixels[None],
        "every other": pixels[::2, ::2],
        "turned": np.rot90(pixels),
        "backwards in memory": pixels[::-1, ::-1],
        "64 bits": pixels.astype(np.int64),
        "booleans": pixels > 128,
        "a list": pixels.tolist(),
        "None": None,
        "a number": 3,
        "bytes": pixels.tobytes(),
        "PIL of floats": Image.fromarray(pixels[..., 0].astype(np.float32) if pixels.ndim == 3 else numbers),
        "PIL of another mode": Image.fromarray(pixels).convert(
            draw.choice(["L", "LA", "P", "HSV", "LAB", "YCbCr", "1", "I"])
        ),
    }
    name = draw.choice(list(spoiled))
    return spoiled[name], f"array, {name}"


SOURCES = (as_file, as_file, as_file, as_file, as_place, as_shape, as_array)


def spoiled_pictures(times: int, draw: random.Random, folder: Path) -> Outcome:
    """Fill a spoiled photograph, or with a spoiled mask, in process."""
    network = il.build("tsgl", width=4)
    outcome, before = Outcome(), peak()
    for attempt in range(times):
        place = folder / str(attempt)
        place.mkdir()
        image, hole = photograph(draw), mask()
        whole = image, hole
        source, spoils_mask = draw.choice(SOURCES), draw.random() < 0.5
        given, how = source(hole if spoils_mask else image, draw, place)
        pair = (image, given) if spoils_mask else (given, hole)
        what = f"attempt {attempt}, {'mask' if spoils_mask else 'photograph'}: {how}"
        try:
            filled = il.inpaint(*pair, network)
        except il.InputError as error:
            outcome.counts["refused in a sentence"] += 1
            outcome.expect(is_sentence(str(error)), f"{what}: no sentence: {error}")
        except Exception as error:
            outcome.counts["traceback"] += 1
            outcome.broken.append(f"{what}: {type(error).__name__}: {error}")
        else:
            outcome.counts[judged(np.asarray(filled), whole, source, spoils_mask, how, what, outcome)] += 1
    within_bounds(before, outcome)
    return outcome


def within_bounds(before: int, outcome: Outcome) -> None:
    """Note by how much the most memory grew from what it was before, and that it is bounded."""
    grown = (peak() - before) / 2**20
    outcome.numbers["growth of memory (MiB)"] = round(grown)
    outcome.expect(grown * 2**20 < MEMORY, f"memory grew by {grown:.0f} MiB")


def judged(
    filled: np.ndarray, whole: tuple, source: Callable, spoils_mask: bool, how: str, what: str, outcome: Outcome
) -> str:
    """What kind of answer came: the picture, or another one, which only a file without a checksum may become."""
    image, hole = whole
    outcome.expect(filled.dtype == np.uint8 and filled.ndim == 3, f"{what}: gave {filled.dtype} {list(filled.shape)}")
    if source is not as_file:
        return "filled"
    same = filled.shape[:2] == image.shape[:2]
    lossy = how.startswith(("jpg", "gif"))
    if spoils_mask:
        same = same and np.array_equal(filled[hole == 0], image[hole == 0]) and not np.array_equal(filled, image)
    else:
        apart = np.abs(filled.astype(int) - image)[hole == 0].mean() if same else np.inf
        same = apart < (12 if lossy else 0.5)
    if same:
        return "filled"
    outcome.expect(not how.startswith(CHECKED), f"{what}: another picture without a word")
    return "another picture, of a format without checksum"


def peak() -> int:
    """The most memory that this process has held, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
