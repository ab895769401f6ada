"""A picture and an embedding -> a map of which pixels hold the picture close to it, and which keep it away.

A cover is a sheet over the picture: 0 leaves a pixel as it is, 1 replaces it by the mean of the picture, and values
between mix the two. Where a little more cover makes the distance grow, that place holds the two pictures together;
where it makes it shrink, that place drives them apart.
"""

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from alikely.errors import ModelError
from alikely.model import SiameseModel, as_floats, finished

COVERS = 64
CELLS = 8  # along each side of a cover
SMOOTH = 1 / 24  # deviation of the Gaussian that a map is smoothed with, in sides of the picture
PIXELS_AT_ONCE = 2**18  # covered pictures are encoded so many pixels at a time, whatever their size


def random_covers(
    height: int, width: int, count: int = COVERS, cells: int = CELLS, seed: int = 0
) -> Float[Tensor, "covers height width"]:
    """Covers in 0..1, each covering half of the picture in the mean.

    A coarse grid of zeros and ones, drawn by the seed, is shifted by a part of a cell and interpolated. Each cover
    comes with the one that covers the rest (`count` is made even), so that every pixel has the mean 1/2 over all.
    Masks of this form: Petsiuk, Das, Saenko 2018 (RISE), section 3.2.
    """
    generator = torch.Generator().manual_seed(seed)
    tall, wide = -(-height // cells), -(-width // cells)  # of a cell, in pixels
    half = -(-count // 2)
    grids = torch.randint(0, 2, (half, 1, cells + 1, cells + 1), generator=generator).float()
    sheets = torch.nn.functional.interpolate(grids, scale_factor=(tall, wide), mode="bilinear", align_corners=False)
    tops = torch.randint(0, tall, (half,), generator=generator).tolist()
    lefts = torch.randint(0, wide, (half,), generator=generator).tolist()
    covers = torch.stack(
        [
            sheet[0, top : top + height, left : left + width]
            for sheet, top, left in zip(sheets, tops, lefts, strict=True)
        ]
    ).clamp(0, 1)  # interpolation may round past the ends
    return torch.cat([covers, 1 - covers])


def relevance(
    model: SiameseModel,
    picture: Tensor,
    other: Float[np.ndarray, " dim"],
    covers: Float[Tensor, "covers height width"],
    smooth: float = SMOOTH,
) -> Float[np.ndarray, "height width"]:
    """By how much the distance to `other`, an embedding, grows when a pixel of the picture is covered.

    `picture` is as `model.preparation.read` gives it (channels height width). The gradient of the distance in the cover
    is taken at each of the covers, its mean over them smoothed by a Gaussian whose deviation is `smooth` sides of the
    picture. So the sum over a region is, to first order, how much the distance grows when that region is covered, in
    the mean over what else is covered: what Shapley and Banzhaf values measure by trying each region with and without
    (Owen 1972, "Multilinear extensions of games": the derivative at 1/2 everywhere is the Banzhaf value). Covers that
    are the same everywhere, from 0 to 1, give integrated gradients (Sundararajan, Taly, Yan 2017, eq. 1), whose sum is
    exactly the distance of the blank picture less that of the whole one.

    Raises ModelError where the encoder or the distance gives no usable gradient.
    """
    device = next((p.device for p in model.encoder.parameters()), torch.device("cpu"))
    height, width = covers.shape[1:]
    total = np.zeros((height, width))
    at_once = max(1, PIXELS_AT_ONCE // (height * width))
    # Whatever mode the caller computes in, here gradients are needed.
    with torch.inference_mode(False), torch.enable_grad():
        whole = finished(model.preparation, as_floats(picture[None].to(device)))
        blank = whole.mean(dim=(2, 3), keepdim=True)
        other_row = torch.from_numpy(other)[None].to(device)
        for start in range(0, len(covers), at_once):
            sheets = covers[start : start + at_once].to(device, copy=True).requires_grad_()
            covered = whole + sheets[:, None] * (blank - whole)
            rows = model.encoder(covered.contiguous(memory_format=torch.channels_last)).float()
            distances = model.distance.between(rows, other_row.expand_as(rows))
            if not distances.requires_grad:
                raise ModelError("the encoder gives no gradient, so nothing can be explained; let it compute in torch")
            total += torch.autograd.grad(distances.sum(), sheets)[0].sum(dim=0).double().cpu().numpy()
    if not np.isfinite(total).all():
        raise ModelError("the gradient of the distance is not finite: the model's weights are not usable; train again")
    # The border is mirrored: the sum over the picture stays the same.
    raw = total / len(covers)
    smoothed: Float[np.ndarray, "height width"] = gaussian_filter(
        raw, (smooth * height, smooth * width), mode="reflect"
    )
    return smoothed.astype(np.float32)
