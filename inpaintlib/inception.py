"""Inception's features for FID and KID, where its weights and torch-fidelity are at hand; nothing is downloaded."""

import importlib.util
import os
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from inpaintlib.errors import InputError
from inpaintlib.files import sha256

VARIABLE = "INPAINTLIB_INCEPTION"
NAMES = ("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth")
"""One file under two names: as pytorch-fid and as torch-fidelity publish the weights of FID's own Inception network."""
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"


def find() -> Path | None:
    """The weights if FID can be measured here: the file that INPAINTLIB_INCEPTION names, else one of torch.hub's.

    None without weights or without the package torch-fidelity; `absent` says which. Raises InputError when the variable
    names a file that does not exist.
    """
    path = _weights()
    return path if path is not None and _has_package() else None


def absent() -> str:
    """One sentence that says why there is no FID here and what would bring it; empty where there is."""
    lacks = []
    if _weights() is None:
        lacks.append(f"the weights {NAMES[0]} (name the file in {VARIABLE})")
    if not _has_package():
        lacks.append("the package torch-fidelity (`pip install 'inpaintlib[fid]'`)")
    return f"FID and KID are not measured here because this machine lacks {' and '.join(lacks)}." if lacks else ""


def features() -> nn.Module:
    """A frozen module: RGB images in [-1, 1], [B, 3, H, W] -> [B, 2048] Inception features as FID takes them.

    Raises InputError where `find` gives None, and when the file is another than FID's (its checksum is compared).
    Source: Heusel et al., "GANs trained by a two time-scale update rule", 2017; torch-fidelity gives the network.
    """
    path = find()
    if path is None:
        raise InputError(absent())
    if sha256(path) != SHA256:
        raise InputError(f"{path} does not hold the Inception weights of FID; its SHA-256 should be {SHA256}.")
    return _Inception(path)


class _Inception(nn.Module):
    def __init__(self, path: Path) -> None:
        super().__init__()
        from torch_fidelity import FeatureExtractorInceptionV3

        with torch.random.fork_rng(devices=[]):
            self.network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(path))
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "_Inception":
        """Stay in evaluation mode whatever is asked: batch statistics would make the features depend on the batch."""
        return super().train(False)

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 2048"]:
        if images.ndim != 4 or images.shape[1] != 3:
            raise InputError(f"Inception's features need a batch [B, 3, H, W], not {list(images.shape)}.")
        eight_bit = ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        with torch.autocast(images.device.type, enabled=False):
            return self.network(eight_bit)[0]


def _has_package() -> bool:
    return importlib.util.find_spec("torch_fidelity") is not None


def _weights() -> Path | None:
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise InputError(f"{VARIABLE} names {named}, which is not a file; it should be FID's Inception weights.")
        return Path(named)
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)
