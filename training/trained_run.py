"""A finished run, read back: what it trained, ready to be used again."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import CheckpointError
from core.prediction import ModelInfo, Task, read_model_info
from training.checkpoint import load_checkpoint, read_checkpoint
from training.config import TrainConfig
from training.datasets.frame_source import Recipe
from training.description import STAGE_OF, describe
from training.models.build import build_network
from training.models.network import Network
from training.presets import Preset, preset_from_json
from training.results import MODELS
from training.run_folder import CHECKPOINTS, CONFIG_FILE, load_config
from training.starting import untrained_twin


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """One network of a run, with its best weights."""

    network: Network
    info: ModelInfo
    """What the run's model file says of it."""
    recipe: Recipe
    """What its frames were made into."""
    data: tuple[str, ...]
    """What the run was trained on, as the user named it."""

    @property
    def task(self) -> Task:
        """Which labels it was trained on."""
        return self.info.task

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of its classes."""
        return self.info.class_names


def load_run(folder: Path, task: Task | None = None) -> TrainedRun:
    """The network that a run trained for a task; its last one without.

    Raises CheckpointError where the run did not get that far.
    """
    if not (folder / CONFIG_FILE).is_file():
        raise CheckpointError(
            f"{folder} is no run of hn-train: it has no {CONFIG_FILE}; name the folder "
            "that hn-train wrote"
        )
    _, config, resolved = load_config(TrainConfig(out=folder, resume=True))
    preset = preset_from_json(resolved["preset"])
    files = {
        kind: folder / CHECKPOINTS / f"{stage}-best.safetensors"
        for kind, stage in STAGE_OF.items()
    }
    finished = [kind for kind in STAGE_OF if files[kind].is_file()]
    if not finished or task not in (None, *finished):
        stage = "first" if task is None else STAGE_OF[task]
        raise CheckpointError(
            f"the run in {folder} has not finished its {stage} stage, so there is no "
            "network to measure; continue it with hn-train --resume, or name another"
        )
    found = task or finished[-1]
    if found == "hn" and config.pretext == "depth":
        raise CheckpointError(
            f"the run in {folder} was pretrained on depth and predicts no classes; "
            "name a run that was finetuned"
        )
    file = files[found]
    _, state = read_checkpoint(file)
    names = tuple(state["classes"])
    network = _built(config, preset, found, len(names))
    load_checkpoint(file, network)
    info = _told(folder, found, names) or describe(folder, config, preset, found, names)
    return TrainedRun(
        network, info, Recipe(preset.image_size, config.bins), config.data
    )


def _told(folder: Path, task: Task, class_names: tuple[str, ...]) -> ModelInfo | None:
    """What the run's own model file says, which knows more than its config; None if
    there is none, since the run goes on."""
    for name in MODELS:
        try:
            info = read_model_info(folder / name)
        except CheckpointError:
            continue
        if (info.task, info.class_names) == (task, class_names):
            return info
    return None


def _built(
    config: TrainConfig, preset: Preset, task: Task, num_classes: int
) -> Network:
    if task == "hn":
        return build_network(preset.network, num_classes, config.seed)
    return untrained_twin(config, preset, num_classes)
