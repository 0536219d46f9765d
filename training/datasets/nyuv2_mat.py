"""NYUv2 as its official file, nyu_depth_v2_labeled.mat."""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np

from core.interchange.nyu_mat import NyuMat
from core.nyuv2 import NYU40_NAMES
from training.datasets.dataset import LabelledFrame, Target, file_state
from training.datasets.nyuv2 import is_official_test
from training.datasets.splits import independent_parts


class NYUv2Mat:
    """The 1449 labelled frames with the official split and the 40 classes."""

    class_names: Sequence[str] = NYU40_NAMES
    notes: Sequence[str] = ()

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._frames = NyuMat(path)
        num_frames = len(self._frames)
        self.has_depth = np.ones(num_frames, bool)
        self.has_semantic = np.ones(num_frames, bool)
        is_test = is_official_test()[:num_frames]
        scenes = self._frames.scenes
        self.parts = independent_parts(is_test, scenes=scenes)
        self.test_scenes = frozenset(
            scene
            for scene, tests in zip(scenes, is_test.tolist(), strict=False)
            if tests
        )
        """Whose raw frames show what the test frames show; empty where the file does
        not name its scenes."""

    def __len__(self) -> int:
        """1449 in the official file."""
        return len(self._frames)

    def fingerprint(self) -> Sequence[Hashable]:
        """The file's path, size and time."""
        return file_state([self._path])

    def survey(self, advance: Callable[[], None] = lambda: None) -> None:
        """None: its frames are no sequence."""

    def read(self, index: int, target: Target | None = None) -> LabelledFrame:
        """One frame, upright."""
        frame = self._frames[index]
        semantic = None if target == "hn" else self._frames.classes(index)
        return LabelledFrame(frame.rgb, frame, semantic)
