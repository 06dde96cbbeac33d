"""L0 gradient minimization: flat regions with sharp borders, the texture image of TSGL, for a batch on any device."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

_BETA_MAX = 1e5  # Xu et al. 2011, Algorithm 1.


def l0_smooth(image: Float[Tensor, "B C H W"], lam: float = 0.02, kappa: float = 2.0) -> Float[Tensor, "B C H W"]:
    """The image S that minimizes sum (S - I)^2 + lam * (number of pixels where S has a gradient).

    image: [0, 1]; the result leaves this range by a few thousandths at most. lam: weight of the count, larger is
    flatter. kappa: factor by which the coupling beta grows from 2 * lam to 1e5. A pixel counts once for all its
    channels, the image is periodic. The same scheme as `cv2.ximgproc.l0Smooth(image, None, lam, kappa)`.
    Raises ValueError when the shape is not [B, C, H, W], when lam is not positive, or when kappa is not above 1.
    Source: Xu, Lu, Xu, Jia, "Image smoothing via L0 gradient minimization", 2011, Eq. 8 and 12, Algorithm 1.
    """
    if image.ndim != 4:
        raise ValueError(f"l0_smooth takes images of shape [B, C, H, W], not {list(image.shape)}.")
    if not (lam > 0 and kappa > 1):
        raise ValueError(f"l0_smooth needs lam > 0 and kappa > 1, not lam={lam}, kappa={kappa}.")
    with torch.no_grad():
        size = image.shape[-2:]
        laplacian = _laplacian_spectrum(size, image)
        data = torch.fft.rfft2(image)
        result, beta = image, 2 * lam
        while beta < _BETA_MAX:
            change = _divergence_of_kept_gradients(result, lam / beta)
            spectrum = torch.fft.rfft2(change).mul_(beta).add_(data).div_(1 + beta * laplacian)
            result = torch.fft.irfft2(spectrum, s=size)
            beta *= kappa
        return result


def _laplacian_spectrum(size: tuple[int, int], like: Tensor) -> Float[Tensor, "H W//2+1"]:
    """|F(dx)|^2 + |F(dy)|^2 of the periodic forward differences, on the half plane of rfft2."""
    options = {"dtype": like.dtype, "device": like.device}
    y = torch.fft.fftfreq(size[0], **options).mul_(2 * math.pi)
    x = torch.fft.rfftfreq(size[1], **options).mul_(2 * math.pi)
    return (2 - 2 * y.cos())[:, None] + (2 - 2 * x.cos())[None, :]


def _divergence_of_kept_gradients(image: Float[Tensor, "B C H W"], threshold: float) -> Float[Tensor, "B C H W"]:
    """Eq. 12 (gradients whose square over all channels is <= threshold are dropped), then the adjoint differences."""
    across = image.roll(-1, -1).sub_(image)
    along = image.roll(-1, -2).sub_(image)
    kept = (across.square() + along.square()).sum(1, keepdim=True) > threshold
    across.mul_(kept)
    along.mul_(kept)
    return across.roll(1, -1).sub_(across).add_(along.roll(1, -2)).sub_(along)
