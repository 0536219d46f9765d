"""Max pooling that remembers where, and its inverse, in operations exporters know.

`torch.nn.functional.max_unpool2d` is exported as a scatter over flat indices, which
inference engines run tens of times slower than the rest of the network. Here the place
of a maximum is three factors of 0 or 1: whether it lies in the upper row of its 2 x 2
window, and for either row whether it lies on the left. Unpooling multiplies by them and
interleaves the products, which engines do several numbers at a time; they are slow at
boolean masks. For finite features the results are those of torch, bit for bit.
"""

import torch
from torch import Tensor
from torch.nn import functional

Corners = tuple[Tensor, Tensor, Tensor]
"""1 where a maximum lies in the upper row; where on the left, if in the upper row; and
where on the left, if in the lower one."""


def masked_max_pool(features: Tensor) -> tuple[Tensor, Corners]:
    """(N, C, H, W) to its 2 x 2 maxima (N, C, H//2, W//2) and each one's corner.

    Of equal corners the first in reading order wins, as in torch. An odd last row or
    column is dropped, as in torch.
    """
    height, width = (size // 2 * 2 for size in features.shape[-2:])
    even = features[..., :height, :width]
    top_left, top_right = even[..., 0::2, 0::2], even[..., 0::2, 1::2]
    low_left, low_right = even[..., 1::2, 0::2], even[..., 1::2, 1::2]
    # The rows are compared with each other, not with the maxima: in a quantised network
    # those may be rounded otherwise.
    corners = (
        torch.maximum(top_left, top_right) >= torch.maximum(low_left, low_right),
        top_left >= top_right,
        low_left >= low_right,
    )
    is_top, is_top_left, is_low_left = (c.to(features.dtype) for c in corners)
    return functional.max_pool2d(features, 2), (is_top, is_top_left, is_low_left)


def masked_max_unpool(
    features: Tensor, corners: Corners, size: tuple[int, int]
) -> Tensor:
    """(N, C, h, w) features back at their corners of a (N, C, *size) image of zeros."""
    is_top, is_top_left, is_low_left = corners
    top = features * is_top
    low = features - top  # the same or exactly 0
    top_left, low_left = top * is_top_left, low * is_low_left
    parts = (top_left, top - top_left, low_left, low - low_left)
    image = functional.pixel_shuffle(torch.stack(parts, dim=2).flatten(1, 2), 2)
    missing = (size[1] - image.shape[-1], size[0] - image.shape[-2])
    return functional.pad(image, (0, missing[0], 0, missing[1]))
