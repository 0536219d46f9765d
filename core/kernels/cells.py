"""From pixels to cells of 2 x 2 and 4 x 4 of them.

D is inverse depth, 1/m. A cell without any holds MISSING, so that no window with a
missing cell passes for a plane.
"""

import numpy as np

from core.kernels.jit import HALF, ONE, ZERO, kernel

MISSING = np.float32(1e3)
UNSEEN = np.float32(1e9)  # depth units
NEAR = np.float32(1.05)  # pixels of a cell within 5 % of its nearest are one surface
MANY_PIXELS, MIN_GAPS = 100_000, 30  # our choice
LOWER_HALF, SIXTEEN = np.uint32(0xFFFF), np.uint32(16)


@kernel
def seen(units: int) -> np.float32:
    """Depth as a float that is far behind everything where it is missing."""
    return np.float32(units) if units > 0 else UNSEEN


@kernel
def bin_rows(
    top: np.ndarray, bottom: np.ndarray, units_per_metre: np.float32, out: np.ndarray
) -> None:
    """Inverse of the mean depth of each cell's pixels that are on its nearest surface.

    Within the 5 % that makes a surface, that is the mean of their inverse depths too.
    """
    cols = top.size // 2
    # Two pixels in one load: every other uint16 would be fetched one by one.
    ab, cd = top[: 2 * cols].view(np.uint32), bottom[: 2 * cols].view(np.uint32)
    for j in range(cols):
        a, b = seen(ab[j] & LOWER_HALF), seen(ab[j] >> SIXTEEN)
        c, d = seen(cd[j] & LOWER_HALF), seen(cd[j] >> SIXTEEN)
        near = NEAR * min(min(a, b), min(c, d))
        of_a, of_b = ONE if a < near else ZERO, ONE if b < near else ZERO
        of_c, of_d = ONE if c < near else ZERO, ONE if d < near else ZERO
        count = of_a + of_b + of_c + of_d
        total = of_a * a + of_b * b + of_c * c + of_d * d
        out[j] = units_per_metre * count / total if near < UNSEEN else MISSING


@kernel
def bin_pixels(depth: np.ndarray, units_per_metre: np.float32, D: np.ndarray) -> None:
    """Inverse depth of all cells; an odd size's last row or column counts twice."""
    height, width = depth.shape
    for i in range(D.shape[0]):
        top, bottom = depth[2 * i], depth[min(2 * i + 1, height - 1)]
        bin_rows(top, bottom, units_per_metre, D[i])
        if width % 2:
            a, b = seen(top[width - 1]), seen(bottom[width - 1])
            last = HALF * (a + b) if max(a, b) < NEAR * min(a, b) else min(a, b)
            D[i, width // 2] = units_per_metre / last if last < UNSEEN else MISSING


@kernel
def fill_holes(D: np.ndarray, row: np.ndarray) -> None:
    """Fill missing cells that have depth on two opposite sides with their mean.

    Of both pairs the farther one counts; cells of the first and last column stay.
    """
    rows, cols = D.shape
    for i in range(rows):
        here, above, below = D[i], D[max(i - 1, 0)], D[min(i + 1, rows - 1)]
        left, middle, right = here[0 : cols - 2], here[1 : cols - 1], here[2:cols]
        over, under = above[1 : cols - 1], below[1 : cols - 1]
        for j in range(cols - 2):
            between = min(HALF * (left[j] + right[j]), HALF * (over[j] + under[j]))
            is_hole = (middle[j] == MISSING) & (between < HALF * MISSING)
            row[j] = between if is_hole else middle[j]
        for j in range(cols - 2):
            middle[j] = row[j]


@kernel
def halve(D: np.ndarray, coarse: np.ndarray) -> None:
    """Cells of twice the size: the mean of two or more cells that have depth."""
    rows, cols = coarse.shape
    for i in range(rows):
        top, bottom, out = D[2 * i], D[2 * i + 1], coarse[i]
        a, b = top[0 : 2 * cols : 2], top[1 : 2 * cols : 2]
        c, d = bottom[0 : 2 * cols : 2], bottom[1 : 2 * cols : 2]
        for j in range(cols):
            of_a, of_b = (
                ONE if a[j] < MISSING else ZERO,
                ONE if b[j] < MISSING else ZERO,
            )
            of_c, of_d = (
                ONE if c[j] < MISSING else ZERO,
                ONE if d[j] < MISSING else ZERO,
            )
            count = of_a + of_b + of_c + of_d
            total = of_a * a[j] + of_b * b[j] + of_c * c[j] + of_d * d[j]
            out[j] = total / count if count > ONE else MISSING


@kernel
def depth_step(depth: np.ndarray, seen: np.ndarray, gaps: np.ndarray) -> int:
    """The depth units between neighbouring values, of the closest tenth of them.

    `seen` (65536,) and `gaps` (256,) are room to work in.
    """
    seen[:] = 0
    gaps[:] = 0
    largest = 0
    every = 4 if depth.size > MANY_PIXELS else 1
    for v in range(0, depth.shape[0], every):
        for u in range(0, depth.shape[1], every):
            seen[depth[v, u]] = 1
            largest = max(largest, depth[v, u])
    last = 0
    num_gaps = 0
    for value in range(1, largest + 1):
        if seen[value]:
            if last > 0:
                gaps[min(value - last, gaps.size - 1)] += 1
                num_gaps += 1
            last = value
    if num_gaps < MIN_GAPS:
        return 0  # too few values to tell steps from surfaces
    counted = 0
    for gap in range(gaps.size):
        counted += gaps[gap]
        if 10 * counted > num_gaps:
            return gap
    return 0
