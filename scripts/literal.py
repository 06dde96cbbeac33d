"""The library's operations written as their equations read: what `make bench` compares with. Nothing else uses them."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

EPS, PATCH_EPS = 1e-5, 1e-4


def partial_convolution(
    x: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"], weight: Float[Tensor, "c2 c k k"]
) -> Float[Tensor, "b c2 h w"]:
    """TSGL Eq. 1 with a mask channel for each feature channel, and a second convolution, of ones, that sums them up."""
    padding = weight.shape[-1] // 2
    masks = mask.repeat(1, x.shape[1], 1, 1)
    known = F.conv2d(masks, torch.ones_like(weight), padding=padding)
    window = F.conv2d(torch.ones_like(masks[:1, :1]), torch.ones_like(weight[:1, :1]), padding=padding) * x.shape[1]
    ratio = torch.where(known > 0, window / known.clamp_min(1), known)
    return F.conv2d(x * masks, weight, padding=padding) * ratio


def attention(
    q: Float[Tensor, "bn heads t d"],
    k: Float[Tensor, "bn heads t d"],
    v: Float[Tensor, "bn heads t d"],
    bias: Float[Tensor, "bn 1 t t"],
) -> Float[Tensor, "bn heads t d"]:
    """TSGL Eq. 4 with all scores of all windows in memory."""
    return torch.softmax(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5 + bias, dim=-1) @ v


def denormalize(
    x: Float[Tensor, "b c h w"],
    hidden: Float[Tensor, "b m h w"],
    gamma: Float[Tensor, "c m 3 3"],
    beta: Float[Tensor, "c m 3 3"],
    gamma_bias: Float[Tensor, " c"],
    beta_bias: Float[Tensor, " c"],
) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 6 with a convolution for gamma and another one for beta."""
    return F.conv2d(hidden, gamma, gamma_bias, padding=1) * x + F.conv2d(hidden, beta, beta_bias, padding=1)


def normalize(x: Float[Tensor, "b c h w"], dims: tuple[int, ...]) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 7 (dims 2 and 3) and Eq. 8 (dim 1): mean, variance, root, one after the other."""
    mean = x.mean(dims, keepdim=True)
    variance = ((x - mean) ** 2).mean(dims, keepdim=True)
    return (x - mean) / torch.sqrt(variance + EPS)


def residual(before: Float[Tensor, "b c h w"], after: Float[Tensor, "b c h2 w2"]) -> Float[Tensor, "b c h2 w2"]:
    """The local residual of TSGL Sec. III-B at full size, then reduced to the size of its layer."""
    full = before - F.interpolate(after, size=before.shape[-2:], mode="nearest")
    return F.interpolate(full, size=after.shape[-2:], mode="bilinear", align_corners=True)


def gaussian_matrix(size: int, sigma: float, radius: int) -> Float[Tensor, "n n"]:
    """The weights of TSGL Eq. 10 between all positions of a size x size map; each row sums to one."""
    rows = torch.arange(size, dtype=torch.float64)
    distance = (rows[:, None] - rows).abs()
    one = torch.exp(-(distance**2) / (2 * sigma**2)) * (distance <= radius)
    both = torch.kron(one, one)
    return both / both.sum(dim=1, keepdim=True)


def spatial_equalization(x: Float[Tensor, "b c h w"], matrix: Float[Tensor, "n n"]) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 10 as one product of the map with a matrix of all pairs of positions."""
    return (x.flatten(2) @ matrix.T).view_as(x)


def range_equalization(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """TSGL Eq. 11 with the nine neighbours of every position copied side by side, twice."""
    positive = torch.sigmoid(x)
    near = F.unfold(positive, 3, padding=1).unflatten(1, (x.shape[1], 9))
    products = (near * positive.flatten(2).unsqueeze(2)).sum(dim=1, keepdim=True)
    weights = products / products.sum(dim=2, keepdim=True)
    values = F.unfold(x, 3, padding=1).unflatten(1, (x.shape[1], 9))
    return (values * weights).sum(dim=2).view_as(x)


def patch_transfer(
    deep: Float[Tensor, "b c h w"], mask: Float[Tensor, "b 1 h w"], shallow: Float[Tensor, "b c2 h2 w2"]
) -> Float[Tensor, "b c2 h2 w2"]:
    """PEN-Net Eq. 1-3 image by image: the image's own 3x3 patches as the kernels of a convolution, and the patches of
    the shallower map as those of a transposed convolution. Some patch must be known."""
    factor = shallow.shape[-1] // deep.shape[-1]
    images = []
    for x, known, source in zip(deep.split(1), mask.split(1), shallow.split(1)):
        keys = F.unfold(x, 3, padding=1)[0].T.reshape(-1, x.shape[1], 3, 3)
        norms = torch.sqrt(keys.pow(2).sum(dim=(1, 2, 3)) + PATCH_EPS)
        cosine = F.conv2d(x, keys / norms[:, None, None, None], padding=1) / norms.view(1, 1, *x.shape[-2:])
        whole = F.unfold(F.pad(known, (1, 1, 1, 1), value=1.0), 3).amin(dim=1).view(1, -1, 1, 1) > 0
        weights = torch.softmax((10 * cosine).masked_fill(~whole, float("-inf")), dim=1)
        values = F.unfold(source, factor, stride=factor)[0].T.reshape(-1, source.shape[1], factor, factor)
        images.append(F.conv_transpose2d(weights, values, stride=factor))
    return torch.cat(images)


def filter_stacked(features: Float[Tensor, "b c h w"], kernels: Float[Tensor, "b c 9 h w"]) -> Float[Tensor, "b c h w"]:
    """MISF Eq. 6 with the nine neighbours of every element stacked up, multiplied and summed."""
    h, w = features.shape[2:]
    padded = F.pad(features, (1, 1, 1, 1))
    near = [padded[:, :, row : row + h, column : column + w] for row in range(3) for column in range(3)]
    return (torch.stack(near, dim=2) * kernels).sum(dim=2)


def filter_unfolded(
    features: Float[Tensor, "b c h w"], kernels: Float[Tensor, "b c 9 h w"]
) -> Float[Tensor, "b c h w"]:
    """MISF Eq. 6 with `unfold` for the neighbours."""
    near = F.unfold(features, 3, padding=1).view_as(kernels)
    return (near * kernels).sum(dim=2)
