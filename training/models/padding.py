"""Images made large enough for networks that halve them a fixed number of times."""

from torch import Tensor
from torch.nn import functional


def pad_to_multiple(images: Tensor, multiple: int, smallest: int = 0) -> Tensor:
    """(N, C, H, W) images, their last row and column repeated at the bottom and right.

    Height and width become multiples of `multiple`, at least `smallest`. What is
    computed of them is cropped by `[..., :H, :W]`.
    """
    # Sizes are symbols in an export for any size, which rounds towards 0 when it
    # divides: so nothing negative is divided.
    below, right = (
        (max(size, smallest) + multiple - 1) // multiple * multiple - size
        for size in images.shape[-2:]
    )
    if isinstance(below, int) and below == right == 0:
        return images
    return functional.pad(images, (0, right, 0, below), mode="replicate")
