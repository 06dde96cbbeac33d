"""Reading image files: every usual kind becomes 8-bit RGB, or is refused by name in one sentence."""

import io
import os
import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms, UnidentifiedImageError

from inpaintlib.errors import InputError

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".avif", ".jp2"),
)
"""File names that count as images when a folder is listed (lower case)."""

_MODES = frozenset(["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "I"])
_ALPHA_MODES = frozenset(["LA", "La", "PA", "RGBA", "RGBa"])
_DECODING_ERRORS = (
    *(
        OSError,
        EOFError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        LookupError,
    ),
    *(struct.error, zlib.error),
)
"""What Pillow's decoders raise on damaged files (found by fuzzing them)."""
ORIENTATION = 0x0112
"""The EXIF tag that says how an image is to be turned."""
_ORIENT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}
"""EXIF orientation tag -> what makes the stored pixels upright (1, and anything unknown, is upright already)."""


def read_image(path: str | os.PathLike) -> UInt8[np.ndarray, "h w 3"]:
    """Read one photograph as upright 8-bit sRGB, values 0..255.

    EXIF orientation is applied. Greyscale is repeated over the channels; 16-bit values are scaled (v / 257, rounded),
    not clipped; CMYK (Adobe's inverted kind too) and palettes are converted; the embedded profile of an RGB or CMYK
    image is converted to sRGB when it can be read, and taken for sRGB otherwise. Alpha is dropped when fully opaque,
    else the image is flattened on white.

    Raises InputError, naming the file, for what is missing, not a regular file, empty, not an image, truncated,
    animated or of several pages, of a mode without a defined display range, or larger than 178 million pixels.
    """
    path = Path(path)
    return flatten(read_rgba(path), 255)


def flatten(rgba: UInt8[np.ndarray, "h w c"], background: int) -> UInt8[np.ndarray, "h w 3"]:
    """Lay RGBA (straight alpha) on a grey `background` (0..255), rounded; RGB is returned as it is."""
    if rgba.shape[2] == 3:
        return rgba
    alpha = rgba[..., 3:].astype(np.uint32)
    blended = (rgba[..., :3] * alpha + background * (255 - alpha) + 127) // 255
    return blended.astype(np.uint8)


def read_rgba(path: str | os.PathLike, most: int | None = None) -> UInt8[np.ndarray, "h w c"]:
    """As `read_image`, with a fourth channel of straight alpha (0..255) when the image is not fully opaque. With more
    than `most` pixels by its header it is refused before they are read."""
    path = Path(path)
    _require_content(path)
    try:
        with Image.open(path) as image:
            _require_single(path, image)
            require_size(str(path), image.size, most)
            deep = image.format == "PNG" and image.mode in ("RGB", "RGBA", "LA") and "16" in str(image.tile[0][3])
            image.load()
            pixels = _decode_deep(path) if deep else _to_array(image, str(path))
            pixels = upright(pixels, image.getexif().get(ORIENTATION, 1))
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = 2 * Image.MAX_IMAGE_PIXELS // 10**6
        raise InputError(
            f"{path}: its header declares more than {limit} million pixels, as a decompression bomb does; "
            "give an image of at most that size."
        ) from None
    except UnidentifiedImageError:
        raise InputError(
            f"{path}: is not an image that Pillow can read; give a JPEG, PNG, WebP, BMP or TIFF."
        ) from None
    except _DECODING_ERRORS as error:
        raise InputError(f"{path}: is truncated or damaged ({_reason(error)}); give a whole file.") from None
    return _without_idle_alpha(pixels)


def orientation(path: str | os.PathLike) -> int:
    """An image file's EXIF orientation: 1 when upright or silent; 5 to 8 swap width and height."""
    with Image.open(path) as image:
        return image.getexif().get(ORIENTATION, 1)


def upright(pixels: np.ndarray, turn: int) -> np.ndarray:
    """Pixels [H,W,...] as a file of EXIF orientation `turn` stores them, made upright."""
    return _ORIENT.get(turn, lambda a: a)(pixels)


def stored(pixels: np.ndarray, turn: int) -> np.ndarray:
    """Upright pixels as a file of EXIF orientation `turn` stores them: `upright` undone."""
    return upright(pixels, {6: 8, 8: 6}.get(turn, turn))


def require_size(name: str, size: tuple[int, int], most: int | None) -> None:
    """Raise InputError about `name` where a picture of this (width, height) has more than `most` pixels."""
    width, height = size
    if most is not None and width * height > most:
        millions = most // 10**6
        raise InputError(f"{name}: has {width} x {height} pixels, more than {millions} million; give a smaller one.")


def decoded(image: Image.Image, name: str, most: int | None = None) -> UInt8[np.ndarray, "h w c"]:
    """A PIL image as 8-bit RGB, or RGBA where it is not fully opaque; RGB as it stands, whatever its profile.

    Raises InputError, calling it `name`, for what `read_image` refuses of a file, and for more than `most` pixels.
    """
    require_size(name, image.size, most)
    try:
        image.load()
        pixels = np.asarray(image) if image.mode in ("RGB", "RGBA") else _to_array(image, name)
    except _DECODING_ERRORS as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: is truncated or damaged ({_reason(error)}); give a whole one.") from None
    if 0 in pixels.shape:
        raise InputError(f"{name}: has no pixels; give one of at least 1 x 1.")
    return _without_idle_alpha(pixels)


def _without_idle_alpha(pixels: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "h w c"]:
    idle = pixels.shape[2] == 4 and pixels[..., 3].min() == 255
    return np.ascontiguousarray(pixels[..., :3] if idle else pixels)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())


