"""Rendered frames that several parts of the table share; each is made once."""

from functools import lru_cache

import numpy as np

from benchmarks.box_rooms import View
from benchmarks.box_views import SENSORS, random_view, random_walk, sense
from core.frame import Intrinsics, RgbdFrame
from core.simulation.sensor_noise import NoiseModel

_THUMBNAIL = 64


@lru_cache
def still_views(intrinsics: Intrinsics, count: int) -> tuple[View, ...]:
    """Views by someone who looks at furniture, at least 5 % of them floor."""
    rng = np.random.default_rng(7)
    return tuple(
        random_view(rng, intrinsics, (-50.0, 0.0), (6, 15), (0.05, 1.0))
        for _ in range(count)
    )


@lru_cache
def still_frames(noise: NoiseModel, count: int) -> tuple[tuple[View, RgbdFrame], ...]:
    """`still_views` as a sensor reports them."""
    rng = np.random.default_rng(3)
    views = still_views(SENSORS[noise], count)
    return tuple((view, sense(view, noise, rng)) for view in views)


def steady_frames(
    intrinsics: Intrinsics, noise: NoiseModel, count: int
) -> list[RgbdFrame]:
    """Consecutive frames of a walk, where it sees most floor."""
    rng = np.random.default_rng(21)
    walk = random_walk(rng)
    aspect = intrinsics.height / intrinsics.width
    small = intrinsics.resized(_THUMBNAIL, round(_THUMBNAIL * aspect))
    floor = np.array([view.is_floor.mean() for view in walk.views(small)])
    first = int(np.argmax(np.convolve(floor, np.ones(count), "valid")))
    views = walk.views(intrinsics, slice(first, first + count))
    return [sense(view, noise, rng) for view in views]
