"""All of a run that comes before training: its data, its plan, what it will take."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from core.errors import CheckpointError
from training.config import TrainConfig
from training.datasets.frame_source import Recipe
from training.datasets.opening import class_names, data_notes, open_data
from training.datasets.prepare import PreparedData
from training.log import MetricsLog
from training.models.network import Network, num_parameters
from training.plan import chosen_preset, num_steps, what_to_train
from training.precision import fastest_precision
from training.presets import Preset, preset_from_json
from training.pretext import pretext_outputs
from training.pretrained.cifar100 import NUM_CLASSES, SIZE
from training.progress import prepare_all
from training.run_folder import METRICS_FILE, save_config
from training.stage import Precision, StageName
from training.starting import (
    check_start,
    classifier,
    network_name,
    pretraining_network,
    untrained_twin,
)
from training.summary import DataSummary, as_table, summarise


@dataclass(frozen=True, eq=False)
class Run:
    """What does not change while a run goes."""

    folder: Path
    config: TrainConfig
    preset: Preset
    data: Sequence[PreparedData]
    summaries: Sequence[DataSummary]
    stages: Sequence[StageName]
    """What to train, in order."""
    notes: list[str]
    """What the user should know about all of it."""
    class_names: tuple[str, ...]
    """Of the semantic classes of all data."""
    precision: Precision
    log: MetricsLog
    fabric: Fabric

    def note(self, text: str) -> None:
        """Tell the user, now and in the report."""
        self.notes.append(text)
        if self.fabric.is_global_zero:
            print(f"note: {text}", flush=True)


def set_up(
    fabric: Fabric,
    folder: Path,
    config: TrainConfig,
    resolved: dict[str, Any] | None = None,
) -> Run:
    """The run, and in its folder the config that resuming needs.

    `resolved` is what the run that is continued resolved its config to. Only the first
    process says anything.
    """
    if resolved is None:
        preset = chosen_preset(config, fabric.device.type == "cuda")
        preset = replace(preset, network=network_name(config, preset))
        check_start(config, preset, fabric.world_size)
    else:
        preset = preset_from_json(resolved["preset"])
    datasets = open_data(config.data)
    recipe = Recipe(preset.image_size, config.bins, config.pretext == "depth")
    data = prepare_all(
        datasets,
        recipe,
        preset.hn_frames if config.init == "hn" and preset.pretrain_steps else 0,
        config.all_frames,
        config.keep,
        is_shown=fabric.is_global_zero,
    )
    summaries = summarise(data, config.bins.class_names)
    if fabric.is_global_zero:
        print(as_table(summaries), flush=True)
    stages, notes = what_to_train(config, preset, data)

    found = [{"name": part.name, "content": part.content} for part in data]
    names = class_names(datasets)
    if resolved is None:
        precision = measured_precision(fabric, config, preset, stages, len(names))
        save_config(
            folder,
            config,
            asdict(preset),
            precision=precision,
            processes=fabric.world_size,
            data=found,
        )
    else:
        precision = resolved["precision"]
        notes += _notes_on_going_on(folder, resolved, found, fabric.world_size)
    run = Run(
        folder=folder,
        config=config,
        preset=preset,
        data=data,
        summaries=summaries,
        stages=stages,
        notes=[],
        class_names=names,
        precision=precision,
        log=MetricsLog(folder / METRICS_FILE),
        fabric=fabric,
    )
    for note in (*data_notes(datasets), *notes):
        run.note(note)
    return run


def _notes_on_going_on(
    folder: Path, resolved: dict[str, Any], found: object, num_processes: int
) -> list[str]:
    """What differs from how the run began; CheckpointError if the data do."""
    if resolved.get("data") != found:
        raise CheckpointError(
            f"the frames or their labels changed since the run in {folder} began, so "
            "it cannot be continued exactly; start a new run"
        )
    if resolved["processes"] == num_processes:
        return []
    return [
        f"begun with {resolved['processes']} process(es) and continued with "
        f"{num_processes}: the result is the same only up to rounding"
    ]


def measured_precision(
    fabric: Fabric,
    config: TrainConfig,
    preset: Preset,
    stages: Sequence[StageName],
    num_classes: int,
) -> Precision:
    """As asked, or the faster one; tells what is trained and how long that takes."""
    candidates: tuple[Precision, ...] = (
        ("float32", "bfloat16") if config.precision == "auto" else (config.precision,)
    )
    parts, total_s = [], 0.0
    for stage in stages:
        network, size = _tried(config, preset, stage, num_classes)
        num_samples = preset.batch_size // fabric.world_size // config.accumulate
        num_samples = max(num_samples, network.smallest_training_batch)
        precision, seconds = fastest_precision(
            network, num_samples, size, fabric.device, candidates
        )
        candidates = (precision,)  # one for all of the run
        step_s, steps = config.accumulate * seconds, num_steps(preset, stage)
        parts.append(f"{stage} {steps} steps of {1000 * step_s:.0f} ms")
        total_s += steps * step_s
    height, width = preset.crop_size
    print(
        f"{_why(config, fabric)}: {preset.network} with "
        f"{num_parameters(network) / 1e6:.2f} M parameters to train, in {precision} on "
        f"{_where(fabric)}, {width}x{height} pixels; {', '.join(parts)}: about "
        f"{duration(total_s)}",
        flush=True,
    )
    return precision


def _tried(
    config: TrainConfig, preset: Preset, stage: StageName, num_classes: int
) -> tuple[Network, tuple[int, int]]:
    """A network as the stage will train it, and the (height, width) of its images."""
    if stage == "cifar100":
        return classifier(preset, NUM_CLASSES, config.seed), (SIZE, SIZE)
    if stage == "pretrain":
        num_outputs = len(pretext_outputs(config))
        return pretraining_network(preset, num_outputs, config.seed), preset.crop_size
    return untrained_twin(config, preset, num_classes), preset.crop_size


def _why(config: TrainConfig, fabric: Fabric) -> str:
    """Which preset, and who chose it."""
    if config.preset != "auto":
        return f"preset {config.preset}"
    if fabric.device.type == "cuda":
        return "preset paper, since there is a GPU"
    return "preset laptop, since there is no GPU"


def _where(fabric: Fabric) -> str:
    kind = "GPU" if fabric.device.type == "cuda" else "CPU"
    return f"the {kind}" if fabric.world_size == 1 else f"{fabric.world_size} x {kind}"


def duration(seconds: float) -> str:
    """For people: 54 s, 12 min, 3.1 h, 15 days."""
    for unit, length, most in (("s", 1, 100), ("min", 60, 100), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{seconds / length:.{int(unit == 'h')}f} {unit}"
    return f"{seconds / 86400:.0f} days"
