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
        result, spectrum = image.clone(), torch.empty_like(data)
        work = (torch.empty_like(result), torch.empty_like(result), torch.empty_like(result))
        beta = 2 * lam
        while beta < _BETA_MAX:
            change = _divergence_of_kept_gradients(result, lam / beta, *work)
            torch.fft.rfft2(change, out=spectrum)
            spectrum.mul_(beta).add_(data).mul_(1 / (1 + beta * laplacian))
            torch.fft.irfft2(spectrum, s=size, out=result)
            beta *= kappa
        return result


def _laplacian_spectrum(size: tuple[int, int], like: Tensor) -> Float[Tensor, "{size[0]} {size[1]//2+1}"]:
    """|F(dx)|^2 + |F(dy)|^2 of the periodic forward differences, on the half plane of rfft2."""
    options = {"dtype": like.dtype, "device": like.device}
    y = torch.fft.fftfreq(size[0], **options).mul_(2 * math.pi)
    x = torch.fft.rfftfreq(size[1], **options).mul_(2 * math.pi)
    return (2 - 2 * y.cos())[:, None] + (2 - 2 * x.cos())[None, :]


def _divergence_of_kept_gradients(
    image: Float[Tensor, "B C H W"], threshold: float, across: Tensor, along: Tensor, change: Tensor
) -> Float[Tensor, "B C H W"]:
    """Eq. 12 (gradients whose square over all channels is <= threshold are dropped), then the adjoint, into `change`.

    across, along, change: memory of the image's shape, overwritten; fresh memory each time would double the cost.
    """
    torch.sub(image[..., 1:], image[..., :-1], out=across[..., :-1])
    torch.sub(image[..., :1], image[..., -1:], out=across[..., -1:])
    torch.sub(image[..., 1:, :], image[..., :-1, :], out=along[..., :-1, :])
    torch.sub(image[..., :1, :], image[..., -1:, :], out=along[..., -1:, :])
    square = torch.mul(across, across, out=change).addcmul_(along, along).sum(1, keepdim=True)
    kept = (square > threshold).to(image.dtype)
    across.mul_(kept)
    along.mul_(kept)
    torch.sub(across[..., :-1], across[..., 1:], out=change[..., 1:])
    torch.sub(across[..., -1:], across[..., :1], out=change[..., :1])
    change.sub_(along)
    change[..., 1:, :].add_(along[..., :-1, :])
    change[..., :1, :].add_(along[..., -1:, :])
    return change
