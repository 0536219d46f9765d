"""A frame made into a network's input, and its classes brought back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_models import STRONGEST

from core.prediction.fitting import (
    Placement,
    from_network,
    normalise,
    place,
    to_input,
)

sides = st.integers(16, 2000)


@given(st.tuples(sides, sides), st.tuples(sides, sides), st.floats(0.3, 3))
def test_a_placement_lies_within_the_input(frame, network, aspect):
    placed = place(frame, network, aspect)
    assert 0 <= placed.top <= placed.top + placed.height <= network[0]
    assert 0 <= placed.left <= placed.left + placed.width <= network[1]
    assert placed.height == network[0] or placed.width == network[1]


@pytest.mark.parametrize(
    ("frame", "aspect", "expected"),
    [
        ((480, 640), None, Placement(0, 0, 240, 320)),
        ((720, 1280), None, Placement(0, 0, 240, 320)),
        ((480, 640), 4 / 3, Placement(0, 0, 240, 320)),
        ((424, 560), 4 / 3, Placement(0, 0, 240, 320)),  # 1 % away
        ((360, 1280), 16 / 9, Placement(60, 0, 120, 320)),
        ((720, 1280), 4 / 3, Placement(30, 0, 180, 320)),
        ((480, 640), 16 / 9, Placement(0, 40, 240, 240)),
        ((640, 480), 4 / 3, Placement(0, 70, 240, 180)),
    ],
)
def test_frames_of_another_aspect_get_bars(frame, aspect, expected):
    assert place(frame, (240, 320), aspect) == expected


@given(st.tuples(sides, sides), st.floats(0.5, 2))
def test_things_keep_the_proportions_of_training(frame, aspect):
    network = (2400, 3200)
    placed = place(frame, network, aspect)
    # How much wider than high a square becomes: of training, and of this frame.
    trained = (network[1] / aspect) / network[0]
    here = (placed.width / frame[1]) / (placed.height / frame[0])
    assert here == pytest.approx(trained, rel=0.05)


def test_the_input_is_normalised_and_planar_and_the_bars_are_zero():
    photo = np.random.default_rng(0).integers(0, 256, (4, 10, 3)).astype(np.uint8)
    placement = Placement(1, 0, 4, 10)
    inputs = to_input(photo, (6, 10), placement, STRONGEST)
    assert inputs.shape == (1, 3, 6, 10)
    assert inputs.dtype == np.float32
    expected = (photo / 255.0 - STRONGEST.mean) / STRONGEST.std
    np.testing.assert_allclose(
        inputs[0, :, 1:5].transpose(1, 2, 0), expected, atol=1e-5
    )
    assert not inputs[0, :, 0].any()
    assert not inputs[0, :, 5].any()


def test_the_input_is_what_training_shows_the_network():
    photo = np.random.default_rng(0).integers(0, 256, (6, 10, 3)).astype(np.uint8)
    inputs = to_input(photo, (6, 10), Placement(0, 0, 6, 10), STRONGEST)
    trained = normalise(photo, STRONGEST.mean, STRONGEST.std)
    np.testing.assert_allclose(inputs[0].transpose(1, 2, 0), trained, atol=2e-6)


def test_a_view_of_a_larger_photo_is_taken_as_it_is():
    photo = np.random.default_rng(0).integers(0, 256, (12, 20, 3)).astype(np.uint8)
    view = photo[::2, ::-2]
    placement = Placement(0, 0, 6, 10)
    np.testing.assert_array_equal(
        to_input(view, (6, 10), placement, STRONGEST),
        to_input(view.copy(), (6, 10), placement, STRONGEST),
    )


def test_classes_come_back_without_the_bars():
    classes = np.full((6, 8), 9, np.uint8)
    classes[1:5, :4], classes[1:5, 4:] = 3, 5
    back = from_network(classes, (8, 16), Placement(1, 0, 4, 8))
    expected = np.full((8, 16), 3, np.uint8)
    expected[:, 8:] = 5
    np.testing.assert_array_equal(back, expected)
