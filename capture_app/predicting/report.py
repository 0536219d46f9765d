"""What the predictions of one input add up to."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from capture_app.predicting.network import Network
from capture_app.predicting.pictures import Unreadable
from capture_app.predicting.results import Finished
from core.disagreement import AGREES, KIND_NAMES


@dataclass
class PredictionReport:
    """Counts of one input, picture by picture."""

    network: Network
    predicted: int = 0
    """Pictures."""
    passed: int = 0
    """Pictures that were passed on without a prediction."""
    labelled: int = 0
    """Pictures that have HN-labels from depth."""
    unreadable: list[Unreadable] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    """Numbers of a camera's frames that were lost."""
    seconds: float = 0.0
    """From the first picture to the last file."""
    _counts: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    _kinds: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))

    def add(self, finished: Finished) -> None:
        """Count one more picture."""
        if finished.counts is None:
            self.passed += 1
            return
        self.predicted += 1
        self._counts += finished.counts
        if finished.kinds is not None:
            self.labelled += 1
            self._kinds += finished.kinds

    @property
    def fps(self) -> float:
        """Pictures a second, read, predicted or passed on, and written."""
        num_done = self.predicted + self.passed
        return num_done / self.seconds if self.seconds > 0 else 0.0

    def summary(self) -> dict[str, object]:
        """Everything, as statistics.json has it."""
        names = self.network.info.class_names
        counts = self._counts[: len(names)]
        shares = (counts / max(counts.sum(), 1)).round(5).tolist()
        summary: dict[str, object] = {
            "frames": self.predicted,
            "unreadable": [problem._asdict() for problem in self.unreadable],
            "not_predicted": self.passed,
            "dropped": self.dropped,
            "frames_per_second": round(self.fps, 2),
            "network_ms": round(1e3 * self.network.seconds / self.predicted, 2),
            "engine": self.network.engine_name,
            "class_shares": dict(zip(names, shares, strict=True)),
        }
        if self.labelled:
            kinds = self._kind_shares().round(5).tolist()
            summary["beside_labels_from_depth"] = {
                "frames": self.labelled,
                **dict(zip(KIND_NAMES, kinds, strict=True)),
            }
        return summary

    def sentence(self) -> str:
        """The same for people, in short."""
        words = f"{self.predicted} {'frame' if self.predicted == 1 else 'frames'}"
        num_classes = len(self.network.info.class_names)
        words += f" predicted ({num_classes} classes; {self.fps:.1f} frames/s"
        words += f"; {self.network.engine_name}"
        if self.labelled:
            share = self._kind_shares()[AGREES]
            words += f"; {share:.0%} as the labels from depth"
        words += ")"
        if self.passed:
            words += f", {self.passed} more without a prediction"
        if self.unreadable:
            words += f", {len(self.unreadable)} more cannot be read"
        if self.dropped:
            words += f", {len(self.dropped)} dropped"
        return words

    def write(self, folder: Path) -> None:
        """classes.json and statistics.json."""
        for name, content in (
            ("classes", self.network.to_json()),
            ("statistics", self.summary()),
        ):
            (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")

    def _kind_shares(self) -> np.ndarray:
        """Of the pixels with a label, the shares of the kinds of disagreement."""
        kinds = self._kinds[: len(KIND_NAMES)]
        return kinds / max(kinds.sum(), 1)
