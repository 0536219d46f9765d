"""The loops of `core.planes`: a plane for every cell of 2 x 2 pixels.

D is inverse depth, 1/m. A cell without any holds MISSING, so that no window with a
missing cell passes for a plane. `planes` (3, h, w) holds the mean of D and its slopes
to the right and down, 1/m a cell.
"""

from collections.abc import Callable

import numpy as np

from core.jit import kernel

Noise = tuple[np.float32, np.float32]

FINE_RADIUS = 3  # cells: a window of 14 pixels
COARSE_RADIUS = 8  # cells of 4 x 4 pixels: a window of 68 pixels
BORROW_REACHES = (4, 2, 7)  # cells; the nearest windows that may end before an edge
EXTEND_REACHES = (8, 4)  # coarse cells
MISSING = np.float32(1e3)
WHOLE = np.float32(15.0)  # 1/m; a missing cell raises a fine window's rms above it
UNSEEN = np.float32(1e9)  # depth units
NEAR = np.float32(1.05)  # pixels of a cell within 5 % of its nearest are one surface
CLEAN_RMS = np.float32(2.0)  # a fine window is one plane below this many sigmas
COARSE_RMS = np.float32(1.5)  # and a coarse one, whose cells are means, below these
MERGE_RESIDUAL = np.float32(3.0)  # a coarse plane predicts a cell within 3 sigmas
OWN_RESIDUAL = np.float32(4.0)  # a plane predicts a cell within 4 sigmas
SAME_PLANE = np.float32(16.0)  # chi-square of 3 numbers: 99.9 % of equal planes
MIN_NOISE = 5e-4  # 1/m, so that noise-free depth does not reject its own rounding
MAX_NOISE = 6e-3  # 1/m, so that a cluttered view does not pass for a noisy one
MAX_SIGMA = np.float32(2.0)  # 1/m; a missing cell raises any window's rms above it
NOISE_QUANTILE = 0.4  # of the windows' residuals; the rest may be edges
MEDIAN_SIGMAS = 0.6745  # of a normal distribution's absolute values
ZERO, QUARTER, HALF = np.float32(0.0), np.float32(0.25), np.float32(0.5)
ONE, TWO = np.float32(1.0), np.float32(2.0)
LOWER_HALF, SIXTEEN = np.uint32(0xFFFF), np.uint32(16)


@kernel
def sigma_of(d: np.float32, noise: Noise) -> np.float32:
    """One sigma of inverse depth d; `noise` is `DepthNoise`'s (sigma, step)."""
    return min(max(noise[0], noise[1] * d * d), MAX_SIGMA)


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
    """Fill each missing cell that has depth on two opposite sides with their mean."""
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


