"""What a stage of a run leaves: a network with how good it is, and on what."""

from dataclasses import dataclass

from core.prediction import ModelInfo
from training.datasets.dataset import Part
from training.datasets.samples import Samples
from training.metrics import Scores
from training.models.network import Network
from training.stage import StageName


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """One network, what it predicts, and its measures on frames held out for that."""

    stage: StageName
    network: Network
    info: ModelInfo
    scores: Scores
    part: Part
    """Which part of the data the measures are of: test, unless there is none."""
    evaluated: Samples
    num_trained: int
    """Frames it was trained on."""

    @property
    def title(self) -> str:
        """For people."""
        return {"hn": "HN classes", "semantic": "Semantic classes"}[self.info.task]

    def to_json(self) -> dict[str, object]:
        """The measures, as in results.json."""
        return {
            "task": self.info.task,
            "evaluated_on": self.part,
            "evaluated_frames": len(self.evaluated),
            "trained_frames": self.num_trained,
            **self.scores.to_json(self.info.class_names),
        }
