"""Some of a source's frames."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.frame import RgbdFrame
from core.images import EncodedImage
from core.interchange.image_folder import FrameSource


@dataclass(frozen=True, eq=False)
class EveryNth:
    """Every n-th frame of a source, from the first on.

    They are counted anew: a gap in the numbers would say that frames were lost.
    """

    source: FrameSource
    step: int

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source.name

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> RgbdFrame:
        number = range(len(self))[index]
        return replace(self.source[self._indices[index]], number=number)

    def __iter__(self) -> Iterator[RgbdFrame]:
        for index in range(len(self)):
            yield self[index]

    def pose(self, index: int) -> np.ndarray | None:
        """(4, 4) T_world_camera of the colour camera, or None when it is not known."""
        return self.source.pose(self._indices[index])

    def encoded_color(self, index: int) -> EncodedImage | None:
        """The colour image as it is stored; None when that is neither JPEG nor PNG."""
        return self.source.encoded_color(self._indices[index])

    @property
    def _indices(self) -> range:
        return range(0, len(self.source), self.step)
