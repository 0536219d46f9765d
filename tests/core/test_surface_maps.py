"""Height and angle of every pixel, against rooms that are known and against labels."""

from dataclasses import replace

import numpy as np
import pytest
from analytic_rooms import look

from core import FloorPlane, HNBins, Intrinsics, RgbdFrame, label_frame
from core.bins import IGNORE_LABEL
from core.surface_maps import SurfaceMaps, surface_maps

CAMERA = Intrinsics(163, 121, 128.0, 131.0, 84.0, 57.0)
BENT = replace(CAMERA, distortion=(0.12, -0.2, 3e-3, -2e-3, 0.05))
VIEW = look(CAMERA, (0.1, -0.3, 1.3), 25.0, -24.0, 7.0)
FLOOR = FloorPlane(VIEW.up, 1.3)


def _from_aside(camera: Intrinsics) -> RgbdFrame:
    """The room's depth, seen by a colour camera beside it with another lens."""
    T = np.eye(4)
    T[:3, 3] = 0.02, -0.006, 0.003
    rgb = np.zeros((camera.height, camera.width, 3), np.uint8)
    depth = VIEW.noisy(1e-3, 2e-3)
    return RgbdFrame(rgb, depth, 1e-3, camera, CAMERA, T)


def _classes(maps: SurfaceMaps, bins: HNBins) -> np.ndarray:
    is_missing = np.isnan(maps.heights)
    np.testing.assert_array_equal(is_missing, np.isnan(maps.angles))
    classes = bins.classify(
        np.nan_to_num(maps.heights), np.cos(np.radians(np.nan_to_num(maps.angles)))
    )
    classes[is_missing] = IGNORE_LABEL
    return classes


def test_heights_and_angles_are_the_rooms():
    maps = surface_maps(VIEW.frame(5e-4), FLOOR)
    assert np.percentile(np.abs(maps.heights - VIEW.heights), 99) < 0.01
    angles = np.degrees(np.arccos(VIEW.cosines))
    errors = np.abs(maps.angles - angles)
    assert np.median(errors) < 0.5 and np.percentile(errors, 90) < 5.0


def test_a_ceiling_is_turned_away_from_up_and_flat():
    view = look(CAMERA, (0.1, -0.3, 1.3), 25.0, 24.0)
    maps = surface_maps(view.frame(5e-4), FloorPlane(view.up, 1.3))
    is_ceiling = view.cosines < -0.99
    assert is_ceiling.sum() > 1000
    assert np.median(maps.angles[is_ceiling]) == pytest.approx(180.0, abs=1.0)
    assert np.median(maps.folded_angles()[is_ceiling]) == pytest.approx(0.0, abs=1.0)
    assert np.nanmax(maps.folded_angles()) <= 90.0


@pytest.mark.parametrize(
    "bins",
    [
        HNBins(),
        HNBins((0.1, 0.7, 1.8), (20.0, 70.0)),
        HNBins((0.4,), (60.0, 120), True),
    ],
)
@pytest.mark.parametrize("camera", [CAMERA, BENT])
def test_cut_at_the_edges_of_bins_they_are_the_labels(
    camera: Intrinsics, bins: HNBins
) -> None:
    for frame in (_from_aside(camera), VIEW.frame(depth=VIEW.noisy(1e-3, 5e-3))):
        labels = label_frame(frame, bins, floor=FLOOR)
        classes = _classes(surface_maps(frame, FLOOR), bins)
        np.testing.assert_array_equal(
            classes == IGNORE_LABEL, labels.classes == IGNORE_LABEL
        )
        is_class = classes != IGNORE_LABEL
        assert 0.5 < is_class.mean() < 1.0
        assert (classes == labels.classes)[is_class].mean() > 0.99


def test_the_maps_of_a_frame_are_made_once_and_stay_as_they_are():
    frame = VIEW.frame(5e-4)
    maps = surface_maps(frame, FLOOR)
    assert surface_maps(frame, FLOOR) is maps
    higher = surface_maps(frame, FloorPlane(VIEW.up, 1.5))
    np.testing.assert_allclose(higher.heights, maps.heights + 0.2, atol=1e-5)
    with pytest.raises(ValueError, match="read-only"):
        maps.heights[0, 0] = 0.0
