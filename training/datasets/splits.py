"""Which frames are trained on, validated on and tested on; even choices."""

from collections.abc import Sequence

import numpy as np

from training.datasets.dataset import UNUSED

# All are our choice; the paper gives no values.
TEST_SHARE = 5  # one annotated frame, or room, in this many
VALIDATION_SHARE = 10  # one of the other frames in this many
MIN_TO_VALIDATE = 4  # fewer frames are all needed for training
NUM_BLOCKS = 5
GAP = 15
"""Frames left out between parts of a sequence: half a second at 30 a second."""


def even_shares(sizes: Sequence[int], limit: int) -> list[int]:
    """How many to take of each: equal numbers, none above its size, `limit` in all."""
    shares = [0] * len(sizes)
    for rank, k in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        shares[k] = min(sizes[k], (limit - sum(shares)) // (len(sizes) - rank))
    return shares


def evenly(items: np.ndarray, limit: int) -> np.ndarray:
    """At most `limit` of the items, the same distance apart, in order."""
    if len(items) <= limit:
        return items
    return items[np.arange(limit) * len(items) // limit]


def sequence_parts(is_annotated: np.ndarray) -> np.ndarray:
    """(N,) of str: the parts of frames in which neighbours show the same place.

    Test is all from the last fifth of the annotated frames, (N,) bool, to the end.
    Validation is one run of about a tenth of the others, from the last tenth of the
    annotated ones (of all, where none is). At least GAP frames, or a tenth of a short
    sequence, lie between parts. Nothing is held out where that would leave nothing
    annotated to train on.
    """
    num_frames = len(is_annotated)
    parts = _all_train(num_frames)
    gap = min(GAP, num_frames // 10)
    marked = np.flatnonzero(is_annotated if is_annotated.any() else parts == "train")

    def hold_out(part: str, start: int, stop: int) -> None:
        if marked[0] < start - gap:
            parts[start - gap : stop + gap] = UNUSED
            parts[start:stop] = part

    num_test = np.count_nonzero(is_annotated) // TEST_SHARE
    if num_test:
        hold_out("test", marked[-num_test], num_frames)
    num_left = np.count_nonzero(parts == "train")
    marked = marked[marked < num_left]
    if len(marked) >= MIN_TO_VALIDATE:
        start = marked[-max(1, len(marked) // VALIDATION_SHARE)]
        stop = start + max(1, num_left // VALIDATION_SHARE)
        hold_out("validation", start, min(stop, num_left))
    return parts


def independent_parts(
    is_test: np.ndarray,
    is_annotated: np.ndarray | None = None,
    scenes: Sequence[str] = (),
) -> np.ndarray:
    """(N,) of str: the parts of frames, or rooms, that show a place of their own.

    Validation is a tenth of those that are not for tests, (N,) bool, in a few runs of
    neighbours, which may be of one building; only of annotated ones, if that is given.
    Where the scene of every frame is known, the runs grow to whole scenes.
    """
    parts = _all_train(len(is_test))
    parts[is_test] = "test"
    is_left = ~is_test if is_annotated is None else ~is_test & is_annotated
    indices = np.flatnonzero(is_left)
    if len(indices) >= MIN_TO_VALIDATE:
        num_frames = max(1, len(indices) // VALIDATION_SHARE)
        num_blocks = min(NUM_BLOCKS, num_frames)
        lengths = map(len, np.array_split(np.arange(num_frames), num_blocks))
        blocks = np.array_split(indices, num_blocks)
        for block, length in zip(blocks, lengths, strict=True):
            start = (len(block) - length) // 2
            parts[block[start : start + length]] = "validation"
    if len(scenes) == len(parts):
        names = np.array(scenes)
        is_shared = np.isin(names, np.unique(names[parts == "validation"]))
        parts[is_shared & (parts == "train")] = "validation"
    return parts


def folder_parts(
    folders: Sequence[str], is_annotated: np.ndarray | None = None
) -> np.ndarray:
    """(N,) of str: the parts of frames by the folder of each: train, val or test.

    Without a folder val, a tenth of what train has is validated on, of its annotated
    frames if these are given, (N,) bool.
    """
    names = np.array(folders)
    parts = independent_parts(names == "test", is_annotated)
    if (names == "val").any():
        parts[names == "train"] = "train"
        parts[names == "val"] = "validation"
    return parts


def last_fifth(num: int) -> np.ndarray:
    """(num,) bool: the last 20 %, at least one where there are two."""
    held_out = np.zeros(num, bool)
    held_out[num - max(num // TEST_SHARE, int(num >= 2)) :] = True
    return held_out


def _all_train(num: int) -> np.ndarray:
    return np.full(num, "train", dtype="<U10")  # "validation" has ten letters
