"""The official split of NYUv2.

It (training/data/nyuv2.json) comes from the data set's own splits.mat.
"""

import json
from importlib import resources

import numpy as np

from core.interchange.nyu_mat import NUM_FRAMES


def is_official_test() -> np.ndarray:
    """(1449,) bool: which frames, in the order of the .mat, are in the test part."""
    file = resources.files("training").joinpath("data/nyuv2.json")
    train_frames = json.loads(file.read_text(encoding="utf-8"))["train_frames"]
    is_test = np.ones(NUM_FRAMES, bool)
    is_test[np.array(train_frames) - 1] = False
    return is_test
