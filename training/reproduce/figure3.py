"""Figure 3: how high above the floor the pixels of each class are."""

from collections.abc import Sequence
from functools import partial
from html import escape

import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.errors import HNError
from core.files import write_atomically
from core.hn_labels import label_frame
from core.parallel import parallel_map
from training.datasets.dataset import Dataset
from training.datasets.opening import class_names, open_data
from training.reproduce.experiment import Drawing, Picture

STEP_M = 0.05
NUM_STEPS = 60
FINE = HNBins(
    height_edges=tuple(STEP_M * k for k in range(1, NUM_STEPS)), angle_edges=()
)
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
ROW, LEFT, WIDTH = 15, 130, 460


def draw_height_distribution(drawing: Drawing) -> list[Picture]:
    """A bar a class: 5, 25, 50, 75 and 95 % of its pixels lie below."""
    datasets = open_data(drawing.data.labelled)
    names = class_names(datasets)
    counts, num_frames = count_heights(datasets)
    if not num_frames:
        raise HNError(
            "no labelled training frame has depth with a floor in view; name NYUv2 "
            "with its depth after --data"
        )
    seen = [k for k in range(len(names)) if counts[k].any()]
    heights = {names[k]: heights_below(counts[k]) for k in seen}
    heights = dict(sorted(heights.items(), key=lambda item: item[1][2]))
    file = drawing.folder / f"{drawing.name}.svg"
    write_atomically(file, _chart(heights).encode())
    lines = (
        "| class | 5 % | 25 % | median | 75 % | 95 % |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | " + " | ".join(f"{h:.2f}" for h in row) + " |"
            for name, row in heights.items()
        ),
    )
    caption = (
        f"Metres above the floor below which 5, 25, 50, 75 and 95 % of a class's "
        f"pixels lie; {num_frames} frames, heights above "
        f"{STEP_M * (NUM_STEPS - 1):.2f} m as one."
    )
    return [Picture(file, caption, {"heights_m": heights}, lines)]


def count_heights(datasets: Sequence[Dataset]) -> tuple[np.ndarray, int]:
    """(classes, NUM_STEPS) pixels by class and height, of the training frames with
    depth and labels, numbered as their first dataset has them; and how many frames."""
    num_classes = len(class_names(datasets))
    counts = np.zeros((num_classes, NUM_STEPS), np.int64)
    num_frames = 0
    for dataset in datasets:
        used = dataset.has_depth & dataset.has_semantic & (dataset.parts == "train")
        count = partial(_count, dataset, num_classes)
        with parallel_map(count, np.flatnonzero(used).tolist()) as found:
            for one in found:
                if one is not None:
                    counts += one
                    num_frames += 1
    return counts, num_frames


def _count(dataset: Dataset, num_classes: int, index: int) -> np.ndarray | None:
    """(classes, NUM_STEPS) of one frame; None where no floor is in view."""
    labelled = dataset.read(index)
    assert labelled.frame is not None and labelled.semantic is not None
    labels = label_frame(labelled.frame, FINE)
    if labels is None:
        return None
    known = (labels.classes != IGNORE_LABEL) & (labelled.semantic != IGNORE_LABEL)
    pairs = labelled.semantic[known].astype(np.int64) * NUM_STEPS
    pairs += labels.classes[known]
    size = num_classes * NUM_STEPS
    return np.bincount(pairs, minlength=size).reshape(num_classes, NUM_STEPS)


def heights_below(counts: np.ndarray) -> list[float]:
    """Metres below which the SHARES of (NUM_STEPS,) pixels lie, even inside a step."""
    reached = np.cumsum(counts) / counts.sum()
    steps = np.searchsorted(reached, SHARES)  # the ones in which they are reached
    inside = 1 - (reached[steps] - SHARES) * counts.sum() / counts[steps]
    return [float(height) for height in STEP_M * (steps + inside)]


def _chart(heights: dict[str, list[float]]) -> str:
    height = ROW * (len(heights) + 2)

    def x(metres: float) -> float:
        return LEFT + (WIDTH - LEFT - 10) * metres / (STEP_M * NUM_STEPS)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="10" role="img">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff" stroke="none"/>',
    ]
    for metres in range(int(STEP_M * NUM_STEPS) + 1):
        parts += [
            f'<line x1="{x(metres):.1f}" x2="{x(metres):.1f}" y1="0" '
            f'y2="{height - ROW}" stroke="#e5e7eb"/>',
            f'<text x="{x(metres):.1f}" y="{height - 4}" '
            f'text-anchor="middle">{metres} m</text>',
        ]
    for k, (name, (least, low, middle, high, most)) in enumerate(heights.items()):
        y = ROW * (k + 1)
        parts += [
            f'<text x="{LEFT - 6}" y="{y + 3}" text-anchor="end">{escape(name)}</text>',
            f'<line x1="{x(least):.1f}" x2="{x(most):.1f}" y1="{y}" y2="{y}" '
            'stroke="#93c5fd" stroke-width="2"/>',
            f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y}" y2="{y}" '
            'stroke="#2563eb" stroke-width="7"/>',
            f'<circle cx="{x(middle):.1f}" cy="{y}" r="3" fill="#ea580c"/>',
        ]
    return "".join(parts) + "</svg>\n"
