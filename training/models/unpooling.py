"""Max pooling that remembers where, and its inverse, in operations exporters know.

`torch.nn.functional.max_unpool2d` is exported as a scatter over flat indices, which
inference engines run tens of times slower than the rest of the network. Here the place
of each maximum is four boolean masks, one a corner of the 2 x 2 window, and unpooling
is four selections that are interleaved. The results are those of torch, bit for bit.
"""

import torch
from torch import Tensor
from torch.nn import functional

Corners = tuple[Tensor, Tensor, Tensor, Tensor]


def masked_max_pool(features: Tensor) -> tuple[Tensor, Corners]:
    """(N, C, H, W) to its 2 x 2 maxima (N, C, H//2, W//2) and each one's corner.

    Exactly one of the four masks holds at every place; of equal corners the first in
    reading order wins, as in torch. An odd last row or column is dropped, as in torch.
    """
    height, width = (size // 2 * 2 for size in features.shape[-2:])
    even = features[..., :height, :width]
    top_left, top_right = even[..., 0::2, 0::2], even[..., 0::2, 1::2]
    low_left, low_right = even[..., 1::2, 0::2], even[..., 1::2, 1::2]
    maxima = torch.maximum(
        torch.maximum(top_left, top_right), torch.maximum(low_left, low_right)
    )
    first = top_left == maxima
    second = (top_right == maxima) & ~first
    third = (low_left == maxima) & ~first & ~second
    return maxima, (first, second, third, ~(first | second | third))


def masked_max_unpool(
    features: Tensor, corners: Corners, size: tuple[int, int]
) -> Tensor:
    """(N, C, h, w) features back at their corners of a (N, C, *size) image of zeros."""
    zeros = torch.zeros_like(features)
    parts = [torch.where(corner, features, zeros) for corner in corners]
    top = torch.stack(parts[:2], dim=-1).flatten(-2)
    low = torch.stack(parts[2:], dim=-1).flatten(-2)
    image = torch.stack((top, low), dim=-2).flatten(-3, -2)
    missing = (size[1] - image.shape[-1], size[0] - image.shape[-2])
    return functional.pad(image, (0, missing[0], 0, missing[1]))