def _window_row(radius: int, tap: int) -> Callable[..., None]:
    """A kernel for windows of `radius` cells around the cells of one row.

    Their residual is that of every `tap`-th row and column.
    """
    size = 2 * radius + 1
    per_cell = np.float32(1.0 / size**2)
    per_moment = np.float32(3.0 / (radius * (radius + 1) * size**2))
    per_tap = np.float32(1.0 / (2 * radius // tap + 1) ** 2)

    @kernel
    def window_row(D: np.ndarray, i: int, row: np.ndarray, sums: np.ndarray) -> None:
        """Least-squares planes of the windows around row i, and their rms residuals.

        `row` (4, w) takes value, slopes, residual; MISSING where the window leaves the
        image; `sums` (2, w) is room to work in. On a regular grid the normal matrix is
        constant: the plane's value and slopes are the window's mean and its moments.
        """
        rows, cols = D.shape
        inner = cols - 2 * radius
        if i < radius or i >= rows - radius or inner < 1:
            row[3] = MISSING
            return
        row[3, :radius] = MISSING
        row[3, radius + inner :] = MISSING
        window = D[i - radius : i + radius + 1]
        sums_, moments = sums[0], sums[1]
        for j in range(cols):
            total = moment = ZERO
            for k in range(size):
                total += window[k, j]
                moment += np.float32(k - radius) * window[k, j]
            sums_[j] = total
            moments[j] = moment
        m, gu = row[0, radius : radius + inner], row[1, radius : radius + inner]
        gv, rms = row[2, radius : radius + inner], row[3, radius : radius + inner]
        for j in range(inner):
            total = across = down = ZERO
            for k in range(size):
                total += sums_[j + k]
                across += np.float32(k - radius) * sums_[j + k]
                down += moments[j + k]
            m[j] = total * per_cell
            gu[j] = across * per_moment
            gv[j] = down * per_moment
        for j in range(inner):
            total = ZERO
            for dv in range(0, size, tap):
                for du in range(0, size, tap):
                    u, v = np.float32(du - radius), np.float32(dv - radius)
                    error = window[dv, j + du] - m[j] - u * gu[j] - v * gv[j]
                    total += error * error
            rms[j] = np.sqrt(total * per_tap) if m[j] < HALF * MISSING else MISSING

    return window_row


fine_row = _window_row(FINE_RADIUS, tap=2)
coarse_row = _window_row(COARSE_RADIUS, tap=4)
MEAN_SQUARE_STEP = FINE_RADIUS * (FINE_RADIUS + 1) / 3  # of a window's cells, one axis


@kernel
def fit_coarse(
    D: np.ndarray, coarse: np.ndarray, row: np.ndarray, sums: np.ndarray
) -> None:
    """The (4, h, w) value, slopes and residual of coarse windows."""
    cols = D.shape[1]
    for i in range(D.shape[0]):
        coarse_row(D, i, row, sums)
        for k in range(4):
            for j in range(cols):
                coarse[k, i, j] = row[k, j]


@kernel
def fit_sparse(
    D: np.ndarray, fine: np.ndarray, row: np.ndarray, sums: np.ndarray
) -> None:
    """The fine planes of every other row and column, where the coarse cells are."""
    for i in range(fine.shape[1]):
        fine_row(D, 2 * i, row, sums)
        for k in range(4):
            for j in range(fine.shape[2]):
                fine[k, i, j] = row[k, 2 * j]


@kernel
def depth_step(depth: np.ndarray, seen: np.ndarray, gaps: np.ndarray) -> int:
    """The depth units between neighbouring values, of the closest tenth of them.

    `seen` (65536,) and `gaps` (256,) are room to work in.
    """
    seen[:] = 0
    gaps[:] = 0
    largest = 0
    for v in range(0, depth.shape[0], 4):
        for u in range(0, depth.shape[1], 4):
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
    counted = 0
    for gap in range(gaps.size):
        counted += gaps[gap]
        if 10 * counted > num_gaps:
            return gap
    return 0


@kernel
def quantile(
    values: np.ndarray, count: int, share: float, top: float, histogram: np.ndarray
) -> float:
    """The quantile of the first `count` values in 0..top, to a bin of the histogram."""
    histogram[:] = 0
    bins = histogram.size
    per_bin = bins / top
    for k in range(count):
        histogram[min(int(values[k] * per_bin), bins - 1)] += 1
    reached = 0
    for k in range(bins):
        reached += histogram[k]
        if reached > share * count:
            return (k + 0.5) / per_bin
    return 0.0


@kernel
def measure_noise(
    fine: np.ndarray, coarse: np.ndarray, values: np.ndarray, histogram: np.ndarray
) -> tuple[float, float, float]:
    """Sigmas of a cell's inverse depth, of a fine window's mean and of its slopes.

    A cell's noise is the residual that the smoother windows show and what their planes
    absorbed of it, which is how far they lie from the coarse planes. That is little
    when the noise of neighbouring cells is independent, and most of it when stereo
    matching has smeared it.
    """
    n = 0
    for i in range(1, fine.shape[1], 2):
        for j in range(1, fine.shape[2], 2):
            if fine[3, i, j] < WHOLE:
                values[n] = fine[3, i, j]
                n += 1
    left = max(quantile(values, n, NOISE_QUANTILE, MAX_NOISE, histogram), MIN_NOISE)
    n = scale_differences(fine, coarse, CLEAN_RMS * left, 1, values)
    slope = quantile(values, n, 0.5, 2.0 * left, histogram) / MEDIAN_SIGMAS
    n = scale_differences(fine, coarse, CLEAN_RMS * left, 0, values)
    mean = quantile(values, n, 0.5, 2.0 * left, histogram) / MEDIAN_SIGMAS
    absorbed = mean * mean + 2.0 * MEAN_SQUARE_STEP * slope * slope
    return np.sqrt(left * left + absorbed), mean, slope


@kernel
def scale_differences(
    fine: np.ndarray,
    coarse: np.ndarray,
    limit: np.float32,
    part: int,
    values: np.ndarray,
) -> int:
    """How far the fine planes are from the coarse ones, where those are clean.

    `part` 0 compares values, 1 both slopes; returns how many `values` were written.
    """
    n = 0
    for i in range(1, coarse.shape[1], 2):
        for j in range(1, coarse.shape[2], 2):
            if coarse[3, i, j] > limit:
                continue
            gu, gv = HALF * coarse[1, i, j], HALF * coarse[2, i, j]
            if part == 1:
                values[n] = abs(gu - fine[1, i, j])
                values[n + 1] = abs(gv - fine[2, i, j])
                n += 2
            else:
                values[n] = abs(coarse[0, i, j] - HALF * (gu + gv) - fine[0, i, j])
                n += 1
    return n


@kernel
def predict(planes: np.ndarray, y: int, x: int, i: int, j: int) -> np.float32:
    """Inverse depth at cell (i, j) of the plane of cell (y, x)."""
    u, v = np.float32(j - x), np.float32(i - y)
    return planes[0, y, x] + u * planes[1, y, x] + v * planes[2, y, x]


@kernel
def move_plane(planes: np.ndarray, y: int, x: int, i: int, j: int) -> None:
    """Give cell (i, j) the plane of cell (y, x)."""
    planes[0, i, j] = predict(planes, y, x, i, j)
    planes[1, i, j] = planes[1, y, x]
    planes[2, i, j] = planes[2, y, x]


@kernel
def extend_planes(
    noise: Noise,
    fit_noise: Noise,
    fine: np.ndarray,
    coarse: np.ndarray,
    is_source: np.ndarray,
) -> None:
    """Give unclean coarse cells a clean neighbour's plane that their fine one agrees.

    Agreement is a chi-square test of value and slopes with `fit_noise`, the fine
    planes' (mean, slope) sigmas. `is_source` (h, w) uint8 is room to work in.
    """
    rows, cols = is_source.shape
    for i in range(rows):
        for j in range(cols):
            limit = COARSE_RMS * sigma_of(coarse[0, i, j], noise)
            is_source[i, j] = coarse[3, i, j] < limit
    if fit_noise[0] * fit_noise[1] == ZERO:  # there was no coarse plane to compare
        return
    per_mean = ONE / (fit_noise[0] * fit_noise[0])
    per_slope = ONE / (TWO * TWO * fit_noise[1] * fit_noise[1])
    for i in range(rows):
        for j in range(cols):
            gu, gv = TWO * fine[1, i, j], TWO * fine[2, i, j]
            m = fine[0, i, j] + QUARTER * (gu + gv)
            is_clean = fine[3, i, j] < CLEAN_RMS * sigma_of(m, noise)
            if is_source[i, j] or not is_clean:
                continue
            best = SAME_PLANE
            y_best = x_best = -1
            for reach in EXTEND_REACHES:
                for y in range(i - reach, i + reach + 1, reach):
                    for x in range(j - reach, j + reach + 1, reach):
                        if y < 0 or y >= rows or x < 0 or x >= cols:
                            continue
                        if not is_source[y, x]:
                            continue
                        du, dv = coarse[1, y, x] - gu, coarse[2, y, x] - gv
                        dm = predict(coarse, y, x, i, j) - m
                        apart = dm * dm * per_mean + (du * du + dv * dv) * per_slope
                        if apart < best:
                            best, y_best, x_best = apart, y, x
                if y_best >= 0:
                    move_plane(coarse, y_best, x_best, i, j)
                    coarse[3, i, j] = ZERO
                    break


@kernel
def widen(
    values: np.ndarray,
    slopes: np.ndarray,
    shift: np.float32,
    scale: np.float32,
    wide: np.ndarray,
) -> None:
    """A row of coarse values on fine cells, a quarter of a coarse cell to each side."""
    for j in range(values.size):
        wide[2 * j] = scale * values[j] - shift * slopes[j]
        wide[2 * j + 1] = scale * values[j] + shift * slopes[j]


@kernel
def judge_row(
    D: np.ndarray,
    noise: Noise,
    fine: np.ndarray,
    wide: np.ndarray,
    down: np.float32,
    fits: np.ndarray,
    is_clean: np.ndarray,
) -> None:
    """Whether the coarse planes fit a row's cells, and whether any clean plane does.

    `wide` and `fine` are (4, w) value, slopes, residual; the value of `wide` is moved
    to the row, `down` a cell away.
    """
    for j in range(D.size):
        wide[0, j] += down * wide[2, j]
    for j in range(D.size):
        sigma = sigma_of(D[j], noise)
        is_clean_there = wide[3, j] < COARSE_RMS * sigma
        fits[j] = is_clean_there & (abs(wide[0, j] - D[j]) < MERGE_RESIDUAL * sigma)
    for j in range(D.size):
        limit = CLEAN_RMS * sigma_of(D[j], noise)
        is_clean[j] = fits[j] | ((fine[3, j] < limit) & (D[j] < MISSING))


@kernel
def choose(flags: np.ndarray, yes: np.ndarray, no: np.ndarray, out: np.ndarray) -> None:
    """Each `yes` that is flagged, each `no` that is not."""
    for j in range(flags.size):
        out[j] = yes[j] if flags[j] else no[j]


@kernel
def fit_fine(
    D: np.ndarray,
    noise: Noise,
    coarse: np.ndarray,
    planes: np.ndarray,
    is_clean: np.ndarray,
    fine: np.ndarray,
    wide: np.ndarray,
    sums: np.ndarray,
    fits: np.ndarray,
) -> None:
    """Each cell's plane: the coarse one where that is clean and predicts the cell.

    `fine` and `wide` (4, w), `sums` (2, w) and `fits` (w,) uint8 are room for a row.
    """
    for i in range(D.shape[0]):
        fine_row(D, i, fine, sums)
        y = i // 2
        if y >= coarse.shape[1]:
            wide[3] = MISSING
        elif i % 2 == 0:
            widen(coarse[0, y], coarse[1, y], QUARTER, ONE, wide[0])
            widen(coarse[1, y], coarse[1, y], ZERO, HALF, wide[1])
            widen(coarse[2, y], coarse[2, y], ZERO, HALF, wide[2])
            widen(coarse[3, y], coarse[3, y], ZERO, ONE, wide[3])
            wide[3, 2 * coarse.shape[2] :] = MISSING
        down = ONE if i % 2 else -HALF  # from the row before, or the coarse centre
        judge_row(D[i], noise, fine, wide, down, fits, is_clean[i])
        for k in range(3):
            choose(fits, wide[k], fine[k], planes[k, i])


@kernel
def fit_like_depths(D: np.ndarray, i: int, j: int, planes: np.ndarray) -> None:
    """A plane through the 5 x 5 neighbours within about 6 % of the cell's depth.

    Where they do not span a plane the cell faces the camera.
    """
    rows, cols = D.shape
    d = D[i, j]
    alike = np.float32(0.02) + np.float32(0.06) * d
    n = su = sv = sd = suu = suv = svv = sud = svd = ZERO
    for y in range(max(i - 2, 0), min(i + 3, rows)):
        for x in range(max(j - 2, 0), min(j + 3, cols)):
            e = D[y, x] - d
            if abs(e) < alike:
                u, v = np.float32(x - j), np.float32(y - i)
                n += ONE
                su += u
                sv += v
                sd += e
                suu += u * u
                suv += u * v
                svv += v * v
                sud += u * e
                svd += v * e
    uu, uv, vv = suu - su * su / n, suv - su * sv / n, svv - sv * sv / n
    ud, vd = sud - su * sd / n, svd - sv * sd / n
    determinant = uu * vv - uv * uv
    if determinant < ONE:
        planes[0, i, j] = d
        planes[1, i, j] = planes[2, i, j] = ZERO
        return
    gu, gv = (ud * vv - vd * uv) / determinant, (vd * uu - ud * uv) / determinant
    planes[0, i, j] = d + (sd - gu * su - gv * sv) / n
    planes[1, i, j] = gu
    planes[2, i, j] = gv


@kernel
def borrow_planes(
    D: np.ndarray, noise: Noise, planes: np.ndarray, is_clean: np.ndarray
) -> None:
    """Give each unclean cell the clean neighbouring plane that best predicts its depth.

    The idea is Kuwahara's: near an edge, some window beside the cell lies on one side
    of it. Cells that no neighbour predicts fit a plane to the like depths around them;
    cells without depth get zeros.
    """
    rows, cols = D.shape
    for i in range(rows):
        for j in range(cols):
            if is_clean[i, j]:
                continue
            d = D[i, j]
            if d == MISSING:
                planes[0, i, j] = planes[1, i, j] = planes[2, i, j] = ZERO
                continue
            best = OWN_RESIDUAL * sigma_of(d, noise)
            y_best = x_best = -1
            for reach in BORROW_REACHES:
                for y in range(i - reach, i + reach + 1, reach):
                    for x in range(j - reach, j + reach + 1, reach):
                        if y < 0 or y >= rows or x < 0 or x >= cols:
                            continue
                        if not is_clean[y, x]:
                            continue
                        error = abs(predict(planes, y, x, i, j) - d)
                        if error < best:
                            best, y_best, x_best = error, y, x
                if y_best >= 0:
                    move_plane(planes, y_best, x_best, i, j)
                    break
            if y_best < 0:
                fit_like_depths(D, i, j, planes)
