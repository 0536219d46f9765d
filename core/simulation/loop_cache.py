"""A rendered loop kept on disk: the second time the simulated camera starts at once."""

import json
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from typing import overload

import numpy as np

from core.errors import SensorError
from core.files import user_cache
from core.frame import RgbdFrame
from core.simulation import walk
from core.simulation.camera import DEPTH_SCALE, Rig, SimulatedCamera

RENDER_VERSION = 3
"""Raise it whenever rendered pixels change: loops of other versions are thrown away."""
_PARTS = ("rgb.npy", "depth.npy", "up.npy")
_SUMS = "sums.json"
_STALE_SECONDS = 3600.0
Progress = Callable[[int, int], None]


class CachedLoop(Sequence[RgbdFrame]):
    """The frames of a loop, memory-mapped: equal to the camera's own, free to read."""

    fps = walk.FPS

    def __init__(self, rig: Rig, arrays: dict[str, np.ndarray]) -> None:
        self._rig = rig
        self._rgb, self._depth, self._up = (arrays[part] for part in _PARTS)

    def __len__(self) -> int:
        return len(self._rgb)

    @overload
    def __getitem__(self, index: int) -> RgbdFrame: ...

    @overload
    def __getitem__(self, index: slice) -> list[RgbdFrame]: ...

    def __getitem__(self, index: int | slice) -> RgbdFrame | list[RgbdFrame]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"frame {index} of a loop of {len(self)}")
        index %= len(self)
        rig = self._rig
        return RgbdFrame(
            np.asarray(self._rgb[index]),
            np.asarray(self._depth[index]),
            DEPTH_SCALE,
            rig.color,
            rig.depth,
            rig.T_color_depth,
            timestamp_ns=walk.timestamp_ns(index),
            up_hint=np.asarray(self._up[index]),
            number=index,
        )


def cached_loop(
    camera: SimulatedCamera,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> CachedLoop:
    """The camera's loop from disk, rendered first if it is missing or damaged.

    `progress` hears (done, total) while rendering. Several processes may ask for one
    loop at once: each renders into a folder of its own, the first to finish wins.
    """
    folder = user_cache() if folder is None else folder
    place = folder / _key(camera)
    arrays = _read(place, camera)
    if arrays is None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_stale(folder)
            if place.exists():
                _discard(place)
            _check_space(folder, camera)
            arrays = _render_into(place, camera, progress)
        except OSError as error:
            raise SensorError(
                f"the simulated camera could not store its frames in {folder} "
                f"({error}); set XDG_CACHE_HOME to a folder that can be written"
            ) from error
    return CachedLoop(camera.rig, arrays)


def _key(camera: SimulatedCamera) -> str:
    rig = camera.rig
    grid = "aligned" if rig.aligned else "raw"
    return (
        f"loop-v{RENDER_VERSION}-seed{camera.seed}-{camera.num_frames}x"
        f"{rig.width}x{rig.height}-{rig.noise}-{grid}"
    )


def _shapes(camera: SimulatedCamera) -> dict[str, tuple[tuple[int, ...], type]]:
    count, rig = camera.num_frames, camera.rig
    return {
        "rgb.npy": ((count, rig.height, rig.width, 3), np.uint8),
        "depth.npy": ((count, rig.height, rig.width), np.uint16),
        "up.npy": ((count, 3), np.float64),
    }


def _read(place: Path, camera: SimulatedCamera) -> dict[str, np.ndarray] | None:
    """The stored arrays, or None when any of them is missing, cut short or changed."""
    try:
        sums = json.loads((place / _SUMS).read_text())
        arrays: dict[str, np.ndarray] = {}
        for part, (shape, dtype) in _shapes(camera).items():
            arrays[part] = np.load(place / part, mmap_mode="r")
            if arrays[part].shape != shape or arrays[part].dtype != dtype:
                return None
        with ThreadPoolExecutor(len(arrays)) as pool:
            found = dict(zip(arrays, pool.map(_checksum, arrays.values()), strict=True))
        return arrays if found == sums else None
    except (OSError, ValueError, EOFError):
        return None


def _checksum(array: np.ndarray) -> int:
    total = 0
    for frame in array:
        total = zlib.crc32(np.ascontiguousarray(frame).data, total)
    return total


def _check_space(folder: Path, camera: SimulatedCamera) -> None:
    needed = sum(
        int(np.prod(shape)) * np.dtype(dtype).itemsize
        for shape, dtype in _shapes(camera).values()
    )
    free = shutil.disk_usage(folder).free
    if free < 1.05 * needed:
        raise SensorError(
            f"the simulated camera needs {needed / 1e6:.0f} MB in {folder} and found "
            f"{free / 1e6:.0f} MB free; make room or set XDG_CACHE_HOME to another disk"
        )


def _render_into(
    place: Path, camera: SimulatedCamera, progress: Progress | None
) -> dict[str, np.ndarray]:
    own = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        _render(own, camera, progress)
        with suppress(OSError):  # another process was first: its loop is the same
            own.rename(place)
    finally:
        shutil.rmtree(own, ignore_errors=True)
    arrays = _read(place, camera)
    if arrays is None:
        raise OSError("what was just written reads back differently")
    return arrays


def _render(own: Path, camera: SimulatedCamera, progress: Progress | None) -> None:
    arrays = {
        part: np.lib.format.open_memmap(own / part, "w+", dtype, shape)
        for part, (shape, dtype) in _shapes(camera).items()
    }

    def render(index: int) -> None:
        frame = camera.frame(index)
        assert frame.up_hint is not None
        for part, values in zip(
            _PARTS, (frame.rgb, frame.depth, frame.up_hint), strict=True
        ):
            arrays[part][index] = values

    total = camera.num_frames
    if progress is not None:
        progress(0, total)
    _ = camera.poses  # built once, before the threads ask for it
    # Two frames at a time: while one casts rays on all cores, the other shades on one.
    pool = ThreadPoolExecutor(2)
    try:
        jobs = [pool.submit(render, index) for index in range(total)]
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            if progress is not None:
                progress(done, total)
    finally:
        pool.shutdown(cancel_futures=True)
    sums = {part: _checksum(array) for part, array in arrays.items()}
    for array in arrays.values():
        array.flush()
    (own / _SUMS).write_text(json.dumps(sums))


def _discard(place: Path) -> None:
    """Takes a damaged loop out of the way, so that nobody sees half of it deleted."""
    with tempfile.TemporaryDirectory(
        prefix=".damaged-", dir=place.parent, ignore_cleanup_errors=True
    ) as aside:
        place.rename(Path(aside) / place.name)


def _remove_stale(folder: Path) -> None:
    """Deletes loops of other versions and what interrupted runs left behind."""
    current = f"loop-v{RENDER_VERSION}-"
    for path in folder.iterdir():
        is_old_version = path.name.startswith("loop-v") and not path.name.startswith(
            current
        )
        is_left_over = path.name.startswith((".loop-v", ".damaged-"))
        if is_left_over:
            age = time.time() - path.stat().st_mtime
            is_left_over = age > _STALE_SECONDS
        if is_old_version or is_left_over:
            shutil.rmtree(path, ignore_errors=True)
