"""Several answers for one photograph beside each other, each under the name of who gave it."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

LONGEST = 1024
"""Pixels of a panel's longer side at most."""
GAP = 12


def strip(panels: dict[str, UInt8[np.ndarray, "h w c"]]) -> UInt8[np.ndarray, "a b 3"]:
    """Pictures of one size (RGB or RGBA) from left to right under their names, reduced alike where they are large."""
    pictures = {name: Image.fromarray(picture) for name, picture in panels.items()}
    for picture in pictures.values():
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    width, height = next(iter(pictures.values())).size
    letters = max(11, min(24, width // 12))
    font, head = ImageFont.load_default(size=letters), 2 * letters
    sheet = Image.new("RGB", (len(pictures) * (width + GAP) + GAP, height + head + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for place, (name, picture) in enumerate(pictures.items()):
        left = GAP + place * (width + GAP)
        draw.text((left + width / 2, head / 2), name, fill="black", font=font, anchor="mm")
        sheet.paste(picture, (left, head), picture if picture.mode == "RGBA" else None)
    return np.asarray(sheet)
