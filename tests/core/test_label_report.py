"""What a source's labels are said to add up to."""

import numpy as np
import pytest
from test_quality import take

from core.bins import HNBins
from core.label_report import FrameReport, LabelStatistics


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([3, 4, 6], "; 1 frame dropped"), ([3, 4, 7], "; 2 frames dropped")],
)
def test_lost_frames_are_counted_in_words(numbers, words):
    statistics = LabelStatistics("live", HNBins(), take(numbers))
    statistics.add(FrameReport(3, 0.75, None, np.zeros(256, np.int64)))
    assert statistics.sentence().endswith(words)
