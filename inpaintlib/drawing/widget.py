"""Draw the hole in JupyterLab: a widget that asks the networks of this process."""

import io
from collections.abc import Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets
from PIL import Image
from torch import nn

from inpaintlib.drawing import HERE, SCRIPT
from inpaintlib.errors import InputError
from inpaintlib.image_io import png
from inpaintlib.inpainting import inpaint, network
from inpaintlib.pictures import Photograph, Picture


class DrawHole(anywidget.AnyWidget):
    """Brush over a photograph what is to be filled, choose networks, and compare their answers.

    image: a path, a PIL image or an array, as `il.inpaint` takes it.  models: names or paths that can be chosen, the
    first one is.  profile, device, settings: as `il.inpaint` has them, such as mode or dilate.
    hole is the last hole that was filled, bool [H,W], and filled the answers by name, uint8 [H,W,3].
    """

    _esm = SCRIPT + (HERE / "in_jupyter.js").read_text(encoding="utf-8")
    _css = HERE / "canvas.css"
    photo = traitlets.Bytes().tag(sync=True)
    models = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        image: Picture,
        models: Sequence[str] = ("tsgl", "misf"),
        profile: str | None = None,
        device: str = "auto",
        **settings: Any,
    ) -> None:
        photograph = Photograph.of(image)
        super().__init__(photo=png(photograph.seen), models=[str(name) for name in models])
        self._pixels, self._settings, self._profile, self._device = photograph.pixels, settings, profile, device
        self._networks: dict[str, nn.Module] = {}
        self.hole: np.ndarray | None = None
        self.filled: dict[str, np.ndarray] = {}
        self.on_msg(self._asked)

    def _asked(self, _: Any, asked: dict[str, Any], buffers: list[memoryview]) -> None:
        """Answer {ask, models} and the mask's PNG by {ask, names} and PNGs, or by {ask, refused}."""
        try:
            with Image.open(io.BytesIO(bytes(buffers[0])), formats=["PNG"]) as mask:
                self.hole = np.asarray(mask.convert("L")) > 127
            self.filled = {name: self._fill(name) for name in asked["models"]}
        except InputError as error:
            self.send({"ask": asked["ask"], "refused": str(error)})
            return
        self.send({"ask": asked["ask"], "names": [*self.filled]}, [png(one) for one in self.filled.values()])

    def _fill(self, name: str) -> np.ndarray:
        if name not in self._networks:
            self._networks[name] = network(name, self._profile, self._device)
        return inpaint(self._pixels, self.hole, self._networks[name], **self._settings)
