import numpy as np
import pytest

from core import HNBins


def test_default_bins_are_ten_heights_times_two_angles():
    bins = HNBins()
    assert (bins.num_heights, bins.num_angles, bins.num_classes) == (10, 2, 20)
    assert len(bins.class_names) == 20
    assert bins.class_names[1] == "0.25-0.50 m, 0-45 deg"
    assert bins.class_names[19] == "above 2.25 m, 45-90 deg"


def test_a_class_is_angle_bin_times_heights_plus_height_bin():
    heights = np.array([[-0.1, 0.24, 0.25], [1.1, 2.3, 9.0]], np.float32)
    floor_like, wall_like = np.full((2, 3), 0.9), np.full((2, 3), 0.1)
    expected = np.array([[0, 0, 1], [4, 9, 9]], np.uint8)
    np.testing.assert_array_equal(HNBins().classify(heights, floor_like), expected)
    np.testing.assert_array_equal(HNBins().classify(heights, wall_like), expected + 10)


def test_a_ceiling_is_horizontal_unless_angles_are_signed():
    height, down = np.array([[2.0]]), np.array([[-1.0]])
    assert HNBins().classify(height, down)[0, 0] == 8
    signed = HNBins(angle_edges=(45.0, 135.0), signed_angles=True)
    assert signed.classify(height, down)[0, 0] == 2 * 10 + 8


def test_bins_of_height_alone_have_one_angle():
    bins = HNBins(height_edges=(0.5, 1.0), angle_edges=())
    assert bins.num_classes == 3
    assert bins.class_names == ("below 0.50 m", "0.50-1.00 m", "above 1.00 m")


@pytest.mark.parametrize(
    "edges", [{"height_edges": (1.0, 0.5)}, {"angle_edges": (95.0,)}]
)
def test_edges_that_do_not_rise_or_fit_are_refused(edges):
    with pytest.raises(ValueError, match="edges must"):
        HNBins(**edges)
