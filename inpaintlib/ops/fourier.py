"""Fast Fourier convolution: half of the channels see a neighbourhood, the other half the whole image by its spectrum.

Source: Chi, Jiang, Mu, "Fast Fourier Convolution", NeurIPS 2020, as LaMa uses it (Suvorov et al., WACV 2022): reflected
borders, and no local Fourier unit.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def spectrum(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 2*c h w//2+1"]:
    """The orthonormal real Fourier transform of each channel: the real parts, then the imaginary parts, as channels.

    Computed in float32 at least, also under autocast.
    """
    transformed = torch.fft.rfft2(x.to(torch.promote_types(x.dtype, torch.float32)), norm="ortho")
    return torch.cat((transformed.real, transformed.imag), dim=1)


def from_spectrum(s: Float[Tensor, "b c2 h w2"], size: tuple[int, int]) -> Float[Tensor, "b c h w"]:
    """The inverse of `spectrum` for maps of `size` (height, width), in float32 at least."""
    real, imaginary = s.to(torch.promote_types(s.dtype, torch.float32)).chunk(2, dim=1)
    return torch.fft.irfft2(torch.complex(real.contiguous(), imaginary.contiguous()), s=size, norm="ortho")


def reflect_pad(x: Float[Tensor, "b c h w"], by: int) -> Float[Tensor, "b c h2 w2"]:
    """Mirror the map at its borders; a map too small to be mirrored repeats its border instead."""
    return F.pad(x, (by, by, by, by), mode="reflect" if min(x.shape[-2:]) > by else "replicate")


class FourierUnit(nn.Module):
    """A 1x1 convolution, BatchNorm and ReLU on the spectrum (Chi et al., Fig. 2): every output sees every pixel.

    forward(x [B,C,H,W]) -> [B,C,H,W].
    """

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(2 * channels, 2 * channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        return from_spectrum(F.relu(self.norm(self.conv(spectrum(x)))), x.shape[-2:])


class SpectralTransform(nn.Module):
    """Half the channels, a Fourier unit around a shortcut, and back (Chi et al., Fig. 2, without the local unit).

    forward(x [B,C,H,W]) -> [B,C,H,W].
    """

    def __init__(self, channels: int):
        super().__init__()
        half = max(1, channels // 2)
        self.reduce = nn.Conv2d(channels, half, 1, bias=False)
        self.norm = nn.BatchNorm2d(half)
        self.unit = FourierUnit(half)
        self.expand = nn.Conv2d(half, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.reduce(x)))
        return self.expand(x + self.unit(x))


class FourierConv(nn.Module):
    """Fast Fourier convolution (Chi et al., Eq. 1) with BatchNorm and ReLU, from (local, global) maps to the like.

    local' = conv3(local) + conv3(global);  global' = conv3(local) + spectral(global).
    The two convolutions of the local map are one, with stacked outputs. forward(local [B,l,H,W], global [B,g,H,W]).
    """

    def __init__(self, local_channels: int, global_channels: int):
        super().__init__()
        self.channels = (local_channels, global_channels)
        self.from_local = nn.Conv2d(local_channels, local_channels + global_channels, 3, bias=False)
        self.global_to_local = nn.Conv2d(global_channels, local_channels, 3, bias=False)
        self.global_to_global = SpectralTransform(global_channels)
        self.local_norm = nn.BatchNorm2d(local_channels)
        self.global_norm = nn.BatchNorm2d(global_channels)

    def forward(self, local_map: Tensor, global_map: Tensor) -> tuple[Tensor, Tensor]:
        to_local, to_global = self.from_local(reflect_pad(local_map, 1)).split(self.channels, dim=1)
        to_local = to_local + self.global_to_local(reflect_pad(global_map, 1))
        to_global = to_global + self.global_to_global(global_map)
        return F.relu(self.local_norm(to_local)), F.relu(self.global_norm(to_global))


class FourierBlock(nn.Module):
    """Two fast Fourier convolutions around a shortcut, LaMa's residual block.

    forward(local [B,C_l,H,W], global [B,C_g,H,W]) -> both, of the same shapes.
    """

    def __init__(self, local_channels: int, global_channels: int):
        super().__init__()
        self.first = FourierConv(local_channels, global_channels)
        self.second = FourierConv(local_channels, global_channels)

    def forward(self, local_map: Tensor, global_map: Tensor) -> tuple[Tensor, Tensor]:
        local_change, global_change = self.second(*self.first(local_map, global_map))
        return local_map + local_change, global_map + global_change
