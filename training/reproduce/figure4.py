"""Figure 4: the same point has the same HN-label from every view, measured."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.errors import HNError
from core.files import write_atomically
from core.overlay import blend, class_palette
from training.reproduce.experiment import Drawing, Picture
from training.reproduce.pictures import png
from training.reproduce.posed import PosedFrame, PosedSource, posed_sources

GAPS = (1, 5, 20, 50)
"""Frames between the two views."""
MOST_PAIRS = 40
"""Of each gap and recording."""
WITHIN_M, WITHIN_PER_Z2 = 0.02, 0.005
"""How far the second view's depth may be from the point: noise grows with z * z."""
PICTURE_WIDTH = 480


@dataclass(frozen=True)
class Agreement:
    """Labels of points that two views see."""

    same: float
    """Share of the points that have one label in both."""
    by_chance: float
    """The share if both views had the labels that they have, at any points."""
    num_points: int
    num_pairs: int


def draw_agreement(drawing: Drawing) -> list[Picture]:
    """A table by recording and gap, and two views with their labels."""
    bins = HNBins()
    sources = posed_sources(drawing.data.free)
    numbers: dict[str, dict[str, object]] = {}
    lines = [
        "| recording | frames apart | same label | by chance | points | pairs |",
        "|---|---|---|---|---|---|",
    ]
    shown: tuple[PosedFrame, PosedFrame] | None = None
    for one in sources:
        for gap in GAPS:
            found = agreement(one, gap, bins)
            if found is None:
                continue
            name = f"{one.source.name}, {gap} apart"
            numbers[name] = vars(found)
            lines.append(
                f"| {one.source.name} | {gap} | {found.same:.1%} | "
                f"{found.by_chance:.1%} | {found.num_points} | {found.num_pairs} |"
            )
            shown = shown or next(_pairs(one, max(GAPS), bins), None)
    if not numbers or shown is None:
        raise HNError("no two frames of the recordings with poses see the same points")
    file = drawing.folder / f"{drawing.name}.png"
    write_atomically(file, png(_views(shown, bins)))
    caption = (
        "Two views of one place with their labels. Points that both see, by the "
        "recording's poses, and how many of them have the same HN-label in both."
    )
    return [Picture(file, caption, {"agreement": numbers}, tuple(lines))]


def agreement(source: PosedSource, gap: int, bins: HNBins) -> Agreement | None:
    """Of all pairs of frames that are `gap` apart; None where nothing is seen twice."""
    ones, twos, num_pairs = [], [], 0
    for one, two in _pairs(source, gap, bins):
        first, second = seen_twice(one, two)
        ones.append(first)
        twos.append(second)
        num_pairs += 1
    if not sum(map(len, ones)):
        return None
    first, second = np.concatenate(ones), np.concatenate(twos)
    shares = [np.bincount(c, minlength=256) / len(c) for c in (first, second)]
    return Agreement(
        same=float((first == second).mean()),
        by_chance=float(shares[0] @ shares[1]),
        num_points=len(first),
        num_pairs=num_pairs,
    )


def seen_twice(one: PosedFrame, two: PosedFrame) -> tuple[np.ndarray, np.ndarray]:
    """(N,) classes, by each of two frames, of the points that both of them measure."""
    points = one.points
    T = np.linalg.inv(two.T_world_camera) @ one.T_world_camera
    there = points @ T[:3, :3].T + T[:3, 3]
    in_front = there[:, 2] > 0.1
    points, there = points[in_front], there[in_front]
    rows, columns = two.pixels_of(there)
    own_rows, own_columns = one.pixels_of(points)
    lens = two.frame.color_intrinsics.pinhole()
    u = np.rint(lens.fx * there[:, 0] / there[:, 2] + lens.cx).astype(np.int64)
    v = np.rint(lens.fy * there[:, 1] / there[:, 2] + lens.cy).astype(np.int64)
    inside = (u >= 0) & (u < lens.width) & (v >= 0) & (v < lens.height)
    inside &= (rows >= 0) & (own_rows >= 0)
    z = there[inside, 2]
    measured = two.depth_m[v[inside], u[inside]]
    meets = np.abs(measured - z) < WITHIN_M + WITHIN_PER_Z2 * z * z
    first = one.classes[own_rows[inside], own_columns[inside]][meets]
    second = two.classes[rows[inside], columns[inside]][meets]
    known = (first != IGNORE_LABEL) & (second != IGNORE_LABEL)
    return first[known], second[known]


def _pairs(
    source: PosedSource, gap: int, bins: HNBins
) -> Iterator[tuple[PosedFrame, PosedFrame]]:
    """At most MOST_PAIRS pairs of frames, evenly along the recording."""
    firsts = range(len(source.source) - gap)
    for first in firsts[:: max(1, -(-len(firsts) // MOST_PAIRS))]:
        one, two = source.frame(first, bins), source.frame(first + gap, bins)
        if one is not None and two is not None:
            yield one, two


def _views(pair: tuple[PosedFrame, PosedFrame], bins: HNBins) -> np.ndarray:
    """(h, w, 3) uint8: two photos above their labels."""
    palette = class_palette(bins)
    photos = [_small(one.rgb) for one in pair]
    labels = [_small(blend(one.rgb, one.classes, palette, 0.7)) for one in pair]
    return np.vstack((np.hstack(photos), np.hstack(labels)))


def _small(image: np.ndarray) -> np.ndarray:
    height = round(image.shape[0] * PICTURE_WIDTH / image.shape[1])
    return cv2.resize(image, (PICTURE_WIDTH, height), interpolation=cv2.INTER_AREA)
