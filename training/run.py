"""One run, from data to report: prepare, pretrain, finetune, evaluate, export."""

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from lightning_fabric import Fabric

from core.parallel import num_cores
from core.prediction import Task
from training.augment import training_sample
from training.class_weights import median_frequency, note_on_empty
from training.config import TrainConfig
from training.datasets.dataset import Part, Target
from training.datasets.samples import Samples, pixels_of_classes, samples
from training.description import describe, trained_aspect
from training.evaluation import Pairs, evaluate
from training.fabric import make_fabric
from training.feed import Draw
from training.loop import Interrupted, train
from training.metrics import Scores
from training.models.network import Network
from training.plan import check_options, num_steps
from training.pretext import (
    depth_error,
    pretext_outputs,
    pretext_samples,
    write_depth_results,
)
from training.pretrained.cifar100 import cifar100_sample, open_cifar100
from training.processes import (
    Group,
    LostProcessError,
    from_first,
    patient_group,
    plain_lost_processes,
)
from training.progress import step_progress
from training.results import write_results
from training.run_folder import CHECKPOINTS, load_config, new_folder
from training.set_up import Run, set_up
from training.stage import Stage, StageName
from training.starting import (
    classifier,
    finetuning_network,
    pretraining_network,
    untrained_twin,
)
from training.trained import TrainedNetwork

PARTS: tuple[Part, ...] = ("test", "validation", "train")


def run_training(asked: TrainConfig) -> str:
    """Do everything that is asked for; what was reached and where it is, for people.

    Of several processes all train, and the first one does the rest.
    """
    config = load_config(asked)[1] if asked.resume else asked
    check_options(config)
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, num_cores() // config.devices))
    fabric = make_fabric(config.devices, config.nodes)
    try:
        with plain_lost_processes():
            group = patient_group()
            if fabric.is_global_zero:
                run = _set_up_first(fabric, asked, group)
                trained = train_stages(run)
                if not trained:
                    return write_depth_results(run.folder, run.notes)
                return write_results(run, trained)
            train_stages(_set_up_other(fabric, group))
    except (LostProcessError, Interrupted) as error:
        if fabric.is_global_zero:
            raise
        # Another process says why; Fabric kills the first one for any status but 0.
        sys.exit(0 if isinstance(error, Interrupted) else 2)
    return ""


def train_stages(run: Run) -> list[TrainedNetwork]:
    """Every network that is wanted, the final one first."""
    trained: list[TrainedNetwork] = []
    pretrained: Network | None = None
    for name in run.stages:
        if name == "cifar100":
            pretrained = train_classifier(run)
        elif name == "pretrain" and run.config.pretext == "depth":
            pretrained = train_depth(run)
        else:
            trained.append(train_network(run, name, pretrained))
            pretrained = trained[-1].network
    return trained[::-1]


def _set_up_first(fabric: Fabric, asked: TrainConfig, group: Group) -> Run:
    """Set up the run and tell the others where; or that there is none."""
    folder: Path | None = None
    try:
        if asked.resume:
            folder, config, resolved = load_config(asked)
            return set_up(fabric, folder, config, resolved)
        with new_folder(asked) as claimed:
            run = set_up(fabric, claimed, asked)
            folder = claimed
            return run
    except BaseException:
        folder = None
        raise
    finally:
        from_first(folder, group)


def _set_up_other(fabric: Fabric, group: Group) -> Run:
    """The same run, once the first process has set it up; what it prepared is kept."""
    folder = from_first(None, group)
    if folder is None:
        sys.exit(2)  # the first process says why
    return set_up(fabric, *load_config(TrainConfig(out=folder, resume=True)))


def train_classifier(run: Run) -> Network:
    """The encoder trained, or finished training, on CIFAR-100."""
    assert run.config.cifar100 is not None  # the plan sees to that
    everything, test = open_cifar100(run.config.cifar100)
    training, validation = everything.split()
    network = classifier(run.preset, len(training.class_names), run.config.seed)
    stage = _stage(run, "cifar100", training.class_names)
    draw = partial(cifar100_sample, training, run.config.seed)
    _train(run, network, draw, validation, stage)
    scores = _evaluate(run, network, test, stage.num_classes)
    run.note(
        f"the encoder was trained on {len(training)} images of CIFAR-100; of "
        f"{len(test)} others it names {scores.global_accuracy:.1%} rightly"
    )
    return network


def train_depth(run: Run) -> Network:
    """A network trained, or finished training, to see depth."""
    config, preset = run.config, run.preset
    names = pretext_outputs(config)
    stage = replace(_stage(run, "pretrain", names), regresses_depth=True)
    network = pretraining_network(preset, len(names), config.seed)
    used = pretext_samples(config, run.data, "train")
    draw = partial(training_sample, used, config.seed, crop_size=preset.crop_size)
    _train(run, network, draw, used.evenly(0), stage)
    held_out = pretext_samples(config, run.data, "validation")
    error = depth_error(network, held_out, run.fabric.device)
    run.note(
        f"pretrained on the depth of {len(used)} frames; "
        + (
            f"on {len(held_out)} validation frames it is wrong by a factor of "
            f"{error:.3f} in the mean"
            if len(held_out)
            else "there are no validation frames to measure it on"
        )
    )
    return network


