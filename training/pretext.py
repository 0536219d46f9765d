"""What a network is pretrained on: HN-labels, or one of two that they are held against.

Shuffled HN-labels have the same classes at the same places of the image, and nothing to
do with what it shows. Depth is the same sensor's data without floor and normals.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from core.bins import IGNORE_LABEL
from core.files import write_atomically
from training.config import TrainConfig
from training.datasets.dataset import Part, Target
from training.datasets.depth_target import FARTHEST, ratio_of_steps
from training.datasets.prepare import PreparedData
from training.datasets.samples import Samples, samples, with_others_targets
from training.evaluation import to_tensor
from training.models.network import Network


def pretext_outputs(config: TrainConfig) -> tuple[str, ...]:
    """A name for every output of the network that is pretrained."""
    return ("depth",) if config.pretext == "depth" else config.bins.class_names


def pretext_samples(
    config: TrainConfig, data: Sequence[PreparedData], part: Part
) -> Samples:
    """What to pretrain on, or to validate that on."""
    target: Target = "depth" if config.pretext == "depth" else "hn"
    found = samples(data, target, part)
    if config.pretext == "hn-shuffled":
        return with_others_targets(found, config.seed)
    return found


def depth_error(
    network: Network, held_out: Samples, device: torch.device | str
) -> float:
    """By which factor the depth that a network sees is wrong, in the mean; nan where
    there is nothing to measure."""
    network.eval()
    steps, num_pixels = 0.0, 0
    with torch.inference_mode():
        for k in range(len(held_out)):
            rgb, target = held_out[k]
            depth = network(to_tensor(rgb[None], device))[0, 0].float().cpu().numpy()
            known = target != IGNORE_LABEL
            steps += float(np.abs(FARTHEST * depth[known] - target[known]).sum())
            num_pixels += int(known.sum())
    return ratio_of_steps(steps / num_pixels) if num_pixels else float("nan")


def write_depth_results(folder: Path, notes: Sequence[str]) -> str:
    """Write the results of a run that has learnt depth only; the closing words."""
    content = {"task": "depth", "notes": list(notes)}
    write_atomically(
        folder / "results.json", json.dumps(content, indent=2).encode("utf-8")
    )
    return f"pretrained on depth; finetune it with --init {folder}"
