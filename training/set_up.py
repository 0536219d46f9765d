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
from training.models.build import build_network
from training.models.network import num_parameters
from training.plan import chosen_preset, num_steps, what_to_train
from training.precision import fastest_precision
from training.presets import Preset
from training.progress import prepare_all
from training.run_folder import METRICS_FILE, save_config
from training.stage import Precision, StageName
from training.starting import check_start, network_name
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
    preset = chosen_preset(config, fabric.device.type == "cuda")
    preset = replace(preset, network=network_name(config, preset))
    if resolved is None:
        check_start(config, preset)
    datasets = open_data(config.data)
    recipe = Recipe(preset.image_size, config.bins)
    data = prepare_all(
        datasets,
        recipe,
        preset.hn_frames,
        config.all_frames,
        config.keep,
        is_shown=fabric.is_global_zero,
    )
    summaries = summarise(data, config.bins.class_names)
    if fabric.is_global_zero:
        print(as_table(summaries), flush=True)
    stages, notes = what_to_train(config, preset, data)

    found = [{"name": part.name, "content": part.content} for part in data]
    if resolved is None:
        precision = measured_precision(fabric, config, preset, stages)
        save_config(folder, config, asdict(preset), precision=precision, data=found)
    elif resolved.get("data") == found:
        precision = resolved["precision"]
    else:
        raise CheckpointError(
            f"the frames or their labels changed since the run in {folder} began, so "
            "it cannot be continued exactly; start a new run"
        )
    run = Run(
        folder=folder,
        config=config,
        preset=preset,
        data=data,
        summaries=summaries,
        stages=stages,
        notes=[],
        class_names=class_names(datasets),
        precision=precision,
        log=MetricsLog(folder / METRICS_FILE),
        fabric=fabric,
    )
    for note in (*data_notes(datasets), *notes):
        run.note(note)
    return run


def measured_precision(
    fabric: Fabric, config: TrainConfig, preset: Preset, stages: Sequence[StageName]
) -> Precision:
    """As asked, or the faster one; tells what is trained and how long that takes."""
    network = build_network(preset.network, config.bins.num_classes, config.seed)
    candidates: tuple[Precision, ...] = (
        ("float32", "bfloat16") if config.precision == "auto" else (config.precision,)
    )
    num_samples = preset.batch_size // fabric.world_size // config.accumulate
    precision, seconds = fastest_precision(
        network,
        max(network.smallest_training_batch, num_samples),
        preset.crop_size,
        fabric.device,
        candidates,
    )
    seconds *= config.accumulate
    steps = sum(num_steps(preset, stage) for stage in stages)
    print(
        f"{_why(config, fabric)}: {preset.network} with "
        f"{num_parameters(network) / 1e6:.2f} M parameters in {precision}, "
        f"{preset.crop_size[1]}x{preset.crop_size[0]} pixels; {steps} steps of "
        f"{1000 * seconds:.0f} ms on {_where(fabric)}, about "
        f"{duration(steps * seconds)}",
        flush=True,
    )
    return precision


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
