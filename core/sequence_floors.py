"""The floor of every frame of a recording, of those too that do not see it."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HNError
from core.floor import FloorPlane, measure_floor
from core.floor_consensus import Sight, agreed_floors
from core.frame import Intrinsics, RgbdFrame
from core.normals import SurfaceSamples, sample_surfaces
from core.parallel import parallel_map
from core.planes import PlaneField, PlaneFitter, cell_camera
from core.registration import register_depth
from core.tracking import Motion, relative_motion

if TYPE_CHECKING:
    from core.interchange import FrameSource

SEARCH_EVERY = 8  # frames; between them up is looked for near the last, which is fast
CHUNK = 24  # frames that a thread takes at once; it reads one more, for the motion


Watcher = Callable[[int, RgbdFrame, Motion | None], None]
"""Is shown every frame that can be read, by its index in the source, and how the camera
moved since the one before; on any thread."""


def sequence_floors(
    source: "FrameSource",
    advance: Callable[[], None] = lambda: None,
    watch: Watcher = lambda index, frame, motion: None,
    num_workers: int | None = None,
) -> list[FloorPlane | None]:
    """The floor of every frame of `source`, None where it is not known.

    Frames that see the floor vote on it, and motion carries it to those that do not.
    Where motion is lost or a frame cannot be read a new chain begins, so that frames in
    no order keep what each of them sees. `advance` is called once a frame.
    """
    starts = range(0, len(source), CHUNK)
    chunks = [range(start, min(start + CHUNK, len(source))) for start in starts]
    sights: list[Sight | None] = []

    def look(chunk: range) -> list[Sight | None]:
        return list(_sights(source, chunk, watch))

    with parallel_map(look, chunks, num_workers) as parts:
        for part in parts:
            for sight in part:
                sights.append(sight)
                advance()
    floors: list[FloorPlane | None] = []
    for chain in _chains(sights):
        floors += agreed_floors(chain) if chain else [None]
    return floors


def _chains(sights: Sequence[Sight | None]) -> Iterator[list[Sight]]:
    """The sights that motions join, in order; an empty one for an unreadable frame."""
    chain: list[Sight] = []
    for sight in sights:
        if chain and (sight is None or sight.motion is None):
            yield chain
            chain = []
        if sight is None:
            yield []
        else:
            chain.append(sight)
    if chain:
        yield chain


def _sights(
    source: "FrameSource", indices: range, watch: Watcher
) -> Iterator[Sight | None]:
    """What each of some consecutive frames shows; None where one cannot be read."""
    look = _Look()
    for index in range(max(0, indices.start - 1), indices.stop):
        frame = _read(source, index)
        sight = None if frame is None else look(frame, index)
        if index in indices:
            if frame is not None and sight is not None:
                watch(index, frame, sight.motion)
            yield sight


def _read(source: "FrameSource", index: int) -> RgbdFrame | None:
    try:
        return source[index]
    except HNError:
        return None


class _Look:
    """Looks at frames one after the other; remembers planes and up of the last."""

    def __init__(self) -> None:
        self._fitters: dict[tuple[int, ...], list[PlaneFitter]] = {}
        self._last: tuple[PlaneField, Intrinsics] | None = None
        self._up: np.ndarray | None = None

    def __call__(self, frame: RgbdFrame, index: int) -> Sight:
        """The sight of the next frame."""
        field, samples = self._surfaces(frame)
        camera = cell_camera(frame.color_intrinsics)
        motion = self._motion(samples, camera)
        self._last = field, camera
        is_search = index % SEARCH_EVERY == 0
        floor = self._floor(samples, motion, frame.up_hint, is_search)
        return Sight(motion, floor, frame.up_hint)

    def _surfaces(self, frame: RgbdFrame) -> tuple[PlaneField, SurfaceSamples]:
        depth = register_depth(frame)
        if depth.shape not in self._fitters:
            self._fitters[depth.shape] = [PlaneFitter(*depth.shape) for _ in range(2)]
        fitters = self._fitters[depth.shape]
        fitters.reverse()  # the other one holds the planes of the last frame
        field = fitters[0](depth, frame.depth_scale)
        return field, sample_surfaces(field, frame.color_intrinsics.pinhole())

    def _motion(self, samples: SurfaceSamples, camera: Intrinsics) -> Motion | None:
        if self._last is None or self._last[1] != camera:
            return None
        return relative_motion(self._last[0], samples, camera)

    def _floor(
        self,
        samples: SurfaceSamples,
        motion: Motion | None,
        hint: np.ndarray | None,
        is_search: bool,
    ) -> FloorPlane | None:
        carried = None
        if motion is not None and self._up is not None:
            carried = motion.T_previous_current[:3, :3].T @ self._up
        prior = carried if hint is None and not is_search else hint
        floor = measure_floor(samples, prior)
        self._up = carried if floor is None else floor.up
        return floor
