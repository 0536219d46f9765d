"""A finished run, read back: what it trained, ready to be used again."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import CheckpointError
from training.checkpoint import load_checkpoint, read_checkpoint
from training.config import TrainConfig
from training.datasets.dataset import Target
from training.datasets.frame_source import Recipe
from training.models.build import build_network
from training.models.network import Network
from training.presets import Preset, preset_from_json
from training.run_folder import CHECKPOINTS, CONFIG_FILE, load_config
from training.stage import StageName
from training.starting import untrained_twin

STAGE_OF: dict[Target, StageName] = {"hn": "pretrain", "semantic": "finetune"}


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """One network of a run, with its best weights."""

    network: Network
    task: Target
    class_names: tuple[str, ...]
    recipe: Recipe
    """What its frames were made into."""


def load_run(folder: Path, task: Target | None = None) -> TrainedRun:
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
    file = files[found]
    _, state = read_checkpoint(file)
    names = tuple(state["classes"])
    network = _built(config, preset, found, len(names))
    load_checkpoint(file, network)
    return TrainedRun(network, found, names, Recipe(preset.image_size, config.bins))


def _built(
    config: TrainConfig, preset: Preset, task: Target, num_classes: int
) -> Network:
    if task == "hn":
        return build_network(preset.network, num_classes, config.seed)
    return untrained_twin(config, preset, num_classes)
