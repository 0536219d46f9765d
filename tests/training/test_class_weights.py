import numpy as np
import pytest

from training.class_weights import median_frequency, note_on_empty

# Of 3 frames and 4 classes; class 2 never occurs, class 3 only in the second frame.
PIXELS = np.array([[60, 20, 0, 0], [30, 0, 0, 10], [90, 10, 0, 0]])


def test_weights_are_those_of_the_papers_formula_worked_out_by_hand() -> None:
    # Frequencies: 180 of all 220 labelled pixels; 30 of the 180 in frames 1 and 3;
    # 10 of the 40 in frame 2. Their median is 10 / 40.
    expected = [0.25 / (180 / 220), 0.25 / (30 / 180), 0, 1]
    assert median_frequency(PIXELS) == pytest.approx(expected)


def test_equal_classes_weigh_the_same_whatever_the_number_of_frames() -> None:
    assert median_frequency(np.full((5, 3), 7)).tolist() == [1, 1, 1]
    assert median_frequency(np.array([[7, 7, 0], [0, 3, 3]])).tolist() == [1, 1, 1]


def test_nothing_labelled_gives_no_weight_and_no_warning() -> None:
    assert median_frequency(np.zeros((2, 3), np.int64)).tolist() == [0, 0, 0]


def test_counts_of_many_frames_do_not_overflow() -> None:
    pixels = np.full((3000, 2), 2_000_000, np.int32)
    assert median_frequency(pixels).tolist() == [1, 1]


def test_empty_classes_are_named() -> None:
    note = note_on_empty(PIXELS, ("wall", "floor", "piano", "lamp"))
    # It is so with and without class weights.
    assert note == (
        "no training frame shows piano; a class without pixels is never learnt"
    )
    assert note_on_empty(PIXELS[:, [0, 1, 3]], ("wall", "floor", "lamp")) is None