def png(pixels: UInt8[np.ndarray, "h w *c"]) -> bytes:
    """A picture as a PNG file's bytes, quickly rather than small."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", compress_level=1)
    return file.getvalue()


def list_images(root: str | os.PathLike) -> list[Path]:
    """All files below `root` with an image suffix, sorted by relative path; links are followed, each folder once.

    Hidden files and folders (leading dot) are left out. Raises InputError when `root` is not a folder.
    """
    root = Path(root)
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise InputError(f"{root}: {what}; give a folder of images.")
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(folder, n) for n in names if Path(n).suffix.lower() in SUFFIXES and not n.startswith(".")]
    return sorted(found, key=lambda path: path.relative_to(root).parts)


def _require_content(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        what = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be reached ({error.strerror})"
        what = "is a link that leads nowhere" if os.path.islink(path) else what
        raise InputError(f"{path}: {what}; give the path of an image file.") from None
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise InputError(f"{path}: is {what}; give the path of one image file.")
    if status.st_size == 0:
        raise InputError(f"{path}: is empty (0 bytes); give a whole image file.")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: may not be read by this user; give a file with read permission.")


def _require_single(path: Path, image: Image.Image) -> None:
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # an MPO is a JPEG photograph followed by its previews
        kind = "pages" if image.format == "TIFF" else "frames of an animation"
        raise InputError(f"{path}: holds {frames} {kind}; give a single still image.")


def _to_array(image: Image.Image, name: str) -> UInt8[np.ndarray, "h w c"]:
    if image.mode.startswith("I"):
        return _scale_16(name, np.asarray(image).astype(np.int64))
    if image.mode not in _MODES:
        raise InputError(f"{name}: holds pixels of mode {image.mode}; give an image of 8 or 16 bits a channel.")
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return np.asarray(_to_srgb(image, "RGBA"))
    return np.asarray(_to_srgb(image, "RGB"))


def _scale_16(name: str, values: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    if values.min() < 0 or values.max() > 65535:
        raise InputError(f"{name}: holds 32-bit values beyond 0..65535; give an image of 8 or 16 bits a channel.")
    grey = ((values * 255 + 32767) // 65535).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _decode_deep(path: Path) -> UInt8[np.ndarray, "h w c"]:
    """A 16-bit colour PNG, of which Pillow keeps only the upper bytes, by OpenCV."""
    values = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise InputError(f"{path}: is a 16-bit PNG that cannot be decoded; give a whole file.")
    values = cv2.cvtColor(values, cv2.COLOR_BGRA2RGBA if values.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _to_srgb(image: Image.Image, mode: str) -> Image.Image:
    """Convert to `mode` (RGB or RGBA) in sRGB, through the embedded profile where there is a usable one."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image.convert(mode)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image.convert(mode)
        image = image if image.mode == "CMYK" else image.convert(mode)
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        return image.convert(mode)
