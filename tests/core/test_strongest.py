"""Logits to classes, beside torch-free references: NumPy's argmax, OpenCV's resize."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.prediction import Upsampling
from core.prediction.strongest import strongest, strongest_upsampled


def logits_of(seed: int, num_classes: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((num_classes, height, width)).astype(np.float32)


def upsampled(coarse: np.ndarray, height: int, width: int, align: bool) -> np.ndarray:
    """(C, height, width) by its definition, in double precision."""

    def weights(before: int, after: int) -> np.ndarray:
        """(after, before) matrix of linear interpolation."""
        matrix = np.zeros((after, before))
        for k in range(after):
            if align:
                x = k * (before - 1) / max(after - 1, 1)
            else:
                x = min(max((k + 0.5) * before / after - 0.5, 0), before - 1)
            low = min(int(x), before - 1)
            high = min(low + 1, before - 1)
            matrix[k, low] += 1 - (x - low)
            matrix[k, high] += x - low
        return matrix

    down = weights(coarse.shape[1], height)
    across = weights(coarse.shape[2], width)
    return np.einsum("yi,cij,xj->cyx", down, coarse.astype(np.float64), across)


@given(st.integers(0, 99), st.integers(1, 9), st.integers(1, 12), st.integers(1, 17))
@settings(max_examples=30, deadline=None)
def test_the_class_is_that_of_the_largest_logit(seed, num_classes, height, width):
    logits = logits_of(seed, num_classes, height, width)
    np.testing.assert_array_equal(strongest(logits), logits.argmax(axis=0))


def test_of_equal_logits_the_first_class_wins():
    logits = np.zeros((5, 3, 4), np.float32)
    logits[2:4, 1] = 1.0
    np.testing.assert_array_equal(strongest(logits), logits.argmax(axis=0))


@given(
    st.integers(0, 99),
    st.integers(1, 9),
    st.integers(1, 7),
    st.integers(1, 9),
    st.integers(1, 40),
    st.integers(1, 40),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_between_coarse_logits_the_class_is_that_of_resized_ones(
    seed, num_classes, h, w, height, width, align
):
    coarse = logits_of(seed, num_classes, h, w)
    whole = upsampled(coarse, height, width, align)
    found = strongest_upsampled(
        coarse, Upsampling(height, width, align), (height, width)
    )
    ordered = np.sort(whole, axis=0)
    is_clear = num_classes == 1 or ordered[-1] - ordered[-2] > 1e-4
    expected = whole.argmax(axis=0)
    assert (found == expected)[np.broadcast_to(is_clear, found.shape)].all()


def test_smooth_logits_give_the_classes_that_opencv_resizes_to():
    rng = np.random.default_rng(3)
    coarse = cv2.GaussianBlur(rng.standard_normal((21, 34, 7)), (0, 0), 3)
    coarse = coarse.astype(np.float32)
    whole = cv2.resize(coarse, (34 * 8, 21 * 8), interpolation=cv2.INTER_LINEAR)
    found = strongest_upsampled(
        coarse.transpose(2, 0, 1), Upsampling(21 * 8, 34 * 8, False), (165, 268)
    )
    assert found.shape == (165, 268)
    assert (found == whole.argmax(axis=2)[:165, :268]).mean() > 0.999
    assert len(np.unique(found)) > 4


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_logits_of_other_precisions_are_taken(dtype):
    logits = logits_of(0, 4, 5, 6).astype(dtype)
    np.testing.assert_array_equal(strongest(logits), logits.argmax(axis=0))


def test_where_logits_are_no_numbers_there_is_still_a_class(monkeypatch):
    monkeypatch.setattr(np, "empty", lambda shape, dtype: np.full(shape, 77, dtype))
    coarse = logits_of(0, 3, 4, 5)
    coarse[np.random.default_rng(0).random(coarse.shape) < 0.5] = np.nan
    classes = strongest_upsampled(coarse, Upsampling(80, 100, False), (80, 100))
    assert classes.max() < 3