def train_network(
    run: Run, name: StageName, pretrained: Network | None
) -> TrainedNetwork:
    """Train, or finish training, one network and measure it on frames held out."""
    config, preset = run.config, run.preset
    task: Task = "hn" if name == "pretrain" else "semantic"
    names = config.bins.class_names if task == "hn" else run.class_names
    if task == "hn":
        used, validation = (
            pretext_samples(config, run.data, part) for part in ("train", "validation")
        )
    else:
        used = _samples(run, task, "train").evenly(config.labelled_frames)
        validation = _samples(run, task, "validation")
    weights = _class_weights(run, used) if task == "semantic" else None
    stage = _stage(run, name, names, weights)
    if task == "hn":
        network = pretraining_network(preset, len(names), config.seed)
    elif stage.last(run.folder / CHECKPOINTS).is_file():
        # What it started from is not needed any more, and may be gone.
        network = untrained_twin(config, preset, len(names))
    else:
        network = finetuning_network(config, preset, len(names), pretrained, run.note)
    draw = partial(training_sample, used, config.seed, crop_size=preset.crop_size)
    _train(run, network, draw, validation, stage)

    part = next(part for part in PARTS if len(_samples(run, task, part)))
    evaluated = _samples(run, task, part)
    scores = _evaluate(run, network, evaluated, len(names))
    info = describe(
        run.folder,
        config,
        preset,
        task,
        names,
        trained_aspect(config.data, used.places),
        **_frames(run, task, used),
        mean_iou=f"{scores.mean_iou:.4f} on {len(evaluated)} {part} frames",
    )
    network.to("cpu")  # to be exported
    return TrainedNetwork(
        name, network, info, scores, part, evaluated, num_trained=len(used)
    )


def _frames(run: Run, task: Task, used: Samples) -> dict[str, str]:
    """How many frames the network was trained on, and its encoder before that."""
    frames = {"trained_frames": str(len(used))}
    if task == "semantic" and "pretrain" in run.stages:
        pretrained = pretext_samples(run.config, run.data, "train")
        frames["pretrained_frames"] = str(len(pretrained))
    return frames


def _train(
    run: Run, network: Network, draw: Draw, validation: Pairs, stage: Stage
) -> None:
    try:
        is_shown = run.fabric.is_global_zero
        with step_progress(stage.name, stage.steps, is_shown) as on_step:
            steps = train(
                run.fabric,
                network,
                draw,
                validation,
                stage,
                run.folder / CHECKPOINTS,
                run.log,
                on_step,
            )
    except Interrupted:
        if run.fabric.is_global_zero:
            print(
                "stopped and saved; continue with: "
                f"hn-train --out {run.folder} --resume"
            )
        raise
    if steps < stage.steps:
        run.note(
            f"{stage.name} ended after {steps} of {stage.steps} steps: the last "
            f"{stage.patience} validations brought nothing better"
        )


def _evaluate(run: Run, network: Network, pairs: Pairs, num_classes: int) -> Scores:
    """Over all of them, each process its share."""
    fabric = run.fabric
    share = (fabric.global_rank, fabric.world_size)
    return evaluate(network, pairs, num_classes, fabric.device, share=share)


def _stage(
    run: Run,
    name: StageName,
    class_names: tuple[str, ...],
    class_weights: tuple[float, ...] | None = None,
) -> Stage:
    config, preset = run.config, run.preset
    return Stage(
        name=name,
        network_name=preset.network,
        class_names=class_names,
        steps=num_steps(preset, name),
        batch_size=preset.batch_size,
        learning_rate=preset.learning_rate,
        weight_decay=preset.weight_decay,
        seed=config.seed,
        accumulate=config.accumulate,
        schedule=config.schedule,
        warm_up=config.warm_up,
        ema=config.ema,
        patience=config.patience,
        class_weights=class_weights,
        precision=run.precision,
        workers=config.workers,
    )


def _samples(run: Run, task: Target, part: Part) -> Samples:
    return samples(run.data, task, part, run.class_names)


def _class_weights(run: Run, used: Samples) -> tuple[float, ...] | None:
    """What a pixel of each semantic class counts, if not all the same."""
    pixels = pixels_of_classes(run.data, "semantic", used, run.class_names)
    empty = note_on_empty(pixels, run.class_names)
    if empty is not None:
        run.note(empty)
    if run.config.class_weights == "none":
        return None
    return tuple(median_frequency(pixels).tolist())
