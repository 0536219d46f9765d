"""The loops of `core.registration`.

A depth pixel paints a square of colour pixels, `size` or `size + 1` wide and `size` or
`size + 1` tall. It is written once, where its square begins, into the one of four
layers that holds squares of its kind; each colour pixel then takes the nearest of the
squares that reach it. Layers hold units - 1, so that what is missing, 0, wraps round to
the farthest of all.
"""

import numpy as np

from core.kernels.jit import kernel
from core.registration import Scratch, View

FARTHEST = np.uint16(65535)


@kernel
def register(
    depth: np.ndarray, view: View, scratch: Scratch, registered: np.ndarray
) -> None:
    """Write (h, w) uint16 depth as the colour camera's Z, (H, W) uint16, same units."""
    layers, slots, units, _ = scratch
    layers[:] = FARTHEST
    for row in range(depth.shape[0]):
        _project(depth[row], row, view, registered.shape, slots, units)
        for i in range(slots.size):
            slot = np.uint32(slots[i])  # unsigned: no index that counts from the end
            layers[slot] = min(layers[slot], units[i])
    _spread(scratch, view.size, registered)


@kernel
def _project(
    depth: np.ndarray,
    row: int,
    view: View,
    shape: tuple[int, int],
    slots: np.ndarray,
    units: np.ndarray,
) -> None:
    """The slot in the layers, and units - 1, of each pixel of a row of depth."""
    (ux, uy, uz, u0), (vx, vy, vz, v0), (zx, zy, zz, z0) = view.projection
    rays, row_y = view.rays[row % len(view.rays)], view.row_y[row]
    uz, vz, zz = uz + uy * row_y, vz + vy * row_y, zz + zy * row_y
    half_size, size = view.half_size, view.size
    stride = shape[1] + size
    wide, tall = np.int32(stride), np.int32(2 * stride)
    past_layers = (shape[0] + size) * 4 * stride
    last_row, last_column = shape[0] - 1.0, shape[1] - 1.0
    for i in range(depth.size):
        # float32 would round one Z in a thousand to the wrong unit.
        d, x, y = np.float64(depth[i]), np.float64(rays[0, i]), np.float64(rays[1, i])
        z = d * (zx * x + zy * y + zz) + z0
        inverse = 1.0 / max(z, 0.5)
        u = (d * (ux * x + uy * y + uz) + u0) * inverse
        v = (d * (vx * x + vy * y + vz) + v0) * inverse
        left, right = np.ceil(u - half_size), u + half_size
        top, bottom = np.ceil(v - half_size), v + half_size
        whole = np.rint(z)
        is_seen = (
            (depth[i] > 0)
            & (whole >= 1.0)
            & (whole <= 65535.0)
            & (left <= last_column)
            & (right >= 0.0)
            & (top <= last_row)
            & (bottom >= 0.0)
        )
        corner = (top + size) * (4.0 * stride) + left + size
        is_wide, is_tall = right >= left + size, bottom >= top + size
        slot = np.int32(corner) + np.int32(is_wide) * wide + np.int32(is_tall) * tall
        slots[i] = slot if is_seen else past_layers + i
        units[i] = np.int32(min(max(whole, 1.0), 65535.0)) - 1


@kernel
def _spread(scratch: Scratch, size: int, registered: np.ndarray) -> None:
    """Each pixel of `registered`: the nearest of the squares over it, 0 for none."""
    height, width = registered.shape
    stride = width + size
    in_layers = scratch.layers[: (height + size) * 4 * stride]
    rows = in_layers.reshape(height + size, 2, 2, stride)
    narrow, wide = scratch.columns[0], scratch.columns[1]
    for row in range(height):
        for is_wide in range(2):
            column = scratch.columns[is_wide]
            _copy(rows[row, 1, is_wide], column)
            for up in range(size):
                at = row + size - up
                _keep_nearest(column, rows[at, 0, is_wide], rows[at, 1, is_wide])
        line = registered[row]
        _copy(wide, line)
        for back in range(size):
            _keep_nearest(line, narrow[size - back :], wide[size - back :])
        for i in range(width):
            line[i] += np.uint16(1)


@kernel
def _copy(source: np.ndarray, target: np.ndarray) -> None:
    for i in range(target.size):
        target[i] = source[i]


@kernel
def _keep_nearest(kept: np.ndarray, first: np.ndarray, second: np.ndarray) -> None:
    for i in range(kept.size):
        kept[i] = min(kept[i], min(first[i], second[i]))
