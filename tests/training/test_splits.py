import numpy as np
import pytest

from training.datasets.splits import (
    GAP,
    even_shares,
    evenly,
    folder_parts,
    independent_parts,
    last_fifth,
    sequence_parts,
)


def annotated(num: int, indices: list[int]) -> np.ndarray:
    return np.isin(np.arange(num), indices)


def rows(parts: np.ndarray, part: str) -> list[int]:
    return np.flatnonzero(parts == part).tolist()


def distance(parts: np.ndarray, part: str, other: str) -> int:
    """The fewest frames from one part to another."""
    ours, theirs = np.array(rows(parts, part)), np.array(rows(parts, other))
    return int(np.abs(ours[:, None] - theirs).min())


def test_parts_of_a_sparsely_annotated_sequence_keep_their_distance() -> None:
    marks = list(range(7, 400, 13))  # 31 frames, the last is 397
    parts = sequence_parts(annotated(420, marks))
    # The last 6 annotated are 332 ... 397; their neighbours and the end go with them.
    assert rows(parts, "test") == list(range(332, 420))
    for pair in (("validation", "test"), ("train", "validation")):
        assert distance(parts, *pair) == GAP + 1 == 16
    # Of the other 24 the last two, 293 and 306, are validated on.
    assert rows(parts, "validation") == list(range(293, 317))
    assert rows(parts, "train") == list(range(278))


def test_validation_of_a_sequence_is_one_run_although_annotations_end_early() -> None:
    parts = sequence_parts(annotated(1000, [3, 60, 130, 200]))
    assert rows(parts, "test") == []
    assert rows(parts, "validation") == list(range(200, 300))
    assert rows(parts, "train") == [*range(185), *range(315, 1000)]


def test_without_annotations_the_end_of_a_sequence_is_validated_on() -> None:
    parts = sequence_parts(np.zeros(200, bool))
    assert rows(parts, "train") == list(range(165))
    assert rows(parts, "validation") == list(range(180, 200))


def test_a_short_sequence_has_shorter_gaps() -> None:
    parts = sequence_parts(np.ones(40, bool))
    assert rows(parts, "train") == list(range(22))
    assert rows(parts, "validation") == [26, 27]
    assert rows(parts, "test") == list(range(32, 40))


@pytest.mark.parametrize("marks", [[0, 1, 2, 3, 4], [11], [290, 292, 294, 297, 299]])
def test_nothing_is_held_out_that_would_leave_nothing_annotated(
    marks: list[int],
) -> None:
    parts = sequence_parts(annotated(300, marks))
    assert rows(parts, "train") == list(range(300))


def test_the_last_fifth_is_at_least_one_of_two() -> None:
    held_out = [np.flatnonzero(last_fifth(num)).tolist() for num in (1, 2, 9, 10)]
    assert held_out == [[], [1], [8], [8, 9]]


@pytest.mark.parametrize(
    ("sizes", "limit", "shares"),
    [
        ([10, 10], 8, [4, 4]),
        ([2, 10, 10], 14, [2, 6, 6]),
        ([100, 1, 3], 50, [46, 1, 3]),
        ([5, 5], 100, [5, 5]),
        ([0, 9], 4, [0, 4]),
    ],
)
def test_frames_are_drawn_evenly_from_datasets(
    sizes: list[int], limit: int, shares: list[int]
) -> None:
    assert even_shares(sizes, limit) == shares


def test_evenly_keeps_the_distance_and_the_order() -> None:
    assert evenly(np.arange(10), 5).tolist() == [0, 2, 4, 6, 8]
    assert evenly(np.arange(3), 5).tolist() == [0, 1, 2]
    assert len(set(evenly(np.arange(795), 200).tolist())) == 200


@pytest.mark.parametrize("num", [4, 5, 19, 20, 57, 95, 99, 795])
def test_validation_frames_are_a_tenth_in_few_blocks(num: int) -> None:
    is_test = np.zeros(num + 3, bool)
    is_test[:3] = True
    parts = independent_parts(is_test)
    assert rows(parts, "test") == [0, 1, 2]
    chosen = parts == "validation"
    assert chosen.sum() == max(1, num // 10)
    assert (parts == "train").sum() == num - chosen.sum()
    starts = np.count_nonzero(np.diff(np.r_[False, chosen].astype(int)) == 1)
    assert starts <= 5


def test_three_frames_leave_none_for_validation() -> None:
    assert rows(independent_parts(np.zeros(3, bool)), "train") == [0, 1, 2]


def test_folders_are_parts() -> None:
    parts = folder_parts(["test", *["train"] * 7, "val", "val", "test"])
    assert rows(parts, "test") == [0, 10]
    assert rows(parts, "validation") == [8, 9]
    assert rows(parts, "train") == list(range(1, 8))


def test_without_a_folder_to_validate_on_a_tenth_is_taken() -> None:
    parts = folder_parts([*["train"] * 21, "test"])
    assert rows(parts, "test") == [21]
    assert len(rows(parts, "validation")) == 2
    assert len(rows(parts, "train")) == 19


def test_validation_has_whole_scenes_where_scenes_are_known() -> None:
    scenes = [f"room{k // 3}" for k in range(90)]
    is_test = annotated(90, [*range(60, 66), 80])
    without = independent_parts(is_test)
    parts = independent_parts(is_test, scenes=scenes)
    held_out = {scenes[k] for k in rows(parts, "validation")}
    assert held_out >= {scenes[k] for k in rows(without, "validation")}
    assert not held_out & {scenes[k] for k in rows(parts, "train")}
    assert rows(parts, "test") == rows(without, "test")
    split = {scenes[k] for k in rows(without, "train")}
    assert split & {scenes[k] for k in rows(without, "validation")}  # it matters here
    assert independent_parts(is_test, scenes=["x"] * 5).tolist() == without.tolist()
