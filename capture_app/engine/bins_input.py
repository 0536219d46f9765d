"""Bins of the labels as people type them."""

import math
import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.errors import HNError


def typed_bins(heights: str, angles: str, signed: bool) -> HNBins:
    """The bins of these inner edges, metres and degrees; HNError says what is wrong."""
    largest = 180.0 if signed else 90.0
    height_edges = _edges(heights, "height", "0.25 0.5 1")
    angle_edges = _edges(angles, "angle", "30 60")
    if angle_edges and angle_edges[-1] >= largest:
        raise HNError(
            f"Angle edges lie between 0 and {largest:g} degrees"
            f"{'' if signed else ' (180 with ceilings apart)'}, got "
            f"{angle_edges[-1]:g}."
        )
    num_heights, num_angles = len(height_edges) + 1, len(angle_edges) + 1
    if num_heights * num_angles > IGNORE_LABEL:
        raise HNError(
            f"{num_heights} heights x {num_angles} angles make "
            f"{num_heights * num_angles} classes; at most {IGNORE_LABEL} fit."
        )
    return HNBins(height_edges, angle_edges, signed)


def even_edges(count: int, step: float) -> tuple[float, ...]:
    """The inner edges of `count` bins of `step` metres, the last one open above."""
    return tuple(round(step * k, 6) for k in range(1, count))


def as_even(edges: Sequence[float]) -> tuple[int, float] | None:
    """(count, step) whose `even_edges` these are; None if they are no such."""
    if not edges or edges[0] <= 0:
        return None
    even = even_edges(len(edges) + 1, edges[0])
    is_even = np.allclose(edges, even, rtol=0, atol=1e-6)
    return (len(edges) + 1, edges[0]) if is_even else None


def edges_text(edges: Sequence[float]) -> str:
    """As they can be typed."""
    return " ".join(f"{edge:.6g}" for edge in edges)


def _edges(text: str, what: str, example: str) -> tuple[float, ...]:
    edges = []
    for word in re.split(r"[\s,;]+", text.strip(" \t,;")):
        try:
            edges += [float(word)] if word else []
        except ValueError:
            raise HNError(
                f"{word!r:.20} is no number; write {what} edges such as {example}."
            ) from None
    for edge in edges:
        if not 0 < edge < math.inf:
            raise HNError(f"Every {what} edge is above 0, got {edge:g}.")
    for low, high in pairwise(edges):
        if low >= high:
            raise HNError(
                f"The {what} edges rise from one to the next, got {high:g} after "
                f"{low:g}."
            )
    return tuple(edges)
