"""The loops of `core.prediction`: from logits to classes."""

import numpy as np

from core.kernels.jit import ONE, kernel


@kernel
def strongest_class(logits: np.ndarray, classes: np.ndarray) -> None:
    """(H, W) class of the largest of (C, H, W) logits; of equals the first."""
    best = np.empty(logits.shape[2], np.float32)
    for y in range(logits.shape[1]):
        for x in range(logits.shape[2]):
            best[x] = logits[0, y, x]
            classes[y, x] = 0
        for c in range(1, logits.shape[0]):
            for x in range(logits.shape[2]):
                if logits[c, y, x] > best[x]:
                    best[x] = logits[c, y, x]
                    classes[y, x] = c


@kernel
def _possible(
    above: tuple[np.ndarray, np.ndarray],
    below: tuple[np.ndarray, np.ndarray],
    candidates: np.ndarray,
) -> int:
    """The classes that may win somewhere between four corners; how many they are.

    One that is nowhere as large as another one is everywhere cannot.
    """
    floor = np.float32(-3.4e38)
    for c in range(len(candidates)):
        smallest = min(above[0][c], above[1][c], below[0][c], below[1][c])
        floor = max(floor, smallest)
    n = 0
    for c in range(len(candidates)):
        if max(above[0][c], above[1][c], below[0][c], below[1][c]) >= floor:
            candidates[n] = c
            n += 1
    return n


@kernel
def strongest_between(
    corners: np.ndarray,
    winners: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    classes: np.ndarray,
) -> None:
    """Classes (H, W) of pixels at `rows` and `columns` of a grid of logits.

    `corners` (h, w, C), `winners` (h, w) their classes; rows and columns ascend.
    """
    height, width, num_classes = corners.shape
    candidates = np.empty(num_classes, np.int64)
    best = np.empty(len(columns), np.float32)
    bottom = 0
    while bottom < len(rows):
        top, i = bottom, int(rows[bottom])
        while bottom < len(rows) and int(rows[bottom]) == i:
            bottom += 1
        i_below = min(i + 1, height - 1)
        right = 0
        while right < len(columns):
            left, j = right, int(columns[right])
            while right < len(columns) and int(columns[right]) == j:
                right += 1
            j_beside = min(j + 1, width - 1)
            c = winners[i, j]
            if (
                winners[i, j_beside] == c
                and winners[i_below, j] == c
                and winners[i_below, j_beside] == c
            ):
                classes[top:bottom, left:right] = c
                continue
            above = (corners[i, j], corners[i, j_beside])
            below = (corners[i_below, j], corners[i_below, j_beside])
            n = _possible(above, below, candidates)
            for y in range(top, bottom):
                down = rows[y] - np.float32(i)
                for k in range(n):
                    c = candidates[k]
                    start = (ONE - down) * above[0][c] + down * below[0][c]
                    end = (ONE - down) * above[1][c] + down * below[1][c]
                    for x in range(left, right):
                        value = start + (columns[x] - np.float32(j)) * (end - start)
                        if k == 0 or value > best[x]:
                            best[x] = value
                            classes[y, x] = c
